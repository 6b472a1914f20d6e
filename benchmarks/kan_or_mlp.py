"""What the article of KANs says of KANs and MLPs, claim by claim, beside what this product measures.

    python benchmarks/kan_or_mlp.py [--seconds 60] [--quick]

Writes docs/kan-or-mlp.md. One run each, with the seed 0, on one thread.
"""

import math
import os
import textwrap
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from advice import teacher
from command import QUICK, Options
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor
from tables import made

from workbench import KAN, Dataset, compare, fit
from workbench.comparison import Comparison

PAGE = Path(__file__).parent.parent / "docs" / "kan-or-mlp.md"
NETWORKS = ("kan", "mlp", "spline-mlp")
GRIDS, ROWS, LONG = (3, 6, 12, 24, 48), 3000, 1e9
CENTRES = (-0.8, -0.4, 0.0, 0.4, 0.8)
PROMISED, TIE = 4.0, 1.2
ABOUT = """
The article of KANs (Liu et al., arXiv 2404.19756) compares them with MLPs by seven properties. Beside each
stands what this product measures: one run, seed 0, one thread, on a table with compositional structure and
one without. Networks over sizes and grids have the same processor time, together {seconds} s a table.
`spline-mlp` is an MLP with a learned curve for every hidden node (arXiv 2407.16674). `compare` measures the
same on a table of your own, and `advise` says beforehand what to expect.
"""

Table = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Claim:
    """A row of the page: what is said, what was measured, and what that makes of it."""

    of: str
    said: str
    measured: str
    verdict: str


def law(x: np.ndarray) -> np.ndarray:
    return np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2)


def nested(rows: int) -> Dataset:
    x = np.random.default_rng(0).uniform(-1, 1, (rows, 2))
    return Dataset.from_arrays(x, law(x))


def unnested() -> Dataset:
    make = teacher(8, 12, lambda z: np.maximum(z, 0), 0.05)
    return Dataset.from_arrays(*make(np.random.default_rng(0)))


def compared(data: Dataset, seconds: float) -> Comparison:
    begun = time.process_time()
    return compare(data, NETWORKS, seconds=LONG, stop=lambda: time.process_time() - begun > seconds)


def at_equal(found: Comparison) -> dict[str, float]:
    """Test errors of the networks with no more parameters than the KAN that was chosen."""
    within = found.within(parameters=found.best["kan"].parameters)
    return {name: run.test_error for name, run in within.items()}


def ranked(errors: dict[str, float]) -> str:
    return ", ".join(
        f"{name} {error:.2g}" for name, error in sorted(errors.items(), key=lambda e: e[1])
    )


def of_two(errors: Sequence[dict[str, float]]) -> str:
    """Whether the KAN is ahead of the MLP on both tables; what is within a fifth is a tie."""
    pairs = [(one["kan"], one.get("mlp", math.inf)) for one in errors]
    ahead = [mlp > TIE * kan for kan, mlp in pairs]
    behind = [kan > TIE * mlp for kan, mlp in pairs]
    if all(ahead):
        return "confirmed"
    return "refuted" if any(behind) and not any(ahead) else "qualified"


def activations(with_law: Comparison, without: Comparison) -> Claim:
    errors = [at_equal(found) for found in (with_law, without)]
    return Claim(
        "activation functions",
        "learned on edges, not fixed on nodes",
        f"RMSE at equal parameters: exp(sin πx + y²): {ranked(errors[0])}; ReLU network of 8 inputs: "
        f"{ranked(errors[1])}",
        of_two(errors),
    )


def weights(with_law: Comparison) -> Claim:
    run = with_law.best["kan"]
    curves = int(run.size.split(" curve")[0].split()[-1])
    each = run.parameters / curves
    return Claim(
        "weights",
        "no linear weights at all",
        f"the best KAN has {curves} curves of {each:.0f} numbers, where an MLP has one number a connection",
        "confirmed" if each > 1 else "refuted",
    )


def accuracy(with_law: Comparison, without: Comparison) -> Claim:
    errors = [{n: r.test_error for n, r in found.best.items()} for found in (with_law, without)]
    return Claim(
        "accuracy",
        "more accurate than MLPs",
        f"RMSE at equal processor time: exp(sin πx + y²): {ranked(errors[0])}; ReLU network of 8 inputs: "
        f"{ranked(errors[1])}",
        of_two(errors),
    )


