"""Laws found in trajectories."""

import numpy as np
import pandas as pd
import pytest

from tests.dynamics.systems import DUFFING_STARTS, duffing, table
from workbench import discover_dynamics
from workbench.errors import InputError


def terms(found, state: str) -> set[str]:
    return {fit.text for fit in found.terms[state]}


@pytest.fixture(scope="module")
def oscillator():
    return discover_dynamics(table(duffing, DUFFING_STARTS, "xv", span=12, noise=0.02))


def test_terms_and_constants_of_a_noisy_oscillator(oscillator) -> None:
    assert terms(oscillator, "x") == {"v"}
    assert terms(oscillator, "v") == {"x", "x**3", "v"}
    truth = {"x": -1.0, "x**3": -0.5, "v": -0.1}
    numbers = oscillator.frame().query("state == 'v'")
    apart = numbers["value"] - numbers["term"].map(truth)
    assert (apart.abs() < 4 * numbers["sigma"]).all()
    assert (numbers["sigma"] < 0.02).all()
    assert all(0.5 < noise / 0.02 < 2.5 for noise in oscillator.noise.values())


def test_the_score_is_of_held_out_rows_and_at_the_noise(oscillator) -> None:
    assert 0.005 < oscillator.score < 0.05


def test_the_equations_are_formulas_and_print(oscillator) -> None:
    assert str(oscillator).startswith("dx/dt = ")
    assert r"\frac{d v}{d t}" in oscillator.to_latex()
    rows = np.array([[1.0, 2.0, 0.0]])
    assert oscillator.equations["v"](rows) == pytest.approx([-1.7], abs=0.05)


def test_a_simulation_follows_the_law(oscillator) -> None:
    truth = table(duffing, [(1.0, 0.5)], "xv", span=5)
    found = oscillator.simulate({"x": 1.0, "v": 0.5}, truth["t"])
    assert list(found) == ["t", "x", "v"]
    assert np.abs(found[["x", "v"]] - truth[["x", "v"]]).to_numpy().max() < 0.1


def test_rows_without_noise_give_the_law_itself() -> None:
    found = discover_dynamics(table(duffing, DUFFING_STARTS, "xv", span=12))
    assert terms(found, "v") == {"x", "x**3", "v"}
    assert found.frame()["value"].to_numpy() == pytest.approx([1, -1, -0.1, -0.5], rel=1e-5)


def test_second_order_from_positions_alone() -> None:
    rows = table(duffing, DUFFING_STARTS, "xv", span=12, noise=0.005).drop(columns="v")
    found = discover_dynamics(rows, order=2)
    assert terms(found, "x") == {"x", "x**3", "x_t"}
    assert str(found).startswith("d^2x/dt^2 = ")
    assert list(found.simulate([1, 0], [0, 1, 2])) == ["t", "x", "x_t"]


def test_gaps_uneven_steps_and_a_control() -> None:
    random = np.random.default_rng(3)
    runs = []
    for run, force in enumerate((0.0, 1.0, 2.0)):
        rows = table(lambda t, y, u=force: [u - 0.7 * y[0]], [[2.0]], "x", span=6, noise=0.01)
        runs.append(rows.assign(run=run, u=force).iloc[np.sort(random.permutation(100)[:60])])
    rows = pd.concat(runs).sample(frac=1, random_state=1)
    found = discover_dynamics(rows, states=["x"], controls=["u"])
    assert terms(found, "x") == {"u", "x"}
    after = found.simulate([0.0], np.linspace(0, 30, 9), {"u": 1.4})
    assert after["x"].iloc[-1] == pytest.approx(2.0, abs=0.05)
    with pytest.raises(InputError, match="need the control 'u'"):
        found.simulate([0.0], [0, 1])


def test_a_search_that_is_stopped_says_so() -> None:
    rows = table(duffing, DUFFING_STARTS, "xv", span=12, noise=0.02)
    found = discover_dynamics(rows, stop=lambda: True)
    assert not found.complete
    assert set(found.equations) == {"x", "v"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": 3}, "order must be 1 or 2, got 3"),
        ({"seconds": 0}, "seconds must be positive, got 0"),
        ({"time": "x_t", "states": ["x", "x_x_t"], "order": 2}, "the velocity is called 'x_x_t'"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message) -> None:
    rows = table(duffing, DUFFING_STARTS[:1], "xv", span=12)
    rows = rows.rename(columns={"t": "x_t", "v": "x_x_t"}) if "time" in options else rows
    with pytest.raises(InputError, match=message):
        discover_dynamics(rows, **options)


@pytest.mark.parametrize(
    ("start", "times", "message"),
    [
        ({"x": 1.0}, [0, 1], "a start needs x, v, but 'v' lacks"),
        ([1.0], [0, 1], "one finite number for each of x, v"),
        ([1.0, 0.0], [1, 0], "times must be"),
    ],
)
def test_a_simulation_needs_a_whole_start(oscillator, start, times, message) -> None:
    with pytest.raises(InputError, match=message):
        oscillator.simulate(start, times)
