"""Would the tests notice? Seeded mutants of the package against the tests nearest to each.

    pip install cosmic-ray
    python benchmarks/mutants.py --mutants 150 [--python PYTHON] [--jobs 1] [--room kan]

Cosmic Ray's operators (another comparison or operator, a number off by one, ``not``, a decorator less, a
loop that never runs …) change one place of one file, in a copy of the tree; every folder of the package
gets mutants in proportion to its lines.

A mutant is killed when a test fails that passes without it. Asked are the forty nearest tests of the room
that mirrors the file's and of the files beside the rooms: those first that mention what was changed, then
those that mention what uses it, and so on (``nearest.py``); a file of the same name is one step away. What
would take long has no say, so the share is a lower bound: tests in a browser, those marked slow, a test
function after five seconds of processor time (``brief.py``), and all of them after 20 seconds
for one mutant. A mutant that never ends survives.

Left alone is what no test can notice or every test would: what is no other program (parentheses) or none
at all (a syntax error); types (annotations, ``if TYPE_CHECKING``, those of ``isinstance``); ``cache`` and
``lru_cache``, which change no value; ``strict`` of ``zip``, which no caller can reach; and numbers of private
constants that change by two percent or less, such as the size of a sample.

``mutants.jsonl`` keeps every verdict, so that an interrupted run goes on where it was, in an order that only
the seed and the changed lines decide; ``--again`` asks of the survivors once more, ``--judged`` writes the
table of what is known.
"""

import argparse
import ast
import difflib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue

import nearest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from tables import write

ROOT = Path(__file__).resolve().parents[1]
VERDICTS = Path(__file__).with_suffix(".jsonl")
SECONDS, WALL, TESTS = 20, 600.0, 40
_NOT_ASKED = {"test_benchmarks.py", "test_notebooks.py", "test_packaging.py"}
_HEADER = ("room", "mutants", "killed", "share")
_OPERATORS = {n: get_operator(n) for n in operator_names() if not get_operator(n).arguments()}

Position = tuple[int, int]


@dataclass(frozen=True)
class Mutant:
    """One change: the ``occurrence``-th place of a file where an operator of Cosmic Ray applies."""

    file: str
    operator: str
    occurrence: int
    line: int

    @property
    def room(self) -> str:
        """The folder that the file lives in, without those inside it."""
        parts = Path(self.file).parts
        return parts[1] if len(parts) > 2 else "workbench"

    @cached_property
    def source(self) -> str:
        return (ROOT / self.file).read_text(encoding="utf-8")

    @cached_property
    def mutated(self) -> str:
        return mutate_code(self.source, _OPERATORS[self.operator](), self.occurrence) or self.source

    @cached_property
    def difference(self) -> str:
        """What changes and what surrounds it, wherever in the file: it names the mutant from run to run."""
        lines = difflib.unified_diff(
            self.source.splitlines(), self.mutated.splitlines(), lineterm=""
        )
        return "\n".join(line for line in lines if line[:3] not in ("---", "+++", "@@ "))


@dataclass(frozen=True)
class Verdict:
    """``by`` is the test that failed; None: the mutant survives."""

    file: str
    difference: str
    by: str | None


def spans(source: str) -> list[tuple[Position, Position]]:
    """Where types are written, values are cached, or ``zip`` is strict."""
    found: list[ast.AST | None] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AnnAssign | ast.arg):
            found.append(node.annotation)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(node.returns)
            found += [d for d in node.decorator_list if re.match(r"(lru_)?cache\b", ast.unparse(d))]
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            found.append(node)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "zip":
            found += [k.value for k in node.keywords if k.arg == "strict"]
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
            found.append(node.args[-1])
    return [
        ((n.lineno, n.col_offset), (n.end_lineno or 0, n.end_col_offset or 0))
        for n in found
        if isinstance(n, ast.expr | ast.stmt)
    ]


