"""Constants, ratios and whole discoveries: the right law, and no law where there is none."""

import math

import numpy as np
import pytest
import sympy
import torch

from workbench.evidence.fitting import refit
from workbench.evidence.sample import Sample
from workbench.formulas.forms import multiplied_out, opened, rewritten
from workbench.formulas.parametric import parametrize
from workbench.formulas.size import complexity
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit
from workbench.search.automatic import discover
from workbench.search.polish import polished
from workbench.search.rational import fit_ratio
from workbench.search.snapping import snap
from workbench.search.symbolic import symbolify

A, B, C = sympy.symbols("a b c", real=True)


def table(law: sympy.Expr, low: float, high: float, noise: float = 0.0, rows: int = 600) -> Dataset:
    random = np.random.default_rng(0)
    x = random.uniform(low, high, (rows, 3))
    y = sympy.lambdify((A, B, C), law, "numpy")(*x.T)
    y = y + noise * np.std(y) * random.standard_normal(rows)
    return Dataset.from_arrays(x, y, names=["a", "b", "c"])


def test_constants_come_back_with_their_errors() -> None:
    random = np.random.default_rng(1)
    x = random.uniform(0, 2, (400, 3))
    y = 1.7 * np.exp(-0.6 * x[:, 0]) + 0.3 + 0.01 * random.standard_normal(400)
    found = refit(
        parametrize([1.0 * sympy.exp(-1.0 * A) + 0.5], ("a", "b", "c")), Sample(x, y[:, None])
    )
    fitted = sorted(zip(found.parametric.values, found.sigma, strict=True))
    for (value, sigma), true in zip(fitted, (-0.6, 0.3, 1.7), strict=True):
        assert abs(value - true) < 4 * sigma
        assert 1e-4 < sigma < 0.1


def test_logits_of_separable_classes_stay_finite() -> None:
    x = np.random.default_rng(4).uniform(-1, 1, (400, 3))
    y = (x[:, 0] > 0.2).astype(int)
    shape = 1.0 * A - 0.1
    classes = Sample(x, y, classes=True)
    found = [refit(parametrize([k * shape], ("a", "b", "c")), classes) for k in (1, 50)]
    edges = []
    for fitted in found:
        logits = fitted.parametric.outputs(x)
        assert 10 < np.abs(logits).max() < 1e5
        (edge,) = sympy.solve(fitted.parametric.substituted()[0], A)
        edges.append(float(edge))
    assert edges[0] == pytest.approx(edges[1], abs=1e-3)
    assert edges[0] == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("seed", range(2))
def test_a_product_of_sums_loses_the_terms_that_the_law_lacks(seed: int) -> None:
    random = np.random.default_rng(seed)
    x = random.uniform(-1, 1, (1500, 4))
    y = (2 * x[:, 2] + x[:, 0] * x[:, 1] > 0.3 + 0.01 * random.standard_normal(1500)).astype(int)
    data = Dataset.from_arrays(x, y, names=["a", "b", "c", "d"], task="classification")
    d = sympy.Symbol("d", real=True)
    factors = (A + 0.1 * B - 0.1 * C + 0.02 * d + 4.2) * (B - 0.1 * A + 0.1 * C + 0.03 * d - 2.1)
    start = 90.0 * factors + 190.0 * A - 380.0 * B + 185.0 * C + 0.1 * d + 760.0
    found = polished([(start,)], data, floor=0.0).best.expression
    assert set(found.as_coefficients_dict(A, B, C, d)) == {A * B, C, sympy.Integer(1)}
    assert float(found.coeff(C) / found.coeff(A * B)) == pytest.approx(2, abs=0.1)


def test_only_polynomials_are_multiplied_out_and_only_short_ones() -> None:
    names = ("a", "b", "c")
    product = multiplied_out(parametrize([(1.5 * A + B) * (B - 2.0)], names))
    assert product is not None
    assert len(product.constants) == 4
    for other in (1.5 * A + 2.5, sympy.sin(A) * (A + 1.5), (A + 1.5 * B) ** 40, 1 / (A + 1.5)):
        assert multiplied_out(parametrize([other], names)) is None


def test_what_would_grow_is_not_multiplied_out() -> None:
    half = sympy.Rational(1, 2)
    for short in (A * (B + 1) + A, (A + B) ** 2 - A**2 - 2 * A * B, sympy.exp(A) * sympy.exp(B)):
        assert complexity(rewritten(short)) < complexity(short)
    towers = (
        (A + B) ** 300 * (A - B) ** 300,
        ((A + B) ** 40 + half) ** -30,
        sympy.exp((A + B) ** 900),
    )
    nested = ((((A + B) ** 9 + 1) ** 9 + 1) ** 9 + 1) ** (10**9)
    for grown in (*towers, nested):
        assert rewritten(grown) is grown
        assert opened((grown,)) == (grown,)


