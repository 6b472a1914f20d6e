"""Studies rest on sound data, and no law is given to them or found where there is none.

That they find theirs, ``laws`` asks of the results in their notebooks: see ``tests/test_notebooks.py``.
"""

import numpy as np
import pytest

from case_studies import registry
from case_studies.knots.inputs import dataset
from case_studies.knots.study import STUDY as KNOTS
from case_studies.knots.table import load_table
from case_studies.localization.data import eigenstates
from case_studies.localization.models import AUBRY_ANDRE
from case_studies.localization.study import GENERALIZED, table
from case_studies.localization.study import STUDY as LOCALIZATION
from workbench.studies.study import CaseStudy


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def test_shuffled_signatures_give_no_law() -> None:
    from workbench.formulas.formula_set import FormulaSet
    from workbench.search.polish import constants_and_lines, ratios

    knots = load_table(13)
    shuffled = knots["signature"].sample(frac=1, random_state=0).to_numpy()
    data = dataset(knots.assign(signature=shuffled))
    names = [
        "longitudinal_translation",
        "meridional_translation_real",
        "meridional_translation_imag",
    ]
    found: FormulaSet = constants_and_lines(data).merged(ratios(data, names))
    assert found.best.expression.is_number


def test_neither_law_nor_inputs_are_given() -> None:
    data = KNOTS.load()
    assert len(data.names) == 13
    assert "slope" not in data.names
    chain = LOCALIZATION.load(quick=True)
    assert chain.names == ("alpha", "lam", "phi", "E")


def test_states_of_a_realization_stay_together() -> None:
    states = table(GENERALIZED, quick=True)
    data = LOCALIZATION.load(quick=True)
    number = states["realization"].to_numpy()
    parts = [set(number[getattr(data, p).numpy()]) for p in ("train", "validation", "test")]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not parts[one] & parts[other]


def test_eigenstates_are_cached_and_repeatable(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    first = eigenstates(AUBRY_ANDRE, 3, sites=89, seed=2)
    assert len(list(tmp_path.iterdir())) == 1
    again = eigenstates(AUBRY_ANDRE, 3, sites=89, seed=2)
    assert first.equals(again)
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "a file"))
    (tmp_path / "a file").write_text("")
    np.testing.assert_allclose(eigenstates(AUBRY_ANDRE, 3, sites=89, seed=2)["E"], first["E"])


@pytest.mark.parametrize("name", registry())
def test_studies_have_one_face(name: str) -> None:
    study: CaseStudy = {"knots": KNOTS, "localization": LOCALIZATION}[name]
    assert study.name == name
    assert study.title
    assert study.question.endswith("?")
    assert study.notebook == f"{name}.ipynb"
