"""Inputs that can stand for one another are named, exchanged, and not believed by their importance."""

import numpy as np
import pytest
import sympy

from workbench.evidence.stability import weighed
from workbench.kan.data import Dataset
from workbench.search.collinear import exchanges, in_words, stand_ins, telling
from workbench.search.polish import polished

A, B, C = sympy.symbols("a b c", real=True)


def table(noise: float = 0.05) -> Dataset:
    """d is twice c/b, and e rises with a: the target knows a, b and c."""
    random = np.random.default_rng(0)
    a, b, c = random.uniform(0.5, 2, (3, 400))
    x = np.stack((a, b, c, 2 * c / b, a**3 * np.exp(0.05 * random.standard_normal(400))), 1)
    return Dataset.from_arrays(
        x, a * c / b + noise * random.standard_normal(400), names=list("abcde"), target="y"
    )


def test_stand_ins_are_found_by_ranks_and_as_products_of_powers() -> None:
    known = {s.column: s for s in stand_ins(table()) if len(s.others) == 2}
    assert known["d"].others == ("b", "c")
    assert (known["d"].expression * B / C).is_number
    assert known["c"].others == ("b", "d")
    (alone,) = (s for s in stand_ins(table()) if s.column == "e")
    assert alone.expression.has(A**2) or alone.expression.has(A**3)
    assert "b and c could stand for d" in in_words(stand_ins(table()))
    random = np.random.default_rng(1)
    free = Dataset.from_arrays(random.uniform(1, 2, (200, 4)), random.uniform(1, 2, 200))
    assert stand_ins(free) == ()


def test_shares_of_a_whole_could_stand_for_one_another() -> None:
    random = np.random.default_rng(0)
    shares = random.dirichlet((2, 2, 2), 300)
    other = random.standard_normal(300)
    data = Dataset.from_arrays(np.column_stack((shares, other)), other, names=[*"abc", "other"])
    found = {s.column: s for s in stand_ins(data)}
    assert set(found) == {"a", "b", "c"}
    assert sympy.expand(found["c"].expression).subs({A: 0.25, B: 0.5}) == pytest.approx(0.25)
    assert "a and b could stand for c" in in_words(stand_ins(data))


def test_a_column_that_only_many_others_predict_is_said_and_not_exchanged() -> None:
    many = np.random.default_rng(0).standard_normal((500, 8))
    data = Dataset.from_arrays(np.column_stack((many, many.sum(1))), many[:, 0])
    found = {s.column: s for s in stand_ins(data)}
    assert found["x9"].others == tuple(f"x{k}" for k in range(1, 9))
    assert found["x9"].expression is None
    assert found["x9"].share == pytest.approx(1.0)


def test_a_formula_that_leans_on_a_stand_in_finds_the_law_or_its_equal() -> None:
    data = table()
    wrong = polished([(0.9 * sympy.Symbol("e", real=True) ** 0.3 * C / B,)], data, floor=0.0)
    found = exchanges(wrong, stand_ins(data), data)
    assert any(f.used == ("a", "b", "c") for f in found)
    # What is chosen now has inputs that can be exchanged, too: a·c/b and a·d/2 are the same here.
    assert any(f.used == ("a", "d") for f in found)
    equal = polished([(0.9 * A * C / B,)], data, floor=0.0)
    both = weighed(equal.merged(exchanges(equal, stand_ins(data), data)), data)
    said = " ".join([str(both.best), *both.best.rivals])
    assert "d" in said
    assert "c" in said  # one names the other


@pytest.mark.parametrize("count", [2, 3])
def test_the_set_that_tells_most_is_not_that_of_the_strongest_inputs(count: int) -> None:
    random = np.random.default_rng(2)
    x = random.uniform(-1, 1, (500, 5))
    y = x[:, 1] * x[:, 3] + 0.02 * random.standard_normal(500)
    data = Dataset.from_arrays(x, y, names=list("abcde"))
    assert {"b", "d"} <= set(telling(data, data.names, count))


def test_few_rows_that_a_line_passes_through_anyway_predict_no_column() -> None:
    random = np.random.default_rng(0)
    data = Dataset.from_arrays(
        random.standard_normal((20, 19)), random.standard_normal(20), split=["train"] * 20
    )
    assert stand_ins(data) == ()
