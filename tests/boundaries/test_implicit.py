"""A law g(x) = 0: its sides, distances, other ways to write it, files, and when two are the same."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sympy

from workbench.boundaries import ImplicitFormula
from workbench.errors import InputError

LAM, E = sympy.symbols("lam E", real=True)
DOMAIN = {"lam": (0.1, 5.0), "E": (-4.0, 4.0)}
LAW = ImplicitFormula(LAM * sympy.Abs(E) - 2, ("lam", "E"), domain=DOMAIN)
ROWS = pd.DataFrame({"E": [2.0, -4.0, 0.5], "lam": [1.5, 0.25, 4.0]})


def test_columns_come_in_any_order_and_sides_follow_from_values() -> None:
    np.testing.assert_allclose(LAW.value(ROWS), [1, -1, 0])
    assert LAW.inside(ROWS).tolist() == [True, False, False]
    np.testing.assert_allclose(LAW.gradient(ROWS)[0], [2, 1.5])
    with pytest.raises(InputError, match="'lam'"):
        LAW.inside(ROWS[["E"]])


def test_distances_are_those_of_geometry() -> None:
    x, y = sympy.symbols("x y", real=True)
    circle = ImplicitFormula(x**2 + y**2 - 4, ("x", "y"))
    rows = np.array([[3.0, 0.0], [0.0, 1.0], [1.2, 1.6]])
    np.testing.assert_allclose(circle.distance(rows), [1, 1, 0], atol=1e-12)


def test_it_is_written_solved_and_exported() -> None:
    assert LAW.text() == "lam*Abs(`E`) - 2 > 0"
    assert LAW.solved == sympy.Eq(LAM, 2 / sympy.Abs(E))
    assert LAW.latex().count("=") == 1
    export = LAW.export("python")
    assert export.error is not None
    assert export.error < 1e-9


def test_a_factor_and_a_monotone_function_make_no_other_law() -> None:
    assert LAW.same_as(3 * LAW.expression)
    assert LAW.same_as(sympy.log(LAM) + sympy.log(sympy.Abs(E)) - sympy.log(2))
    assert not LAW.same_as(-LAW.expression)
    assert not LAW.same_as(LAM * sympy.Abs(E) - 2.2)


def test_a_file_brings_it_back_and_runs_no_code(tmp_path: Path) -> None:
    path = tmp_path / "edge.json"
    LAW.save(path)
    assert ImplicitFormula.load(path) == LAW
    content = json.loads(path.read_text())
    for change in (
        {"expression": "__import__('os').system('true')"},
        {"expression": "Pow(Integer(10), Pow(Integer(10), Integer(10)))"},
        {"expression": "Symbol('other', real=True)"},
        {"format": "kan-workbench-boundary-9"},
        {"names": ["lam", "lam"]},
    ):
        path.write_text(json.dumps({**content, **change}))
        with pytest.raises(InputError, match=r"edge\.json"):
            ImplicitFormula.load(path)
