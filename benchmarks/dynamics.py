"""Differential equations from noisy trajectories: discover_dynamics and pysindy.

    python benchmarks/dynamics.py [--seeds 2] [--quick]

Three runs of 200 rows each, noise in standard deviations of every state; each seed draws other starts and
other noise. A system counts when its terms are exactly those of the law, none more and none less. pysindy
(``pip install --target FOLDER pysindy``, and FOLDER on PYTHONPATH) counts with the best of its methods, and
each with any of its thresholds: the law chooses, which no user can do.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean, median

import numpy as np
import pandas as pd
from command import installed
from measure import Clock, options
from scipy.integrate import solve_ivp
from tables import write

from workbench import discover_dynamics

NOISE = (0.0, 0.01, 0.05)
RUNS, ROWS = 3, 200
THRESHOLDS = (0.02, 0.05, 0.1, 0.2)
PRINTED = 3
"""Digits behind the point that pysindy prints: what has none of them counts as left out."""
METHODS = ("STLSQ", "weak", "ensemble")
Terms = tuple[frozenset[str], ...]


@dataclass(frozen=True)
class System:
    """A law, where its runs start, and how long they are; ``terms`` are those of every state."""

    name: str
    states: str
    rates: Callable[[float, np.ndarray], Sequence[float]]
    low: Sequence[float]
    high: Sequence[float]
    span: float
    terms: Sequence[str]
    sines: bool = False

    @property
    def truth(self) -> Terms:
        return tuple(frozenset(own.split()) for own in self.terms)

    def table(self, noise: float, seed: int) -> pd.DataFrame:
        random = np.random.default_rng([seed, 20_000])
        times = np.linspace(0, self.span, ROWS)
        frames = []
        for run in range(RUNS):
            start = random.uniform(self.low, self.high)
            found = solve_ivp(
                self.rates, (0, self.span), start, t_eval=times, rtol=1e-10, atol=1e-12
            )
            frames.append(
                pd.DataFrame(found.y.T, columns=list(self.states)).assign(t=times, run=run)
            )
        table = pd.concat(frames, ignore_index=True)
        for name in self.states:
            table[name] += noise * table[name].std() * random.standard_normal(len(table))
        return table


def lotka_volterra(t: float, s: np.ndarray) -> list[float]:
    x, y = s
    return [1.5 * x - x * y, x * y - 3 * y]


def pendulum(t: float, s: np.ndarray) -> list[float]:
    return [s[1], -np.sin(s[0]) - 0.2 * s[1]]


def van_der_pol(t: float, s: np.ndarray) -> list[float]:
    x, v = s
    return [v, 2 * v - 2 * x**2 * v - x]


def lorenz(t: float, s: np.ndarray) -> list[float]:
    x, y, z = s
    return [10 * (y - x), 28 * x - x * z - y, x * y - 8 / 3 * z]


def sir(t: float, s: np.ndarray) -> list[float]:
    x, y, _ = s
    return [-1.5 * x * y, 1.5 * x * y - 0.4 * y, 0.4 * y]


def fitzhugh_nagumo(t: float, s: np.ndarray) -> list[float]:
    v, w = s
    return [v - v**3 / 3 - w + 0.5, 0.08 * v + 0.056 - 0.064 * w]


def double_well(t: float, s: np.ndarray) -> list[float]:
    x, v = s
    return [v, x - x**3 - 0.3 * v + 0.5 * np.cos(1.2 * t)]


def michaelis_menten(t: float, s: np.ndarray) -> list[float]:
    rate = 1.2 * s[0] / (0.5 + s[0])
    return [-rate, rate]


SYSTEMS = (
    System("Lotka–Volterra", "xy", lotka_volterra, (1, 0.5), (5, 3), 8, ("x x*y", "y x*y")),
    System("pendulum, friction", "qp", pendulum, (-2.6, -1), (2.6, 1), 15, ("p", "p sin(q)"), True),
    System("van der Pol", "xv", van_der_pol, (-2, -3), (2, 3), 12, ("v", "v v*x**2 x")),
    System(
        "Lorenz", "xyz", lorenz, (-8, -8, 15), (8, 8, 35), 4, ("x y", "x x*z y", "x*y z")
    ),
    System("SIR", "xyr", sir, (0.6, 0.01, 0), (1, 0.2, 0.1), 15, ("x*y", "y x*y", "y")),
    System("FitzHugh–Nagumo", "vw", fitzhugh_nagumo, (-2, -0.5), (2, 1.5), 80, ("1 v v**3 w", "1 v w")),
    System(
        "double well, forced", "xv", double_well, (-1.5, -1), (1.5, 1), 25,
        ("v", "v x x**3 cos(omega*t)"),
    ),
    System(
        "Michaelis–Menten", "sp", michaelis_menten, (1, 0), (4, 0.5), 5, ("s/(K+s)", "s/(K+s)")
    ),
)  # fmt: skip


def ours(system: System, table: pd.DataFrame) -> tuple[bool, float]:
    """Whether the terms are the law's, and processor seconds."""
    clock = Clock()
    found = discover_dynamics(table, states=list(system.states))
    terms = [{fit.text.replace(" ", "") for fit in own} for own in found.terms.values()]
    return tuple(map(frozenset, terms)) == system.truth, clock.seconds


