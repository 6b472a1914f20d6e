"""What is said of a formula to people."""

import sympy

from workbench.formulas.card import alternatives, formula_card, latex_table, remarks
from workbench.formulas.constant import Constant
from workbench.formulas.formula import Formula

A = sympy.Symbol("a", real=True)


def test_a_card_shows_the_figures_that_are_known() -> None:
    scores = {"validation_loss": 0.12345, "test_r2": None, "test_loss": float("nan")}
    card = formula_card(Formula((A**2,), ("a",), scores=scores))
    assert "<p>validation loss 0.1235; complexity 3</p>" in card
    assert "test" not in card
    assert "complexity" not in formula_card(Formula((A**2,), ("a",)))


def test_forms_that_the_rows_do_not_tell_apart_are_named_and_counted() -> None:
    law = Formula((A**2,), ("a",), rivals=("y = a", "y = cos(a)"))
    assert alternatives(law) == ["Not told apart from y = a; y = cos(a)."]
    many = Formula((A**2,), ("a",), rivals=tuple("bcdefg"))
    assert alternatives(many) == ["Not told apart from b; c; d; e; and 2 more."]
    assert alternatives(Formula((A**2,), ("a",))) == []
    constant = Formula((sympy.Float(2.5),), ("a",), rivals=("y = a",))
    assert alternatives(constant) == []


def test_what_is_known_of_the_search_is_told_and_nothing_else() -> None:
    known = {
        "collinear": "a could stand for b",
        "outliers": "2 rows lie far off",
        "law": "y = k*a",
        "letters": "k = 2",
    }
    told = remarks(Formula((A**2,), ("a",), provenance=known))
    assert told == [
        "It has the form that was written, y = k*a, with k = 2.",
        "Inputs that go together: a could stand for b.",
        "2 rows lie far off.",
    ]
    assert remarks(Formula((A**2,), ("a",), provenance={"unlike": "y = a"})) == [
        "It has another form than the law that was written, y = a."
    ]
    assert remarks(Formula((A**2,), ("a",))) == []


def test_constants_that_move_together_are_counted() -> None:
    def told(*others: int) -> list[str]:
        first = Constant(2.0, 0.1, digits=3, tied=tuple((other, -0.99) for other in others))
        rest = [Constant(3.0 + other, 0.1, digits=3) for other in others]
        return remarks(Formula((A**2,), ("a",), constants=(first, *rest)))

    assert told(1) == [
        "The constants 2 and 4 move together (correlation -0.990): their combination is better known "
        "than either."
    ]
    (three,) = told(1, 2)
    assert three.startswith(
        "The constants 2, 4 and 5 move together (correlations of 0.990 and more)"
    )
    assert three.endswith("better known than any of them.")


def test_a_table_shows_the_losses_that_are_known() -> None:
    laws = [
        Formula((A**n,), ("a",), scores={"validation_loss": loss})
        for n, loss in ((2, 0.125), (3, None), (4, float("inf")))
    ]
    table = latex_table(laws, laws[1])
    figures = [line.split("&")[2].strip() for line in table.splitlines() if line.count("&") == 3]
    assert figures[1:] == ["0.125", "--", "--"]
    assert table.count(r"$\ast$ & 3 & --") == 1
