"""Would the tests notice? Seeded mutants of the package against the tests that mirror it.

    pip install cosmic-ray
    python benchmarks/mutants.py --mutants 150 [--python PYTHON] [--jobs 2] [--room kan]

Cosmic Ray's operators (another comparison or operator, a number off by one, ``not``, a decorator less, a
loop that never runs …) change one place of one file, in a copy of the tree; every folder of the package
gets mutants in proportion to its lines. A mutant is killed when a test of the mirroring room
fails, or runs ten minutes; files that mention most of what its module defines come first. Annotations are
left alone, because no run can notice them. Tests in a browser do not take part. ``mutants.jsonl`` keeps
every verdict, so that an interrupted run goes on where it was.
"""

import argparse
import ast
import difflib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from tables import write

ROOT = Path(__file__).resolve().parents[1]
VERDICTS = Path(__file__).with_suffix(".jsonl")
SECONDS = 600.0
_HEADER = ("room", "mutants", "killed", "share")
_OPERATORS = {n: get_operator(n) for n in operator_names() if not get_operator(n).arguments()}

Position = tuple[int, int]


@dataclass(frozen=True)
class Mutant:
    """One change: the ``occurrence``-th place of a file where an operator of Cosmic Ray applies."""

    file: str
    operator: str
    occurrence: int

    @property
    def room(self) -> str:
        """The folder that the file lives in, without those inside it."""
        parts = Path(self.file).parts
        return parts[1] if len(parts) > 2 else "workbench"

    @property
    def source(self) -> str:
        return (ROOT / self.file).read_text(encoding="utf-8")

    @property
    def mutated(self) -> str:
        return mutate_code(self.source, _OPERATORS[self.operator](), self.occurrence) or self.source

    @property
    def difference(self) -> str:
        lines = difflib.unified_diff(
            self.source.splitlines(), self.mutated.splitlines(), lineterm="", n=0
        )
        return "\n".join(line for line in lines if line[:3] not in ("---", "+++"))


def annotations(source: str) -> list[tuple[Position, Position]]:
    """Where types are written."""
    found: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AnnAssign | ast.arg):
            found.append(node.annotation)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(node.returns)
    return [
        ((n.lineno, n.col_offset), (n.end_lineno or 0, n.end_col_offset or 0))
        for n in found
        if n is not None
    ]


def places(file: str) -> dict[Position, list[Mutant]]:
    """Every place of a file that can be changed, with all changes that apply there."""
    source = (ROOT / file).read_text(encoding="utf-8")
    nodes, types = list(ast_nodes(get_ast(source))), annotations(source)
    found: dict[Position, list[Mutant]] = defaultdict(list)
    for name, operator in _OPERATORS.items():
        positions = (begin for node in nodes for begin, _ in operator().mutation_positions(node))
        for occurrence, begin in enumerate(positions):
            if not any(first <= begin < last for first, last in types):
                found[begin].append(Mutant(file, name, occurrence))
    return found


def drawn(files: Sequence[str], count: int, seed: int) -> Iterator[Mutant]:
    """Mutants of a few files, one for each of ``count`` places."""
    random_ = random.Random(seed)
    every = [mutants for file in files for mutants in places(file).values()]
    for mutants in random_.sample(every, min(count, len(every))):
        changed = random_.sample(mutants, len(mutants))
        yield next((m for m in changed if m.mutated != m.source), changed[0])


def sample(count: int, seed: int, room: str | None) -> list[Mutant]:
    """``count`` mutants, spread over the rooms by their lines; the same for the same seed."""
    rooms: dict[str, list[str]] = defaultdict(list)
    lines: dict[str, int] = defaultdict(int)
    for path in sorted((ROOT / "workbench").rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        name = Mutant(file, "", 0).room
        rooms[name].append(file)
        lines[name] += len(path.read_text(encoding="utf-8").splitlines())
    total = sum(lines.values())
    share = {name: max(1, round(count * lines[name] / total)) for name in rooms}
    chosen = [name for name in sorted(rooms) if room in (None, name)]
    return [m for name in chosen for m in drawn(rooms[name], share[name], seed)]


def tests(mutant: Mutant) -> list[str]:
    """Test files of the mirroring room, those first that mention most of what the file defines."""
    tree = ast.parse(mutant.source)
    defined = [n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    stem = Path(mutant.file).stem
    words = re.compile(rf"\b({'|'.join([*map(re.escape, defined), stem])})\b")
    folder = ROOT / "tests" / mutant.room
    alone = sorted((ROOT / "tests").glob("test_*.py"))
    inside = sorted(folder.glob("test_*.py")) if folder.is_dir() else []
    mentions = {f: len(words.findall(f.read_text(encoding="utf-8"))) for f in [*inside, *alone]}
    asked = [f for f in mentions if f in inside or mentions[f] or f.stem == f"test_{mutant.room}"]
    asked.sort(key=lambda f: (f.stem != f"test_{stem}", -mentions[f]))
    return [f.relative_to(ROOT).as_posix() for f in asked]


def killed(mutant: Mutant, tree: Path, python: str) -> bool:
    """Whether a test notices; the copy of the tree is as it was afterwards."""
    file = tree / mutant.file
    environment = os.environ | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    command = [python, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests(mutant)]
    file.write_text(mutant.mutated, encoding="utf-8")
    run = subprocess.Popen(  # noqa: S603
        command, cwd=tree, env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        return run.wait(SECONDS) != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        if run.poll() is None:
            os.killpg(run.pid, 9)
            run.wait()
        file.write_text(mutant.source, encoding="utf-8")


def copied(folder: Path) -> Path:
    """A copy of all files that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
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


def verdicts(mutants: Sequence[Mutant], jobs: int, python: str) -> dict[Mutant, bool]:
    """Whether each is killed; known verdicts are not asked for again."""
    known: dict[Mutant, bool] = {}
    if VERDICTS.exists():
        for line in VERDICTS.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            known[Mutant(**entry["mutant"])] = entry["killed"]
    with tempfile.TemporaryDirectory() as folder:
        trees: SimpleQueue[Path] = SimpleQueue()
        for job in range(jobs):
            trees.put(copied(Path(folder) / str(job)))

        def judge(mutant: Mutant) -> None:
            tree = trees.get()
            try:
                known[mutant] = killed(mutant, tree, python)
            finally:
                trees.put(tree)
            with VERDICTS.open("a", encoding="utf-8") as file:
                line = {"mutant": asdict(mutant), "killed": known[mutant]}
                file.write(json.dumps(line) + "\n")
            if not known[mutant]:
                print(f"survives: {mutant}\n{mutant.difference}", flush=True)

        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(judge, (m for m in mutants if m not in known)))
    return {m: known[m] for m in mutants}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--room", help="of one folder only; then the table is not written")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--python", default=sys.executable, help="that has the test extras")
    asked = parser.parse_args()
    found = verdicts(sample(asked.mutants, asked.seed, asked.room), asked.jobs, asked.python)
    rooms: dict[str, list[bool]] = defaultdict(list)
    for mutant, dead in found.items():
        rooms[mutant.room].append(dead)
    rooms["all"] = list(found.values())
    rows = [(r, len(v), sum(v), f"{sum(v) / len(v):.0%}") for r, v in rooms.items()]
    if asked.room:
        print(*rows, sep="\n")
    else:
        write("mutants", _HEADER, rows)


if __name__ == "__main__":
    main()