def close_numbers(old: ast.Module, new: ast.Module) -> bool:
    """Whether only a number of a private constant changes, by two percent or less."""
    changed = [
        (a, b) for a, b in zip(old.body, new.body, strict=False) if ast.dump(a) != ast.dump(b)
    ]
    for a, b in changed:
        if not (isinstance(a, ast.Assign) and re.match(r"\(?_[A-Z]", ast.unparse(a.targets[0]))):
            return False
        numbers = ([n.value for n in ast.walk(s) if isinstance(n, ast.Constant)] for s in (a, b))
        for x, y in zip(*numbers, strict=False):
            if x != y and not (isinstance(x, int | float) and abs(x - y) <= 0.02 * abs(x)):
                return False
    return True


def counts(mutant: Mutant) -> bool:
    """Whether the mutant is another program that a test can tell."""
    old = ast.parse(mutant.source)
    try:
        new = ast.parse(mutant.mutated)
    except SyntaxError:
        return False
    return ast.dump(old) != ast.dump(new) and not close_numbers(old, new)


def places(file: str) -> dict[Position, list[Mutant]]:
    """Every place of a file that can be changed, with all changes that apply there."""
    source = (ROOT / file).read_text(encoding="utf-8")
    nodes, left_alone = list(ast_nodes(get_ast(source))), spans(source)
    found: dict[Position, list[Mutant]] = defaultdict(list)
    for name, operator in _OPERATORS.items():
        positions = (begin for node in nodes for begin, _ in operator().mutation_positions(node))
        for occurrence, begin in enumerate(positions):
            if not any(first <= begin < last for first, last in left_alone):
                found[begin].append(Mutant(file, name, occurrence, begin[0]))
    return found


