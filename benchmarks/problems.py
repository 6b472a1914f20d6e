"""The functions of the benchmarks, each with the box that its inputs are drawn from.

Toy functions, special functions and dimensionless Feynman equations follow the KAN paper
(arXiv 2404.19756: figure 3.1, tables 1 and 2). The paper prints no ranges: those below are this
project's, chosen once and inside the domain where the function is smooth and finite.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import arcsin, cos, exp, inf, log, pi, sin, sqrt, tanh
from scipy import special

from workbench.kan.data import Dataset

Range = tuple[float, float]
UNIT, SYMMETRIC, SCALE, ANGLE = (0.0, 1.0), (-1.0, 1.0), (0.5, 2.0), (0.0, 2 * pi)


@dataclass(frozen=True)
class Problem:
    """A function of columns ``(N,)`` and the range that each column is drawn from.

    ``published`` holds the paper's best errors, (KAN, MLP), ``width`` the shape that it gives.
    """

    name: str
    function: Callable[..., np.ndarray]
    ranges: tuple[Range, ...]
    published: tuple[float, float] = (inf, inf)
    width: tuple[int, ...] = ()

    def sample(self, rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs ``(rows, d)`` drawn uniformly from the box, and the function's values."""
        low, high = np.array(self.ranges).T
        x = np.random.default_rng(seed).uniform(low, high, (rows, len(low)))
        return x, self.function(*x.T)

    def dataset(
        self, rows: int, seed: int, *, noise: float = 0.0, test_rows: int = 1000
    ) -> Dataset:
        """``rows`` rows, a seventh of them for validation, and fresh noise-free rows for testing.

        Args:
            rows: for training and validation together.
            seed: of inputs and noise; test rows are drawn with another.
            noise: standard deviation of the noise as a share of the target's.
            test_rows: how many.
        """
        x, y = self.sample(rows, seed)
        y = y + noise * y.std() * np.random.default_rng(seed + 1).standard_normal(rows)
        tx, ty = self.sample(test_rows, seed + 1_000_000)
        kept = rows - rows // 7
        split = ["train"] * kept + ["validation"] * (rows - kept) + ["test"] * test_rows
        return Dataset.from_arrays(
            np.vstack((x, tx)), np.concatenate((y, ty)), task="regression", split=split
        )


