"""From a table with groups to one law, and what a user does with it."""

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sympy
import torch

from workbench.errors import InputError, MissingValueWarning
from workbench.formulas.formula import Formula
from workbench.kan.data import Dataset
from workbench.search.automatic import discover
from workbench.search.groups.discovering import law_of_groups, one_hot
from workbench.search.resampling import _drawn, recurrence

SIZES = {"steel": 2.5, "copper": 4.0, "brass": 3.2, "<b>zinc</b>": 5.5}


def table(noise: float = 0.0, rows: int = 8) -> pd.DataFrame:
    random = np.random.default_rng(1)
    parts = []
    for name, size in SIZES.items():
        x = random.uniform(0.2, 6, rows)
        y = size * x / (x + 0.8)
        parts.append(pd.DataFrame({"material": name, "x": x, "y": y}))
    frame = pd.concat(parts, ignore_index=True)
    frame["y"] += noise * frame["y"].std() * random.standard_normal(len(frame))
    return frame


@pytest.fixture(scope="module")
def formula() -> Formula:
    return law_of_groups(Dataset.from_frame(table(0.01), "y", by="material"), quick=True).best


def test_the_law_and_what_differs_are_found(formula: Formula) -> None:
    (letter,) = formula.varying
    x, a = sympy.symbols(f"x {letter}", real=True)
    (constant,) = (c for c in formula.constants if c.snapped is None)
    assert formula.expression == a * x / (x + sympy.Float(constant.value))
    assert constant.interval is not None
    assert constant.interval[0] < 0.8 < constant.interval[1]
    assert list(formula.groups) == sorted(SIZES)
    for name, own in formula.groups.items():
        assert own[letter].value == pytest.approx(SIZES[str(name)], rel=0.05)


def test_nothing_differs_where_nothing_does() -> None:
    frame = table(0.01)
    frame["y"] = 3 * frame["x"] + 0.01 * np.random.default_rng(0).standard_normal(len(frame))
    found = law_of_groups(Dataset.from_frame(frame, "y", by="material"), quick=True).best
    assert found.varying == ()
    assert found.groups == {}
    assert found.predict(frame.drop(columns="material")) == pytest.approx(frame["y"], abs=0.1)


def test_rows_a_million_times_off_do_not_hide_the_law() -> None:
    clean = table(0.01, rows=25)
    frame = clean.copy()
    frame.loc[[3, 60], "y"] += [1e6, -1e6]
    data = Dataset.from_frame(frame, "y", by="material")
    found = discover(data, effort="quick", hidden=()).formula
    assert "they were left out" in found.provenance["outliers"]
    assert len(found.varying) == 1
    np.testing.assert_allclose(found.predict(frame), clean["y"], atol=0.15)


def test_predictions_follow_the_column_of_groups(formula: Formula) -> None:
    frame = table()
    assert formula.predict(frame.iloc[::-1]) == pytest.approx(frame["y"].to_numpy()[::-1], rel=0.05)
    one = formula.of("steel")
    steel = frame[frame["material"] == "steel"]
    assert one.predict(steel[["x"]]) == pytest.approx(formula.predict(steel), rel=1e-14)
    assert one.varying == ()


def test_a_group_that_is_not_known_is_refused(formula: Formula) -> None:
    with pytest.raises(InputError, match=r"not 'lead': fit it with formula\.fitted_to"):
        formula.predict(pd.DataFrame({"x": [1.0], "material": ["lead"]}))
    with pytest.raises(InputError, match="'material': give a DataFrame with"):
        formula.predict(np.ones((3, 1)))
    with pytest.raises(InputError, match="'material': give a DataFrame with"):
        formula.predict(pd.DataFrame({"x": [1.0]}))
    gap = pd.DataFrame({"x": [1.0, 1.0], "material": ["steel", None]})
    with pytest.warns(MissingValueWarning):
        assert np.isnan(formula.predict(gap)).tolist() == [False, True]


