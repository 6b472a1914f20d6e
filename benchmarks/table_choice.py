"""Sixty real tables out of Python packages, chosen by a rule that was written down before any was run.

    python benchmarks/table_choice.py [--quick]

Needs the packages of ``PACKAGES``, and writes ``real_tables.csv``: package, name, target, rows, inputs, half.
The quick run only tells those of scikit-learn.

The rule: every CSV file in these packages that lies in no folder of tests, and those of scikit-learn's
small tables that come as a frame, in the order of a hash of package/name. Columns without a name or
called id number rows and are left out. The target is the last numeric column with more than ten different
values. All other columns are inputs: numbers as they are, text of at most twelve labels as indicators,
other text not at all, nor a number that is the same in every row. Rows that lack something are left out.
A table has 30 to 5,000 rows and 1 to 30 inputs; of tables with the same target values the first counts.
The first 60 are taken, every other one is held out.
"""

import csv
import io
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath

import pandas as pd
import sklearn.datasets
from command import Options, installed, not_run

TABLE = Path(__file__).with_name("real_tables.csv")
PACKAGES = (
    "gapminder", "lifelines", "linearmodels", "palmerpenguins", "pydataset", "statsmodels", "vega_datasets",
)  # fmt: skip
SCIKIT_LEARN = ("diabetes", "breast_cancer", "iris", "linnerud", "wine")
COUNT, HALVES = 60, ("development", "held-out")
_ROWS, _INPUTS, _LABELS, _VALUES = (30, 5000), (1, 30), 12, 10
_SUFFIXES = (".csv", ".csv.gz", ".csv.bz2")
_UNREADABLE = (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError)


@dataclass(frozen=True)
class Real:
    """A table of a package: numbers only, complete rows, the target last."""

    package: str
    name: str
    frame: pd.DataFrame

    @property
    def target(self) -> str:
        return str(self.frame.columns[-1])

    @property
    def fits(self) -> bool:
        rows, columns = self.frame.shape
        return _ROWS[0] <= rows <= _ROWS[1] and _INPUTS[0] < columns <= _INPUTS[1] + 1

    @property
    def rank(self) -> str:
        return sha256(f"{self.package}/{self.name}".encode()).hexdigest()


def files(package: str) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the CSV files of an installed package, archives in it included."""
    for file in distribution(package).files or ():
        if file.name.endswith(_SUFFIXES):
            yield str(file), Path(str(file.locate())).read_bytes()
        elif file.name.endswith(".tar.gz"):
            with tarfile.open(file.locate()) as archive:
                for member in archive:
                    content = archive.extractfile(member)
                    if member.name.endswith(_SUFFIXES) and content is not None:
                        yield member.name, content.read()


def raw(package: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Names, by folder and file, and tables of a package as they come."""
    if package == "scikit-learn":
        for name in SCIKIT_LEARN:
            yield name, getattr(sklearn.datasets, f"load_{name}")(as_frame=True).frame
        return
    for path, content in files(package):
        place = PurePosixPath(path)
        if place.name.startswith(".") or "tests" in place.parts:
            continue
        suffix = next(s for s in _SUFFIXES if path.endswith(s))
        how = {".csv": None, ".csv.gz": "gzip", ".csv.bz2": "bz2"}[suffix]
        try:
            frame = pd.read_csv(io.BytesIO(content), compression=how, low_memory=False)
        except _UNREADABLE:
            continue
        yield f"{place.parent.name}/{place.name.removesuffix(suffix)}", frame


def prepared(frame: pd.DataFrame) -> pd.DataFrame | None:
    """Numbers only, complete rows, the target last; None where there is no target. See the rule above."""
    frame = frame[[n for n in frame if not str(n).startswith("Unnamed") and str(n).lower() != "id"]]
    numeric = [name for name in frame if frame[name].dtype.kind in "iuf"]
    targets = [name for name in numeric if frame[name].nunique() > _VALUES]
    if not targets:
        return None
    target = targets[-1]
    labels = [n for n in frame if n not in numeric and frame[n].nunique() <= _LABELS]
    kept = frame[[*(n for n in numeric if n != target), *labels, target]].dropna()
    numbers = kept[[n for n in numeric if n != target]]
    marks = [pd.get_dummies(kept[n].astype(str), prefix=n, drop_first=True) for n in labels]
    table = pd.concat([numbers, *marks, kept[[target]]], axis=1).astype(float)
    varied = [n for n in numbers if table[n].nunique() > 1]
    return table[[*varied, *(n for part in marks for n in part), target]]


def tables(packages: Iterable[str]) -> Iterator[Real]:
    """All tables of the packages that have a target."""
    for package in packages:
        for name, frame in raw(package):
            table = prepared(frame)
            if table is not None and table.columns.is_unique:
                yield Real(package, name, table)


def chosen(packages: Iterable[str]) -> list[Real]:
    """The first tables that fit, in the order of their hash."""
    found: dict[bytes, Real] = {}
    for table in sorted((t for t in tables(packages) if t.fits), key=lambda t: t.rank):
        found.setdefault(table.frame[table.target].to_numpy().tobytes(), table)
    return list(found.values())[:COUNT]


def main() -> None:
    quick = Options(__doc__).chosen().quick
    missing = [package for package in PACKAGES if not (quick or installed(package))]
    if missing:
        not_run(f"{missing[0]} is not installed")
    found = chosen(("scikit-learn",) if quick else ("scikit-learn", *PACKAGES))
    rows = [("package", "name", "target", "rows", "inputs", "half")]
    for place, table in enumerate(found):
        count, columns = table.frame.shape
        half = HALVES[place % 2]
        rows.append((table.package, table.name, table.target, count, columns - 1, half))
    for row in rows:
        print(*row, sep="  ")
    if not quick:
        with TABLE.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    main()
