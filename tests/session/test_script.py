"""A script that is run elsewhere gives the same formula to the last digit."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
import sympy
import torch

from tests.session.test_session import until
from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.kan import Adam, Huber
from workbench.session import Session


@pytest.fixture
def table(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.uniform(0.5, 2, 200), "b": random.uniform(0.5, 2, 200)})
    frame["y"] = 1.37 * frame["a"] ** 2 + np.sqrt(frame["b"]) + random.normal(0, 0.01, 200)
    frame.to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv"


def run(session: Session, folder: Path, last: str) -> str:
    path = folder / "script.py"
    path.write_text(f"{session.to_script()}{last}\n")
    done = subprocess.run(
        [sys.executable, path], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_everything_that_was_done_is_repeated(table: Path, tmp_path: Path) -> None:
    session = Session.open(table, "y", (2, 1), grids=(3, 6), starts=4).start().wait()
    edge = session.model.edges()[0]
    best = session.suggest(edge)[0]
    session.prune(0.001).fix(edge, best.name, best.affine).unfix(edge).hold(edge).start().wait()
    session.release(edge).prune().symbolify()
    loose = [i for i, f in enumerate(session.formulas) if any(c.sigma for c in f.constants)]
    session.choose(loose[-1])
    assert run(session, tmp_path, "print(formula.srepr)") == session.formula.srepr.splitlines()[-1]


def test_loss_memory_and_solver_are_told(table: Path, tmp_path: Path) -> None:
    options = {"loss": "huber", "memory": 1e8, "solver": Adam(0.02, 1e-3, 64), "steps": 30}
    session = Session.open(table, "y", (2, 1), **options).start().wait()
    assert "Validation Huber RMSE" in session.frame.message
    said = "loss='huber', memory=100000000.0, solver=Adam(learning_rate=0.02, "
    assert said in session.to_script()
    total = "print(float(model(data.inputs).sum()))"
    with torch.no_grad():
        expected = float(session.model(session.data.inputs).sum())
    assert float(run(session, tmp_path, total)) == expected
    plain = Session.open(table, "y", (2, 1), **options | {"loss": "squared"}).start().wait()
    assert plain.frame.message.startswith("Validation RMSE")
    assert not torch.equal(plain.model.layer(0).coefficients, session.model.layer(0).coefficients)
    back = Session.load(session.save(tmp_path / "s.kan"))
    assert back.options == session.options == options
    too_small = Session.open(table, "y", (2, 1), memory=10, solver="lm").start()
    with pytest.raises(InputError, match=r"more than the 0\.0 GB allowed"):
        too_small.wait()


def test_formulas_follow_the_loss_of_the_session(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    x = random.uniform(-2, 2, 300)
    y = 3 * x - 1 + 0.02 * random.standard_normal(300)
    y[::20] += random.choice([-90, 90], 15)
    path = tmp_path / "outliers.csv"
    pd.DataFrame({"a": x, "y": y}).to_csv(path, index=False)
    session = Session.open(path, "y", (1, 1), loss="huber", grids=(3,), starts=1).add("k*a + m")
    slope = float(session.formula.expression.diff(sympy.Symbol("a", real=True)))
    assert abs(slope - 3) < 0.1  # least squares errs by 1 or so
    assert session.formula.provenance["objective"] == "Huber's loss"
    assert run(session, tmp_path, "print(formula.srepr)") == session.formula.srepr
    with pytest.raises(InputError, match="a session has one loss"):
        session.start(loss="squared")


def test_a_loss_is_named(table: Path) -> None:
    with pytest.raises(InputError, match=r"a session names its loss, .* got Huber"):
        Session.open(table, "y", loss=Huber())
    with pytest.raises(InputError, match="loss must be 'auto', 'squared', 'huber' or 'poisson'"):
        Session.open(table, "y", loss="hinge").start().wait()


def test_a_training_that_was_stopped_stops_there_again(table: Path, tmp_path: Path) -> None:
    session = Session.open(table, "y", (2, 3, 1), solver="adam", steps=100_000).start()
    until(lambda: session.frame.step > 3)
    session.stop()
    session.wait()
    total = "print(float(model(data.inputs).sum()))"
    with torch.no_grad():
        assert float(run(session, tmp_path, total)) == float(
            session.model(session.data.inputs).sum()
        )


def test_options_are_told_and_repeated_wherever_they_count(table: Path, tmp_path: Path) -> None:
    options = {"grids": (3,), "starts": 2, "smoothness": 1e-6, "l1": 1e-4}
    session = Session.open(table, "y", (2, 2, 1), seed=3, **options).start().wait().prune()
    assert f"eliminate(model, data, seed=3, training={options})" in session.to_script()
    total = "print(float(model(data.inputs).sum()))"
    for step in (lambda: None, session.discover):
        step()
        with torch.no_grad():
            expected = float(session.model(session.data.inputs).sum())
        assert float(run(session, tmp_path, total)) == expected
    assert f"discover(data, effort='quick', seed=3, training={options})" in session.to_script()


def test_a_discovery_is_one_line(table: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(table)
    frame.assign(y=frame["a"] ** 2 + frame["b"]).to_csv(table, index=False)
    session = Session.open(table, "y").discover()
    assert "discover(data, effort='quick', seed=0)" in session.to_script()
    assert session.formula.scores["test_r2"] > 0.99
    said = run(session, tmp_path, "print(formula.srepr)")
    assert said == session.formula.srepr.splitlines()[-1]


def test_laws_and_formulas_by_hand_are_repeated(table: Path, tmp_path: Path) -> None:
    session = Session.open(table, "y", grids=(3, 6), starts=4).law("y = f(a) + sqrt(b)")
    session.start().wait().symbolify(
        functions=["square", "linear"], allowed={session.model.edges()[0]: ["cube", "square"]}
    )
    session.hold_part(session.choice, 1).add("k*a^2 + sqrt(b)")
    assert [step.name for step in session.steps[1:]] == [
        "law y = f(a) + sqrt(b)", "train", "find formulas",
        session.steps[4].name, "add k*a^2 + sqrt(b)",
    ]  # fmt: skip
    assert session.steps[4].name.startswith("hold ")
    assert session.formula.scores["test_r2"] > 0.99
    assert run(session, tmp_path, "print(formula.srepr)") == session.formula.srepr.splitlines()[-1]


def test_a_formula_is_a_network_to_start_from(table: Path, tmp_path: Path) -> None:
    session = Session.open(table, "y", grids=(3,)).start_from("a^2 + sqrt(b)")
    assert session.trained
    assert session.start().wait().loss() < 0.03
    total = "print(float(model(data.inputs).sum()))"
    with torch.no_grad():
        assert float(run(session, tmp_path, total)) == float(
            session.model(session.data.inputs).sum()
        )


def test_what_is_by_hand_can_be_undone_and_refused(table: Path) -> None:
    session = Session.open(table, "y", (2, 1))
    before = session.model
    with pytest.raises(InputError, match="holds the target"):
        session.law("z = f(a)")
    assert session.model is before
    session.law("y = f(a) + g(b)").undo()
    assert session.model is before
    session.add("a^2 + b").undo()
    assert not session.has_formulas


def test_a_notebook_has_a_cell_for_every_step(table: Path) -> None:
    session = Session.open(table, "y", (2, 1, 1), grids=(3,), starts=2).start().wait()
    notebook = nbformat.reads(session.to_notebook("A title"), as_version=4)
    nbformat.validate(notebook)
    assert [c.cell_type for c in notebook.cells] == ["markdown", *["code"] * 4]
    script = session.to_script()
    assert all(cell.source in script for cell in notebook.cells[1:])
    assert json.loads(session.to_notebook())["cells"][0]["source"] == ["# y from a, b"]


def test_a_table_that_came_from_nowhere_is_said(table: Path) -> None:
    session = Session.open(table, "y", (2, 1))
    session.source = ""
    assert "# data: the Dataset of this session" in session.to_script()


def test_snapped_constants_show_their_evidence(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"a": random.uniform(0, 1, 100), "b": random.uniform(0, 1, 100)})
    frame["y"] = 2 * frame["a"] - frame["b"] / 3 + 1
    frame.to_csv(tmp_path / "plane.csv", index=False)
    session = Session.open(tmp_path / "plane.csv", "y", (2, 1), grids=(3,), starts=2)
    session.start().wait().symbolify(functions=["linear", "square"])
    fitted = [i for i, f in enumerate(session.formulas) if len(f.used) == 2 and _fitted(f) == 3]
    session.snap(fitted[0])
    assert session.formula.expression == sympy.sympify("2*a - b/3 + 1").xreplace(
        {sympy.Symbol(n): sympy.Symbol(n, real=True) for n in "ab"}
    )
    assert all(c.evidence for c in session.formula.constants if c.snapped)
    with pytest.raises(InputError, match="close enough to an exact number"):
        session.snap()
    assert session.undo().redoable == "snap constants"
    assert run(session.redo(), tmp_path, "") == "y = 2*a - b/3 + 1"


def _fitted(formula: Formula) -> int:
    return sum(constant.snapped is None for constant in formula.constants)
