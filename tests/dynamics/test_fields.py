"""Partial differential equations found in fields on a grid."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import solve_ivp

from tests.dynamics.systems import diffusing
from workbench import discover_pde
from workbench.dynamics.fields.grid import Fields, read_fields
from workbench.dynamics.fields.terms import FieldTerm, terms_of
from workbench.dynamics.fields.windows import Windows
from workbench.equations import Box, Condition, Problem, library
from workbench.errors import InputError


def terms(found, field: str) -> set[str]:
    return {fit.text for fit in found.terms[field]}


def of_library(name: str, times: int, places: int, noise: float) -> pd.DataFrame:
    """A problem of the library on a grid."""
    problem = library[name]
    ends = dict(zip(problem.names, problem.domain.ranges, strict=True))
    grids = np.linspace(*ends["t"], times), np.linspace(*ends["x"], places)
    t, x = (axis.ravel() for axis in np.meshgrid(*grids, indexing="ij"))
    values = problem.reference(np.stack((x, t), 1)).reshape(len(t), -1)
    values += noise * values.std(0) * np.random.default_rng(1).standard_normal(values.shape)
    return pd.DataFrame({"t": t, "x": x} | dict(zip(problem.fields, values.T, strict=True)))


def two_species(noise: float) -> pd.DataFrame:
    """Two species that react and diffuse on a ring."""
    x = np.arange(64) / 64
    wave = 2 * np.pi * np.fft.rfftfreq(64, 1 / 64)

    def bent(u: np.ndarray) -> np.ndarray:
        return np.fft.irfft(-(wave**2) * np.fft.rfft(u), 64)

    def rates(_: float, state: np.ndarray) -> np.ndarray:
        a, b = np.split(state, 2)
        return np.concatenate((0.01 * bent(a) - a * b, 0.003 * bent(b) + a * b - 0.5 * b))

    start = np.concatenate((1 + 0.3 * np.cos(2 * np.pi * x), 0.5 + 0.4 * np.sin(4 * np.pi * x)))
    t = np.linspace(0, 3, 61)
    found = solve_ivp(rates, (0, 3), start, t_eval=t, method="LSODA", rtol=1e-9, atol=1e-10).y
    a, b = (part.T.ravel() for part in np.split(found, 2))
    random = np.random.default_rng(2)
    table = {"t": np.repeat(t, 64), "x": np.tile(x, len(t)), "a": a, "b": b}
    for name in "ab":
        table[name] = table[name] + noise * table[name].std() * random.standard_normal(len(a))
    return pd.DataFrame(table)


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
def test_drift_and_diffusion(noise: float) -> None:
    found = discover_pde(diffusing(noise).sample(frac=1, random_state=0))
    assert terms(found, "c") == {"c_x", "c_xx"}
    truth = {"c_x": -0.7, "c_xx": 0.05}
    rows = found.frame()
    off = (rows["value"] - rows["term"].map(truth)).abs()
    assert (off < 4 * rows["sigma"]).all()
    assert (rows["sigma"] < 0.1 * rows["value"].abs()).all()
    assert found.noise["c"] == pytest.approx(noise * diffusing()["c"].std(), rel=0.2, abs=1e-4)
    assert found.misfits["c"] < 2
    assert str(found).startswith("c_t = ")


def test_a_large_mean_and_uneven_steps() -> None:
    table = diffusing(0.01, rows=81)
    table["c"] += 300
    random = np.random.default_rng(4)
    kept = {
        n: random.choice(np.unique(table[n]), k, replace=False) for n, k in (("t", 70), ("x", 52))
    }
    found = discover_pde(table[table["t"].isin(kept["t"]) & table["x"].isin(kept["x"])])
    assert terms(found, "c") == {"c_x", "c_xx"}
    numbers = found.frame().set_index("term")["value"]
    assert numbers["c_x"] == pytest.approx(-0.7, rel=0.02)
    assert numbers["c_xx"] == pytest.approx(0.05, rel=0.1)


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_a_law_of_conservation_is_written_out(noise: float) -> None:
    found = discover_pde(of_library("kdv", 81, 121, noise))
    assert terms(found, "u") == {"u*u_x", "u_xxx"}
    numbers = found.frame().set_index("term")["value"]
    assert numbers["u*u_x"] == pytest.approx(-6, rel=0.01)
    assert numbers["u_xxx"] == pytest.approx(-1, rel=0.02)


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_two_fields(noise: float) -> None:
    found = discover_pde(two_species(noise), states=["a", "b"])
    assert terms(found, "a") == {"a_xx", "a*b"}
    assert terms(found, "b") == {"b_xx", "a*b", "b"}


def test_a_plane_and_what_it_cannot_tell() -> None:
    axes = np.linspace(0, 0.5, 21), np.linspace(0, 2, 21), np.linspace(0, 1, 17)
    t, x, y = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
    c = np.exp(-0.5 * t) * np.sin(np.pi * x) * np.cos(np.pi * y)
    found = discover_pde({"t": t, "x": x, "y": y, "c": c}, space=["x", "y"])
    assert len(found.terms["c"]) == 1
    assert {"c", "c_xx", "c_yy"} >= terms(found, "c")
    assert "tell no better" in str(found)


def test_waves_are_of_second_order() -> None:
    t, x = (
        a.ravel() for a in np.meshgrid(np.linspace(0, 2, 61), np.linspace(0, 3, 71), indexing="ij")
    )
    u = np.exp(-((x - 1.4 * t - 0.5) ** 2) / 0.1) + np.exp(-((x + 1.4 * t - 2.5) ** 2) / 0.2)
    found = discover_pde({"t": t, "x": x, "u": u}, order=2)
    assert terms(found, "u") == {"u_xx"}
    assert found.frame()["value"][0] == pytest.approx(1.96, rel=1e-3)
    assert str(found).startswith("u_tt = ")
    assert r"\partial^2 u" in found.to_latex()
    assert "{u}_{xx}" in found.to_latex()


def test_noise_and_what_is_no_sum_of_terms_are_told() -> None:
    t, x = (
        a.ravel() for a in np.meshgrid(np.linspace(0, 2, 40), np.linspace(0, 1, 40), indexing="ij")
    )
    random = np.random.default_rng(0).standard_normal(len(t))
    nothing = discover_pde({"t": t, "x": x, "u": random})
    assert terms(nothing, "u") == set()
    assert "No term says anything" in str(nothing)
    forced = discover_pde({"t": t, "x": x, "u": np.sin(5 * t) * np.cos(3 * x) + t * x})
    assert forced.misfits["u"] > 100
    assert "terms are missing" in str(forced)


def test_a_grid_that_is_too_coarse_is_told() -> None:
    fine = diffusing()
    assert "too long" not in str(discover_pde(fine))
    t, x = (np.unique(fine[name]) for name in "tx")
    places = np.meshgrid(t[::2], x[::3], indexing="ij")
    u = np.sin(9 * (places[1] - 6 * places[0])) + np.sin(7 * places[1] + 20 * places[0])
    found = discover_pde({"t": places[0].ravel(), "x": places[1].ravel(), "u": u.ravel()})
    assert "steps of the grid are too long" in str(found)


def test_runs_have_grids_of_their_own() -> None:
    short = diffusing(rows=31)
    runs = [diffusing().assign(run="a"), short[short["t"] < 1].assign(run="b")]
    found = discover_pde(pd.concat(runs))
    assert terms(found, "c") == {"c_x", "c_xx"}


def test_what_is_found_is_solved() -> None:
    found = discover_pde(diffusing(), states=["c"])
    problem = Problem(
        list(found.texts), Box(x=(0, 2), t=(0, 1), periodic="x"), Condition("c", t=0), fields=["c"]
    )
    assert problem.order == 2


def test_noise_is_taken_out_of_the_normal_equations() -> None:
    library_, halves = terms_of(1, 1), (0.25, 0.3)
    fourth = library_.index(FieldTerm((0,), (4,)))
    _, (clean,) = read_fields(diffusing(), "t", ["x"], None, "run")
    sigma, random = 0.05 * clean.values.std(), np.random.default_rng(0)

    def squares(fields: Fields, noise: float) -> tuple[float, float]:
        windows = Windows([fields], np.array([noise]), library_, 1, halves)
        return windows.problems[0].matrix[fourth, fourth], windows.noisy[fourth]

    known, nothing = squares(clean, 0.0)
    assert nothing == 0
    found = []
    for _ in range(20):
        noise = sigma * random.standard_normal(clean.values.shape)
        found.append(squares(Fields(clean.axes, clean.values + noise), sigma))
    corrected, shares = np.mean(found, 0)
    assert shares > 0.5
    assert corrected == pytest.approx(known, rel=0.1)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda f: f.iloc[1:], {}, "is no grid: it has no row at t = 0, x = 0"),
        (lambda f: pd.concat([f, f.iloc[:1]]), {}, "several rows at t = 0, x = 0"),
        (lambda f: f.assign(c=f["c"].where(f.index != 7)), {}, "a gap in column 'c', row 7"),
        (lambda f: f[f["t"] < 0.3], {}, "values of 't', at least 13"),
        (lambda f: f.assign(c=f["x"]), {}, "does not change in time"),
        (lambda f: f[["t", "x"]], {}, "a field is needed"),
        (lambda f: f, {"space": "y"}, "there is no column 'y'"),
        (lambda f: f, {"space": "t"}, "must be different columns"),
        (lambda f: f, {"order": 3}, "order must be 1 or 2"),
        (lambda f: f, {"space": []}, "one or two columns"),
    ],
)
def test_what_cannot_be_used_is_said(change, options, message) -> None:
    with pytest.raises(InputError, match=message):
        discover_pde(change(diffusing()), **options)
