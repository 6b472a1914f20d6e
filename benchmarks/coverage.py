"""How often the 95 % intervals of constants hold the true ones.

python benchmarks/coverage.py [--quick]
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import sympy
from measure import options, within
from scipy.stats import binomtest
from tables import write

from workbench.evidence.fitting import refit
from workbench.evidence.sample import Sample
from workbench.evidence.stability import form
from workbench.formulas.constant import Constant
from workbench.formulas.formula import Formula
from workbench.formulas.parametric import Parametric, parametrize
from workbench.kan.data import Dataset
from workbench.search.automatic import discover
from workbench.search.constants import constants_of

A, B = sympy.symbols("a b", real=True)
NAMES = ("a", "b")
LOW, HIGH = 0.5, 2.0
LAWS = {
    "line": 1.73 * A - 0.61 * B + 0.43,
    "decay": 2.31 * sympy.exp(-1.17 * A) + 0.37,
    "wave": 1.37 * sympy.sin(3.3 * A + 0.4) * B,
    "ratio": A * B / (1.29 * A**2 + 0.83 * B**2),
    "saturation": 3.1 * A / (0.7 + A) + 0.23 * B,
    "root": sympy.sqrt(1.9 * A + 0.6 * B**2),
}
NOISES = (0.001, 0.01, 0.1)
ROWS = (30, 300)
SEARCHED = ("line", "ratio")
STARTS = 0.1
"""Relative error of the values that a fit starts from."""


def main() -> None:
    chosen = options(__doc__, seeds=(400, 2), searches=(20, 1), seconds=(None, 2))
    write("coverage", HEADER, [*given(chosen.seeds), *searched(chosen.searches, chosen.seconds)])


HEADER = ("law", "rows", "noise", "intervals", "hold the truth", "95 % range of that share")


def given(seeds: int) -> Iterator[list[str]]:
    """The form is known: rows, noise and starting values are new in every fit."""
    total, held = 0, 0
    for rows in ROWS:
        for noise in NOISES:
            part_total, part_held = 0, 0
            for expression in LAWS.values():
                law = parametrize([expression], NAMES)
                for seed in range(seeds):
                    found = fitted(law, *sample(expression, rows, noise, seed), seed)
                    part_total += len(found)
                    part_held += sum(map(holds, found, law.values))
            yield line("all six, form given", str(rows), f"{noise:.1%}", part_held, part_total)
            total, held = total + part_total, held + part_held
    yield line("in all", "", "", held, total)


def searched(seeds: int, seconds: int | None) -> Iterator[list[str]]:
    """The form is found by ``discover``; only searches that find it are counted."""
    for name in SEARCHED:
        total, held, right = 0, 0, 0
        for seed in range(seeds):
            data = Dataset.from_arrays(*sample(LAWS[name], 600, 0.01, seed), names=NAMES, seed=seed)
            report = within(seconds)
            found = discover(data, effort="quick", hidden=(), seed=seed, report=report)
            same = next((f for f in found.formulas if is_law(f, LAWS[name])), None)
            if same is None:
                continue
            right += 1
            x, y = (t.numpy() for t in data.split("train"))
            shape = parametrize(same.expressions, NAMES)
            constants = constants_of(refit(shape, Sample(x, y)))
            total += len(constants)
            held += sum(map(holds, constants, true_values(shape, LAWS[name])))
        yield line(f"{name}, form found by {right} of {seeds} searches", "420", "1.0%", held, total)


def is_law(formula: Formula, law: sympy.Expr) -> bool:
    """Whether a formula has the law's form, with all its constants as they were fitted."""
    fitted = all(c.snapped is None for c in formula.constants)
    return fitted and form(formula.expressions) == form([law])


def sample(law: sympy.Expr, rows: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and noisy targets; the noise is in standard deviations of the target."""
    random = np.random.default_rng([seed, rows, int(1e6 * noise)])
    x = random.uniform(LOW, HIGH, (rows, 2))
    y = np.broadcast_to(sympy.lambdify(NAMES, law, "numpy")(*x.T), rows)
    return x, y + noise * y.std() * random.standard_normal(rows)


def fitted(law: Parametric, x: np.ndarray, y: np.ndarray, seed: int) -> tuple[Constant, ...]:
    """Constants after a fit from values that are somewhat off."""
    random = np.random.default_rng(seed)
    start = [v * (1 + STARTS * random.standard_normal()) for v in law.values]
    return constants_of(refit(replace(law, values=tuple(start)), Sample(x, y[:, None])))


def true_values(found: Parametric, law: sympy.Expr) -> tuple[float, ...]:
    """Values with which a form that was found equals the law."""
    x, y = sample(law, 2000, 0.0, 0)
    return refit(found, Sample(x, y[:, None])).parametric.values


def holds(constant: Constant, truth: float) -> bool:
    return constant.interval is not None and constant.interval[0] <= truth <= constant.interval[1]


def line(law: str, rows: str, noise: str, held: int, total: int) -> list[str]:
    if not total:
        return [law, rows, noise, "0", "–", "–"]
    low, high = binomtest(held, total).proportion_ci(method="wilson")
    return [law, rows, noise, f"{total:,}", f"{held / total:.1%}", f"{low:.1%} … {high:.1%}"]


if __name__ == "__main__":
    main()
