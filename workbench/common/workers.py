"""Worker processes that end with the work, whatever ends it, and with the process that asked for it."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Thread


@contextmanager
def workers(count: int) -> Iterator[ProcessPoolExecutor]:
    """``count`` processes of one thread each; what they are still doing when the block ends is dropped."""
    context = get_context("spawn")
    ear, mouth = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(count, context, _begin, (ear,))
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        mouth.close()
        pool.shutdown()
        ear.close()


def _begin(ear: Connection) -> None:
    """Signals of the terminal are for the process that asked: it ends its workers, also by dying."""
    import torch

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with, args=(ear,), daemon=True).start()


def _end_with(ear: Connection) -> None:
    """End this process as soon as nobody holds the other end of the pipe."""
    ear.poll(None)
    os._exit(1)
