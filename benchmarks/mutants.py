"""Would the tests notice? Seeded mutants of the package against the tests that run what was changed.

    pip install cosmic-ray coverage
    python benchmarks/mutants.py --mutants 150 [--room kan] [--quick]

Cosmic Ray's operators (another comparison or operator, a number off by one, ``not``, a decorator less, a
loop that never runs …) change one place of one file, in a copy of the tree; every folder of the package
gets mutants in proportion to its lines.

A mutant is killed when a test fails that passes without it. Asked are the tests that run the changed line
(coverage.py says which, see ``ran.py``) in the room that mirrors the file's, or the file itself where it
stands beside the rooms, and in the tests beside the rooms: those of the file's own name first, then the
quickest, until they come to 60 seconds. A line that no test is seen to run, such as at import or in a
process of its own, is asked of all tests of the files that run anything of that file. A test fails, too,
when it takes ten times its seconds of processor time and ten more: the mutant has made an endless loop.
Tests marked slow and those in a browser are not asked, so the share is a lower bound.

Left alone is what no test can notice or every test would: what is no other program (parentheses) or none
at all (a syntax error); types (annotations, ``if TYPE_CHECKING``, those of ``isinstance``); ``cache`` and
``lru_cache``, which change no value; ``strict`` of ``zip``, which no caller can reach; and numbers of private
constants that change by two percent or less, such as the size of a sample.

``mutants.jsonl`` keeps every verdict, so that an interrupted run goes on where it was, in an order that only
the seed and the changed lines decide; ``--again`` asks of the survivors once more, ``--judged`` writes the
table of what is known. A quick run asks the tests of one small room, and keeps nothing.
"""

import ast
import difflib
import hashlib
import itertools
import json
import re
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from command import Options, installed, not_run
from ran import Ran, failing, measured
from tables import write

ROOT = Path(__file__).resolve().parents[1]
VERDICTS = "mutants.jsonl"
SECONDS = 60.0
_NOT_ASKED = {"e2e", "test_benchmarks.py", "test_notebooks.py", "test_packaging.py"}
_HEADER = ("room", "mutants", "killed", "share")

if TYPE_CHECKING:
    from cosmic_ray.operators.operator import Operator

Position = tuple[int, int]


@cache
def operators() -> "Mapping[str, type[Operator]]":
    """Cosmic Ray's operators that need no arguments, by name."""
    from cosmic_ray.plugins import get_operator, operator_names

    return {n: get_operator(n) for n in operator_names() if not get_operator(n).arguments()}


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
        from cosmic_ray.mutating import mutate_code

        return (
            mutate_code(self.source, operators()[self.operator](), self.occurrence) or self.source
        )

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
    from cosmic_ray.ast import ast_nodes, get_ast

    source = (ROOT / file).read_text(encoding="utf-8")
    nodes, left_alone = list(ast_nodes(get_ast(source))), spans(source)
    found: dict[Position, list[Mutant]] = defaultdict(list)
    for name, operator in operators().items():
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


def statement(mutant: Mutant) -> tuple[list[str], bool]:
    """The lines of the innermost statement that changes, and whether it lies within a function."""
    around = [
        (first, node)
        for node in ast.walk(ast.parse(mutant.source))  # what is around comes before what is inside
        if isinstance(node, ast.stmt)
        for first in [min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])]
        if first <= mutant.line <= (node.end_lineno or 0)
    ]
    first, inner = around[-1]
    lines = mutant.source.splitlines()[first - 1 : inner.end_lineno]
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    return [line.strip() for line in lines], any(isinstance(n, functions) for _, n in around)


