"""Inputs that can stand for one another are named, exchanged, and not believed by their importance."""

import numpy as np
import pytest
import sympy

from workbench.discovery.collinear import exchanges, in_words, stand_ins, telling
from workbench.discovery.polish import polished
from workbench.discovery.stability import weighed
from workbench.kan.data import Dataset

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
    known = {(s.column, s.powers) for s in stand_ins(table())}
    assert ("d", (("b", -1.0), ("c", 1.0))) in known
    assert ("c", (("b", 1.0), ("d", 1.0))) in known
    assert ("e", (("a", 3.0),)) in known or ("e", (("a", 2.0),)) in known
    assert "b and c could stand for d" in in_words(stand_ins(table()))
    random = np.random.default_rng(1)
    free = Dataset.from_arrays(random.uniform(1, 2, (200, 4)), random.uniform(1, 2, 200))
    assert stand_ins(free) == ()


def test_a_formula_that_leans_on_a_stand_in_finds_the_law_or_its_equal() -> None:
    data = table()
    wrong = polished([(0.9 * sympy.Symbol("e", real=True) ** 0.3 * C / B,)], data, floor=0.0)
    found = exchanges(wrong, stand_ins(data), data)
    assert any(f.used == ("a", "b", "c") for f in found)
    equal = polished([(0.9 * A * C / B,)], data, floor=0.0)
    both = weighed(equal.merged(exchanges(equal, stand_ins(data), data)), data)
    said = " ".join([str(both.best), *both.best.rivals])
    assert "d" in said
    assert "c" in said  # a·c/b and a·d/2 are the same here, and one names the other


@pytest.mark.parametrize("count", [2, 3])
def test_the_set_that_tells_most_is_not_that_of_the_strongest_inputs(count: int) -> None:
    random = np.random.default_rng(2)
    x = random.uniform(-1, 1, (500, 5))
    y = x[:, 1] * x[:, 3] + 0.02 * random.standard_normal(500)
    data = Dataset.from_arrays(x, y, names=list("abcde"))
    assert {"b", "d"} <= set(telling(data, data.names, count))
