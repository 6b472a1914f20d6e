"""95 % bands of a formula: the delta method of its constants, and the noise."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sympy
from scipy.stats import t as student

from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.kan.data import Dataset
from workbench.search.automatic import discover
from workbench.search.polish import polished
from workbench.search.scaling import Scaling

X = sympy.Symbol("x", real=True)
LINE = sympy.Float(1.1) * X + sympy.Float(0.3)


def table(rows: int = 60, scale: float = 1.0) -> pd.DataFrame:
    random = np.random.default_rng(0)
    x = random.uniform(1, 5, rows)
    return pd.DataFrame(
        {"x": x, "y": scale * (2.37 * x + 0.71 + 0.2 * random.standard_normal(rows))}
    )


def line(data: Dataset) -> Formula:
    return next(f for f in polished([(LINE,)], data) if f.spread and len(f.constants) == 2)


def test_bands_of_a_line_are_those_of_the_textbook() -> None:
    data = Dataset.from_frame(table(), "y")
    formula = line(data)
    x, y = (part.numpy()[:, 0] for part in data.split("train"))
    new = np.array([1.0, 3.0, 9.0])
    slope, start = np.polyfit(x, y, 1)
    degrees = len(x) - 2
    variance = np.square(y - slope * x - start).sum() / degrees
    part = 1 / len(x) + np.square(new - x.mean()) / np.square(x - x.mean()).sum()
    reach = student.ppf(0.975, degrees)
    for noise in (True, False):
        wide = reach * np.sqrt(variance * (part + noise))
        found = formula.predict_interval(new[:, None], noise=noise)
        assert found[:, 0] == pytest.approx(slope * new + start - wide, rel=1e-8)
        assert found[:, 1] == pytest.approx(slope * new + start + wide, rel=1e-8)


def test_they_hold_nineteen_of_twenty_new_rows() -> None:
    formula = line(Dataset.from_frame(table(400), "y"))
    random = np.random.default_rng(1)
    x = random.uniform(1, 5, 4000)
    y = 2.37 * x + 0.71 + 0.2 * random.standard_normal(4000)
    low, high = formula.predict_interval(pd.DataFrame({"x": x})).T
    assert 0.93 < ((low <= y) & (y <= high)).mean() < 0.97


def test_they_are_saved_and_follow_names_and_units(tmp_path: Path) -> None:
    formula = line(Dataset.from_frame(table(), "y"))
    formula.save(tmp_path / "f.json")
    x = np.array([[2.0], [4.0]])
    expected = formula.predict_interval(x)
    assert Formula.load(tmp_path / "f.json").predict_interval(x) == pytest.approx(expected)
    assert formula.renamed({"x": "a"}).predict_interval(x) == pytest.approx(expected)
    data = Dataset.from_frame(table(scale=1e12), "y")
    scaling = Scaling.of(data)
    whole = scaling.formula(line(scaling.scaled))
    assert whole.predict_interval(x) == pytest.approx(1e12 * expected, rel=1e-6)


def test_where_they_are_not_known_it_is_said() -> None:
    formula = line(Dataset.from_frame(table(), "y"))
    with pytest.raises(InputError, match="was not kept with it"):
        replace(formula, spread=None).predict_interval(np.ones((1, 1)))
    with pytest.raises(InputError, match="not those that it was fitted with"):
        replace(formula, expressions=(LINE,)).predict_interval(np.ones((1, 1)))
    gap = formula.predict_interval(np.array([[np.nan], [2.0]]))
    assert np.isnan(gap).all(1).tolist() == [True, False]


def test_groups_have_bands_of_their_own() -> None:
    frame = pd.concat([table(12).assign(g="a"), table(30).assign(g="b")], ignore_index=True)
    frame.loc[frame["g"] == "b", "y"] *= 2
    formula = discover(Dataset.from_frame(frame, "y", by="g"), effort="quick", hidden=()).formula
    assert formula.varying
    new = pd.DataFrame({"x": [2.0, 2.0], "g": ["a", "b"]})
    found = formula.predict_interval(new)
    assert formula.of("a").predict_interval(new[["x"]])[0] == pytest.approx(found[0])
    assert formula.of("b").predict_interval(new[["x"]])[1] == pytest.approx(found[1])
    law = formula.predict_interval(new, noise=False)
    assert (found[:, 0] < law[:, 0]).all()
