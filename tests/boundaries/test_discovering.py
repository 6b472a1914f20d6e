"""Laws g(x) = 0 come out of points, functions, samplers and labels, and none where there is none."""

import numpy as np
import pandas as pd
import pytest
import sympy

from workbench.boundaries import Boundary, ImplicitFormula, Points, discover_boundary
from workbench.errors import InputError
from workbench.kan.data import Dataset

LAM, E, X, Y = sympy.symbols("lam E x y", real=True)
LABELS = pd.DataFrame({"a": range(60), "p": [0, 1] * 30})
RANGES = {"lam": (0.1, 5.0), "E": (-4.0, 4.0)}


def hyperbola(rows: pd.DataFrame) -> np.ndarray:
    return (rows["lam"] * rows["E"].abs() - 2).to_numpy()


def states(count: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame({n: random.uniform(*ends, count) for n, ends in RANGES.items()})


@pytest.fixture(scope="module")
def exact() -> Boundary:
    return discover_boundary(hyperbola, ranges=RANGES)


def law(found: Boundary) -> ImplicitFormula:
    assert found.formula is not None, found.sentences
    return found.formula


def test_a_function_is_asked_for_its_edge(exact: Boundary) -> None:
    formula = law(exact)
    assert formula.expression == LAM * sympy.Abs(E) - 2
    assert formula.solved == sympy.Eq(LAM, 2 / sympy.Abs(E))
    assert exact.agreement == 1.0
    rows = states(500, 9)
    assert (formula.inside(rows) == (hyperbola(rows) > 0)).all()


def test_two_branches_are_one_law_with_bars() -> None:
    found = discover_boundary(
        lambda rows: abs(rows["a"] * rows["E"] + 2 * rows["lam"]) - 2,
        ranges={"a": (-0.95, 0.95), "E": (-5, 5), "lam": (-2, 2)},
    )
    a = sympy.Symbol("a", real=True)
    assert law(found).same_as(sympy.Abs(a * E + 2 * LAM) - 2)
    assert law(found).expression == sympy.Abs(a * E + 2 * LAM) - 2


def test_points_with_errors_and_wrong_ones_keep_the_law_and_its_interval() -> None:
    random = np.random.default_rng(2)
    e = random.uniform(0.5, 4, 300) * random.choice([-1, 1], 300)
    sigma = random.uniform(0.002, 0.02, 300)
    lam = 2 / abs(e) + sigma * random.standard_normal(300)
    lam[::25] = random.uniform(0.1, 5, 12)
    sides = states(800, 3).assign(inside=lambda rows: hyperbola(rows) > 0)
    points = Points(pd.DataFrame({"lam": lam, "E": e}), sigma, sides, "lam")
    found = discover_boundary(points)
    assert law(found).same_as(LAM * sympy.Abs(E) - 2, tolerance=0.02)
    assert 0.02 < found.stray < 0.06
    (number,) = (c for c in law(found).constants if c.interval)
    assert number.interval[0] <= number.value <= number.interval[1]
    assert abs(number.value) == pytest.approx(2, abs=0.01)
    assert len(found.frame()) > 1


def test_labels_give_a_circle_without_what_does_nothing() -> None:
    random = np.random.default_rng(4)
    x, y, u = random.uniform(-2, 2, (3, 800))
    phase = np.where((x - 0.3) ** 2 + y**2 < 1, "solid", "gas")
    table = pd.DataFrame({"x": x, "y": y, "u": u, "phase": phase})
    found = discover_boundary(table, "phase")
    formula = law(found)
    assert formula.used == ("x", "y")
    assert found.agreement > 0.98
    assert formula.same_as(1 - (X - 0.3) ** 2 - Y**2, tolerance=0.1)
    data = Dataset.from_frame(table.drop(columns="u"), "phase")
    assert law(discover_boundary(data)).used == ("x", "y")


def test_shuffled_labels_and_scattered_points_give_nothing() -> None:
    random = np.random.default_rng(5)
    table = states(400, 6).assign(phase=random.permutation(np.arange(400) < 170))
    found = discover_boundary(table, "phase")
    assert found.formula is None
    assert found.curve is None
    assert "chance" in found.sentences[0]
    assert discover_boundary(Points(states(200, 7))).formula is None


def test_an_edge_without_a_closed_form_is_a_curve() -> None:
    def wavy(rows: pd.DataFrame) -> np.ndarray:
        angle, radius = np.arctan2(rows["y"], rows["x"]), np.hypot(rows["x"], rows["y"])
        return radius - 1.2 - 0.3 * np.sin(3 * angle + 0.4) - 0.2 * np.cos(5 * angle)

    found = discover_boundary(wavy, ranges={"x": (-2, 2), "y": (-2, 2)})
    assert found.formula is None
    assert found.sentences == ("No law was found: here is the curve.",)
    random = np.random.default_rng(8)
    rows = pd.DataFrame(random.uniform(-2, 2, (500, 2)), columns=["x", "y"])
    assert ((found.curve(rows) > 0) == (wavy(rows) > 0)).mean() > 0.9


def test_a_sampler_is_asked_again_near_its_edge() -> None:
    class Asked:
        variables = ("lam", "E")

        def __init__(self) -> None:
            self.near: list[bool] = []

        def states(self, count, *, seed, near=None):
            return states(count, seed).assign(inside=lambda rows: hyperbola(rows) > 0)

        def points(self, count, *, seed, near=None):
            self.near.append(near is not None)
            random = np.random.default_rng(seed)
            e = random.uniform(0.5, 4, count)
            lam = 2 / e + 0.01 * random.standard_normal(count)
            return Points(pd.DataFrame({"lam": lam, "E": e}), np.full(count, 0.01), None, "lam")

    sampler = Asked()
    found = discover_boundary(sampler)
    assert sampler.near == [False, True]
    assert law(found).inside(pd.DataFrame({"lam": [1.0, 3.0], "E": [1.0, 1.0]})).tolist() == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (3, {}, "a boundary is found in"),
        (pd.DataFrame({"a": [1.0]}), {}, "target must be a column"),
        (pd.DataFrame({"a": range(60), "p": [0, 1, 2] * 20}), {"target": "p"}, "two classes"),
        (pd.DataFrame({"a": range(8), "p": [0, 1] * 4}), {"target": "p"}, "at least 30 rows"),
        (
            pd.DataFrame({"a": range(40), "p": [0] * 37 + [1] * 3}),
            {"target": "p"},
            "8 of each class",
        ),
        (LABELS, {"target": "p", "groups": [1, 2]}, "60 rows need as many groups"),
        (
            LABELS,
            {"target": "p", "groups": [0] * 30 + [1] * 30},
            r"too few groups|at least 4 groups",
        ),
        (Points(pd.DataFrame({"a": [1.0, 2.0]})), {}, "at least 12 points"),
        (hyperbola, {}, "ranges"),
        (hyperbola, {"ranges": {"lam": (3, 2)}}, "the range of 'lam'"),
        (hyperbola, {"ranges": RANGES, "seconds": 0}, "seconds must be positive"),
        (lambda rows: np.ones(3), {"ranges": RANGES}, "one side for each"),
        (lambda rows: np.ones(len(rows)), {"ranges": RANGES}, "all of 4000 states are on one side"),
    ],
)
def test_what_is_no_boundary_is_refused_in_words(data, options, message) -> None:
    with pytest.raises(InputError, match=message):
        discover_boundary(data, **options)
