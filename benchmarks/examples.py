"""Physics from the KAN 2.0 paper: hyperelastic laws, a Lagrangian and conserved quantities.

    python benchmarks/examples.py [--seeds 5] [--quick]

1,000 noise-free rows of each problem with the ranges of the authors' notebooks, every seed another table,
and no seed is chosen: a formula counts when it agrees with the law on 1,000 fresh rows to 1e-9, up to the
freedom that the problem leaves.
"""

from collections.abc import Callable, Sequence
from statistics import median

import numpy as np
import sympy
from measure import Clock, options
from sympy import Expr, Symbol
from tables import write

from workbench.dynamics.conserved import conserved_quantities
from workbench.formulas.typesetting import rounded
from workbench.kan.data import Dataset
from workbench.search.automatic import discover

ROWS, CLOSE, DIGITS = 1000, 1e-9, 4
YOUNG, POISSON = 1.0, 0.2
MU = YOUNG / (2 * (1 + POISSON))
LAMBDA = YOUNG * POISSON / ((1 + POISSON) * (1 - 2 * POISSON))
"""Lamé's constants."""

Result = tuple[bool, float, Sequence[Expr]]
"""Whether it is the paper's formula, processor seconds, and what was found."""


def neo_hookean_11(seed: int) -> Result:
    """P₁₁ of a compressible neo-Hookean solid, from F and J = det F."""
    return _hyperelastic(
        lambda f, volume: MU * (np.square(f[:, 0]).sum(1) - 1) + LAMBDA * np.log(volume), seed
    )


def neo_hookean_12(seed: int) -> Result:
    """P₁₂ of the same, from F alone."""
    return _hyperelastic(lambda f, _: MU * (f[:, 0] * f[:, 1]).sum(1), seed, volume=False)


def _hyperelastic(
    stress: Callable[[np.ndarray, np.ndarray], np.ndarray], seed: int, *, volume: bool = True
) -> Result:
    """A component of the stress, from deformation gradients F near the identity."""
    random = np.random.default_rng(seed)
    gradients = np.eye(3) + random.uniform(-0.2, 0.2, (2 * ROWS, 3, 3))
    volumes = np.linalg.det(gradients)
    names = [f"F{i}{j}" for i in (1, 2, 3) for j in (1, 2, 3)] + ["J"] * volume
    x = np.column_stack([gradients.reshape(-1, 9), volumes])[:, : len(names)]
    y = stress(gradients, volumes)
    data = Dataset.from_arrays(x[:ROWS], y[:ROWS], names=names, seed=seed)
    clock = Clock()
    law = discover(data, hidden=(), seed=seed).formula
    return _agree(law(x[ROWS:]), y[ROWS:]), clock.seconds, law.expressions


def relativistic_mass(seed: int) -> Result:
    """L of a mass under a constant force, from its acceleration at points (q, v), in units of c.

    The acceleration is what ``discover`` finds; L follows where it is a product g(v) h(q). The law of
    motion leaves L's scale and any total time derivative open, so it is what is compared.
    """

    def acceleration(x: np.ndarray) -> np.ndarray:
        return np.asarray((1 - x[:, 1] ** 2) ** 1.5)

    random = np.random.default_rng(seed)
    x, fresh = (random.uniform((-2, -1), (2, 1), (ROWS, 2)) for _ in range(2))
    clock = Clock()
    data = Dataset.from_arrays(x, acceleration(x), names=["q", "v"], seed=seed)
    law = discover(data, hidden=(), seed=seed).formula
    found = lagrangian(law.expression)
    seconds = clock.seconds
    if found is None:
        return False, seconds, law.expressions
    q, v = _symbols("q v")
    motion = (found.diff(q) - found.diff(q, v) * v) / found.diff(v, 2)
    values = sympy.lambdify((q, v), motion, "numpy")(*fresh.T)
    return _agree(values, acceleration(fresh)), seconds, (found,)


def lagrangian(acceleration: Expr) -> Expr | None:
    """T(v) + U(q) with T''(v) a = U'(q), for an acceleration g(v) h(q); None for any other."""
    q, v = _symbols("q v")
    parts = sympy.separatevars(acceleration, symbols=(q, v), dict=True)
    if parts is None:
        return None
    momentum = _integral(parts["coeff"] / parts[v], v)
    return _integral(momentum, v) / parts["coeff"] + parts["coeff"] * _integral(parts[q], q)


def _integral(expression: Expr, symbol: Symbol) -> Expr:
    """An antiderivative; of several branches the one at 0."""
    found = sympy.piecewise_fold(sympy.integrate(expression, symbol))
    if not isinstance(found, sympy.Piecewise):
        return found
    return next(branch for branch, where in found.args if where.subs(symbol, 0) == sympy.true)


def plane_oscillator(seed: int) -> Result:
    """Both energies and the angular momentum, from states and the flow there; each up to a line."""
    names = ["x", "px", "y", "py"]
    random = np.random.default_rng(seed)
    states, fresh = (random.uniform(-1, 1, (ROWS, 4)) for _ in range(2))
    rates = np.stack([states[:, 1], -states[:, 0], states[:, 3], -states[:, 2]], 1)
    clock = Clock()
    found = conserved_quantities(states, rates, names)
    seconds = clock.seconds
    x, px, y, py = fresh.T
    truths = [x**2 + px**2, y**2 + py**2, x * py - y * px]
    values = [sympy.lambdify(_symbols(" ".join(names)), h, "numpy")(*fresh.T) for h in found]
    right = all(any(_agree(_on_a_line(v, truth), truth) for v in values) for truth in truths)
    return right and len(found) == len(truths), seconds, found


def _on_a_line(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.asarray(np.polyval(np.polyfit(values, truth, 1), values))


def _symbols(names: str) -> tuple[Symbol, ...]:
    return tuple(Symbol(name, real=True) for name in names.split())


def _agree(values: np.ndarray, truth: np.ndarray) -> bool:
    return bool((np.abs(values - truth) <= CLOSE * (np.abs(truth) + truth.std())).all())


PROBLEMS: tuple[tuple[str, Callable[[int], Result]], ...] = (
    ("2-D oscillator, three conserved quantities", plane_oscillator),
    ("relativistic mass, Lagrangian", relativistic_mass),
    ("neo-Hookean P₁₁, with det F", neo_hookean_11),
    ("neo-Hookean P₁₂", neo_hookean_12),
)


def main() -> None:
    chosen = options(__doc__, seeds=(5, 1), most=(None, 1))
    rows = []
    for name, problem in PROBLEMS[: chosen.most]:
        results = [problem(seed) for seed in range(chosen.seeds)]
        right = sum(result[0] for result in results)
        seconds = median(result[1] for result in results)
        first = ", ".join(f"`{rounded(e, DIGITS)}`" for e in results[0][2])
        rows.append([name, f"{right} of {len(results)}", f"{seconds:.1f}", first])
        print(*rows[-1], flush=True)
    write("examples", ["problem", "found", "CPU s, median", "formula of the first seed"], rows)


if __name__ == "__main__":
    main()
