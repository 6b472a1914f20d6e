"""Which tests run a line of the package and how long they take; and which of some tests fail.

Both in a fork of this process, which has imported the large libraries, but nothing of the package.
"""

import ast
import hashlib
import importlib
import json
import os
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType, ModuleType

import pytest

PATIENCE, SLACK = 10, 10.0
"""So many times the seconds of processor time that it took, and so many more, may a test take."""
_LIBRARIES = ("torch", "sympy", "pandas", "scipy.optimize", "scipy.interpolate", "sklearn.base")
_OPTIONS = ("-q", "-p", "no:cacheprovider", "--tb=no", "-m", "not slow")


class _Lines:
    """Keeps which lines of the package a test runs, or a fixture that it may share with others.

    What runs while a file is collected counts for all its tests; lines outside of functions do not count.
    """

    def __init__(self, tree: Path) -> None:
        from coverage import Coverage  # not ``coverage.py`` beside this file

        self._tree = tree
        package = str(tree / "workbench")
        self._coverage = Coverage(data_file=None, config_file=False, source=[package])
        self._coverage.start()
        self._at, self._since = "", _spent()
        self._seconds: dict[str, float] = defaultdict(float)
        self._users: dict[str, list[str]] = defaultdict(list)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._users[""] = [item.nodeid for item in session.items]  # what parameters are made of

    def _switch(self, to: str) -> str:
        before, now = self._at, _spent()
        self._seconds[before] += now - self._since
        self._at, self._since = to, now
        self._coverage.switch_context(to)
        return before

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Function) -> Iterator[None]:
        for user in (item.nodeid, *item.fixturenames):
            self._users[user].append(item.nodeid)
        before = self._switch(item.nodeid)
        try:
            return (yield)
        finally:
            self._switch(before)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Iterator[None]:
        before = self._switch(fixturedef.argname)
        try:
            return (yield)
        finally:
            self._switch(before)

    def answer(self) -> Mapping[str, object]:
        """See ``Ran``."""
        self._coverage.stop()
        tests = list(dict.fromkeys(test for users in self._users.values() for test in users))
        fixtures: dict[str, float] = dict.fromkeys(tests, 0.0)
        for context, users in self._users.items():
            for test in users:
                fixtures[test] += self._seconds[context] if context not in (test, "") else 0.0
        place = {test: number for number, test in enumerate(tests)}
        data, lines = self._coverage.get_data(), {}
        for name in data.measured_files():
            source = Path(name).read_text(encoding="utf-8")
            texts, tree = source.splitlines(), ast.parse(source)
            functions = _within(tree, ast.FunctionDef, ast.AsyncFunctionDef)
            lambdas = _within(tree, ast.Lambda)
            runs: dict[str, set[int]] = defaultdict(set)
            for number, contexts in data.contexts_by_lineno(name).items():
                if number not in functions | lambdas:
                    continue  # a test that imports the file runs them all
                known = contexts if number in functions else filter(None, contexts)
                users = [place[t] for context in known for t in self._users.get(context, ())]
                if users:
                    runs[texts[number - 1].strip()].update(users)
            if runs:
                file = Path(name).relative_to(self._tree).as_posix()
                lines[file] = {text: sorted(found) for text, found in runs.items()}
        seconds = {test: self._seconds[test] for test in tests}
        return {"seconds": seconds, "fixtures": fixtures, "lines": lines}


def _within(tree: ast.Module, *kinds: type) -> set[int]:
    """Numbers of the lines within functions of some kinds."""
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, kinds)]
    ends = [(b[0], b[-1]) if isinstance(b, list) else (b, b) for b in bodies]
    return {n for a, b in ends for n in range(a.lineno, (b.end_lineno or 0) + 1)}