def test_a_new_group_is_fitted_with_the_form_as_it_is(formula: Formula) -> None:
    (letter,) = formula.varying
    x = np.linspace(0.3, 5, 6)
    rows = pd.DataFrame({"x": x, "y": 7 * x / (x + 0.8), "material": "lead"})
    more = formula.fitted_to(rows)
    assert more.expressions == formula.expressions
    assert more.groups["steel"] == formula.groups["steel"]
    lead = more.groups["lead"][letter]
    assert lead.value == pytest.approx(7, rel=0.02)
    assert lead.interval is not None
    assert lead.interval[0] < 7 < lead.interval[1]
    assert more.predict(rows) == pytest.approx(rows["y"].to_numpy(), rel=0.03)
    with pytest.raises(InputError, match=r"needs the columns .*\['y'\] lack"):
        formula.fitted_to(rows.drop(columns="y"))
    with pytest.raises(InputError, match="no row of the table is complete"):
        formula.fitted_to(rows.assign(y=np.nan))


def test_it_is_saved_and_read_again(formula: Formula, tmp_path: object) -> None:
    path = f"{tmp_path}/formula.json"
    formula.save(path)
    back = Formula.load(path)
    assert back.to_json() == formula.to_json()
    assert back.groups == formula.groups
    assert back.predict(table()) == pytest.approx(formula.predict(table()), rel=1e-15)


def test_names_of_groups_are_no_markup(formula: Formula) -> None:
    assert "<b>" not in formula._repr_html_()
    assert "&lt;b&gt;zinc" in formula._repr_html_()


@pytest.mark.parametrize("language", ["python", "sympy", "latex", "c", "excel"])
def test_exports_take_the_constants_as_arguments(
    formula: Formula, language: str, tmp_path: Path
) -> None:
    found = formula.export(language)
    if found.error is not None:
        assert found.error < 1e-3
    assert "not confirmed" not in found.note
    assert "steel" in found.text
    if language == "python":
        file = tmp_path / "formula.py"
        file.write_text(found.text, encoding="utf-8")
        space = runpy.run_path(str(file))
        assert space["formula"](2.0, **space["GROUPS"]["steel"]) == pytest.approx(
            formula.of("steel").predict(np.array([[2.0]])).item()
        )


def test_the_whole_search_takes_a_table_with_groups() -> None:
    data = Dataset.from_frame(table(0.01), "y", by="material")
    seen: list[Formula] = []
    found = discover(data, effort="quick", hidden=(), keep=lambda d: seen.append(d.formula))
    assert found.complete
    assert found.formula.varying
    assert seen[0].varying == ()
    assert [b.name for b in found.baselines][:2] == ["mean", "linear"]
    early = discover(data, effort="quick", report=lambda what, share: True)
    assert not early.complete


def test_one_hot_inputs_say_the_group() -> None:
    data = Dataset.from_frame(table(), "y", by="material")
    flags = one_hot(data)
    assert flags.by is None
    assert flags.names == ("x", "material = brass", "material = copper", "material = steel")
    assert flags.inputs[:, 1:].sum(1).max() == 1


def test_resamples_keep_every_group() -> None:
    data = Dataset.from_frame(table(0.02), "y", by="material")
    assert data.by is not None
    drawn = _drawn(data, 0)
    for part in ("train", "validation"):
        before, after = (data.by.codes[getattr(d, part).numpy()] for d in (data, drawn))
        assert np.array_equal(np.bincount(before), np.bincount(after))
    assert len(set(drawn.train.tolist())) < len(drawn.train)
    found = recurrence(data, resamples=1)
    assert found.resamples == 1


def test_the_network_that_is_shown_was_trained() -> None:
    found = discover(Dataset.from_frame(table(), "y", by="material"), effort="quick", hidden=())
    x, y = found.data.split("train")
    with torch.no_grad():
        left = (found.network(x) - y).square().mean()
    assert left < 0.9 * y.var()
    assert set(found.importance) == {"x"}
