"""One job at a time on a daemon thread, which can be held, ended and watched.

A thread because that is the only way in which Stop works on every kernel. It owns the numbers;
everybody else sets events and reads frames.
"""

import asyncio
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Self

import torch

from workbench.errors import InputError
from workbench.session.frames import Frame, Status

Observer = Callable[[Frame], None]
_FASTEST = 30


class Worker:
    """What a session and its jobs share: frames, pause, stop.

    Args:
        threads: of torch while a job runs; small networks are fastest on one.
        rate: frames a second that a training publishes.
    """

    def __init__(self, threads: int, rate: float) -> None:
        if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
            raise InputError(f"threads must be a whole number of at least 1, got {threads!r}")
        if not 1 <= rate <= _FASTEST:
            raise InputError(f"rate must lie between 1 and {_FASTEST} frames a second, got {rate}")
        self._threads = threads
        self.rate = rate
        self._frame = Frame()
        self._observers: list[Observer] = []
        self._thread: threading.Thread | None = None
        self._telling = threading.RLock()  # frames reach observers in one order, whoever publishes
        self._stopping, self._going = threading.Event(), threading.Event()
        self._going.set()
        self._single = False
        self._error: BaseException | None = None

    # For everybody

    @property
    def frame(self) -> Frame:
        """The present state of the job."""
        return self._frame

    @property
    def status(self) -> Status:
        return self._frame.status

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def pause(self) -> None:
        """Hold the job after the present iteration."""
        if self.running:
            self._going.clear()

    def resume(self) -> None:
        """Go on after a pause."""
        self._single = False
        self._going.set()

    def stop(self) -> None:
        """End the job after the present iteration; a training keeps its best network so far.

        Observers are told at once, by a frame that is "stopping".
        """
        self._stopping.set()
        self._single = False
        self._going.set()
        with self._telling:
            if self._frame.busy:
                self.publish(self._frame)

    def wait(self, timeout: float | None = None) -> Self:
        """Block until the job has ended; its errors are raised here."""
        if self._thread is not None:
            self._thread.join(timeout)
        if self._error is not None:
            raise self._error
        return self

    def __await__(self) -> Generator[Any, None, Self]:
        return asyncio.to_thread(self.wait).__await__()

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call ``observer`` with every frame, on the job's thread or that of ``stop``.

        Returns what ends it.
        """
        return enrolled(self._observers, observer)

    # For jobs

    @property
    def ending(self) -> bool:
        """Whether the job was asked to end."""
        return self._stopping.is_set()

    def checkpoint(self, show: Callable[[Status], None]) -> bool:
        """Between two steps of a job: holds it while it is paused; True when it has to end.

        A job is never held before ``show`` has said so: a pause that comes later waits for the next
        checkpoint.
        """
        if self._single:
            self._single = False
            self._going.clear()
        if not self._going.is_set():
            show("paused")
            self._going.wait()
            if not self._single:
                show("running")
        return self.ending

    def publish(self, frame: Frame) -> None:
        """Replace the frame and tell the observers; a busy one is "stopping" after ``stop``."""
        with self._telling:
            if frame.busy and self.ending:
                frame = replace(frame, status="stopping", phase="stopping")
            self._frame = frame
            for observer in tuple(self._observers):
                observer(frame)

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Torch on as many threads as jobs get: sums in another order differ in their last digit."""
        before = torch.get_num_threads()
        torch.set_num_threads(self._threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def _begin(self, job: Callable[[], None], first: Frame, *, single: bool = False) -> Self:
        """Run ``job`` on a thread of its own; its exceptions are shown and kept for ``wait``."""
        self.require_idle()
        self._stopping.clear()
        self._going.set()
        self._single = single
        self._error = None
        self._frame = first

        def run() -> None:
            # OpenMP counts threads for each thread of its own: this has to happen here.
            torch.set_num_threads(self._threads)
            try:
                job()
            except Exception as error:
                self._error = error
                said = str(error) if isinstance(error, InputError) else _named(error)
                self.publish(replace(self._frame, status="error", message=said))

        self._thread = threading.Thread(target=run, name=f"kan-{first.job}", daemon=True)
        self._thread.start()
        return self

    def _finished(self) -> Self:
        """Wait for a job that was asked to block; an interrupt of the kernel ends it."""
        try:
            return self.wait()
        except KeyboardInterrupt:
            self.stop()
            if self._thread is not None:
                self._thread.join()
            raise

    def require_idle(self) -> None:
        """An ``InputError`` while a job runs."""
        if self.running:
            raise InputError(f"{DOING[self._frame.job]} is running: stop it or wait for it first")


DOING = {
    "train": "training",
    "prune": "pruning",
    "symbolify": "the search for formulas",
    "discover": "the discovery",
}
"""Jobs in words."""


def enrolled(called: list[Any], one: Any) -> Callable[[], None]:
    """Add to a list of those who are called; returns what removes it again."""
    called.append(one)

    def forget() -> None:
        if one in called:
            called.remove(one)

    return forget


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
