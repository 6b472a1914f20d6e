"""A session outlives its kernel: everything comes back from its file, and nothing in it is executed."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import sympy
import torch
from safetensors.torch import load, save

from tests.problems import PROBLEMS
from tests.session.test_session import until
from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.formulas.library import register, unregister
from workbench.kan.data import Dataset
from workbench.kan.model import Edge
from workbench.search.blocks import Blocks
from workbench.search.structure.propose import Suggestion
from workbench.session import Session
from workbench.session import saved as saved_sessions
from workbench.session.autosave import Autosave
from workbench.session.code import Source
from workbench.session.manifest import described


@pytest.fixture(scope="module")
def session() -> Session:
    data = PROBLEMS[0].dataset(300)
    session = (
        Session(data, (2, 1, 1), grids=(3, 6), starts=4, source=Source("my table.csv", target="y"))
        .start()
        .wait()
    )
    session.keep("trained").fix(Edge(0, 1, 0), "square", (1.0, 0.0, 1.0, 0.0))
    session.undo().symbolify().choose(0).keep("simple")
    return session.undo()


@pytest.fixture
def file(session: Session, tmp_path: Path) -> Path:
    return session.save(tmp_path / "study.kan")


def test_everything_comes_back(session: Session, file: Path) -> None:
    back = Session.load(file)
    assert back.to_script() == session.to_script()
    assert back.versions == session.versions
    assert (back.undoable, back.redoable) == (session.undoable, session.redoable)
    assert back.formulas.frame().equals(session.formulas.frame())
    assert str(back.formula) == str(session.formula)
    assert back.formula.srepr == session.formula.srepr
    assert back.result is not None
    assert session.result is not None
    assert back.result.history == session.result.history
    assert back.options == session.options == {"grids": (3, 6), "starts": 4}
    with torch.no_grad():
        x = session.data.inputs
        for mine, theirs in zip(back.history.steps, session.history.steps, strict=True):
            assert torch.equal(mine.model(x), theirs.model(x))


def test_choices_come_back(tmp_path: Path) -> None:
    register("softsign", lambda x: x / (1 + x.abs()))
    first, *others = (session := Session(PROBLEMS[0].dataset(50), (2, 1, 1))).model.edges()
    session.symbolify(functions=["linear"]).pin(0)
    session.allow(["sin", "softsign"]).allow(["exp"], first).allow(["softsign"], others[0])
    law = sympy.Function("f")(sympy.Symbol("x1", real=True)) * sympy.Float(0.5)
    session.suggestions = (Suggestion("sum", "it is so", {"misfit": 0.1}, law, session.data.names),)
    session.refuse("it is so")
    file = session.save(tmp_path / "choices.kan")
    unregister("softsign")
    back = Session.load(file)
    assert back.blocks == Blocks(("sin",), {first: ("exp",)})
    assert back.refused == {"it is so"}
    assert back.suggestions[0].evidence == {"misfit": 0.1}
    assert back.suggestions[0].law == "f(x1)/2"
    assert back.pinned == {back.formulas[0].srepr}


def test_a_law_stays_in_force(tmp_path: Path) -> None:
    text = "y = p*x1 + f(x2)"
    session = Session(PROBLEMS[0].dataset(50), (2, 1)).law(text)
    back = Session.load(session.save(tmp_path / "law.kan")).symbolify(functions=["linear"])
    assert {f.provenance["law"] for f in back.formulas} == {text}
    assert (
        f"symbolify(model, data, seed=0, functions=('linear',), law={text!r})" in back.to_script()
    )
    back.rebuild((2, 1)).symbolify(functions=["linear"])
    assert not any("law" in f.provenance for f in back.formulas)


def test_the_table_comes_back_with_its_split(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (60, 2))
    labels = ["cold" if value < 0 else "warm" for value in x[:, 0]]
    data = Dataset.from_arrays(x, labels, weights=random.uniform(1, 2, 60), units={"x1": "m"})
    data = replace(data, groups=torch.arange(60) // 2)
    back = Session.load(Session(data).save(tmp_path / "s.kan")).data
    for name in ("inputs", "targets", "train", "validation", "test", "weights", "groups"):
        assert torch.equal(getattr(back, name), getattr(data, name))
    assert (back.classes, back.units, back.task) == (data.classes, data.units, data.task)


def test_a_loaded_session_goes_on(file: Path) -> None:
    back = Session.load(file)
    assert back.redo().choice == 0
    back.go("trained").start().wait()
    assert back.steps[-1].name == "train"
    assert [v.label for v in back.versions if v.label] == ["trained", "simple"]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(b"PK not a zip"), "damaged or not a saved session"),
        (lambda path: path.unlink(), "no file"),
        (lambda path: rewrite(path, format=99, package="7.0"), "written by version 7.0"),
        (lambda path: rewrite(path, format="x"), "not written by this workbench"),
        (lambda path: rewrite(path, parents=[None]), "its steps are no tree"),
        (lambda path: rewrite(path, place=10**6), "there are versions"),
        (
            lambda path: rewrite(path, options={"solver": {"adam": {"speed": 1}}}),
            "is a damaged session: .*unexpected keyword argument 'speed'",
        ),
        (lambda path: drop(path, "models/0.safetensors"), "damaged or not a saved session"),
        (lambda path: drop(path, "session.json"), "damaged or not a saved session"),
    ],
)
def test_bad_files_are_refused_in_a_sentence(file: Path, spoil, said: str) -> None:
    spoil(file)
    with pytest.raises(InputError, match=said):
        Session.load(file)


def rewrite(path: Path, **changed: object) -> None:
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["session.json"] = json.dumps(json.loads(files["session.json"]) | changed).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def drop(path: Path, name: str) -> None:
    with zipfile.ZipFile(path) as archive:
        files = {n: archive.read(n) for n in archive.namelist() if n != name}
    with zipfile.ZipFile(path, "w") as archive:
        for other, content in files.items():
            archive.writestr(other, content)


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"targets": torch.tensor([0, 2] * 15)}, "a class lacks"),
        ({"targets": torch.tensor([0, -1] * 15)}, "a class lacks"),
        ({"targets": torch.zeros(30)}, "targets are of another kind"),
        ({"inputs": torch.full((30, 1), torch.nan).double()}, "numbers must be finite"),
        ({"train": torch.tensor([], dtype=torch.int64)}, "no row trains"),
        ({"test": torch.tensor([30])}, "a row lacks"),
        ({}, ""),
    ],
)
def test_tables_that_do_not_fit_themselves_are_refused(tmp_path: Path, tensors, said: str) -> None:
    x = np.linspace(0, 1, 30)[:, None]
    path = Session(Dataset.from_arrays(x, ["cold", "warm"] * 15)).save(tmp_path / "s.kan")
    with zipfile.ZipFile(path) as archive:
        table = load(archive.read("data.safetensors"))
    drop(path, "data.safetensors")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("data.safetensors", save(table | tensors))
    if said:
        with pytest.raises(InputError, match=said):
            Session.load(path)
    else:
        assert torch.equal(Session.load(path).data.targets, table["targets"])


def test_a_table_says_its_classes_or_has_none(file: Path, tmp_path: Path) -> None:
    about = msgspec.to_builtins(described(file).data)
    rewrite(file, data=about | {"classes": ["cold", "warm"]})
    with pytest.raises(InputError, match="classes need labels"):
        Session.load(file)


def test_a_formula_of_another_table_is_refused(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        name = next(n for n in archive.namelist() if n.startswith("formulas/"))
    drop(file, name)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, Formula((sympy.Symbol("z", real=True),), ("z",)).to_text())
    with pytest.raises(InputError, match="a formula has other inputs"):
        Session.load(file)


def test_code_in_a_file_stays_text(file: Path, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    evil = f"__import__('pathlib').Path({str(proof)!r}).touch()"
    rewrite(file, source=evil)
    with zipfile.ZipFile(file) as archive:
        name = next(n for n in archive.namelist() if n.startswith("formulas/"))
        formula = json.loads(archive.read(name))
    Session.load(file)
    formula["expressions"] = [evil]
    drop(file, name)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, json.dumps(formula))
    with pytest.raises(InputError):
        Session.load(file)
    assert not proof.exists()


def test_writing_is_all_or_nothing(session: Session, file: Path, monkeypatch) -> None:
    before = file.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("workbench.common.writing.os.replace", fail)
    with pytest.raises(InputError, match="the disk is full"):
        session.save(file)
    assert file.read_bytes() == before
    assert [p.name for p in file.parent.iterdir()] == [file.name]
    with pytest.raises(InputError, match="cannot be written: No such file"):
        session.save(file.parent / "nowhere" / "s.kan")
    with pytest.raises(InputError, match="cannot be written: "):
        session.save(f"{file}\0")


def test_sessions_are_kept_among_the_data_of_the_user(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("WORKBENCH_SESSIONS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert saved_sessions.folder() == tmp_path / "kan-workbench" / "sessions"


def test_every_step_is_kept_by_itself(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("WORKBENCH_SESSIONS", str(tmp_path))
    session = Session(PROBLEMS[0].dataset(100), (2, 1, 1), solver="adam", steps=10**6)
    path = saved_sessions.file_for("a/strange: title", "01234567-ab")
    assert path is not None
    assert path.name == "a-strange-title-01234567-ab.kan"
    keeper = Autosave(session, path)
    session.start()
    until(lambda: path.is_file())
    assert described(path).running == "train"
    session.stop()
    session.wait()
    assert described(path).running == ""
    assert [step.name for step in Session.load(path).steps] == ["new network", "train"]
    found = saved_sessions.recent()
    assert [(s.title, s.steps) for s in found] == [("y from x1, x2", 2)]
    assert saved_sessions.latest("01234567") == path
    assert saved_sessions.latest("76543210") is None
    (tmp_path / "broken.kan").write_text("")
    (tmp_path / ".hidden.kan").write_text("")
    listed = saved_sessions.recent()
    assert [(s.title, bool(s.problem)) for s in listed] == [
        ("broken.kan", True),
        ("y from x1, x2", False),
    ]
    keeper.close()
    session.undo()
    assert len(Session.load(path).steps) == 2


def test_a_full_disk_does_not_stop_the_work(tmp_path: Path) -> None:
    session = Session(PROBLEMS[0].dataset(100), (2, 1, 1))
    keeper = Autosave(session, tmp_path / "gone" / "s.kan")
    session.keep("here")
    assert "could not be saved" in keeper.error