def _four_waves(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    return exp(0.5 * (sin(pi * (a**2 + b**2)) + sin(pi * (c**2 + d**2))))


TOY_2 = Problem(
    "exp(sin πx + y²)", lambda x, y: exp(sin(pi * x) + y**2), (SYMMETRIC,) * 2, width=(2, 1, 1)
)
TOY_3 = Problem("xy", lambda x, y: x * y, (SYMMETRIC,) * 2, width=(2, 2, 1))
TOY_5 = Problem("four waves", _four_waves, (SYMMETRIC,) * 4, width=(4, 2, 1, 1))


def _harmonic(m: int, n: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return lambda azimuth, polar: special.sph_harm_y(n, m, polar, azimuth).real


_MODULUS, _SPHERE = (0.0, 0.95), (ANGLE, (0.0, pi))
_LEGENDRE = ((0.0, 3.0), (-0.9, 0.9))

SPECIAL = (
    Problem(
        "ellipj (sn)",
        lambda u, m: special.ellipj(u, m)[0],
        ((-2, 2), _MODULUS),
        (1.33e-4, 6.48e-4),
        (2, 3, 2, 1, 1),
    ),
    Problem(
        "ellipkinc", special.ellipkinc, ((0, pi / 2), _MODULUS), (1.24e-4, 5.52e-4), (2, 2, 1, 1, 1)
    ),
    Problem(
        "ellipeinc", special.ellipeinc, ((0, pi / 2), _MODULUS), (8.26e-5, 3.04e-4), (2, 2, 1, 1)
    ),
    Problem("jv", special.jv, ((0, 3), (0.5, 10)), (1.64e-3, 5.52e-3), (2, 3, 1, 1, 1)),
    Problem("yv", special.yv, ((0, 2), (1, 10)), (1.49e-5, 3.45e-4), (2, 2, 2, 1)),
    Problem("kv", special.kv, ((0, 2), (0.5, 3)), (2.52e-5, 1.67e-4), (2, 2, 1)),
    Problem("iv", special.iv, ((0, 3), (0.5, 5)), (9.28e-3, 1.07e-2), (2, 4, 3, 2, 1, 1)),
    Problem(
        "lpmv(0)", lambda v, x: special.lpmv(0, v, x), _LEGENDRE, (5.25e-5, 1.74e-2), (2, 2, 1)
    ),
    Problem(
        "lpmv(1)", lambda v, x: special.lpmv(1, v, x), _LEGENDRE, (6.90e-4, 1.50e-3), (2, 4, 1)
    ),
    Problem(
        "lpmv(2)", lambda v, x: special.lpmv(2, v, x), _LEGENDRE, (2.26e-4, 9.43e-4), (2, 3, 2, 1)
    ),
    Problem("sph_harm(0,1)", _harmonic(0, 1), _SPHERE, (2.21e-7, 1.25e-6), (2, 1, 1)),
    Problem("sph_harm(1,1)", _harmonic(1, 1), _SPHERE, (1.22e-4, 6.70e-4), (2, 3, 2, 1)),
    Problem("sph_harm(0,2)", _harmonic(0, 2), _SPHERE, (1.95e-7, 2.85e-6), (2, 1, 1)),
    Problem("sph_harm(1,2)", _harmonic(1, 2), _SPHERE, (1.50e-5, 1.84e-3), (2, 2, 1, 1)),
    Problem("sph_harm(2,2)", _harmonic(2, 2), _SPHERE, (9.45e-5, 6.21e-4), (2, 2, 3, 2, 1)),
)


def special_function(name: str) -> Problem:
    return next(problem for problem in SPECIAL if problem.name == name)


SPEED = (
    (TOY_2, 1000),
    (TOY_3, 1000),
    (TOY_5, 3000),
    (special_function("ellipeinc"), 3000),
    (special_function("kv"), 3000),
    (special_function("lpmv(1)"), 3000),
)


@dataclass(frozen=True)
class SparseProblem:
    """A problem, the shape to start from, and the edges of the smallest network that says it."""

    problem: Problem
    start: tuple[int, ...]
    edges: int
    rows: int = 1000
    noise: float = 0.0


def _distance(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    return sqrt((a - b) ** 2 + (c - d) ** 2)


_QUOTIENT = Problem("x/y", lambda x, y: x / y, (SCALE,) * 2)
_IDLE = Problem(
    "exp(sin πx + y²), two idle inputs", lambda x, y, *_: exp(sin(pi * x) + y**2), (SYMMETRIC,) * 4
)
_SHELL = Problem(
    "tanh(5(Σx⁴ − 1))", lambda *x: tanh(5 * (sum(v**4 for v in x) - 1)), (SYMMETRIC,) * 3
)
_DISTANCE = Problem("distance", _distance, (SYMMETRIC,) * 4)

SPARSE = (
    SparseProblem(TOY_2, (2, 5, 1), 3),
    SparseProblem(TOY_3, (2, 5, 1), 6),
    SparseProblem(_QUOTIENT, (2, 5, 1), 3),
    SparseProblem(_IDLE, (4, 5, 1), 3),
    SparseProblem(_SHELL, (3, 4, 1), 4),
    SparseProblem(TOY_5, (4, 4, 2, 1), 7, rows=1500),
    SparseProblem(_DISTANCE, (4, 3, 3, 1), 7),
    SparseProblem(TOY_2, (2, 5, 1), 3, noise=0.05),
    SparseProblem(TOY_3, (2, 5, 1), 6, noise=0.05),
    SparseProblem(TOY_5, (4, 4, 2, 1), 7, rows=1500, noise=0.05),
)


def _sinc_squared(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    return a * np.sinc((b - c) / (2 * pi)) ** 2


FEYNMAN: Sequence[Problem] = (
    Problem(
        "I.6.2",
        lambda t, s: exp(-(t**2) / (2 * s**2)) / sqrt(2 * pi * s**2),
        (SYMMETRIC, SCALE),
        (2.86e-5, 1.45e-4),
    ),
    Problem(
        "I.6.2b",
        lambda t, u, s: exp(-((t - u) ** 2) / (2 * s**2)) / sqrt(2 * pi * s**2),
        ((-1.5, 1.5), (-1.5, 1.5), SCALE),
        (4.45e-4, 7.40e-4),
    ),
    Problem(
        "I.9.18",
        lambda a, b, c, d, e, f: a / ((b - 1) ** 2 + (c - d) ** 2 + (e - f) ** 2),
        (SYMMETRIC, (-1, -0.5), (-1, -0.5), (0.5, 1), (-1, -0.5), (0.5, 1)),
        (1.48e-3, 1.59e-3),
    ),
    Problem("I.12.11", lambda a, t: 1 + a * sin(t), (SYMMETRIC, ANGLE), (9.13e-4, 6.71e-4)),
    Problem("I.13.12", lambda a, b: a * (1 / b - 1), (UNIT, SCALE), (2.72e-3, 1.42e-3)),
    Problem(
        "I.15.3x",
        lambda a, b: (1 - a) / sqrt(1 - b**2),
        (SYMMETRIC, (-0.9, 0.9)),
        (1.14e-3, 8.54e-4),
    ),
    Problem("I.16.6", lambda a, b: (a + b) / (1 + a * b), ((-0.8, 0.8),) * 2, (1.06e-3, 6.20e-4)),
    Problem("I.18.4", lambda a, b: (1 + a * b) / (1 + a), (SCALE, SYMMETRIC), (1.50e-4, 3.68e-4)),
    Problem("I.26.2", lambda n, t: arcsin(n * sin(t)), ((0, 0.99), ANGLE), (7.90e-4, 1.24e-3)),
    Problem("I.27.6", lambda a, b: 1 / (1 + a * b), (SCALE,) * 2, (1.94e-4, 2.46e-4)),
    Problem(
        "I.29.16",
        lambda a, t, u: sqrt(1 + a**2 - 2 * a * cos(t - u)),
        (SYMMETRIC, ANGLE, ANGLE),
        (3.20e-3, 4.64e-3),
    ),
    Problem(
        "I.30.3",
        lambda n, t: sin(n * t / 2) ** 2 / sin(t / 2) ** 2,
        ((0, 4), (0.4 * pi, 1.6 * pi)),
        (1.03e-3, 1.50e-2),
    ),
    Problem("I.30.5", lambda a, n: arcsin(a / n), (SYMMETRIC, (1.1, 1.5)), (3.49e-5, 9.45e-5)),
    Problem(
        "I.37.4", lambda a, d: 1 + a + 2 * sqrt(a) * cos(d), ((0.1, 1), ANGLE), (4.91e-6, 5.67e-4)
    ),
    Problem("I.40.1", lambda n, a: n * exp(-a), (UNIT, SYMMETRIC), (3.12e-4, 3.99e-4)),
    Problem("I.44.4", lambda n, a: n * log(a), (UNIT, SCALE), (2.30e-5, 3.99e-4)),
    Problem("I.50.26", lambda a, b: cos(a) + b * cos(a) ** 2, (ANGLE, UNIT), (1.52e-4, 1.53e-3)),
    Problem("II.2.42", lambda a, b: (a - 1) * b, (UNIT, SCALE), (7.22e-4, 1.81e-4)),
    Problem(
        "II.6.15a",
        lambda a, b, c: c * sqrt(a**2 + b**2) / (4 * pi),
        (UNIT,) * 3,
        (1.35e-3, 5.92e-4),
    ),
    Problem(
        "II.11.7",
        lambda n, a, t: n * (1 + a * cos(t)),
        (UNIT, SYMMETRIC, ANGLE),
        (5.03e-3, 5.92e-4),
    ),
    Problem("II.11.27", lambda n, a: n * a / (1 - n * a / 3), (UNIT, (0, 2)), (1.43e-5, 7.18e-5)),
    Problem("II.35.18", lambda n, a: n / (exp(a) + exp(-a)), (UNIT, SYMMETRIC), (7.71e-5, 7.92e-5)),
    Problem("II.36.38", lambda a, b, c: a + b * c, (UNIT,) * 3, (1.15e-3, 2.15e-3)),
    Problem("II.38.3", lambda a, b: a / b, (UNIT, SCALE), (8.78e-5, 5.26e-4)),
    Problem("III.9.52", _sinc_squared, (UNIT, (0, pi), (0, pi)), (3.90e-3, 9.07e-4)),
    Problem("III.10.19", lambda a, b: sqrt(1 + a**2 + b**2), (UNIT,) * 2, (8.16e-4, 1.67e-4)),
    Problem(
        "III.17.37", lambda b, a, t: b * (1 + a * cos(t)), (UNIT, UNIT, ANGLE), (4.12e-4, 6.80e-4)
    ),
)
