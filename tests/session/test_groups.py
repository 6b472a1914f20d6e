"""One law for several groups, step by step: found, kept, repeated by its script, and what cannot be done."""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load as unpacked
from safetensors.torch import save as packed

from tests.session.test_script import run
from workbench.errors import InputError
from workbench.session import Session
from workbench.session.code import Source
from workbench.tables.preparation import Preparation
from workbench.tables.reading import read_table

SLOPES = {"brass": 1.2, "iron": 3.0, "tin": 0.7}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    random = np.random.default_rng(0)
    metals = random.choice(list(SLOPES), 90)
    t = random.uniform(1, 5, 90)
    y = np.array([SLOPES[m] for m in metals]) * t + 0.01 * random.standard_normal(90)
    path = tmp_path_factory.mktemp("groups") / "metals.csv"
    pd.DataFrame({"metal": metals, "T": t, "err": 0.01, "y": y}).to_csv(path, index=False)
    chosen = Preparation("y", ("T",), by="metal", sigma="err")
    data = chosen.apply(read_table(path))
    source = Source(str(path), preparation=chosen)
    found = Session(data, (1, 1), source=source, preparation=chosen, grids=(3,), starts=1)
    return found.start().wait().symbolify()


def test_constants_differ_between_groups(session: Session) -> None:
    assert session.formula.varying == ("a",)
    slopes = {label: row["a"].value for label, row in session.formula.groups.items()}
    assert slopes == pytest.approx(SLOPES, rel=0.01)


def test_the_script_repeats_it(session: Session, tmp_path: Path) -> None:
    assert run(session, tmp_path, "print(formula.srepr)") == session.formula.srepr


def test_groups_are_kept_in_the_file(session: Session, tmp_path: Path) -> None:
    back = Session.load(session.save(tmp_path / "metals.kan"))
    assert back.data.by.labels == session.data.by.labels
    assert np.array_equal(back.data.by.codes, session.data.by.codes)
    assert back.formula.group_table().equals(session.formula.group_table())
    assert back.preparation == session.preparation


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.snap(), "numbers that differ between groups are not snapped"),
        (lambda s: s.hold_part(s.choice, 0), "parts of a law by groups are not held constant"),
    ],
)
def test_what_groups_do_not_allow_is_said(session: Session, change, said: str) -> None:
    steps = len(session.steps)
    with pytest.raises(InputError, match=f"{said}: this formula has a for each group"):
        change(session)
    assert len(session.steps) == steps


@pytest.mark.parametrize("code", [-1, 3, 10**12])
def test_a_row_of_no_group_is_refused(session: Session, tmp_path: Path, code: int) -> None:
    path = session.save(tmp_path / "metals.kan")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    tensors = unpacked(members["data.safetensors"])
    tensors["groups"][5] = code
    members["data.safetensors"] = packed(tensors)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(InputError, match="a row has no group, or a group no row"):
        Session.load(path)