def asked(mutant: Mutant, known: Sequence[Ran]) -> dict[str, float]:
    """The tests that are asked, in their order, and the seconds that each takes without a mutant."""
    line = mutant.source.splitlines()[mutant.line - 1].strip()
    lines, function = statement(mutant)
    stem = Path(mutant.file).stem
    room = Path("tests", stem if mutant.room == "workbench" else mutant.room)
    near = [
        r for r in known if Path(r.file).parent == Path("tests") or room in Path(r.file).parents
    ]
    same = [r for r in near if Path(r.file).stem == f"test_{stem}" or stem in Path(r.file).parts]
    running = running_any(near, mutant.file, [line]) or running_any(near, mutant.file, lines)
    exact = running and function
    if not exact:
        near = [ran for ran in near if mutant.file in ran.lines or ran in same] or near
    order = [
        (ran not in same, test not in running, seconds, test, ran)
        for ran in near
        for test, seconds in ran.seconds.items()
        if test in running or not exact
    ]
    order.sort(key=lambda entry: entry[:4])
    until = itertools.accumulate(seconds for *_, seconds, _, _ in order)
    chosen = [entry[3:] for entry, spent in zip(order, until, strict=True) if spent <= SECONDS]
    files = list(dict.fromkeys(ran.file for _, ran in chosen))
    chosen.sort(key=lambda entry: files.index(entry[1].file))  # they may share what is slow to make
    return {test: ran.seconds[test] + ran.fixtures[test] for test, ran in chosen}


def running_any(known: Sequence[Ran], file: str, lines: Sequence[str]) -> set[str]:
    return {test for ran in known for test in ran.running(file, lines)}


def judged(mutant: Mutant, tree: Path, known: Sequence[Ran]) -> Verdict:
    """Whether a test notices; the copy of the tree is as it was afterwards."""
    file = tree / mutant.file
    file.write_text(mutant.mutated, encoding="utf-8")
    try:
        failed = failing(tree, asked(mutant, known), "-x")
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


def known(kept: Path) -> dict[tuple[str, str], Verdict]:
    """The last verdict of every mutant."""
    file = kept / VERDICTS
    if not file.exists():
        return {}
    found = [Verdict(**json.loads(s)) for s in file.read_text(encoding="utf-8").splitlines()]
    return {(v.file, v.difference): v for v in found}


def keep(verdict: Verdict, kept: Path) -> None:
    with (kept / VERDICTS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(verdict)) + "\n")


def judge(mutants: Sequence[Mutant], tests: str, kept: Path) -> None:
    """Ask the tests about each, and afterwards whether those that failed pass without a mutant."""
    with tempfile.TemporaryDirectory() as folder:
        tree = copied(Path(folder))
        files = sorted(path.relative_to(tree) for path in (tree / tests).rglob("test_*.py"))
        files = [file for file in files if _NOT_ASKED.isdisjoint(file.parts)]
        known = measured(tree, [file.as_posix() for file in files], kept / "ran.jsonl")
        verdicts = []
        for mutant in mutants:
            verdict = judged(mutant, tree, known)
            verdicts.append(verdict)
            keep(verdict, kept)
            print(f"{verdict.by or 'survives'}: {mutant.file}:{mutant.line}", flush=True)
            if verdict.by is None:
                print(mutant.difference, flush=True)
        seconds = {t: s + r.fixtures[t] for r in known for t, s in r.seconds.items()}
        by = {v.by: seconds[v.by] for v in verdicts if v.by in seconds}
        wrong = failing(tree, by, wall=3600) if by else []
    for verdict in verdicts:
        if wrong is None or verdict.by in wrong:
            print(f"fails without a mutant: {verdict.by}")
            keep(Verdict(verdict.file, verdict.difference, None), kept)


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
    parser = Options(__doc__, mutants=(150, 1), seed=(0, 0))
    parser.add_argument("--room", help="of one folder only; then the table is not written")
    parser.add_argument("--tests", default="tests", help="folder of the tests that are asked")
    parser.add_argument("--again", action="store_true", help="ask of survivors once more")
    parser.add_argument(
        "--judged", action="store_true", help="only write the table of what is known"
    )
    options = parser.chosen(room="common", tests="tests/common")
    if not (installed("cosmic-ray") and installed("coverage")):
        not_run("pip install cosmic-ray coverage")
    with tempfile.TemporaryDirectory() as passing:
        kept = Path(passing) if options.quick else Path(__file__).parent
        mutants, verdicts = sample(options.mutants, options.seed, options.room), known(kept)
        if not options.judged:
            settled = {key for key, v in verdicts.items() if v.by is not None or not options.again}
            judge(
                [m for m in mutants if (m.file, m.difference) not in settled], options.tests, kept
            )
            verdicts = known(kept)
    rows = table([m for m in mutants if (m.file, m.difference) in verdicts], verdicts)
    if options.room and not options.quick:
        print(*rows, sep="\n")
    else:
        write("mutants", _HEADER, rows)


if __name__ == "__main__":
    main()
