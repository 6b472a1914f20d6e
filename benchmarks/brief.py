"""Runs pytest again and again, briefly: after five seconds of processor time a test function has no say.

Standard input holds one line of JSON for each run: the folder ``tree``, the ``arguments`` of pytest, and
``seconds`` of processor time and ``wall`` time for all of it, or null. Its answer is a line, too: what
pytest printed. Each run is a fork of this process, which has imported the large libraries, but nothing of
the package.
"""

import importlib
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

SECONDS = 5.0
_NO_SAY = "takes too long to be asked"
_LIBRARIES = ("torch", "sympy", "pandas", "scipy.optimize", "scipy.interpolate", "sklearn.base")
_spent: dict[str, float] = defaultdict(float)


def _briefly(item: pytest.Item) -> Iterator[None]:
    """Processor time of all its cases, so that what else the machine does changes no verdict."""
    name, begin, late = item.nodeid.partition("[")[0], time.process_time(), []

    def end(_signal: int, _frame: object) -> None:
        late.append(True)
        pytest.skip(_NO_SAY)

    signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, max(SECONDS - _spent[name], 0.01))
    try:
        return (yield)
    except Exception:  # of a test that takes the end for an error of what it tests
        if late:
            pytest.skip(_NO_SAY)
        raise
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        _spent[name] += time.process_time() - begin


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    return (yield from _briefly(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    return (yield from _briefly(item))


def _run(tree: str, arguments: Sequence[str], seconds: int | None, out: int) -> int:
    """In the fork: what pytest exits with."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.chdir(tree)
    os.environ["PYTHONPATH"] = sys.path[0] = tree
    if seconds is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    return pytest.main(list(arguments), plugins=[sys.modules[__name__]])


def printed(tree: str, arguments: Sequence[str], seconds: int | None, wall: float) -> str:
    """What pytest says in a process of its own that is ended after ``wall`` seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out"
        process = os.fork()
        if process == 0:
            code = 1
            try:
                code = _run(tree, arguments, seconds, os.open(path, os.O_CREAT | os.O_WRONLY))
            finally:
                os._exit(code)
        end = time.monotonic() + wall
        while os.waitpid(process, os.WNOHANG) == (0, 0):
            if time.monotonic() > end:
                os.killpg(process, signal.SIGKILL)
            time.sleep(0.05)
        return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    for library in _LIBRARIES:
        importlib.import_module(library)
    for line in sys.stdin:
        print(json.dumps(printed(**json.loads(line))), flush=True)
