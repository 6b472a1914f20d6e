"""Which tables of benchmarks/README.md are older than the code that they measure.

    python benchmarks/provenance.py [--quick]

Every table says which script made it at which commit. It is older than its code where the script, a module
beside it, or a folder of the package that these import has changed since. Exits with 1 where one is. The
quick run only looks whether every table names its commit.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from command import Options
from tables import MADE, README, git

ROOT = README.parent.parent
_TABLE = re.compile(
    rf"<!-- (?P<name>\w+): begin -->\n\|.*?<!-- (?P=name): end -->\n(?:{MADE})?", re.DOTALL
)


def tables(text: str) -> Iterator[tuple[str, str | None, str | None]]:
    """Name, script and commit of every table; None where it does not say. Empty ones were not made yet."""
    for found in _TABLE.finditer(text):
        yield found["name"], found["script"], found["commit"]


def measured(script: Path) -> set[Path]:
    """What a script measures: itself, modules beside it, and folders of the packages that these import."""
    found, waiting = {script}, [script]
    while waiting:
        path = waiting.pop()
        for module in _imports(path.read_text(encoding="utf-8")):
            place = _place(module, path)
            if place is not None and place not in found:
                found.add(place)
                waiting += [place] if place.suffix else []
    return found


def _imports(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _place(module: str, importer: Path) -> Path | None:
    """A folder of ``workbench`` or ``case_studies``, a file of theirs that lies in none, or one beside."""
    first, *rest = module.split(".")
    if first not in ("workbench", "case_studies"):
        beside = importer.parent / f"{first}.py"
        return beside if beside.exists() else None
    top = ROOT / first
    if rest and (top / rest[0]).is_dir():
        return top / rest[0]
    file = top / f"{rest[0]}.py" if rest else top / "__init__.py"
    return file if file.exists() else top / "__init__.py"


def older(script: str, commit: str) -> list[str]:
    """Commits since ``commit`` that changed what the script measures, newest first."""
    paths = sorted(str(path.relative_to(ROOT)) for path in measured(README.parent / script))
    return git("log", "--format=%h %s", f"{commit}..HEAD", "--", *paths).splitlines()


def main() -> int:
    chosen, behind = Options(__doc__).chosen(), 0
    for name, script, commit in tables(README.read_text(encoding="utf-8")):
        if script is None or commit is None:
            print(f"{name}: does not say what made it")
            behind += 1
            continue
        if chosen.quick:
            print(f"{name}: made by {script} at commit {commit}")
            continue
        try:
            changes = older(script, commit)
        except subprocess.CalledProcessError:
            changes = [f"{commit} is no commit of this repository"]
        if changes:
            print(f"{name}: {len(changes)} changes since {commit}, the last: {changes[0]}")
        behind += bool(changes)
    return min(behind, 1)


if __name__ == "__main__":
    sys.exit(main())
