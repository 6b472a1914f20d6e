"""Results that are kept line by line, each computed in a process of its own.

A task is a row of what is asked, its result the same row with what was found. A run that was broken off goes
on where it was, and a task that hangs or dies is a failure, not the end.
"""

import json
import multiprocessing
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from workbench.errors import InputError

Row = dict[str, Any]
"""What is asked and what was found, JSON-able."""
FAILURES = (
    InputError, ArithmeticError, AttributeError, LookupError, NotImplementedError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip
"""What a method may end with; other errors are mistakes of the script."""


def results(
    tasks: Iterable[Row], compute: Callable[[Row], Row], path: Path, *, limit: float
) -> Iterable[Row]:
    """Rows of the tasks one by one: what the file holds, else computed and added to it.

    Args:
        tasks: what is asked. compute: gives what was found; a failure gives "failed" with the reason.
        path: of the file, one row in each line.
        limit: wall seconds after which a task counts as hung.
    """
    known = read(path)
    for task in tasks:
        row = next((r for r in known if task.items() <= r.items()), None)
        if row is None:
            row = task | _guarded(compute, task, limit)
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        yield row


def read(path: Path) -> list[Row]:
    """All rows of a file."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def _guarded(compute: Callable[[Row], Row], task: Row, limit: float) -> Row:
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(_tried(compute, task)))
    child.start()
    sender.close()
    try:
        found: Row = receiver.recv() if receiver.poll(limit) else {"failed": "hung"}
    except EOFError:
        found = {"failed": "died"}
    child.kill()
    child.join()
    return found


def _tried(compute: Callable[[Row], Row], task: Row) -> Row:
    try:
        return compute(task)
    except FAILURES as error:
        return {"failed": repr(error)[:200]}
