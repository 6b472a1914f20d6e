"""Files of an earlier state of the package open: those in ``saved`` were written before modules moved."""

from pathlib import Path

import numpy as np
import pytest

from workbench import Formula, Session
from workbench.kan import load

SAVED = Path(__file__).parent / "saved"
X = np.random.default_rng(0).uniform(0.5, 2, (60, 2))
Y = 2 * X[:, 0] ** 2 + X[:, 1]


def test_a_formula_opens() -> None:
    law = Formula.load(SAVED / "formula.json")
    assert str(law) == "y = 2*mass**2 + speed"
    assert law(X) == pytest.approx(Y)


def test_a_network_opens() -> None:
    assert load(SAVED / "model.safetensors").predict(X).numpy()[:, 0] == pytest.approx(Y)


def test_a_session_opens_and_goes_on() -> None:
    session = Session.load(SAVED / "session.kan")
    assert len(session.versions) == 4
    assert str(session.formula) == "y = 2*mass**2 + speed"
    assert session.undo().redo().formula(X) == pytest.approx(Y)
    assert "workbench.discovery" not in session.to_script()
