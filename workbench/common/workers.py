"""Processes that end with the one that asked for them, whatever becomes of it."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

from loky.backend import get_context
from loky.process_executor import ProcessPoolExecutor


@contextmanager
def workers(
    count: int, begin: Callable[..., None] | None = None, arguments: tuple[Any, ...] = ()
) -> Iterator[ProcessPoolExecutor]:
    """``count`` processes of one thread each; what they are still doing when the block ends is dropped.

    They do not run the main module again, so that scripts need no guard.

    Args:
        begin: called with ``arguments`` in every process, before anything else is done there.
    """
    ear, mouth = Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        count, context=get_context("loky"), initializer=_begin, initargs=(ear, begin, arguments)
    )
    try:
        with _without_interrupts():
            pool.submit(os.getpid)  # starts them
        yield pool
    finally:
        mouth.close()
        pool.shutdown(wait=True, kill_workers=True)
        ear.close()


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes that are started inside do not hear the terminal's Ctrl-C, from their first moment on."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(ear: Connection, begin: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    """Signals of the terminal are for the process that asked: it ends its workers, also by dying."""
    import torch

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with, args=(ear,), daemon=True).start()
    if begin is not None:
        begin(*arguments)


def _end_with(ear: Connection) -> None:
    """End this process as soon as nobody holds the other end of the pipe."""
    ear.poll(None)
    os._exit(1)
