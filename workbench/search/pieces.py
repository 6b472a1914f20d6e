"""Independent pieces of a search: done here, by processes on all cores, or by an executor of the user's.

A piece is a function of this module's callers, called with the table, its arguments and ``late=``, which it
asks whether to end with what it has. Results come in the order of the pieces, whoever did them and however
many there are at a time, so that a seed gives the same formula on every machine.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from contextlib import ExitStack
from typing import Any, Self

from threadpoolctl import threadpool_limits

from workbench.common.fence import note, noting_skipped, skipped
from workbench.kan.data import Dataset

Piece = tuple[Callable[..., Any], tuple[Any, ...]]
Over = Callable[[], bool]

_WORTH = 1.0
"""Seconds of a piece from which on processes are started for those behind it; they take about three."""
_POLL, _MOST = 0.1, 8
_KILLED = "KilledWorker"
"""How Dask says that a worker died."""


class Pieces:
    """Where the pieces of one search are done; processes of its own end with the block.

    Args:
        data: the table of all pieces; it travels once to every process, and to a cluster.
        executor: of the user: pieces that run there end by themselves in time, not when a search is stopped.
        count: processes on this machine where there is none; they are started once a piece takes long.
        deadline: in seconds of ``time.time``, when pieces that are done elsewhere are late.
    """

    def __init__(
        self, data: Dataset, executor: Executor | None, count: int, deadline: float = math.inf
    ) -> None:
        self._data, self._executor, self._count, self._deadline = data, executor, count, deadline
        self._slow = False
        self._own = ExitStack()
        self._known: tuple[Executor, Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()

    def here(self, piece: Piece, over: Over) -> Any:
        """What a piece gives that is done in this process."""
        function, arguments = piece
        begun = time.perf_counter()
        found = function(self._data, *arguments, late=over)
        self._slow = self._slow or time.perf_counter() - begun > _WORTH
        return found

    def results(self, pieces: Sequence[Piece], over: Over) -> Iterator[Any]:
        """What the pieces give, in their order, until it is ``over``; None for one whose process dies."""
        left = list(pieces)
        while left and (len(left) == 1 or not self._elsewhere) and not over():
            yield self.here(left.pop(0), over)
        if left and not over():
            yield from self._distributed(left, over)

    @property
    def _elsewhere(self) -> bool:
        return self._executor is not None or (self._count > 1 and self._slow)

    def _distributed(self, pieces: Sequence[Piece], over: Over) -> Iterator[Any]:
        """All together; where a process dies, and takes others with it, the rest one by one."""
        number = 0
        try:
            for found in self._together(pieces, over):
                yield found
                number += 1
        except BrokenExecutor:
            for piece in pieces[number:]:
                try:
                    yield from self._together([piece], over)
                except BrokenExecutor:
                    yield None

    def _together(self, pieces: Sequence[Piece], over: Over) -> Iterator[Any]:
        if over():
            return
        executor, table = self._open()
        futures = [executor.submit(_done, table, *piece, self._deadline) for piece in pieces]
        try:
            for future in futures:
                if not _ready(future, over):
                    return
                found, notes = _result(future)
                note(notes)
                yield found
        finally:
            left = [future for future in futures if not future.done()]
            if self._executor is not None:  # loky's own end is upset by what was cancelled before
                left = [future for future in left if not future.cancel()]
            if left or any(map(_broken, futures)):
                self._close()

    def _open(self) -> tuple[Executor, Any]:
        """An executor, and the table as its pieces are given it."""
        if self._known is None and self._executor is not None:
            client = getattr(self._executor, "_client", None)  # that of Dask
            table = client.scatter(self._data, broadcast=True) if client else self._data
            self._known = self._executor, table
        elif self._known is None:
            from workbench.common.workers import workers

            pool = self._own.enter_context(workers(min(self._count, _MOST), _keep, (self._data,)))
            self._known = pool, None
        return self._known

    def _close(self) -> None:
        """End what is still done in processes of its own; others, and their tables, are begun anew."""
        self._known = None
        self._own.close()


_kept: list[Dataset] = []


def _keep(data: Dataset) -> None:
    _kept[:] = [data]


def _done(
    table: Dataset | None, function: Callable[..., Any], arguments: tuple[Any, ...], deadline: float
) -> tuple[Any, dict[str, int]]:
    """A piece in another process, and what was skipped there; the table of None came when it was begun."""
    data = _kept[0] if table is None else table
    with noting_skipped(), threadpool_limits(limits=1):
        found = function(data, *arguments, late=lambda: time.time() > deadline)
        return found, skipped()


def _result(future: "Future[Any]") -> Any:
    try:
        return future.result()
    except Exception as error:
        lost = isinstance(error, CancelledError)  # with what it was made of
        if lost or type(error).__name__ == _KILLED:
            raise BrokenExecutor(str(error)) from error
        raise


def _broken(future: "Future[Any]") -> bool:
    return future.cancelled() or (future.done() and future.exception() is not None)


def _ready(future: "Future[Any]", over: Over) -> bool:
    """Whether it is done; waits until it is, or it is over."""
    while not future.done():
        if over():
            return False
        wait([future], _POLL, FIRST_COMPLETED)
    return True
