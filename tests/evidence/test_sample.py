"""One objective from training to intervals: weights and the loss of a table count in every step."""

import numpy as np
import pytest
import sympy
import torch

from workbench.errors import InputError
from workbench.evidence.fitting import refit
from workbench.evidence.residuals import lack_of_fit, neighbours
from workbench.evidence.sample import Sample
from workbench.formulas.parametric import parametrize
from workbench.formulas.selection import CLEAR
from workbench.kan.data import Dataset, in_proportion
from workbench.kan.losses import Huber
from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit
from workbench.network.attribution import edge_scores
from workbench.search.constants import constants_of
from workbench.search.polish import constants_and_lines, ratios
from workbench.search.rational import fit_ratio
from workbench.search.starting import formulas_from
from workbench.search.structure.propose import propose
from workbench.search.symbolic import symbolify

X1, X2 = sympy.symbols("x1 x2", real=True)
LINE = parametrize([1.0 * X1 + 0.5], ("x1", "x2"))
LOGIT = parametrize([1.0 * X1 - 0.5 * X2], ("x1", "x2"))


def rows(kind: str, count: int = 240, seed: int = 0) -> Sample:
    random = np.random.default_rng(seed)
    x = random.uniform(-1, 1, (count, 2))
    noise = random.standard_normal((count, 1))
    weights = random.integers(0, 4, count).astype(float)
    if kind == "classes":
        return Sample(x, (x[:, 0] > 0.5 * noise[:, 0]).astype(int), weights, classes=True)
    y = 3 * x[:, :1] - 1 + 0.3 * noise
    if kind == "huber":
        y[::20] += 8
    return Sample(x, y, weights, np.array([0.5]) if kind == "huber" else None)


KINDS = ("squared", "huber", "classes")


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_weight_zero_are_absent_and_whole_weights_are_repetitions(kind: str) -> None:
    sample = rows(kind)
    start = LOGIT if kind == "classes" else LINE
    counts = sample.weights.astype(int)
    repeated = np.repeat(np.arange(len(sample)), counts)
    again = Sample(
        sample.x[repeated], sample.y[repeated], delta=sample.delta, classes=sample.classes
    )
    kept = sample[counts > 0]
    found, same, fewer = refit(start, sample), refit(start, again), refit(start, kept)
    # The weak prior of classes counts as one row among more or fewer.
    near = {"rel": 0.02 if kind == "classes" else 1e-6}
    for other in (same, fewer):
        assert other.parametric.values == pytest.approx(found.parametric.values, **near)
        assert other.loss == pytest.approx(found.loss, **near)
    assert kept.spread == pytest.approx(sample.spread)
    assert kept.effective_rows == pytest.approx(sample.effective_rows)


@pytest.mark.parametrize("kind", KINDS)
def test_only_ratios_of_weights_matter(kind: str) -> None:
    sample = rows(kind)
    scaled = Sample(sample.x, sample.y, 1e-9 * sample.weights, sample.delta, sample.classes)
    start = LOGIT if kind == "classes" else LINE
    one, other = refit(start, sample), refit(start, scaled)
    assert one.parametric.values == pytest.approx(other.parametric.values, rel=1e-9)
    assert one.sigma == pytest.approx(other.sigma, rel=1e-9)


def test_huber_bends_by_the_loss_of_training() -> None:
    sample = rows("huber")
    values = np.zeros_like(sample.y)
    trained = Huber(0.5).value(
        torch.zeros(1, *sample.y.shape), torch.from_numpy(sample.y), torch.from_numpy(sample.counts)
    )
    fitted = float(np.square(sample.whitened(values - sample.y)).mean())
    assert fitted == pytest.approx(2 * float(trained), rel=1e-6)
    assert sample.loss(values) <= min(fitted, 0.5**2)
    gap, step = np.linspace(-2, 2, len(sample))[:, None], 1e-6
    slope = (sample.whitened(gap + step) - sample.whitened(gap - step)) / (2 * step)
    np.testing.assert_allclose(sample.whitening(gap), slope, atol=1e-5)


def two_targets(noise: float = 0.0, loss: str = "squared") -> Dataset:
    """x1² and a product three hundred thousand times as large."""
    random = np.random.default_rng(8)
    x = random.uniform(0.5, 2, (120, 2))
    y = np.stack((x[:, 0] ** 2, 3e5 * x[:, 0] * x[:, 1]), 1)
    y *= 1 + noise * random.standard_normal(y.shape)
    return Dataset.from_arrays(x, y).judged_by(loss)


@pytest.mark.parametrize("loss", ["squared", "huber"])
def test_several_targets_count_alike_as_in_training(loss: str) -> None:
    data = two_targets(0.1, loss)
    trained = fit(KAN((2, 2)), data, grids=(3,), starts=1, steps=3)
    sample = Sample.of(data)
    values = trained.model(data.split("train")[0]).detach().numpy()
    whitened = np.square(sample.whitened(values - sample.y)).mean()
    assert np.sqrt(whitened) == pytest.approx(trained.train_loss, rel=1e-9)
    errors = [sample.error(sample.y + sample.y.std(0) * side) for side in np.eye(2)]
    assert errors[0] == pytest.approx(errors[1], rel=0.3)
    assert sample.row_losses(values)[:7] == pytest.approx(sample[:7].row_losses(values[:7]))


def test_each_of_several_targets_gets_its_law() -> None:
    found = propose(two_targets(0.001), seconds=10.0).formulas.best
    first, second = found.expressions
    assert first == X1**2
    assert float(second.subs({X1: 1, X2: 1})) == pytest.approx(3e5, rel=1e-3)
    assert second.free_symbols == {X1, X2}


