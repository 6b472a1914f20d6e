"""Building blocks: what a search may use, on all edges and on single ones."""

import numpy as np
import pytest
import sympy
from scipy import special

from workbench.errors import InputError
from workbench.formulas.ingredients import made_of
from workbench.formulas.library import SYMPY, register, unregister
from workbench.formulas.parsing import parse_expression
from workbench.kan.data import Dataset
from workbench.kan.model import KAN, Edge
from workbench.kan.training.fitting import fit
from workbench.network.candidates import EVERY
from workbench.search.automatic import discover
from workbench.search.blocks import GROUPS, available, blocks, in_order, usual
from workbench.search.symbolic import symbolify


@pytest.fixture(scope="module")
def trained() -> tuple[KAN, Dataset]:
    x = np.random.default_rng(0).uniform(0.3, 1.5, (200, 2))
    data = Dataset.from_arrays(x, np.sin(2 * x[:, 0]) + x[:, 1] ** 2, names=["a", "b"])
    return fit(KAN((2, 1)), data, grids=(3, 6), starts=4).model, data


def kinds(formulas) -> set[type]:
    return {type(node) for f in formulas for node in sympy.preorder_traversal(f.expression)}


def test_every_block_is_in_one_group() -> None:
    grouped = [name for group in GROUPS.values() for name in group]
    assert sorted(grouped) == sorted(available())
    assert set(usual()) <= set(EVERY) <= set(available()) <= set(SYMPY)


def test_a_block_that_is_off_is_not_used(trained: tuple[KAN, Dataset]) -> None:
    model, data = trained
    assert sympy.sin in kinds(symbolify(model, data))
    off = symbolify(model, data, functions=[name for name in usual() if name != "sin"])
    assert sympy.sin not in kinds(off)
    assert len(off) > 0


def test_one_block_alone_is_enough(trained: tuple[KAN, Dataset]) -> None:
    model, data = trained
    for formula in symbolify(model, data, functions=["square"]):
        a, b = sympy.symbols("a b", real=True)
        assert sympy.degree(sympy.expand(formula.expression), a) == 2
        assert sympy.degree(sympy.expand(formula.expression), b) == 2


def test_an_edge_may_have_blocks_of_its_own(trained: tuple[KAN, Dataset]) -> None:
    model, data = trained
    found = symbolify(model, data, allowed={Edge(0, 0, 0): ["exp"]})
    a = sympy.Symbol("a", real=True)
    for formula in found:
        waves = formula.expression.atoms(sympy.sin)
        assert all(a not in wave.free_symbols for wave in waves)
    assert any(f.expression.has(sympy.exp) for f in found)


def test_the_usual_choice_changes_nothing(trained: tuple[KAN, Dataset]) -> None:
    model, data = trained
    named = symbolify(model, data, functions=usual())
    assert [f.srepr for f in named] == [f.srepr for f in symbolify(model, data)]


def test_lambertw_is_a_block_for_those_who_ask() -> None:
    assert "lambertw" in GROUPS["Growth and decay"]
    assert "lambertw" not in EVERY
    x = np.random.default_rng(3).uniform(0, 4, (150, 1))
    y = 2 * special.lambertw(1.5 * x[:, 0]).real + 1
    data = Dataset.from_arrays(x, y, names=["a"])
    model = fit(KAN((1, 1)), data, grids=(3, 6, 12)).model
    assert not any(f.expression.has(sympy.LambertW) for f in symbolify(model, data))
    best = symbolify(model, data, functions=(*usual(), "lambertw")).best
    assert best.expression.has(sympy.LambertW)
    assert best(x) == pytest.approx(y, abs=1e-8)
    found = discover(data, effort="quick", hidden=(), functions=(*usual(), "lambertw"))
    assert str(found.formula) == "y = 2*LambertW(3*a/2) + 1"


def test_a_registered_function_is_a_block() -> None:
    register("halved", lambda x: x / 2, sympy=lambda x: x / 2)
    try:
        assert in_order(["halved", "sin"]) == ("sin", "halved")
    finally:
        unregister("halved")


@pytest.mark.parametrize(
    ("functions", "allowed", "said"),
    [
        (["wave"], None, "must be one of linear"),
        ([], None, "at least one building block"),
        ("sin", None, "collection of names"),
        (None, {Edge(0, 0, 0): []}, "at least one building block"),
    ],
)
def test_what_is_no_choice_is_refused(functions, allowed, said: str) -> None:
    with pytest.raises(InputError, match=said):
        blocks(functions, allowed)


def test_an_edge_that_is_not_there_is_refused(trained: tuple[KAN, Dataset]) -> None:
    with pytest.raises(InputError, match="living edges"):
        symbolify(*trained, allowed={Edge(1, 0, 0): ["sin"]})


@pytest.mark.parametrize(
    ("text", "functions", "said"),
    [
        ("a**2/b + 3*a", ["linear"], True),
        ("sin(a)", ["linear"], False),
        ("cos(a)", ["sin"], True),
        ("sqrt(a)*b**1.5", ["sqrt"], True),
        ("a**0.37", ["exp"], False),
        ("a**b", ["exp"], True),
        ("exp(-a**2)", ["gaussian"], True),
        ("exp(a)*log(b)", ["exp"], False),
    ],
)
def test_what_a_formula_is_made_of(text: str, functions: list[str], said: bool) -> None:
    assert made_of(parse_expression(text, ["a", "b"]), functions) is said


def test_a_discovery_keeps_to_its_blocks() -> None:
    x = np.random.default_rng(1).uniform(0.5, 2, (150, 2))
    data = Dataset.from_arrays(x, np.exp(-x[:, 0]) * x[:, 1], names=["a", "b"])
    free = discover(data, effort="quick", hidden=())
    assert sympy.exp in kinds([free.formula])
    names = [
        name for name in usual() if name not in ("exp", "gaussian", "sinh", "cosh", "softplus")
    ]
    found = discover(data, effort="quick", widths=((2, 1),), hidden=(), functions=names)
    assert len(found.formulas) > 1
    assert all(made_of(f.expression, names) for f in found.formulas)
    with pytest.raises(InputError, match="must be one of"):
        discover(data, functions=["magic"])