def scaling(grids: tuple[int, ...]) -> Claim:
    """One network, refined from grid to grid, on rows without noise."""
    data = nested(ROWS)
    x, y = data.split("test")
    model, errors = KAN((2, 1, 1)), []
    for place, grid in enumerate(grids):
        model = fit(model, data, grids=(grid,), starts=1 if place else 16).model
        with torch.no_grad():
            errors.append(float((model(x) - y).square().mean().sqrt()))
    exponent = -np.polyfit(np.log(grids), np.log(errors), 1)[0]
    fell = f"{errors[0]:.1e} to {errors[-1]:.1e}"
    return Claim(
        "scaling",
        f"error ∝ G^−{PROMISED:.0f} for cubic splines on a grid of G intervals",
        f"exponent {exponent:.1f} over G = {grids[0]} to {grids[-1]} ({fell}; [2, 1, 1], exp(sin πx + y²))",
        "confirmed" if abs(exponent - PROMISED) < 0.5 else "qualified",
    )


def interpretability(with_law: Comparison, seconds: float) -> Claim:
    found = with_law.formula(seconds=seconds)
    return Claim(
        "interpretability",
        "curves can be looked at and become a formula",
        f"`discover` on exp(sin πx + y²): {found.formula}, RMSE {found.test_error:.1e} beside "
        f"{with_law.chosen.test_error:.1e} of the best network",
        "confirmed" if found.holds else "qualified",
    )


def speed(with_law: Comparison) -> Claim:
    kan = with_law.best["kan"]
    mlps = [run for run in with_law.runs if run.family == "mlp"]
    near = min(mlps, key=lambda run: abs(np.log(run.parameters / kan.parameters)))
    ratio = kan.seconds / near.seconds
    return Claim(
        "training speed",
        "ten times slower at equal parameters",
        f"{kan.parameters} parameters: {kan.seconds:.2g} s, all grids before included; MLP of "
        f"{near.parameters}: {near.seconds:.2g} s; {ratio:.1f} times",
        "confirmed" if ratio >= 10 else "qualified" if ratio >= 3 else "refuted",
    )


def continual() -> Claim:
    """Five peaks in turn, each with its own rows alone; the error over all in the end."""
    errors = {
        "KAN, grid held": forgotten_by_kan((-1, 1)),
        "KAN, grid moving with the rows": forgotten_by_kan(None),
        "MLP 64": forgotten_by_mlp(),
    }
    held = errors["KAN, grid held"]
    return Claim(
        "continual learning",
        "what was learned elsewhere stays",
        f"five peaks of one input in turn, RMSE in the end: {ranked(errors)}",
        "confirmed in one dimension, on a grid that is held" if held < 1e-4 else "refuted",
    )


def phase(centre: float) -> Table:
    x = np.linspace(centre - 0.2, centre + 0.2, 100)[:, None]
    return x, np.exp(-300 * (x[:, 0] - centre) ** 2)


def whole() -> Table:
    x = np.linspace(-1, 1, 1001)[:, None]
    return x, np.exp(-300 * (x - np.array(CENTRES)) ** 2).sum(1)


def forgotten_by_kan(domain: tuple[float, float] | None) -> float:
    model = KAN((1, 1), 200)
    for centre in CENTRES:
        data = Dataset.from_arrays(*phase(centre), split=["train"] * 100)
        model = fit(model, data, starts=1, grids=(200,), smoothness=0.0, domain=domain).model
    x, y = whole()
    with torch.no_grad():
        found = model(torch.from_numpy(x))[:, 0].numpy()
    return float(np.sqrt(np.mean((found - y) ** 2)))


def forgotten_by_mlp() -> float:
    model = MLPRegressor(
        hidden_layer_sizes=(64,),
        activation="tanh",
        solver="lbfgs",
        max_iter=500,
        warm_start=True,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for centre in CENTRES:
            model.fit(*phase(centre))
    x, y = whole()
    return float(np.sqrt(np.mean((model.predict(x) - y) ** 2)))


def page(claims: list[Claim], seconds: float) -> str:
    rows = [f"| {c.of} | {c.said} | {c.measured} | {c.verdict} |" for c in claims]
    about = ABOUT.format(seconds=f"{seconds:g}")
    head = ["# KAN or MLP: the claims, measured", "", textwrap.fill(about.strip(), 118), ""]
    head += ["| property | said | measured here | verdict |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *rows, "", made("kan_or_mlp.py"), ""])


def main() -> None:
    chosen = Options(__doc__, seconds=(60, 4)).chosen()
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    quick = chosen.quick
    first, second = (compared(data, chosen.seconds) for data in (nested(1000), unnested()))
    claims = [
        activations(first, second),
        weights(first),
        accuracy(first, second),
        scaling(GRIDS[:2] if quick else GRIDS),
        interpretability(first, 1.0 if quick else 60.0),
        speed(first),
        continual(),
    ]
    text = page(claims, chosen.seconds)
    print(text)
    if quick:
        print(f"{QUICK}: its figures are no figures, and {PAGE.name} stays as it is.")
    else:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
