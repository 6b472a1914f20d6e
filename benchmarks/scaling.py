"""How time and memory of a second-order training grow with rows, width and grid.

    python benchmarks/scaling.py [--quick]

Every line of the table is a process of its own, so that its peak memory is its own too (Linux).
"""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from command import installed
from measure import Clock, options, rmse, short
from problems import TOY_2
from tables import write

from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit
from workbench.kan.training.run import Progress

PICTURE = Path(__file__).with_name("scaling.svg")
CHILD = "--child"


@dataclass(frozen=True)
class Load:
    """What is trained: rows, hidden width, and the finest grid of a schedule that doubles."""

    against: str
    rows: int
    hidden: int
    grid: int

    @property
    def grids(self) -> tuple[int, ...]:
        return tuple(3 * 2**k for k in range(10) if 3 * 2**k <= self.grid)


def loads(rows: int, most: int | None) -> list[Load]:
    """Three sweeps around one middle with so many rows."""
    return [
        *(Load("rows", n, 5, 6) for n in (1_000, 10_000, 100_000, 1_000_000)[:most]),
        *(Load("width", rows, w, 6) for w in (2, 4, 8, 16)[:most]),
        *(Load("grid", rows, 2, g) for g in (6, 12, 24, 48, 96)[:most]),
    ]


def train(load: Load) -> dict[str, Any]:
    """One ``fit``; peak memory of this process, CPU seconds in all and per step on the finest grid."""
    data = TOY_2.dataset(load.rows, 0)
    before = _peak_megabytes()
    clock = Clock()
    last: list[float] = []

    def tick(progress: Progress) -> None:
        if progress.grid_size == load.grid:
            last.append(clock.seconds)

    model = KAN((2, load.hidden, 1))
    result = fit(model, data, solver="lm", grids=load.grids, callback=tick)
    return {
        "parameters": result.model.parameter_count,
        "seconds": clock.seconds,
        "step": (last[-1] - last[0]) / (len(last) - 1),
        "before": before,
        "peak": _peak_megabytes(),
        "error": rmse(result.model, data),
    }


def _peak_megabytes() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) / 1024


def in_child(load: Load) -> dict[str, Any]:
    call = [sys.executable, __file__, CHILD, json.dumps(asdict(load))]
    done = subprocess.run(call, capture_output=True, text=True, check=True)  # noqa: S603 - this file
    print(load, done.stdout.strip(), flush=True)
    return json.loads(done.stdout)


def draw(found: list[tuple[Load, dict[str, Any]]]) -> None:
    """Seconds of a fit, solid, and memory above the start, dashed; both logarithmic."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "scaling", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot

    names = {"rows": "rows", "width": "hidden", "grid": "grid"}
    figure, axes = pyplot.subplots(1, 3, figsize=(9, 2.8), layout="constrained")
    for axis, (against, field) in zip(axes, names.items(), strict=True):
        points = [(getattr(load, field), row) for load, row in found if load.against == against]
        x = [at for at, _ in points]
        axis.loglog(x, [row["seconds"] for _, row in points], "o-", label="seconds of a fit")
        memory = [row["peak"] - row["before"] for _, row in points]
        axis.loglog(x, [max(m, 1) for m in memory], "s--", label="MB above the start")
        axis.set_xlabel(against)
        axis.grid(alpha=0.3)
    for axis in axes[1:]:
        axis.set_xticks(axis.lines[0].get_xdata())
        axis.xaxis.set_major_formatter("{x:g}")
        axis.minorticks_off()
    axes[2].legend(frameon=False, loc="center")
    figure.savefig(PICTURE, metadata={"Date": None})


def main() -> None:
    chosen = options(__doc__, rows=(10_000, 1_000), most=(None, 1))
    found = [(load, in_child(load)) for load in loads(chosen.rows, chosen.most)]
    header = [
        "against", "rows", "shape", "finest grid", "parameters", "s per step", "s of fit",
        "peak MB", "MB above the start", "RMSE",
    ]  # fmt: skip
    rows = [
        [
            load.against, f"{load.rows:,}", f"[2, {load.hidden}, 1]", load.grid, row["parameters"],
            short(row["step"]), short(row["seconds"]), f"{row['peak']:.0f}",
            f"{row['peak'] - row['before']:.0f}", short(row["error"]),
        ]
        for load, row in found
    ]  # fmt: skip
    write("scaling", header, rows)
    if not chosen.quick and installed("matplotlib"):
        draw(found)


if __name__ == "__main__":
    if CHILD in sys.argv:
        import torch

        torch.set_num_threads(1)
        print(json.dumps(train(Load(**json.loads(sys.argv[-1])))))
    else:
        main()
