"""Names cannot make a formula lie: each is told from all others and from what is no name."""

import re
import xml.etree.ElementTree as ElementTree

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.formulas.formula import Formula
from workbench.formulas.naming import quotations, told_apart, write_labels, write_names
from workbench.formulas.parsing import parse_expression
from workbench.formulas.units import spelled
from workbench.network.targets import right_side

AWKWARD = (
    "0", "1", "1e5", "-x", "a*b", "x**2", "pi", "π", "e", "E", "I", "i", "exp", "Exp", "nan", "J0", "a b",
    "a  b", " a b", "a\nb", "x(t)", "", "x1", "x_1", "x_", "x", "X", "y_", "y", "beta1", "beta_1", "α",
    "alpha", "Alpha", "theta", "caf\u00e9", "cafe\u0301", "\u00b5", "\u03bc", "\u0430", "a", "“0”", "`0`",
    "a\\b", "a\\x20b", "n" * 60, "n" * 61, "\u200b", "\x00", "<b>", "$", "%", r"}\input{x}",
)  # fmt: skip
ORDINARY = {
    "x1": (r"x_{1}", "x1"), "theta": (r"\theta", "theta"), "volume": (r"\mathrm{volume}", "volume"),
    "mu_r": (r"\mathrm{mu\_r}", "mu_r"), "lambda": (r"\lambda", "lambda"), "beta_2": (r"\beta_{2}", "beta_2"),
}  # fmt: skip
MEDIA = ("text", "latex", "mathml", "shown")
names = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(max_size=8),
    st.from_regex(r"\A[a-zA-Z0-9_.*+ -]{1,4}\Z"),
)


def sum_of(*columns: str, target: str = "out") -> Formula:
    symbols = [sympy.Symbol(name, real=True) for name in columns]
    return Formula((sympy.Add(*(k * s for k, s in enumerate(symbols, 2))),), columns, target)


def plainly(markup: str) -> str:
    return "".join(ElementTree.fromstring(markup).itertext())


@settings(deadline=None, max_examples=150)
@given(st.lists(names, min_size=2, max_size=6, unique=True))
def test_no_two_names_are_written_alike_and_none_as_a_number(columns: list[str]) -> None:
    written = write_names(columns[1:], columns[:1]).values()
    for medium in MEDIA:
        assert len({getattr(w, medium) for w in written}) == len(columns), medium
    for w in written:
        for said in (w.text, plainly(w.mathml), w.shown):
            assert re.fullmatch(r"[\d.+\-*/^() ]*|pi|π|nan", said) is None
        assert w.latex not in ("e", "i", r"\pi", "")
        assert w.text.isprintable()
        assert w.shown.isprintable()


@settings(deadline=None, max_examples=100)
@given(st.lists(names, min_size=2, max_size=5, unique=True))
def test_a_printed_formula_is_read_back(columns: list[str]) -> None:
    law = sum_of(*columns[1:], target=columns[0])
    assert right_side(str(law), columns[1:], columns[0]) == law.expression


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_names_look_as_they_always_did(name: str) -> None:
    written = write_names([name, "volume"], ["out"])[name]
    assert (written.latex, written.text) == ORDINARY[name]
    assert written.plain
    assert sum_of(name).legend == ()


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (("0", "1"), "out = 2*`0` + 3*`1`"),
        (("a*b", "a"), "out = 3*a + 2*`a*b`"),
        (("pi", "x"), "out = 2*`pi` + 3*x"),
        (("y_", "y"), "out = 3*y + 2*y_"),
        (("E", "exp"), "out = 2*`E` + 3*`exp`"),
        (("caf\u00e9", "cafe\u0301"), "out = 3*`cafe\\u0301` + 2*`caf\\xe9`"),
    ],
)
def test_text_quotes_what_would_mislead(columns: tuple[str, ...], text: str) -> None:
    assert str(sum_of(*columns)) == text


@pytest.mark.parametrize(
    "columns",
    [
        ("y_", "y"),
        ("x1", "x_1"),
        ("beta1", "beta_1"),
        ("alpha", "α"),
        ("\u00b5", "mu"),
        ("a", "\u0430"),
    ],
)
def test_names_that_merge_in_mathematics_are_told_apart(columns: tuple[str, ...]) -> None:
    law = sum_of(*columns)
    one, other = (law.written[name] for name in columns)
    assert one.shown != other.shown
    assert "_{1}" not in law.latex
    if "y" not in columns:
        assert (one.shown + other.shown).count("“") == 2
        assert law.legend


def test_a_legend_says_which_column_is_meant() -> None:
    law = sum_of("0", "n" * 50, "x")
    first, second = law.legend
    assert first.endswith("is a column: “0”.")
    assert "n" * 50 in second
    assert "…" in second
    assert first in law._repr_html_()


def test_a_step_is_no_theta() -> None:
    x, theta = sympy.symbols("x theta", real=True)
    law = Formula((sympy.Heaviside(x - 1) + theta,), ("x", "theta"))
    assert law.latex.count(r"\theta") == 1
    assert "step" in law.mathml


def test_several_outputs_have_names_of_their_own() -> None:
    x = sympy.Symbol("y_1", real=True)
    law = Formula((x, 2 * x), ("y_1",), "y")
    assert len({*law.left_sides, "y_1"}) == 3


def test_labels_of_classes_are_quoted_where_they_would_mislead() -> None:
    assert write_labels([0, "Iris-setosa", "<=50K"])[1] == ("Iris-setosa", "Iris-setosa")
    (text, shown), _ = write_labels(["a) = 3\n", "b"])
    assert (text, shown) == ("`a) = 3\\x0a`", "“a) = 3\\x0a”")


def test_products_of_columns_are_written_with_quoted_names() -> None:
    assert spelled([{"a*b": 1, "1": -2, "v": 1}]) == ["`a*b`*v/`1`^2"]


def test_shortened_texts_stay_distinct() -> None:
    long = ["a" * 30 + "b" + "c" * 30, "a" * 30 + "d" + "c" * 30]
    assert len(set(quotations(long).values())) == 2


def test_a_quoted_constant_is_a_column() -> None:
    found = parse_expression("pi*`pi`", ["pi"])
    assert found == sympy.pi * sympy.Symbol("pi", real=True)


def test_long_names_in_short_stay_apart() -> None:
    stations = [
        f"mean_annual_precipitation_of_station_number_{i:02d} (mm per year)" for i in range(50)
    ]
    short = told_apart([*stations, "x", "one_name_that_is_long_and_like_no_other"], 26)
    assert len(set(short)) == 52
    assert max(map(len, short)) <= 26
    assert all(f"{i:02d}" in short[i] for i in range(50))
    assert short[-2:] == ["x", "one_name_tha…ike_no_other"]
    assert told_apart(["n" * 40, "n" * 41], 10) == ["…nnnnn", "…nnnnnn"]
