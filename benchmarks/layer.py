"""Speed and memory of one layer 64 -> 64 at batch 4,096 beside a perceptron and pykan's layer.

    python benchmarks/layer.py [--rounds 7] [--quick]

Needs Linux for the memory column; pykan 0.2.8 is measured where it is installed. Everything runs on one
thread; times are medians of rounds in which the contestants take turns, so that a busy machine is
unfair to none. The table replaces the one in benchmarks/README.md.
"""

import gc
import multiprocessing
import time
from collections.abc import Callable, Sequence
from itertools import islice
from multiprocessing.pool import Pool
from pathlib import Path
from statistics import median

import torch
from command import installed
from measure import options
from tables import put
from torch import Tensor, nn

from workbench.kan.layer import KANLayer

FEATURES, BATCH = 64, 4096
GRIDS = (5, 20, 100)
DTYPES = {"float32": torch.float32, "float64": torch.float64}


def contestant(name: str, grid_size: int, dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
    """A function of inputs ``(BATCH, 64)`` with as many parameters as the others."""
    layer = KANLayer(FEATURES, FEATURES, grid_size, dtype=dtype)
    layer.affine.requires_grad_(False)  # no edge is fixed
    if name == "layer":
        return layer
    if name == "MLP":
        hidden = layer.coefficients.numel() // (2 * FEATURES)
        return nn.Sequential(
            nn.Linear(FEATURES, hidden), nn.SiLU(), nn.Linear(hidden, FEATURES)
        ).to(dtype)
    from kan.KANLayer import KANLayer as PykanLayer

    peer = PykanLayer(FEATURES, FEATURES, num=grid_size, k=3).to(dtype)
    return lambda x: peer(x)[0]


def inputs(dtype: torch.dtype) -> Tensor:
    return (torch.rand(BATCH, FEATURES, dtype=dtype) * 2 - 1).requires_grad_()


def both_ways(module: Callable[[Tensor], Tensor], x: Tensor) -> float:
    x.grad = None
    begun = time.perf_counter()
    module(x).square().mean().backward()
    return time.perf_counter() - begun


def forward_only(module: Callable[[Tensor], Tensor], x: Tensor) -> float:
    begun = time.perf_counter()
    with torch.no_grad():
        module(x)
    return time.perf_counter() - begun


def peak(name: str, grid_size: int, dtype: str) -> float:
    """Megabytes that a process grows by in one forward and backward pass."""
    torch.set_num_threads(1)
    module, x = contestant(name, grid_size, DTYPES[dtype]), inputs(DTYPES[dtype])
    module(x[:8]).sum().backward()
    gc.collect()
    before = resident("VmRSS")
    both_ways(module, x)
    return resident("VmHWM") - before


def resident(what: str) -> float:
    """Memory of this process now (VmRSS) or at its peak (VmHWM), in megabytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1024
    return float("nan")


def row(grid_size: int, dtype: str, rounds: int, names: Sequence[str], processes: Pool) -> str:
    x = inputs(DTYPES[dtype])
    modules = {name: contestant(name, grid_size, DTYPES[dtype]) for name in names}
    both: dict[str, list[float]] = {name: [] for name in names}
    forward: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        for name, module in modules.items():
            times = both_ways(module, x), forward_only(module, x)
            if number:  # the first round warms up
                both[name].append(times[0])
                forward[name].append(times[1])
    ms = {name: 1e3 * median(both[name]) for name in names}
    memory = {name: processes.apply(peak, (name, grid_size, dtype)) for name in names}
    pykan = "pykan" in names
    cells = (
        dtype,
        str(grid_size),
        f"{ms['layer']:.0f}",
        f"{1e3 * median(forward['layer']):.0f}",
        f"{ms['MLP']:.0f}",
        f"{1e3 * median(forward['MLP']):.0f}",
        f"{ms['layer'] / ms['MLP']:.2f}×",
        f"{ms['pykan']:.0f}" if pykan else "–",
        f"{ms['pykan'] / ms['layer']:.0f}×" if pykan else "–",
        " / ".join(f"{memory[name]:.0f}" for name in names),
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    chosen = options(__doc__, rounds=(7, 1), most=(None, 1))
    names = ("layer", "MLP", *(("pykan",) if installed("pykan") else ()))
    torch.manual_seed(0)
    head = (
        "| dtype | G | layer ms | forward | MLP ms | forward | layer : MLP | pykan ms "
        f"| pykan : layer | memory MB: {' / '.join(names)} |"
    )
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as processes:
        rows = [
            row(grid_size, dtype, chosen.rounds, names, processes)
            for dtype in islice(DTYPES, chosen.most)
            for grid_size in GRIDS[: chosen.most]
        ]
    text = "\n".join((head, "|---" * 10 + "|", *rows))
    put("layer", text)


if __name__ == "__main__":
    main()