class _Failures:
    """Runs the tests that are asked, in their order; one that takes far too long fails."""

    def __init__(self, seconds: Mapping[str, float]) -> None:
        self._asked = seconds
        self._failed: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        order = {test: place for place, test in enumerate(self._asked)}
        asked = [item for item in items if item.nodeid in order]
        items[:] = sorted(asked, key=lambda item: order[item.nodeid])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._failed.append(report.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.append(report.nodeid)

    def _in_time(self, item: pytest.Item) -> Iterator[None]:
        """Processor time, so that what else the machine does changes nothing; again, if it is caught."""
        signal.signal(signal.SIGPROF, _late)
        seconds = PATIENCE * self._asked[item.nodeid] + SLACK
        signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        return (yield from self._in_time(item))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        return (yield from self._in_time(item))

    def answer(self) -> Sequence[str]:
        return self._failed


def _late(_signal: int, _frame: FrameType | None) -> None:
    pytest.fail("takes far longer than without the mutant")


def _spent() -> float:
    """Processor time of this process and of those that it waited for."""
    return sum(os.times()[:4])


def _fork(
    tree: Path, arguments: Sequence[str], plugin: Callable[[], object], wall: float
) -> object:
    """What a plugin of pytest has to say after a run in a process of its own; None: it never ended."""
    for library in _LIBRARIES:
        importlib.import_module(library)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        process = os.fork()
        if process == 0:
            try:
                _child(tree, arguments, plugin, out)
            finally:
                os._exit(0)
        end = time.monotonic() + wall
        while os.waitpid(process, os.WNOHANG) == (0, 0):
            if time.monotonic() > end:
                os.killpg(process, signal.SIGKILL)
            time.sleep(0.05)
        return json.loads(out.read_text(encoding="utf-8")) if out.exists() else None


def _child(tree: Path, arguments: Sequence[str], plugin: Callable[[], object], out: Path) -> None:
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    os.chdir(tree)
    os.environ["PYTHONPATH"] = str(tree)
    os.environ["OMP_NUM_THREADS"] = "1"
    sys.path[0] = str(tree)  # in place of this folder
    sys.modules["__main__"] = ModuleType("__main__")  # workers of tests are not to run it again
    made = plugin()
    pytest.main([*_OPTIONS, *arguments], plugins=[made])
    part = out.with_suffix(".part")
    part.write_text(json.dumps(made.answer()), encoding="utf-8")
    part.replace(out)


@dataclass(frozen=True)
class Ran:
    """What the tests of a file take, without and in ``fixtures``, and what they run.

    ``lines[file][text]`` are places in ``seconds``.
    """

    file: str
    digest: str
    seconds: Mapping[str, float]
    fixtures: Mapping[str, float]
    lines: Mapping[str, Mapping[str, Sequence[int]]]

    def running(self, file: str, texts: Iterable[str]) -> list[str]:
        """The tests that run a line of a file that reads like one of these."""
        tests, found = list(self.seconds), self.lines.get(file, {})
        return [tests[place] for text in texts for place in found.get(text, ())]


def measured(tree: Path, files: Iterable[str], kept: Path) -> list[Ran]:
    """What the tests of each file run; ``kept`` holds it until that file changes.

    A line is known by its text, so that it stays known where others around it change. Where tests come to
    run other lines without a change of their own, delete it.
    """
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
    known = {(ran.file, ran.digest): ran for ran in (Ran(**json.loads(s)) for s in lines)}
    found = []
    for file in files:
        key = file, hashlib.sha256((tree / file).read_bytes()).hexdigest()
        if key not in known:
            answer = _fork(tree, [file], lambda: _Lines(tree), 3600)
            known[key] = Ran(*key, **(answer or {"seconds": {}, "fixtures": {}, "lines": {}}))
            with kept.open("a", encoding="utf-8") as out:
                out.write(json.dumps(asdict(known[key])) + "\n")
            print(f"{sum(known[key].seconds.values()):.0f} s: {file}", flush=True)
        found.append(known[key])
    return found


def failing(
    tree: Path, seconds: Mapping[str, float], *options: str, wall: float = 600
) -> list[str] | None:
    """Which of the tests fail, whose seconds are known; None when they come to no end."""
    files = dict.fromkeys(test.partition("::")[0] for test in seconds)
    return _fork(tree, [*options, *files], lambda: _Failures(seconds), wall)
