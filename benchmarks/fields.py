"""Partial differential equations from noisy fields: discover_pde and pysindy.

    python benchmarks/fields.py [--seeds 3] [--quick]

Fields on a ring of 128 places at 101 times, by a spectral method; each seed draws coefficients, starts
and noise, the latter in standard deviations of every field. A system counts when the terms of all its
equations are exactly those of the law. pysindy (``pip install pysindy``) counts with the better of its
libraries of derivatives and of weak forms, each with any of its thresholds: the law chooses, which no user
can do.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import pandas as pd
from command import installed
from measure import Clock, options
from scipy.integrate import solve_ivp
from tables import write

from workbench.dynamics import FieldEquations, discover_pde

NOISE = (0.0, 0.01, 0.05)
PLACES, TIMES, WAVES = 128, 101, 4
THRESHOLDS = (0.001, 0.01, 0.05, 0.2)
PRINTED = 3
"""Digits behind the point that pysindy prints: what has none of them counts as left out."""
BUMPS = 400
Numbers = Mapping[str, float]
Bent = Callable[[np.ndarray, int], np.ndarray]
Rates = Callable[[Sequence[np.ndarray], Bent, Numbers], Sequence[np.ndarray]]


@dataclass(frozen=True)
class System:
    """A law on a ring.

    Attributes:
        name: of it. fields: their names. length: of the ring. span: of time, from a time until another.
        rates: of the fields, their derivatives in space and the law's numbers.
        numbers: between which they are drawn. size: of the start, and its mean.
        terms: of every equation, as ours are written, and as pysindy's are.
    """

    name: str
    fields: str
    length: float
    span: tuple[float, float]
    rates: Rates
    numbers: Mapping[str, tuple[float, float]]
    size: tuple[float, float]
    terms: Sequence[str]
    theirs: Sequence[str]

    def solved(self, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Times, places and fields ``(S, T, X)``."""
        random = np.random.default_rng([seed, 30_000])
        drawn = {name: random.uniform(*ends) for name, ends in self.numbers.items()}
        x = np.arange(PLACES) * self.length / PLACES
        wave = 2j * np.pi * np.fft.rfftfreq(PLACES, self.length / PLACES)

        def bent(field: np.ndarray, order: int) -> np.ndarray:
            return np.fft.irfft(wave**order * np.fft.rfft(field), PLACES)

        def rates(_: float, state: np.ndarray) -> np.ndarray:
            return np.concatenate(self.rates(state.reshape(-1, PLACES), bent, drawn))

        size, mean = self.size
        starts = []
        for _ in self.fields:
            waves = [
                random.normal() * np.cos(2 * np.pi * k * x / self.length + random.uniform(0, 6.3))
                for k in range(1, WAVES + 1)
            ]
            start = sum(waves)
            starts.append(mean + size * start / start.std())
        begin, end = self.span
        times = np.linspace(begin, end, TIMES)
        asked = np.concatenate(([0.0], times)) if begin else times
        found = solve_ivp(
            rates, (0, end), np.concatenate(starts), "BDF", asked, rtol=1e-8, atol=1e-9
        )
        fields = found.y.reshape(len(self.fields), PLACES, -1)[..., -TIMES:]
        return times, x, fields.transpose(0, 2, 1)

    def noisy(self, seed: int, noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        times, x, fields = self.solved(seed)
        random = np.random.default_rng([seed, 40_000])
        spread = fields.std((1, 2), keepdims=True)
        return times, x, fields + noise * spread * random.standard_normal(fields.shape)


SYSTEMS = (
    System("drift and diffusion", "c", 6.0, (0, 2),
           lambda u, d, k: [-k["a"] * d(u[0], 1) + k["b"] * d(u[0], 2)],
           {"a": (0.3, 1.5), "b": (0.05, 0.2)}, (1.0, 0.0), ("c_x c_xx",), ("x0_1 x0_11",)),
    System("Burgers", "u", 16.0, (0, 6),
           lambda u, d, k: [-k["a"] * u[0] * d(u[0], 1) + k["b"] * d(u[0], 2)],
           {"a": (0.7, 1.3), "b": (0.08, 0.3)}, (0.8, 0.0), ("u*u_x u_xx",), ("x0x0_1 x0_11",)),
    System("Fisher", "u", 30.0, (0, 5),
           lambda u, d, k: [k["a"] * d(u[0], 2) + k["b"] * u[0] - k["c"] * u[0] ** 2],
           {"a": (0.5, 1.5), "b": (0.6, 1.4), "c": (0.6, 1.4)}, (0.15, 0.5),
           ("u u**2 u_xx",), ("x0 x0^2 x0_11",)),
    System("Allen–Cahn", "u", 2.0, (0, 2),
           lambda u, d, k: [k["a"] * d(u[0], 2) + k["b"] * u[0] - k["c"] * u[0] ** 3],
           {"a": (0.002, 0.006), "b": (1, 2), "c": (1, 2)}, (0.5, 0.0),
           ("u u**3 u_xx",), ("x0 x0^3 x0_11",)),
    System("Korteweg–de Vries", "u", 20.0, (0, 2),
           lambda u, d, k: [-k["a"] * u[0] * d(u[0], 1) - k["b"] * d(u[0], 3)],
           {"a": (4, 7), "b": (0.7, 1.3)}, (0.7, 1.0), ("u*u_x u_xxx",), ("x0x0_1 x0_111",)),
    System("Kuramoto–Sivashinsky", "u", 60.0, (40, 90),
           lambda u, d, k: [
               -k["a"] * u[0] * d(u[0], 1) - k["b"] * d(u[0], 2) - k["c"] * d(u[0], 4)],
           {"a": (0.8, 1.2), "b": (0.8, 1.2), "c": (0.8, 1.2)}, (1.0, 0.0),
           ("u*u_x u_xx u_xxxx",), ("x0x0_1 x0_11 x0_1111",)),
    System("two species", "ab", 1.0, (0, 3),
           lambda u, d, k: [
               k["p"] * d(u[0], 2) - k["r"] * u[0] * u[1],
               k["q"] * d(u[1], 2) + k["r"] * u[0] * u[1] - k["m"] * u[1]],
           {"p": (0.006, 0.015), "q": (0.002, 0.005), "r": (0.8, 1.4), "m": (0.4, 0.8)}, (0.2, 1.0),
           ("a*b a_xx", "a*b b b_xx"), ("x0x1 x0_11", "x0x1 x1 x1_11")),
    System("Schrödinger", "pq", 20.0, (0, 3),
           lambda u, d, k: [
               -k["a"] * d(u[1], 2) - k["b"] * (u[0] ** 2 + u[1] ** 2) * u[1],
               k["a"] * d(u[0], 2) + k["b"] * (u[0] ** 2 + u[1] ** 2) * u[0]],
           {"a": (0.4, 0.7), "b": (0.7, 1.3)}, (0.8, 0.3),
           ("p**2*q q**3 q_xx", "p**3 p*q**2 p_xx"),
           ("x0^2x1 x1^3 x1_11", "x0^3 x0x1^2 x0_11")),
)  # fmt: skip


def ours(system: System, fields: tuple[np.ndarray, np.ndarray, np.ndarray]) -> tuple[bool, float]:
    """Whether the terms are the law's, and processor seconds."""
    times, x, values = fields
    t, places = np.meshgrid(times, x, indexing="ij")
    columns = dict(zip(system.fields, values.reshape(len(values), -1), strict=True))
    table = pd.DataFrame({"t": t.ravel(), "x": places.ravel()} | columns)
    clock = Clock()
    found: FieldEquations = discover_pde(table, states=list(system.fields))
    chosen = [{fit.text for fit in own} for own in found.terms.values()]
    return chosen == [set(own.split()) for own in system.terms], clock.seconds


def pysindy_finds(system: System, fields: tuple[np.ndarray, np.ndarray, np.ndarray]) -> list[bool]:
    """By derivatives and in the weak form, whether some threshold finds exactly the law's terms."""
    import pysindy

    times, x, values = fields
    rows = values.transpose(2, 1, 0)
    products = pysindy.PolynomialLibrary(degree=3, include_bias=False)
    grid = np.stack(np.meshgrid(x, times, indexing="ij"), -1)
    np.random.seed(0)  # its bumps take no generator
    libraries = (
        pysindy.PDELibrary(products, derivative_order=4, spatial_grid=x),
        pysindy.WeakPDELibrary(products, derivative_order=4, spatiotemporal_grid=grid, K=BUMPS),
    )
    truth = [set(own.split()) for own in system.theirs]

    def right(library: object, threshold: float) -> bool:
        optimizer = pysindy.STLSQ(threshold=threshold, normalize_columns=True)
        try:
            model = pysindy.SINDy(optimizer, library).fit(rows, t=times)
        except (ValueError, np.linalg.LinAlgError):  # of a threshold that leaves nothing
            return False
        names = model.get_feature_names()
        return truth == [
            {n for n, c in zip(names, row, strict=True) if round(c, PRINTED)}
            for row in model.coefficients()
        ]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [any(right(library, limit) for limit in THRESHOLDS) for library in libraries]


def main() -> None:
    chosen = options(__doc__, seeds=(3, 1), most=(None, 1))
    there = installed("pysindy")
    rows, totals = [], []
    for system in SYSTEMS[: chosen.most]:
        cells, seconds = [], []
        for noise in NOISE[: 1 if chosen.quick else None]:
            tables = [system.noisy(seed, noise) for seed in range(chosen.seeds)]
            found = [ours(system, table) for table in tables]
            seconds += [spent for _, spent in found]
            theirs = [pysindy_finds(system, table) for table in tables] if there else []
            best = max(map(sum, zip(*theirs, strict=True)), default=None)
            cells.append((sum(exact for exact, _ in found), best))
        totals.append(cells)
        told = [f"{right} / {'–' if best is None else best}" for right, best in cells]
        rows.append([system.name, *told, f"{median(seconds):.1f}"])
        print(*rows[-1], flush=True)
    sums = [
        f"{sum(a for a, _ in column)} / {sum(b or 0 for _, b in column) if there else '–'}"
        for column in zip(*totals, strict=True)
    ]
    rows.append([f"of {chosen.seeds * len(totals)}", *sums, ""])
    noises = [f"noise {noise:.0%}" for noise in NOISE[: len(sums)]]
    write("fields", ["system", *noises, "CPU s, median"], rows)


if __name__ == "__main__":
    main()
