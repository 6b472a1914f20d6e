"""Reading tables: time and memory beside pandas, and how many real tables become a dataset.

    PYTHONPATH=. python benchmarks/reading.py [--rows 1000000] [--repeats 15] [--quick]

The file has six columns of numbers; time is the median of repeats that take turns, of the processor (pandas
alone reads by two threads), memory what a fresh process grows by at its highest, over the size of the table
(Linux alone). The real tables are the CSV files of the packages of ``table_choice.py`` that are installed,
tests left out, up to 3 MB. The target is the last numeric column with more than ten different values, else
the last that varies; a table counts where it has as many rows as a dataset needs.
"""

import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path, PurePosixPath
from statistics import median

import numpy as np
import pandas as pd
from command import Options, installed
from table_choice import PACKAGES, files
from tables import write

from workbench.errors import InputError
from workbench.kan.data import LEAST_ROWS, Dataset
from workbench.tables.reading import read_table

_VALUES, _LARGEST = 10, 3_000_000
_PEAK = """
import sys
import pandas as pd
from workbench.tables.reading import read_table
def now(key):
    return next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith(key)) * 1024
read = {'pandas': pd.read_csv, 'workbench': read_table}[sys.argv[1]]
read(sys.argv[3])  # what libraries load when they are first used
open('/proc/self/clear_refs', 'w').write('5')
before = now('VmRSS')
table = read(sys.argv[2])
print((now('VmHWM') - before) / table.memory_usage(index=False).sum())
"""


def seconds(path: Path, repeats: int) -> dict[str, float]:
    """Median processor seconds of pandas and of ours, which take turns."""
    found: dict[str, list[float]] = {"pandas": [], "workbench": []}
    for _ in range(repeats):
        for name, read in (("pandas", pd.read_csv), ("workbench", read_table)):
            began = time.process_time()
            read(path)
            found[name].append(time.process_time() - began)
    return {name: median(times) for name, times in found.items()}


def peak(name: str, path: Path, small: Path) -> str:
    """Highest memory of reading, in sizes of the table."""
    if not Path("/proc/self/clear_refs").exists():
        return "–"
    command = [sys.executable, "-c", _PEAK, name, str(path), str(small)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return f"{float(done.stdout):.1f}"


def outcome(path: Path) -> str:
    """What becomes of a file: "dataset", "few rows", "no target", "refused" or "not read"."""
    try:
        frame = read_table(path)
    except InputError:
        return "not read"
    numbers = [n for n in frame if frame[n].dtype.kind in "iuf" and frame[n].nunique() > _VALUES]
    targets = numbers or [name for name in frame if frame[name].nunique() > 1]
    if len(frame) < LEAST_ROWS:
        return "few rows"
    if not targets:
        return "no target"
    try:
        Dataset.from_frame(frame, targets[-1])
    except InputError:
        return "refused"
    return "dataset"


def outcomes(package: str, folder: Path, most: int) -> Counter[str]:
    """What becomes of the files of a package."""
    counts = Counter[str]()
    for name, content in files(package):
        place = PurePosixPath(name)
        if "tests" in place.parts or place.name.startswith(".") or len(content) > _LARGEST:
            continue
        path = folder / place.name
        path.write_bytes(content)
        counts[outcome(path)] += 1
        if counts.total() >= most:
            break
    return counts


def main() -> None:
    chosen = Options(__doc__, rows=(1_000_000, 200), repeats=(15, 1), most=(100_000, 3)).chosen()
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large, small = folder / "large.csv", folder / "small.csv"
        table = pd.DataFrame(
            np.random.default_rng(0).normal(size=(chosen.rows, 6)), columns=[*"abcdef"]
        )
        table.to_csv(large, index=False)
        table.head(100).to_csv(small, index=False)
        took = seconds(large, chosen.repeats)
        rows += [
            (
                f"processor seconds for {chosen.rows:,} × 6 numbers: pandas",
                f"{took['pandas']:.2f}",
                "–",
            ),
            ("the same: workbench", f"{took['workbench']:.2f}", "≤ 1.5 × pandas"),
            ("memory at its highest, in tables: pandas", peak("pandas", large, small), "–"),
            ("the same: workbench", peak("workbench", large, small), "≤ 3"),
        ]
        total = Counter[str]()
        for package in PACKAGES:
            if installed(package):
                total += outcomes(package, folder, chosen.most)
    usable = total["dataset"] + total["refused"]
    if usable:
        share = f"{total['dataset']} of {usable}, {total['dataset'] / usable:.1%}"
        others = ", ".join(f"{total[k]} {k}" for k in ("few rows", "no target", "not read"))
        rows.append((f"real tables that become a dataset ({others})", share, "≥ 98 %"))
    write("reading", ["what", "found", "target"], rows)


if __name__ == "__main__":
    main()