def test_constants_snap_only_where_the_data_allow_it() -> None:
    random = np.random.default_rng(2)
    x = random.uniform(0, 1, (500, 3))
    noise = 0.001 * random.standard_normal(500)
    half = (0.5 * x[:, 0] + noise)[:, None]
    odd = (0.5713 * x[:, 0] + noise)[:, None]
    start = parametrize([0.4 * A], ("a", "b", "c"))
    assert snap(refit(start, Sample(x, half)), Sample(x, half)).parametric.substituted()[0] == A / 2
    kept = snap(refit(start, Sample(x, odd)), Sample(x, odd)).parametric.substituted()[0]
    assert float(kept.coeff(A)) == pytest.approx(0.5713, abs=5e-4)
    assert kept != A * sympy.Rational(4, 7)


@pytest.mark.parametrize(("value", "noise", "snaps"), [(1000, 0, True), (25_000, 0, True),
                                                       (1009, 0, False), (1000, 100, False)])  # fmt: skip
def test_round_numbers_are_exact_where_the_data_allow_it(
    value: int, noise: int, snaps: bool
) -> None:
    random = np.random.default_rng(2)
    x = random.uniform(0, 1, (500, 3))
    sample = Sample(x, (value * x[:, 0] + noise * random.standard_normal(500))[:, None])
    found = snap(refit(parametrize([900.0 * A], ("a", "b", "c")), sample), sample)
    assert (found.parametric.substituted()[0] == value * A) == snaps


def test_a_noisy_ratio_of_sums_is_found() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(0.5, 3, (2000, 3))
    y = x[:, 0] * x[:, 1] / (x[:, 1] ** 2 + 2 * x[:, 2] ** 2) + 0.02 * random.standard_normal(2000)
    ratios = [
        sympy.fraction(sympy.together(e)) for e in fit_ratio(Sample(x, y[:, None]), ("a", "b", "c"))
    ]
    supports = [(top.free_symbols, len(sympy.Add.make_args(below))) for top, below in ratios]
    assert ({A, B}, 2) in supports


@pytest.mark.parametrize(
    ("law", "low", "high"),
    [
        (sympy.exp(sympy.sin(sympy.pi * A) + B**2), -1, 1),
        (A * B, -1, 1),
        (A * B / C**2, 0.5, 2),
        (2 * sympy.pi * sympy.sqrt(A) / sympy.sqrt(B), 0.5, 3),
    ],
    ids=str,
)
def test_clean_laws_are_recovered_exactly(law: sympy.Expr, low: float, high: float) -> None:
    found = discover(table(law, low, high)).formula
    assert sympy.simplify(found.expression - law) == 0


def test_a_noisy_product_keeps_its_form() -> None:
    data = table(A * B, 0.5, 2, noise=0.02, rows=300)
    found = discover(data, effort="quick", hidden=()).formula
    assert sympy.simplify(found.expression - A * B) == 0


@pytest.mark.parametrize("seed", range(2))
def test_no_law_is_found_in_noise(seed: int) -> None:
    random = np.random.default_rng(seed)
    data = Dataset.from_arrays(
        random.uniform(-1, 1, (200, 2)), random.standard_normal(200), seed=seed
    )
    assert discover(data, effort="quick", hidden=(), seed=seed).formula.expression.is_number


def test_the_formula_agrees_with_its_network() -> None:
    data = table(A**2 + B, -1, 1)
    model = fit(KAN((3, 1)), data, starts=4).model
    found = symbolify(model, data).best
    assert found.scores["network_error"] < 1e-5
    assert sympy.simplify(found.expression - A**2 - B) == 0


def test_a_discovery_that_is_stopped_is_still_usable() -> None:
    found = discover(
        table(A * B, -1, 1),
        structure=False,
        report=lambda phase, share: phase.endswith("shapes"),
    )
    assert not found.complete
    assert found.formula.expressions
    assert found.network.edges()


def test_what_is_found_on_the_way_is_handed_out() -> None:
    phases, kept = [], []

    def report(phase: str, share: float) -> bool:
        phases.append(phase)
        return phase.startswith("training")

    data = table(A * B + A**2, -1, 1)
    found = discover(
        data, structure=False, report=report, keep=lambda f: kept.append((len(phases), f))
    )
    assert kept[0][0] == 0  # before any search
    assert found is kept[-1][1]
    x = data.inputs
    for _, one in kept:
        assert not one.complete
        assert one.fit.history
    first = kept[0][1]
    with torch.no_grad():  # until networks are trained, the network says what the formula says
        said = first.network(x)[:, 0].numpy()
    np.testing.assert_allclose(said, first.formula(x.numpy()), rtol=1e-6, atol=1e-9)


def test_a_discovery_repeats_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    # Structure that is looked for as long as its seconds last may find more the second time.
    monkeypatch.setattr("workbench.search.course._QUICK_SECONDS", math.inf)
    data = table(A * B, -1, 1, noise=0.1, rows=150)
    how = {"effort": "quick", "widths": ((3, (1, 1), 1),), "hidden": ()}
    first, second = (discover(data, **how, seed=5) for _ in range(2))
    assert first.formula == second.formula
    assert first.importance == second.importance
