"""A saved formula is data: it is checked whole, and nothing that it says runs or grows."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sympy

from workbench.errors import InputError
from workbench.formulas.bands import Spread
from workbench.formulas.constant import Constant
from workbench.formulas.evaluation import compiled
from workbench.formulas.formula import Formula
from workbench.formulas.groups import Groups
from workbench.formulas.parsing import parse_expression

A, B = sympy.symbols("a b", real=True)
PAYLOAD = "__import__('pathlib').Path('OWNED').touch()"


def formula() -> Formula:
    return Formula(
        (2.5 * sympy.exp(A) + B**2,),
        ("a", "b"),
        domain={"a": (-1.0, 1.0), "b": (0.0, 2.0)},
        units={"a": "m"},
        constants=(Constant(2.5, 0.1, interval=(2.3, 2.7), tied=((0, 0.5),)),),
        scores={"train_loss": 0.1, "validation_loss": float("nan")},
        provenance={"seed": 0},
    )


def changed(tmp_path: Path, **changes: object) -> Path:
    path = tmp_path / "formula.json"
    path.write_text(json.dumps(formula().to_json() | changes))
    return path


def test_it_comes_back(tmp_path: Path) -> None:
    formula().save(tmp_path / "f.json")
    back = Formula.load(tmp_path / "f.json")
    assert back.to_json() == formula().to_json()


SYMBOL = "Symbol('a', real=True)"


def nested(name: str, deep: int) -> str:
    """A function within itself."""
    text = SYMBOL
    for i in range(deep):
        inner = f"Add({text}, Rational(1, 3))"
        other = f"Mul({SYMBOL}, Integer({i + 2}))"
        match name:
            case "Max":
                text = f"Max({inner}, {other})"
            case "Piecewise":
                condition = f"GreaterThan({SYMBOL}, Rational({i}, 7))"
                text = f"Piecewise(ExprCondPair({inner}, {condition}), ExprCondPair({other}, true))"
            case _:
                text = f"{name}({inner})"
    return text


HOSTILE = [
    f"Add({SYMBOL}, Symbol({PAYLOAD!r}, real=True))",
    f"Add({SYMBOL}, Symbol('other', real=True))",
    f"Add({SYMBOL}, Symbol('b'))",
    f"Mul({SYMBOL}, Pow(Integer(10), Pow(Integer(10), Integer(10))))",
    f"Mul({SYMBOL}, Pow(Integer(10), Integer(1000000000)))",
    f"Pow({SYMBOL}, Integer(1000000000))",
    f"Pow(Pow({SYMBOL}, Integer(999)), Integer(999))",
    "Mul(" + ", ".join([f"Pow({SYMBOL}, Integer(999))"] * 2) + ")",
    "Pow(Rational(1000000001, 1000000000), Integer(1000000000))",
    f"Mul({SYMBOL}, exp(exp(exp(Integer(100)))))",
    f"Mul({SYMBOL}, Float('1.5', precision=1000000000))",
    f"Mul({SYMBOL}, Float('1e999999999'))",
    f"Mul({SYMBOL}, Float('1e-999999999'))",
    f"Mul({SYMBOL}, Rational('1e999999999'))",
    f"Mul({SYMBOL}, Rational(1, 0))",
    f"besselj(Integer(1000000000), {SYMBOL})",
    "sin(" * 70 + SYMBOL + ")" * 70,
    "sin(" * 5000 + SYMBOL + ")" * 5000,
    "Add(" + ", ".join([SYMBOL] * 5001) + ")",
    f"Max({', '.join(f'Mul({SYMBOL}, Integer({k}))' for k in range(11))})",
    f"Pow({SYMBOL})",
    "Pow(true, Integer(2))",
    "sin(ExprCondPair(Integer(1), true))",
    "besselj()",
    f"Symbol({SYMBOL})",
    "Symbol('a', real='x')",
    "Add",
    "Integer('7')",
    "Float('1+1')",
]


HOSTILE += [
    f"Mul({SYMBOL}, {nested(name, 7)})"
    for name in ("sinc", "coth", "tanh", "erf", "sign", "Heaviside", "Max", "Piecewise")
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:40])
def test_hostile_expressions_are_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError):
        Formula.load(changed(tmp_path, expressions=[text], as_fitted=[]))


@pytest.mark.parametrize("name", ["tanh", "sign", "Max", "Piecewise", "sin", "Abs"])
def test_functions_within_each_other_come_back(tmp_path: Path, name: str) -> None:
    back = Formula.load(changed(tmp_path, expressions=[nested(name, 6)], as_fitted=[]))
    assert np.isfinite(back(np.full((1, 2), 1.5))).all()


@pytest.mark.parametrize(("pieces", "refused"), [(20, False), (21, True)])
def test_so_many_pieces_are_read(tmp_path: Path, pieces: int, refused: bool) -> None:
    parts = [
        f"ExprCondPair(Integer({i}), LessThan({SYMBOL}, Integer({i})))"
        for i in range(2, pieces + 1)
    ]
    text = f"Piecewise({', '.join([*parts, f'ExprCondPair({SYMBOL}, true)'])})"
    path = changed(tmp_path, expressions=[text], as_fitted=[])
    if refused:
        with pytest.raises(InputError, match="Piecewise has more than 20 parts"):
            Formula.load(path)
    else:
        assert Formula.load(path)(np.array([[2.5, 0.0]])) == 3


def test_functions_within_each_other_are_refused_when_they_are_typed() -> None:
    assert parse_expression("sinc(sinc(sinc(a)))").has(sympy.sinc)
    with pytest.raises(InputError, match="too deep: sinc"):
        parse_expression("sinc(sinc(sinc(sinc(a))))")
    many = " + ".join(f"max({k + 2}*a, b)" for k in range(101))
    with pytest.raises(InputError, match="100 maxima"):
        parse_expression(many)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"names": ["a", "a"]}, "names must differ"),
        ({"names": ["a", "b", "y"]}, "names must differ"),
        ({"names": [f"x{i}" for i in range(100_000)]}, "100001 names, 10000 at most"),
        ({"names": ["a", "b\0"]}, r"names\[1\]"),
        ({"names": ["a"]}, "other columns"),
        ({"target": 7}, "Expected `str`"),
        ({"task": "magic"}, "Invalid enum"),
        ({"task": "classification", "classes": ["p", "q", "r"]}, "a logit for every class"),
        ({"classes": ["p"]}, "classes"),
        ({"domain": {"a": [1.0, -1.0]}}, "wrong way"),
        ({"domain": {"a": [float("nan"), 1.0]}}, "domain"),
        ({"units": {"c": "m"}}, "other columns"),
        ({"constants": [{"value": "1"}]}, "constants"),
        ({"constants": [{"value": 1, "sigma": None, "snapped": None, "evidence": "",
                         "tied": [[1, 0.5]]}]}, "a constant lacks"),
        ({"as_fitted": ["Integer(1)", "Integer(1)"]}, "outputs differ"),
        ({"surprise": 1}, "surprise"),
        ({"expressions": []}, "no expression"),
        ({"provenance": json.loads("[" * 500 + "]" * 500)}, "provenance"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_one_sentence(tmp_path: Path, changes: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Formula.load(changed(tmp_path, **changes))


def test_names_reach_code_as_placeholders_alone(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    x = sympy.Symbol(PAYLOAD, real=True)
    found = Formula((x**2,), (PAYLOAD,), domain={PAYLOAD: (0.0, 1.0)})
    assert np.array_equal(found(np.array([[3.0]])), [9.0])
    assert found.export("python").error == 0.0
    with pytest.raises(InputError, match="holds"):
        Formula((x,), ("a",))
    with pytest.raises(InputError, match="holds"):
        compiled(sympy.Function(PAYLOAD)(A), [A])
    assert list(tmp_path.iterdir()) == []


def test_a_saved_formula_is_taken_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = [sympy.Heaviside(i * A + B / i) + sympy.sin(i * B - A) for i in range(1, 9)]
    law = Formula((sympy.Add(*terms),), ("a", "b"), domain={"a": (0.0, 1.0), "b": (0.0, 1.0)})
    law.save(tmp_path / "f.json")
    for head in (sympy.Heaviside, sympy.sin):  # looking for another form takes most of the time

        def looked(*_: object) -> None:
            pytest.fail("it is built again")

        monkeypatch.setattr(head, "eval", looked)
    back = Formula.load(tmp_path / "f.json")
    assert back.expressions == law.expressions
    assert back.latex
    assert back.mathml
    assert str(back)


@pytest.mark.parametrize(("terms", "refused"), [(5, False), (8, True)])
def test_the_outputs_of_a_file_have_so_many_parts_together(
    tmp_path: Path, terms: int, refused: bool
) -> None:
    sines = [f"sin(Mul(Integer({i + 2}), {SYMBOL}))" for i in range(terms)]
    expressions = [f"Add({', '.join(sines)})"] * 100
    path = changed(
        tmp_path,
        expressions=expressions,
        as_fitted=expressions,
        classes=list(range(100)),
        task="classification",
    )
    if refused:
        with pytest.raises(InputError, match="at most 3000 parts"):
            Formula.load(path)
    else:
        assert len(Formula.load(path).expressions) == 100


def with_groups() -> Formula:
    k = sympy.Symbol("k", real=True)
    rows = tuple(
        (Constant(value, 0.1, interval=(value - 0.2, value + 0.2)),) for value in (1.0, 2.0)
    )
    return Formula(
        (k * A + 0.5,),
        ("a",),
        domain={"a": (0.0, 1.0)},
        constants=(Constant(0.5, 0.01),),
        grouping=Groups("metal", ("steel", 7), ("k",), rows, (5, 6), 0.1, 8.0),
        spread=Spread((((0.1, 0.0), (0.0, 0.2)),) * 2, 0.01, 8.0),
    )


def test_groups_come_back(tmp_path: Path) -> None:
    formula = with_groups()
    formula.save(tmp_path / "f.json")
    back = Formula.load(tmp_path / "f.json")
    assert back == formula
    assert back.groups[7]["k"].value == 2.0
    assert back.predict_interval(pd.DataFrame({"a": [1.0], "metal": [7]})).shape == (1, 2)


GROUPS = with_groups().to_json()["groups"]
SPREAD = with_groups().to_json()["spread"]
BAD_GROUPS = {
    "a letter that is code": {"groups": GROUPS | {"letters": [PAYLOAD]}},
    "a letter that is a column": {"groups": GROUPS | {"letters": ["a"]}},
    "a group twice": {"groups": GROUPS | {"labels": ["7", 7]}},
    "a group without constants": {"groups": GROUPS | {"constants": GROUPS["constants"][:1]}},
    "a constant too many": {
        "groups": GROUPS | {"constants": [row * 2 for row in GROUPS["constants"]]}
    },
    "a group without rows": {"groups": GROUPS | {"rows": [5]}},
    "no groups": {"groups": GROUPS | {"labels": [], "constants": [], "rows": []}},
    "too many groups": {"groups": GROUPS | {"labels": list(range(20_000))}},
    "negative noise": {"groups": GROUPS | {"noise": -1.0}},
    "another field": {"groups": GROUPS | {"more": 1}},
    "groups of classes": {"task": "classification", "classes": ["u", "v"]},
    "letters without groups": {"groups": None, "spread": None},
    "errors of one group": {"spread": SPREAD | {"covariances": SPREAD["covariances"][:1]}},
    "errors that are no square": {"spread": SPREAD | {"covariances": [[[0.1, 0.0]]] * 2}},
}


@pytest.mark.parametrize("case", BAD_GROUPS)
def test_damaged_groups_are_refused(case: str, tmp_path: Path) -> None:
    path = tmp_path / "formula.json"
    path.write_text(json.dumps(with_groups().to_json() | BAD_GROUPS[case]))
    with pytest.raises(InputError):
        Formula.load(path)
