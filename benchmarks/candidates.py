"""Which function made this curve: share that is found, and fits a second, beside pykan's.

    python benchmarks/candidates.py [--curves 5] [--quick]

Everything runs in this process on one thread; the table replaces the one in benchmarks/README.md.
"""

import time
from collections.abc import Sequence

import torch
from command import installed
from measure import options
from tables import put
from torch import Tensor

from workbench.kan.functions import lookup
from workbench.network.candidates import EVERY, match

# Least and largest argument: a range in which the function differs from all others.
ARGUMENTS = {
    "linear": (-1, 1), "square": (-1, 1.6), "cube": (-1, 1.6), "abs": (-1, 1.5), "power_4": (-1, 1.6),
    "power_5": (-1, 1.5), "sign": (-1, 1.5), "reciprocal": (0.1, 2), "reciprocal_square": (0.1, 2),
    "sqrt": (0.01, 3), "inverse_sqrt": (0.02, 2), "power_3_2": (0.0, 3), "log": (0.03, 3),
    "reciprocal_cube": (0.2, 2), "reciprocal_power_4": (0.25, 2), "reciprocal_power_5": (0.3, 2),
    "exp": (-2, 2.5), "sin": (-3, 5), "tanh": (-2.5, 3), "arctan": (-6, 4), "gaussian": (-2, 2.5),
    "erf": (-2, 2.5), "cosh": (-3, 2.5), "sinh": (-3, 2.5), "arcsin": (-0.99, 0.98),
    "artanh": (-0.99, 0.98), "tan": (-1.4, 1.3), "sinc": (-12, 9), "bessel_j0": (-9, 12),
    "bessel_j1": (-9, 12), "softplus": (-6, 5),
}  # fmt: skip
NOISES = (0.0, 1e-4, 1e-2)
POINTS = (128, 1000)
PEER_FUNCTIONS = ("sin", "exp", "tanh", "x^2")


def curves(count: int, noise: float, size: int, seed: int = 0) -> tuple[list[str], Tensor, Tensor]:
    """Names, points ``(E, size)`` and values of ``count`` curves of every function."""
    random = torch.Generator().manual_seed(seed)

    def uniform(low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=random))

    names, points, values = [], [], []
    for name in EVERY:
        low, high = ARGUMENTS[name]
        for _ in range(count):
            t = torch.linspace(low * uniform(0.9, 1), high * uniform(0.9, 1), size).double()
            y = lookup(name).value(t)
            error = noise * y.std() * torch.randn(size, generator=random, dtype=torch.float64)
            names.append(name)
            points.append(uniform(-3, 3) + uniform(0.1, 5) * t)
            values.append(uniform(-5, 5) + 10 ** uniform(-3, 3) * (y + error))
    return names, torch.stack(points), torch.stack(values)


def ours(count: int, sizes: Sequence[int]) -> list[str]:
    lines = []
    for noise, points in [(n, m) for m in sizes for n in NOISES]:
        names, x, y = curves(count, noise, points)
        match(x[:1], y[:1], EVERY)  # tables are made once
        begun = time.perf_counter()
        found = match(x, y, EVERY)
        rate = len(x) * len(EVERY) / (time.perf_counter() - begun)
        right = [row[0].name == name for name, row in zip(names, found, strict=True)]
        wrong = {(n, row[0].name) for n, row in zip(names, found, strict=True) if row[0].name != n}
        for made, said in sorted(wrong):
            print(f"noise {noise:g}: {made} taken for {said}")
        lines.append(
            f"| KAN Workbench | {points} | {noise:g} | {sum(right)} of {len(right)} | {rate:,.0f} |"
        )
    return lines


def pykan() -> list[str]:
    from kan.utils import SYMBOLIC_LIB, fit_params

    _, x, y = curves(1, 0.0, POINTS[-1])
    begun, fits = time.perf_counter(), 0
    for name in PEER_FUNCTIONS:
        for points, values in list(zip(x, y, strict=True))[:1]:
            fit_params(points.float(), values.float(), SYMBOLIC_LIB[name][0], verbose=False)
            fits += 1
    rate = fits / (time.perf_counter() - begun)
    return [f"| pykan `suggest_symbolic` | 1000 | 0 | – | {rate:.2g} |"]


def main() -> None:
    chosen = options(__doc__, curves=(5, 1), sizes=(len(POINTS), 1))
    head = ["| matcher | points | noise | right | fits a second |", "|---|---|---|---|---|"]
    lines = ours(chosen.curves, POINTS[: chosen.sizes])
    if installed("pykan"):
        lines += pykan()
    put("candidates", "\n".join([*head, *lines]))


if __name__ == "__main__":
    main()
