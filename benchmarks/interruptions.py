"""Work is not lost: ``workbench discover`` is ended at random moments, and what it leaves is looked at.

    python benchmarks/interruptions.py [--runs 40] [--seed 0] [--quick]

Each run searches a small table with ``--out`` and ``--json`` in a fresh folder and gets Ctrl-C, SIGTERM,
Ctrl-C twice, or kill -9 at a moment drawn uniformly from the length of a whole exact run. The table has
how many ended with what exit code; where a formula had been printed or the search had begun, whether formula,
network and figures are on disk and can be read; what was left of processes, temporary files and ``.part``;
and how long the end took.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
from command import Options
from tables import put

from workbench.formulas.formula import Formula
from workbench.kan import checkpoint

KINDS = {
    "Ctrl-C": (signal.SIGINT,),
    "Ctrl-C twice": (signal.SIGINT, signal.SIGINT),
    "SIGTERM": (signal.SIGTERM,),
    "kill -9": (signal.SIGKILL,),
}
FIRST = ("formula.json", "model.safetensors", "result.json")
# A shell starts programs in the background with Ctrl-C ignored; a user's terminal does not.
PROGRAM = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from workbench.cli import main; sys.exit(main())"
)
_BETWEEN = 0.3
_GRACE = 5.0


def tables(folder: Path) -> list[Path]:
    """Sixty rows of an exact product, which structure finds, and of a noisy sum, which is trained for."""
    generator = np.random.default_rng(0)
    x = generator.uniform(-1, 1, (60, 2))
    product = x[:, 0] * x[:, 1]
    noisy = product + x[:, 0] ** 2 + 0.01 * generator.standard_normal(60)
    paths = []
    for name, y in (("exact", product), ("noisy", noisy)):
        paths.append(folder / f"{name}.csv")
        pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": y}).to_csv(paths[-1], index=False)
    return paths


def command(path: Path, out: Path) -> list[str]:
    """A quick search of the table."""
    places = ["--out", str(out), "--json", str(out.with_suffix(".json"))]
    asked = ["discover", str(path), "--target", "y", "--quick", "--threads", "1", *places]
    return [sys.executable, "-c", PROGRAM, *asked]


def started(path: Path, out: Path) -> subprocess.Popen[str]:
    """A run whose temporary files lie beside its results."""
    out.with_suffix(".tmp").mkdir()
    environment = os.environ | {"TMPDIR": str(out.with_suffix(".tmp")), "PYTHONUNBUFFERED": "1"}
    streams = {
        "stdout": out.with_suffix(".out").open("w"),
        "stderr": out.with_suffix(".err").open("w"),
    }
    return subprocess.Popen(  # noqa: S603 - this project's own program
        command(path, out), env=environment, text=True, **streams
    )


def orphans(out: Path) -> int:
    """Processes that still know the run's temporary folder, after a moment of grace."""
    mark = str(out.with_suffix(".tmp")).encode()
    until = time.monotonic() + _GRACE
    while True:
        found = 0
        for entry in Path("/proc").glob("[0-9]*/environ"):
            try:
                found += mark in entry.read_bytes()
            except OSError:
                continue
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.2)


def readable(out: Path) -> bool:
    """Whether the first three files are there and can be read."""
    try:
        Formula.load(out / FIRST[0])
        checkpoint.load(out / FIRST[1])
        json.loads((out / FIRST[2]).read_text())
    except (OSError, ValueError):
        return False
    return True


def ended(kind: str, moment: float, path: Path, out: Path) -> dict[str, object]:
    """End one run and say what it left."""
    process = started(path, out)
    time.sleep(moment)
    begun = time.monotonic()
    for place, number in enumerate(KINDS[kind]):
        if place:
            time.sleep(_BETWEEN)
        process.send_signal(number)
    code = process.wait()
    seconds = time.monotonic() - begun
    printed, told = out.with_suffix(".out").read_text(), out.with_suffix(".err").read_text()
    about = json.loads((out / FIRST[2]).read_text()) if (out / FIRST[2]).is_file() else {}
    return {
        "kind": kind,
        "code": code,
        "formula printed": "\ny = " in printed,
        "search begun": "%  " in told,
        "on disk": readable(out),
        "agrees": kind == "kill -9" or not about or about["complete"] is (code == 0),
        "traceback": "Traceback" in told,
        "parts": len(list(out.glob(".*.part"))),
        "temporary": len(list(out.with_suffix(".tmp").iterdir())),
        "orphans": orphans(out),
        "seconds": seconds,
    }


def report(runs: list[dict[str, object]]) -> str:
    """The table, a line for each kind."""
    rows = defaultdict(list)
    for run in runs:
        rows[run["kind"]].append(run)
    lines = [
        "| ended by | runs | exit codes | on disk / formula printed | on disk / search begun "
        "| left: processes, temporary files, .part | longest end |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind, group in rows.items():
        codes = ", ".join(
            f"{c} ({sum(r['code'] == c for r in group)})"
            for c in sorted({r["code"] for r in group})
        )
        shares = []
        for since in ("formula printed", "search begun"):
            some = [run for run in group if run[since]]
            shares.append(f"{sum(bool(run['on disk']) for run in some)} / {len(some)}")
        left = ", ".join(
            str(sum(run[key] for run in group)) for key in ("orphans", "temporary", "parts")
        )
        longest = max(run["seconds"] for run in group)
        lines.append(
            f"| {kind} | {len(group)} | {codes} | {shares[0]} | {shares[1]} | {left} | {longest:.1f} s |"
        )
    wrong = sum(not run["agrees"] or run["traceback"] for run in runs)
    lines.append(
        f"\nRuns with a traceback, or whose exit code and figures disagree: {wrong} of {len(runs)}."
    )
    return "\n".join(lines)


def main() -> None:
    """Print and write the table."""
    options = Options(__doc__, runs=(40, 1), seed=(0, 0)).chosen()
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        exact, noisy = tables(folder)
        begun = time.monotonic()
        started(exact, folder / "whole").wait()
        length = time.monotonic() - begun
        print(f"A whole run takes {length:.0f} s.", flush=True)
        runs = []
        for number in range(options.runs):
            kind = list(KINDS)[number % len(KINDS)]
            path = (exact, noisy)[number // len(KINDS) % 2]
            runs.append(ended(kind, draw.uniform(0, length), path, folder / f"run{number}"))
            print(number, runs[-1], file=sys.stderr, flush=True)
    put("interruptions", report(runs))


if __name__ == "__main__":
    main()
