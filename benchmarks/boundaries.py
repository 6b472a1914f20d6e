"""Laws g(x) = 0 from a function, from points with errors and wrong ones, and from labels.

    python benchmarks/boundaries.py [--seeds 5] [--most N] [--quick]

Thirteen edges that are known, among them the mobility edges of seven chains; some have a variable that does
nothing. *exact*: points by bisection of the function. *1 %, 4 % wrong*: 400 points moved by a hundredth of
each column's standard deviation, and 4 % anywhere instead. *labels*: 1,000 rows with their side. A law is
right when its terms are those of the true one, with every ratio within a hundredth of the largest (labels: a
tenth); "held" are the intervals of free ratios that hold the truth, of the right laws; those of laws between
bars are not counted. Decoys: sides drawn at random, and an edge without a closed form: right is to say so.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import measure
import numpy as np
import pandas as pd
import sympy
from tables import write

from workbench.boundaries import Boundary, ImplicitFormula, Points, discover_boundary
from workbench.formulas.parsing import parse_expression

FIRST = 100
"""Seed of the first draw; others were used while the search was written."""
_LABELS, _POINTS, _STATES = 1000, 400, 4000
_MOVED, _WRONG = 0.01, 0.04
_CLOSE, _ROUGHLY = 0.01, 0.1

Ranges = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Known:
    """An edge: where its expression is zero, over ranges of the variables."""

    name: str
    text: str
    ranges: Ranges

    @property
    def expression(self) -> sympy.Expr:
        return parse_expression(self.text, tuple(self.ranges))

    def __call__(self, rows: pd.DataFrame) -> np.ndarray:
        symbols = [sympy.Symbol(n, real=True) for n in self.ranges]
        function = sympy.lambdify(symbols, self.expression, "numpy")
        return np.asarray(function(*rows[list(self.ranges)].to_numpy().T), dtype=float)


KNOWN = (
    Known("hyperbola", "x*y - 1", {"x": (0.1, 4), "y": (0.1, 4)}),
    Known("Aubry–André", "lam - 2", {"lam": (0, 5), "E": (-3, 3), "u": (0, 1)}),
    Known("mosaic, 2", "lam*abs(E) - 2", {"lam": (0, 5), "E": (-4, 4)}),
    Known("mosaic, 3", "abs(lam*(E^2 - 1)) - 2", {"lam": (0, 5), "E": (-4, 4)}),
    Known(
        "generalized", "abs(a*E + 2*lam) - 2", {"a": (-0.95, 0.95), "E": (-5, 5), "lam": (-2, 2)}
    ),
    Known(
        "generalized mosaic",
        "abs(a*(E^2 - 2) + 2*lam*E) - 2",
        {"a": (-0.95, 0.95), "E": (-4, 4), "lam": (-2, 2)},
    ),
    Known("modified", "lam*cosh(p) - E - exp(p)", {"p": (1, 3), "lam": (0, 5), "E": (-3, 5)}),
    Known("p-wave", "lam - 2 - 2*D", {"lam": (0, 6), "D": (0, 1), "E": (-3, 3)}),
    Known("circle", "(x - 0.3)^2 + (y + 0.2)^2 - 1", {"x": (-2, 2), "y": (-2, 2), "u": (0, 1)}),
    Known("ellipse", "x^2 + 4*y^2 - 4", {"x": (-3, 3), "y": (-2, 2)}),
    Known("parabola", "x - y^2", {"x": (0, 3), "y": (-2, 2)}),
    Known("decay", "y*exp(x) - 1", {"x": (0, 3), "y": (0.01, 1)}),
    Known("plane", "a + 2*b - c - 0.5", dict.fromkeys("abcde", (-1, 1))),
)


def drawn(ranges: Ranges, count: int, random: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame({name: random.uniform(*ends, count) for name, ends in ranges.items()})


def exact(known: Known, seed: int) -> Boundary:
    return discover_boundary(known, ranges=known.ranges, seed=seed)


def noisy(known: Known, seed: int) -> Boundary:
    random = np.random.default_rng(seed)
    states = drawn(known.ranges, _STATES, random)
    x = on_the_edge(known, states, random)
    x += _MOVED * states.std().to_numpy() * random.standard_normal(x.shape)
    wrong = random.random(len(x)) < _WRONG
    x[wrong] = drawn(known.ranges, int(wrong.sum()), random).to_numpy()
    low, high = np.array(list(known.ranges.values()), dtype=float).T
    frame = pd.DataFrame(x, columns=list(known.ranges))[((x > low) & (x < high)).all(1)]
    return discover_boundary(
        Points(frame, labelled=states.assign(inside=known(states) > 0)), seed=seed
    )


def on_the_edge(known: Known, states: pd.DataFrame, random: np.random.Generator) -> np.ndarray:
    """Points between states of both sides, by bisection."""
    inside, x = known(states) > 0, states.to_numpy()
    a, b = (side[random.integers(len(side), size=_POINTS)] for side in (x[inside], x[~inside]))
    for _ in range(60):
        middle = (a + b) / 2
        same = known(pd.DataFrame(middle, columns=states.columns))[:, None] > 0
        a, b = np.where(same, middle, a), np.where(same, b, middle)
    return (a + b) / 2


def labelled(known: Known, seed: int) -> Boundary:
    rows = drawn(known.ranges, _LABELS, np.random.default_rng(seed))
    return discover_boundary(rows.assign(phase=known(rows) > 0), "phase", seed=seed)


ROUTES: dict[str, tuple[Callable[[Known, int], Boundary], float]] = {
    "exact": (exact, _CLOSE),
    "1 %, 4 % wrong": (noisy, _CLOSE),
    "labels": (labelled, _ROUGHLY),
}


def numbers(expression: sympy.Expr) -> dict[sympy.Expr, float]:
    """Coefficients by term; of a modulus and a constant those inside bars, whose sign is free, and it."""
    bars = [part for part in sympy.Add.make_args(expression) if isinstance(part, sympy.Abs)]
    parts = sympy.Add.make_args(expression)
    if len(bars) == 1 and len(parts) == 2 and bars[0].args[0].is_Add:
        inner = numbers(sympy.expand(bars[0].args[0]))
        first = next(iter(sorted(inner, key=str)))
        sign = math.copysign(1.0, inner[first])
        (other,) = (float(part) for part in parts if part is not bars[0])
        return {sympy.Abs(term): sign * value for term, value in inner.items()} | {
            sympy.S.One: other
        }
    found: dict[sympy.Expr, float] = {}
    for part in sympy.Add.make_args(sympy.expand(expression)):
        number, term = part.as_coeff_Mul()
        found[term] = found.get(term, 0.0) + float(number)
    return found


def ratios(known: Known, formula: ImplicitFormula) -> list[float] | None:
    """By how much each coefficient is off, of the largest, in the best common unit; None for other terms.

    Equal laws in other words, such as ``x + log(y)`` for ``y*exp(x) - 1``, are not off at all.
    """
    ours, true = (numbers(e) for e in (formula.expression, known.expression))
    if ours.keys() != true.keys():
        return [0.0] if formula.same_as(known.expression, tolerance=_CLOSE) else None
    a, b = np.array([ours[t] for t in true]), np.array([true[t] for t in true])
    unit = float(a @ b / (b @ b))
    return list(np.abs(a - unit * b) / (abs(unit) * np.abs(b).max())) if unit > 0 else None


def held(known: Known, formula: ImplicitFormula) -> list[bool]:
    """Of every free ratio whether its interval holds the truth."""
    true = {str(t): v for t, v in numbers(known.expression).items()}
    said = {c.term.replace("`", ""): c for c in formula.constants}
    if len(said) != len(true) or any(isinstance(e, sympy.Abs) for e in formula.expression.args):
        return []  # terms between bars are told without them
    reference = next((t for t, c in said.items() if c.reference), None)
    if reference not in true or said.keys() != true.keys():
        return []
    unit = said[reference].value / true[reference]
    return [
        c.interval[0] <= unit * true[t] <= c.interval[1]
        for t, c in said.items()
        if c.interval is not None
    ]


def line(known: Known, seeds: Sequence[int]) -> list[object]:
    """How many of the seeds come out right by every route."""
    cells: list[object] = [known.name]
    for route, close in ROUTES.values():
        right, intervals, seconds = 0, [], []
        for seed in seeds:
            clock = measure.Clock()
            found = route(known, seed)
            seconds.append(clock.seconds)
            off = None if found.formula is None else ratios(known, found.formula)
            if off is not None and max(off) <= close:
                right += 1
                intervals += held(known, found.formula)
        covered = f"{sum(intervals)} of {len(intervals)}" if intervals else "–"
        cells += [f"{right} of {len(seeds)}", covered, f"{median(seconds):.1f}"]
    return cells


def decoys(seeds: Sequence[int]) -> list[list[object]]:
    """Tables without a law; right is to say so."""
    ranges = {"x": (-2.0, 2.0), "y": (-2.0, 2.0)}

    def wavy(rows: pd.DataFrame) -> np.ndarray:
        angle, radius = np.arctan2(rows["y"], rows["x"]), np.hypot(rows["x"], rows["y"])
        return np.asarray(radius - 1.2 - 0.3 * np.sin(3 * angle + 0.4) - 0.2 * np.cos(5 * angle))

    silent = {"shuffled": 0, "wavy": 0}
    for seed in seeds:
        random = np.random.default_rng(seed)
        rows = drawn(ranges, _LABELS, random)
        phase = random.permutation(rows["x"] * rows["y"] > 0.3)
        silent["shuffled"] += (
            discover_boundary(rows.assign(p=phase), "p", seed=seed).formula is None
        )
        silent["wavy"] += discover_boundary(wavy, ranges=ranges, seed=seed).formula is None
    of = f"of {len(seeds)}"
    blank = ["–"] * 2
    return [
        ["*sides at random*", *["–"] * 6, f"{silent['shuffled']} {of}", *blank],
        ["*no closed form*", f"{silent['wavy']} {of}", *blank, *["–"] * 6],
    ]


def main() -> None:
    chosen = measure.options(__doc__, seeds=(5, 1), most=(None, 1))
    seeds = range(FIRST, FIRST + chosen.seeds)
    rows = []
    for known in KNOWN[: chosen.most]:
        rows.append(line(known, seeds))
        print(*rows[-1], sep=" | ", flush=True)
    header = ["edge"]
    for name in ROUTES:
        header += [name, "held", "CPU s"]
    write("boundaries", header, [*rows, *decoys(seeds)])


if __name__ == "__main__":
    main()
