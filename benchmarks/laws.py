"""Laws that every method is asked for, from table to formula, and targets that hold no law.

    python benchmarks/laws.py [--quick]

pykan's pipeline (see ``rivals.py``) is timed on the first law where it is installed: extra ``peers``.
1,000 noise-free rows of each law, every seed another table; a formula counts when it equals the law on
1,000 fresh rows to 1e-9. Targets of pure noise count when the constant is chosen.
"""

from collections.abc import Callable
from statistics import median

import numpy as np
import sympy
from command import installed
from measure import Clock, options, within
from numpy import cos, exp, pi, sin, sqrt
from rivals import pykan_tutorial
from tables import write

from workbench.kan.data import Dataset
from workbench.search.automatic import discover

ROWS, NOISE_ROWS = 1000, 400
NOISE_SEEDS = 20
_UNIT, _SCALE, _ANGLE = (-1.0, 1.0), (0.5, 2.0), (0.0, 2 * pi)
LAWS: tuple[tuple[str, Callable[..., np.ndarray], tuple[tuple[float, float], ...], int], ...] = (
    ("exp(sin πx + y²)", lambda x, y: exp(sin(pi * x) + y**2), (_UNIT, _UNIT), 10),
    ("x y", lambda x, y: x * y, (_UNIT, _UNIT), 3),
    ("√(x y / z)", lambda x, y, z: sqrt(x * y / z), (_SCALE,) * 3, 3),
    ("x / y", lambda x, y: x / y, (_UNIT, _SCALE), 3),
    ("sin(x y)", lambda x, y: sin(x * y), ((-2.0, 2.0),) * 2, 3),
    ("(u + v) / (1 + u v)", lambda u, v: (u + v) / (1 + u * v), ((-0.9, 0.9),) * 2, 3),
    ("(1 + a b) / (1 + a)", lambda a, b: (1 + a * b) / (1 + a), ((0.0, 2.0), _UNIT), 3),
    (
        "exp(-x²/2σ²) / √(2πσ²)",
        lambda x, s: exp(-(x**2) / (2 * s**2)) / sqrt(2 * pi * s**2),
        (_UNIT, _SCALE),
        3,
    ),
    (
        "√(1 + a² - 2a cos(s - t))",
        lambda a, s, t: sqrt(1 + a**2 - 2 * a * cos(s - t)),
        (_UNIT, _ANGLE, _ANGLE),
        3,
    ),
)
"""Name, function, ranges and number of seeds."""


Ranges = tuple[tuple[float, float], ...]
Method = Callable[[Dataset, int], Callable[[np.ndarray], np.ndarray]]
"""From a table and a seed to a function of rows."""


def ours(data: Dataset, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    return discover(data, hidden=(), seed=seed).formula


def pykans(data: Dataset, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    try:
        expression = pykan_tutorial(data, seed)
    except (ArithmeticError, NameError, RuntimeError, TypeError, ValueError):
        return lambda x: np.full(len(x), np.nan)  # some runs die in its own code
    symbols = [sympy.Symbol(f"x_{i + 1}") for i in range(len(data.names))]
    function = sympy.lambdify(symbols, expression, "numpy")
    return lambda x: np.broadcast_to(function(*x.T), len(x))


def law(
    function: Callable[..., np.ndarray], ranges: Ranges, seed: int, method: Method = ours
) -> tuple[bool, float]:
    """Whether the law is found, and the processor seconds that it took."""
    low, high = np.array(ranges).T
    random = np.random.default_rng(seed)
    x, fresh = (random.uniform(low, high, (ROWS, len(ranges))) for _ in range(2))
    data = Dataset.from_arrays(x, function(*x.T), seed=seed)
    clock = Clock()
    found = method(data, seed)
    seconds = clock.seconds
    y = function(*fresh.T)
    return bool((np.abs(found(fresh) - y) <= 1e-9 * (np.abs(y) + y.std())).all()), seconds


def noise(seed: int, limit: int | None) -> tuple[bool, float]:
    """Whether the constant is chosen for a target of pure noise."""
    random = np.random.default_rng(seed)
    x, y = random.uniform(-1, 1, (NOISE_ROWS, 3)), random.standard_normal(NOISE_ROWS)
    clock = Clock()
    data, report = Dataset.from_arrays(x, y, seed=seed), within(limit)
    found = discover(data, effort="quick", hidden=(), seed=seed, report=report)
    return bool(found.formula.expression.is_number), clock.seconds


def main() -> None:
    chosen = options(__doc__, seeds=(None, 1), most=(None, 1), seconds=(None, 2))
    rows = []
    tasks = [
        (name, lambda seed, f=f, r=r: law(f, r, seed), seeds)
        for name, f, r, seeds in LAWS[: chosen.most]
    ]
    if installed("pykan"):
        name, f, r, seeds = LAWS[0]
        tasks.insert(1, (f"{name}, by pykan", lambda seed: law(f, r, seed, pykans), seeds))
    tasks.append(
        ("noise alone: the constant", lambda seed: noise(seed, chosen.seconds), NOISE_SEEDS)
    )
    for name, task, seeds in tasks:
        results = [task(seed) for seed in range(chosen.seeds or seeds)]
        right, seconds = sum(r[0] for r in results), median(r[1] for r in results)
        rows.append([name, f"{right} of {len(results)}", f"{seconds:.1f}"])
        print(*rows[-1], flush=True)
    write("laws", ["law", "found", "CPU s, median"], rows)


if __name__ == "__main__":
    main()