def pysindy_methods(system: System, table: pd.DataFrame) -> dict[str, bool]:
    """For every method whether some threshold finds exactly the law's terms."""
    import pysindy

    runs = [run for _, run in table.groupby("run")]
    times = runs[0]["t"].to_numpy()
    rows = [run[list(system.states)].to_numpy() for run in runs]
    products = pysindy.PolynomialLibrary(degree=3)
    library = products + pysindy.FourierLibrary(n_frequencies=1) if system.sines else products

    def model(method: str, threshold: float) -> object:
        own = library
        optimizer = pysindy.STLSQ(threshold=threshold)
        if method == "ensemble":
            optimizer = pysindy.EnsembleOptimizer(optimizer, bagging=True)
        if method == "weak":
            own = pysindy.WeakPDELibrary(library, spatiotemporal_grid=times, K=100)
        smooth = pysindy.SmoothedFiniteDifference()
        return pysindy.SINDy(optimizer, own, smooth).fit(
            rows, t=times, feature_names=list(system.states)
        )

    def right(method: str, threshold: float) -> bool:
        try:
            found = model(method, threshold)
        except (ValueError, np.linalg.LinAlgError):  # of a threshold that leaves nothing
            return False
        names = found.get_feature_names()
        chosen = [
            {n for n, c in zip(names, row, strict=True) if round(c, PRINTED)}
            for row in found.coefficients()
        ]
        return tuple(frozenset(map(_same, own)) for own in chosen) == system.truth

    np.random.seed(0)  # its ensembles take no generator
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {method: any(right(method, limit) for limit in THRESHOLDS) for method in METHODS}


def _same(name: str) -> str:
    """A feature of pysindy as SymPy writes it."""
    factors = name.replace("(1 ", "(").split(" ")
    return "*".join(sorted(factors)).replace("^", "**")


def main() -> None:
    chosen = options(__doc__, seeds=(2, 1), most=(None, 1))
    there = installed("pysindy")
    rows, shares = [], []
    for system in SYSTEMS[: chosen.most]:
        cells, seconds = [], []
        for noise in NOISE[: 1 if chosen.quick else None]:
            tables = [system.table(noise, seed) for seed in range(chosen.seeds)]
            found = [ours(system, table) for table in tables]
            seconds += [spent for _, spent in found]
            theirs = [pysindy_methods(system, table) for table in tables] if there else []
            right = sum(exact for exact, _ in found)
            best = max((sum(own[m] for own in theirs) for m in METHODS), default=None)
            cells.append((right, best))
        shares.append([right for right, _ in cells])
        told = [f"{right} / {'–' if best is None else best}" for right, best in cells]
        rows.append([system.name, *told, f"{median(seconds):.0f}"])
        print(*rows[-1], flush=True)
    means = [f"{10 * mean(column) / chosen.seeds:.1f}" for column in zip(*shares, strict=True)]
    rows.append(["of 10, ours", *means, ""])
    noises = [f"noise {noise:.0%}" for noise in NOISE[: len(means)]]
    write("dynamics", ["system", *noises, "CPU s, median"], rows)


if __name__ == "__main__":
    main()