def drawn(files: Sequence[str], seed: int) -> Iterator[tuple[str, Mutant]]:
    """A mutant for each place of some files, in an order that changes elsewhere do not disturb."""
    every = []
    for file in files:
        lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
        for (line, column), mutants in places(file).items():
            text = lines[line - 1]
            key = f"{seed} {file} {text.strip()} {column - len(text) + len(text.lstrip())}"
            every.append((digest(key), mutants))
    for key, mutants in sorted(every, key=lambda entry: entry[0]):
        changed = sorted(mutants, key=lambda m: digest(f"{key} {m.operator} {m.occurrence}"))
        if chosen := next(filter(counts, changed), None):
            yield key, chosen


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def sample(count: int, seed: int, room: str | None) -> list[Mutant]:
    """``count`` mutants, spread over the rooms by their lines; the same for the same seed."""
    rooms: dict[str, list[str]] = defaultdict(list)
    lines: dict[str, int] = defaultdict(int)
    for path in sorted((ROOT / "workbench").rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        name = Mutant(file, "", 0, 0).room
        rooms[name].append(file)
        lines[name] += len(path.read_text(encoding="utf-8").splitlines())
    total = sum(lines.values())
    found = []
    for name in sorted(rooms):
        if room in (None, name):
            share = max(1, round(count * lines[name] / total))
            found += [
                entry for entry, _ in zip(drawn(rooms[name], seed), range(share), strict=False)
            ]
    return [mutant for _, mutant in sorted(found, key=lambda entry: entry[0])]


def tests(mutant: Mutant) -> list[str]:
    """The nearest tests of the mirroring room and of the files beside the rooms, nearest first."""
    file = ROOT / mutant.file
    whole, *inner = nearest.changed(file, mutant.line) or [file.stem]
    far = nearest.distances(ROOT / "workbench", file, whole)
    stem = Path(mutant.file).stem
    folders = [ROOT / "tests" / folder for folder in (".", mutant.room, stem)]
    paths = {path for folder in folders for path in folder.glob("test_*.py")}
    found = []
    for path in paths:
        if path.name not in _NOT_ASKED:
            same = path.stem == f"test_{stem}" or path.parent.name == stem
            for name, words in nearest.tests(path).items():
                steps = [far[word] for word in words if word in far]
                nearby = min([*steps, 1 if same else len(far)])
                order = (nearby, words.isdisjoint(inner), not same, len(words))
                found.append((order, f"{path.relative_to(ROOT).as_posix()}::{name}"))
    return [test for _, test in sorted(found)[:TESTS]]


class Tests:
    """The tests in a copy of the tree, see ``brief.py``."""

    def __init__(self, tree: Path, python: str) -> None:
        self.tree = tree
        self._process = subprocess.Popen(  # noqa: S603
            [python, str(Path(__file__).with_name("brief.py"))],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def failing(self, asked: Sequence[str], *options: str, seconds: int | None) -> list[str]:
        """The tests that fail, within so many seconds of processor time."""
        arguments = [*options, "-q", "-p", "no:cacheprovider", "--tb=no", "-m", "not slow", *asked]
        wanted = {"tree": str(self.tree), "arguments": arguments, "seconds": seconds, "wall": WALL}
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("pytest is not spoken to by pipes")
        stdin.write(json.dumps(wanted) + "\n")
        stdin.flush()
        out = json.loads(stdout.readline())
        return re.findall(r"^(?:FAILED|ERROR) (tests/.+?)(?: - .*)?$", out, re.MULTILINE)


def judged(mutant: Mutant, room: Tests) -> Verdict:
    """Whether a test notices; the copy of the tree is as it was afterwards."""
    file = room.tree / mutant.file
    file.write_text(mutant.mutated, encoding="utf-8")
    try:
        failed = room.failing(tests(mutant), "-x", seconds=SECONDS)
    finally:
        file.write_text(mutant.source, encoding="utf-8")
    return Verdict(mutant.file, mutant.difference, failed[0] if failed else None)


def copied(folder: Path) -> Path:
    """A copy of all files that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def known() -> dict[tuple[str, str], Verdict]:
    """The last verdict of every mutant."""
    if not VERDICTS.exists():
        return {}
    found = [Verdict(**json.loads(s)) for s in VERDICTS.read_text(encoding="utf-8").splitlines()]
    return {(v.file, v.difference): v for v in found}


def keep(verdict: Verdict) -> None:
    with VERDICTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(verdict)) + "\n")


def judge(mutants: Sequence[Mutant], jobs: int, python: str) -> None:
    """Ask the tests about each, and afterwards whether those that failed pass without a mutant."""
    with tempfile.TemporaryDirectory() as folder:
        free: SimpleQueue[Tests] = SimpleQueue()
        for job in range(jobs):
            free.put(Tests(copied(Path(folder) / str(job)), python))

        def one(mutant: Mutant) -> Verdict:
            room = free.get()
            try:
                verdict = judged(mutant, room)
            finally:
                free.put(room)
            keep(verdict)
            print(f"{verdict.by or 'survives'}: {mutant.file}:{mutant.line}", flush=True)
            if verdict.by is None:
                print(mutant.difference, flush=True)
            return verdict

        with ThreadPoolExecutor(jobs) as pool:
            verdicts = list(pool.map(one, mutants))
        by = sorted({v.by for v in verdicts if v.by and "::" in v.by})
        wrong = free.get().failing(by, seconds=None) if by else []
    for verdict in verdicts:
        if verdict.by in wrong:
            print(f"fails without a mutant: {verdict.by}")
            keep(Verdict(verdict.file, verdict.difference, None))


def table(
    mutants: Sequence[Mutant], verdicts: Mapping[tuple[str, str], Verdict]
) -> list[Sequence[object]]:
    rooms: dict[str, list[bool]] = defaultdict(list)
    for mutant in mutants:
        verdict = verdicts[mutant.file, mutant.difference]
        rooms[mutant.room].append(verdict.by is not None)
    rooms = dict(sorted(rooms.items())) | {
        "all": [dead for room in rooms.values() for dead in room]
    }
    return [(r, len(v), sum(v), f"{sum(v) / len(v):.0%}") for r, v in rooms.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--room", help="of one folder only; then the table is not written")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--python", default=sys.executable, help="that has the test extras")
    parser.add_argument("--again", action="store_true", help="ask of survivors once more")
    parser.add_argument(
        "--judged", action="store_true", help="only write the table of what is known"
    )
    asked = parser.parse_args()
    mutants, verdicts = sample(asked.mutants, asked.seed, asked.room), known()
    if not asked.judged:
        settled = {key for key, v in verdicts.items() if v.by is not None or not asked.again}
        judge(
            [m for m in mutants if (m.file, m.difference) not in settled], asked.jobs, asked.python
        )
        verdicts = known()
    rows = table([m for m in mutants if (m.file, m.difference) in verdicts], verdicts)
    if asked.room:
        print(*rows, sep="\n")
    else:
        write("mutants", _HEADER, rows)


if __name__ == "__main__":
    main()