def test_known_errors_of_rows_give_better_constants_and_honest_intervals() -> None:
    random = np.random.default_rng(2)
    held, errors, plain_errors = 0, [], []
    for _ in range(60):
        x = random.uniform(-1, 1, (120, 2))
        sigma = np.where(random.uniform(size=120) < 0.5, 0.05, 2.0)
        y = (3 * x[:, 0] - 1 + sigma * random.standard_normal(120))[:, None]
        fitted = refit(LINE, Sample(x, y, sigma**-2.0))
        place = int(np.argmax(fitted.parametric.values))
        low, high = constants_of(fitted)[place].interval or (np.nan, np.nan)
        held += low <= 3 <= high
        errors.append(fitted.parametric.values[place] - 3)
        plain_errors.append(refit(LINE, Sample(x, y)).parametric.values[place] - 3)
    assert np.std(errors) < 0.2 * np.std(plain_errors)
    assert 52 <= held <= 60


def half_off(weight: float) -> Dataset:
    """y = 3x in one half of the rows, 50 less in the other, which hardly counts."""
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (160, 2))
    off = np.arange(160) % 2 == 1
    y = 3 * x[:, 0] - np.where(off, 50.0, 0.0)
    return Dataset.from_arrays(x, y, weights=np.where(off, weight, 1.0))


def slope_of(expression: sympy.Expr) -> float:
    assert abs(float(expression.subs({X1: 0, X2: 0}))) < 1e-3
    assert abs(float(expression.diff(X2).subs({X1: 0.3, X2: 0.2}))) < 1e-3
    return float(expression.diff(X1).subs({X1: 0.3, X2: 0.2}))


@pytest.mark.parametrize("weight", [1e-6, 0.0])
def test_rows_that_hardly_count_move_no_formula(weight: float) -> None:
    data = half_off(weight)
    network = fit(KAN((2, 1)), data, grids=(3,), starts=1).model
    found = [
        constants_and_lines(data),
        formulas_from("a*x1 + b", data),
        symbolify(network, data, functions=["linear", "square"]),
        propose(data, seconds=1.0).formulas,
    ]
    assert [slope_of(f.best.expression) for f in found] == pytest.approx([3] * 4, abs=1e-3)


def test_a_ratio_follows_the_rows_that_count() -> None:
    random = np.random.default_rng(1)
    x = random.uniform(0.5, 2, (300, 2))
    off = np.arange(300) % 2 == 1
    y = x[:, 0] / (1 + x[:, 1]) + 0.01 * random.standard_normal(300)
    weights = np.where(off, 1e-9, 1.0)
    found = fit_ratio(Sample(x, (y + 9 * off)[:, None], weights), ("x1", "x2"), degree=1)
    clean = fit_ratio(Sample(x[~off], y[~off, None]), ("x1", "x2"), degree=1)
    at = {X1: 1.2, X2: 0.7}
    got, expected = [float(e.subs(at)) for e in found], [float(e.subs(at)) for e in clean]
    assert got == pytest.approx(expected, abs=1e-3)


def test_lack_of_fit_weighs_neighbours() -> None:
    random = np.random.default_rng(3)
    x = random.uniform(-1, 1, (600, 1))
    off = random.uniform(size=600) < 0.5
    residual = 0.1 * random.standard_normal(600) - 50 * (off & (x[:, 0] > 0))
    pairs = neighbours(x)
    assert lack_of_fit(pairs, residual) > CLEAR
    assert abs(lack_of_fit(pairs, residual, np.where(off, 1e-9, 1.0))) < 3
    missed = residual + np.where(off, 0.0, np.sin(6 * x[:, 0]))
    assert lack_of_fit(pairs, missed, np.where(off, 1e-9, 1.0)) > CLEAR


def test_rows_come_in_proportion_to_their_weights() -> None:
    assert in_proportion(torch.ones(5)).tolist() == list(range(5))
    weights = torch.tensor([0.0, 3.0, 0.5, 0.0, 0.5], dtype=torch.float64)
    counts = torch.bincount(in_proportion(weights), minlength=5)
    assert (counts - 5 * weights / weights.sum()).abs().max() < 1


def test_scores_of_edges_follow_the_rows_that_count() -> None:
    random = np.random.default_rng(4)
    x = random.uniform(-1, 1, (200, 2))
    x[::2, 1] *= 0.01
    weights = np.where(np.arange(200) % 2 == 0, 1.0, 1e-9)
    data = Dataset.from_arrays(x, x[:, 0] + x[:, 1], weights=weights)
    model = fit(KAN((2, 1)), data, grids=(3,), starts=1, steps=5).model
    scores = edge_scores(model, data.typical("train"))[0][0]
    assert scores[1] < 0.05 * scores[0]


def test_huber_names_the_right_curve_among_outliers() -> None:
    random = np.random.default_rng(5)
    x = random.uniform(-2, 2, (400, 1))
    y = np.sin(2 * x[:, 0]) + 0.02 * random.standard_normal(400)
    y[::20] += random.choice([-30, 30], 20)
    data = Dataset.from_arrays(x, y).judged_by("huber")
    network = fit(KAN((1, 1)), data, grids=(3, 6), starts=4).model
    best = symbolify(network, data).best
    points = np.linspace(-1.9, 1.9, 40)[:, None]
    assert best.expression.has(sympy.sin)
    np.testing.assert_allclose(best(points), np.sin(2 * points[:, 0]), atol=0.15)


def test_a_loss_that_formulas_cannot_have_is_refused() -> None:
    x = np.random.default_rng(0).uniform(0, 1, (40, 1))
    data = Dataset.from_arrays(x, np.arange(40.0)).judged_by("poisson")
    with pytest.raises(InputError, match="Poisson loss gives the logarithm of a rate"):
        constants_and_lines(data)
    with pytest.raises(InputError, match="Poisson loss"):
        ratios(data, ["x1"])
