"""The whole workbench without a browser: what comes next, what is kept, what comes back."""

import gc
import weakref
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ipywidgets.widgets import widget

from tests.widgets.conftest import send, until
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.session import Session
from workbench.session import saved as saved_sessions
from workbench.session.manifest import described
from workbench.widgets import Workbench, keeping
from workbench.widgets.front_end import FrontEnd
from workbench.widgets.guide import PAGES
from workbench.widgets.workbench import panels_in


@pytest.fixture(autouse=True)
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_SESSIONS", str(tmp_path / "sessions"))
    return tmp_path / "sessions"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.uniform(1, 2, 100), "b": random.uniform(1, 2, 100)})
    frame.assign(y=frame["a"] ** 2 + frame["b"]).to_csv(tmp_path / "t.csv", index=False)
    return tmp_path


def kernel_dies() -> None:
    """Sessions of this process are forgotten."""
    keeping.LIVE.clear()
    gc.collect()


def press(bench: Workbench) -> str:
    """Do what the workbench says comes next."""
    command = bench._guide.hint["command"]
    send(bench._guide, command)
    return command


def test_the_next_step_leads_from_a_file_to_a_formula(folder: Path) -> None:
    bench = Workbench(folder=folder, width=(2, 1))
    assert bench._guide.hint["command"] == ""
    with pytest.raises(InputError, match="no session yet"):
        _ = bench.session
    send(bench.form, "open", path="t.csv")
    done = [press(bench)]
    bench.session.options = {"grids": (3, 6), "starts": 4}
    for _ in range(5):
        done.append(press(bench))
        bench.session.wait()
        until(lambda: not bench.session.running)
    assert done == ["use", "train", "look", "simplify", "prune", "search"]
    assert str(bench.session.formula) == "y = a**2 + b"
    assert PAGES[bench._guide.page] == "Discover"
    assert press(bench) == "export"
    assert bench._guide.hint["command"] == ""
    assert [page["done"] for page in bench._guide.pages] == [
        True, True, False, True, True, False, False,
    ]  # fmt: skip
    assert "Preparation(target='y'" in bench.session.to_script()
    send(bench._guide, "undo")
    assert not bench.session.has_formulas
    bench.close()


def test_running_the_cell_again_shows_the_same_session(folder: Path) -> None:
    first = Workbench(folder / "t.csv", "y", width=(2, 1))
    again = Workbench(folder / "t.csv", "y")
    assert again.session is first.session
    assert again._guide.state["note"] == ""
    assert Workbench(folder / "t.csv", "y", fresh=True).session is not first.session
    assert Workbench(folder / "t.csv", "a").session.data.target == "a"


def test_a_dead_kernel_loses_nothing(folder: Path) -> None:
    bench = Workbench(folder / "t.csv", "y", width=(2, 1))
    bench.session.start(grids=(3,), starts=2).wait()
    bench.session.keep("good")
    script = bench.session.to_script()
    bench.close()
    kernel_dies()
    back = Workbench(folder / "t.csv")
    assert back.session.to_script() == script
    assert back.session.versions[1].label == "good"
    assert back._guide.state["note"].startswith("Restored from disk as it was on")
    assert back.form.state["used"]
    assert back.form.choice["target"] == "y"
    send(back._guide, "fresh")
    assert back._guide.state["note"] == ""
    assert not back.session.trained
    assert len(back.session.versions) == 3  # the old states are still there
    back.close()


def test_a_training_that_died_with_its_kernel_is_said(folder: Path) -> None:
    bench = Workbench(folder / "t.csv", "y", width=(2, 1))
    bench.session.start(solver="adam", steps=10**6)
    path = bench._keeper.path
    until(lambda: described(path).running == "train")
    kept = path.read_bytes()
    bench.session.stop()
    bench.session.wait()
    path.write_bytes(kept)
    kernel_dies()
    back = Workbench(folder / "t.csv", "y")
    assert "Then training was running: start it again." in back._guide.state["note"]
    assert not back.session.trained


def test_a_folder_that_cannot_be_written_is_said(folder: Path, sessions: Path) -> None:
    sessions.write_text("a file where the folder should be")
    bench = Workbench(folder / "t.csv")
    assert bench._guide.state["saved"] == ""
    bench.form.use()
    assert bench._guide.state["saved"] == f"Not saved: {sessions} cannot be written"
    assert bench._guide.kept == ""


def test_a_damaged_file_is_said_and_work_goes_on(folder: Path, sessions: Path) -> None:
    Workbench(folder / "t.csv", "y", width=(2, 1)).close()
    for file in sessions.iterdir():
        file.write_bytes(b"PK")
    kernel_dies()
    bench = Workbench(folder / "t.csv", "y")
    assert "could not be read" in bench._guide.state["note"]
    assert bench.session.data.target == "y"


def steps_in(folder: Path) -> list[int]:
    return sorted(len(described(file).steps) for file in folder.iterdir())


def test_the_same_table_again_takes_nothing_away(folder: Path, sessions: Path) -> None:
    bench = Workbench(folder=folder, width=(2, 1))
    send(bench.form, "open", path="t.csv")
    send(bench.form, "use")
    assert bench._guide.state["note"] == ""
    bench.session.start(grids=(3,), starts=2).wait().keep("good")
    bench.close()
    kernel_dies()
    back = Workbench(folder=folder, width=(2, 1))
    assert "worked on y before: 2 steps" in back._guide.state["note"]
    send(back.form, "open", path="t.csv")
    send(back.form, "use")
    assert steps_in(sessions) == [1, 2]
    assert back._guide.state["answer"] == ["Go on with it", "resume"]
    send(back._guide, "resume")
    assert back.session.versions[1].label == "good"
    assert back._guide.state["note"].startswith("Restored from disk")
    assert back.form.state["used"]
    assert steps_in(sessions) == [1, 2]


def test_a_cell_without_a_table_goes_on_with_its_session(folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(keeping, "_cell", lambda: "first")
    bench = Workbench(folder=folder)
    send(bench.form, "example")
    send(bench.form, "use")
    bench.close()
    kernel_dies()
    back = Workbench(folder=folder)
    send(back._guide, "resume")
    assert back.session.data.target == "period"
    assert back._guide.pages[0]["done"] is True
    monkeypatch.setattr(keeping, "_cell", lambda: "second")
    assert Workbench(folder=folder)._guide.state["note"] == ""


def test_every_cell_and_every_name_has_a_file_of_its_own(
    folder: Path, sessions: Path, monkeypatch
) -> None:
    made = {}
    for cell in ("one", "two"):
        monkeypatch.setattr(keeping, "_cell", lambda cell=cell: cell)
        made[cell] = Workbench(folder / "t.csv", "y", width=(2, 1)).session
    made["name"] = Workbench(folder / "t.csv", "y", name="mine").session
    assert len({id(session) for session in made.values()}) == 3
    assert len(list(sessions.iterdir())) == 3
    for cell in ("one", "two"):
        monkeypatch.setattr(keeping, "_cell", lambda cell=cell: cell)
        assert Workbench(folder / "t.csv", "y").session is made[cell]
    monkeypatch.setenv("JPY_SESSION_NAME", "renamed.ipynb")
    assert Workbench(folder / "t.csv", "y", name="mine").session is made["name"]


def test_the_cell_is_the_one_that_the_notebook_names(monkeypatch) -> None:
    class Shell:
        def get_parent(self) -> dict[str, object]:
            return {"metadata": {"cellId": "c7"}}

    monkeypatch.setattr(keeping, "get_ipython", Shell)
    assert keeping._cell() == "c7"
    monkeypatch.setattr(keeping, "get_ipython", lambda: None)
    assert keeping._cell() == ""


def test_a_dataset_finds_its_session_again(sessions: Path) -> None:
    x = np.random.default_rng(1).uniform(-1, 1, (60, 2))
    data = Dataset.from_arrays(x, x.sum(1))
    Workbench(data, name="sum").session.keep("good")
    kernel_dies()
    assert Workbench(data, name="sum").session.versions[0].label == "good"
    fresh = Workbench(data, name="sum", fresh=True).session
    assert fresh.versions[0].label == ""
    assert steps_in(sessions) == [1, 1]


def test_another_notebook_goes_on_in_a_file_of_its_own(folder: Path, sessions: Path) -> None:
    bench = Workbench(folder / "t.csv", "y", width=(2, 1), name="here")
    path, before = bench._keeper.path, bench._keeper.path.read_bytes()
    del bench
    kernel_dies()
    other = Workbench(Session.load(path), name="there")
    assert len(list(sessions.iterdir())) == 1  # nothing was done yet
    other.session.keep("there")
    assert path.read_bytes() == before
    assert len(list(sessions.iterdir())) == 2
    del other
    kernel_dies()
    again = Workbench(Session.load(path), name="there")
    assert again.session.versions[0].label == "there"
    assert Workbench(Session.load(path), name="here")._keeper.path == path


def test_what_another_kernel_has_written_is_left_alone(folder: Path, sessions: Path) -> None:
    bench = Workbench(folder / "t.csv", "y", width=(2, 1))
    path = bench._keeper.path
    Session.load(path).keep("theirs").save(path)
    theirs = path.read_bytes()
    bench.session.keep("mine")
    assert path.read_bytes() == theirs
    assert Session.load(bench._keeper.path).versions[0].label == "mine"
    assert "in a file of its own" in bench._guide.state["note"]
    bench.session.keep("mine again")
    assert len(list(sessions.iterdir())) == 2


def test_other_columns_make_another_session(folder: Path) -> None:
    bench = Workbench(folder / "t.csv", "y", width=(2, 1))
    first = bench.session
    bench._width = None
    send(bench.form, "choose", inputs=["a"])
    assert bench._guide.pages[0]["done"] is False
    send(bench.form, "use")
    assert bench.session is not first
    assert bench.session.data.names == ("a",)
    assert len(saved_sessions.recent()) == 2
    bench.session.start(solver="adam", steps=10**6)
    send(bench.form, "choose", inputs=["b"])
    send(bench.form, "use")
    assert "training is running" in bench.form.state["message"]
    assert bench.session.data.names == ("a",)
    bench.session.stop()
    bench.session.wait()


def test_a_dataset_or_a_session_is_taken_as_it_is() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (60, 2))
    data = Dataset.from_arrays(x, x.sum(1))
    bench = Workbench(data)
    assert bench.form is None
    assert bench.session.data is data
    assert bench._guide.page == PAGES.index("Train")
    assert f"Session.load({str(bench._keeper.path)!r}).data" in bench.session.to_script()
    session = Session(data, (2, 1))
    assert Workbench(session).session is session


def test_every_button_that_trains_uses_the_settings_on_the_screen(folder: Path) -> None:
    bench = Workbench(folder / "t.csv", "y", width=(2, 1))
    for name, value in (("solver", "adam"), ("steps", 3), ("grid", 5)):
        send(bench.training, "setting", name=name, value=value)
    send(bench._guide, "train")
    bench.session.wait()
    send(bench.training, "reset")
    send(bench.formulas, "train")
    bench.session.wait()
    send(bench.training, "start")
    bench.session.wait()
    trained = [s.code for s in bench.session.history.steps if s.name == "train"]
    assert len(trained) == 3
    for code in trained:
        assert "solver='adam', steps=3, grids=(5,)" in code
    assert trained[-1] in bench.script
    for name, value in (("smoothness", 0.01), ("solver", None), ("starts", 4), ("l1", 0.001)):
        send(bench.training, "setting", name=name, value=value)
    for panel, kind in ((bench._guide, "prune"), (bench._networks[1], "simplify")):
        send(panel, kind)
        bench.session.wait()
        asked = {"steps": 3, "grids": (5,), "smoothness": 0.01, "starts": 4, "l1": 0.001}
        assert f"eliminate(model, data, seed=0, training={asked})" in bench.script
        assert bench.session.model.layer(0).grid_size <= 5
        bench.session.undo()
    bench.close()


def test_every_panel_knows_where_the_work_is(folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    bench = Workbench(folder / "t.csv", "y", width=(2, 1))
    panels = [
        bench._guide,
        bench.form,
        bench.training,
        bench.versions,
        bench.formulas,
        bench.exports,
    ]
    for panel in (*panels, *bench._networks):
        assert panel.kept == f"~/sessions/{bench._keeper.path.name}"
    monkeypatch.setattr(bench._keeper, "error", "The session could not be saved: the disk is full")
    bench._update()
    assert bench.training.kept == ""
    assert Workbench(folder=folder, name="other")._guide.kept is None
    bench.close()


def test_what_is_closed_is_released(folder: Path) -> None:
    FrontEnd.of_this_kernel()  # stays, for the next one
    gc.collect()
    known = set(widget._instances)
    x = np.linspace(0, 1, 40)
    session = Session(Dataset.from_arrays(x[:, None], x**2), (1, 1))
    watched = []
    for _ in range(10):
        bench = Workbench(session)
        watched += [weakref.ref(panel) for panel in (bench, bench._guide, *panels_in(bench))]
        bench.close()
    del bench
    gc.collect()
    assert len(watched) > 80
    assert [ref() for ref in watched if ref() is not None] == []
    assert set(widget._instances) <= known
    assert session._listeners == session._observers == []


def test_jobs_that_fail_are_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Workbench(folder / "t.csv", "y", width=(2, 1))

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr("workbench.session.training.fit", fail)
    send(bench._guide, "train")
    with pytest.raises(RuntimeError):
        bench.session.wait()
    assert bench._guide.state["message"] == "RuntimeError: out of luck"
    assert bench._guide.hint["command"] == "train"
    send(bench._guide, "undo")
    assert "nothing to undo" in bench._guide.state["message"]


def test_only_what_is_seen_is_sent_while_training(folder: Path) -> None:
    bench = Workbench(folder / "t.csv", "y")
    seen = {}
    for page in PAGES:
        bench._guide.page = PAGES.index(page)
        seen[page] = (bench.training.live, *(view.live for view in bench._networks))
    assert seen["Train"] == (True, False, False)
    assert seen["Look"] == (False, True, False)
    assert seen["Export"] == (False, False, False)


def test_a_saved_notebook_keeps_a_picture(folder: Path) -> None:
    content = Workbench(folder / "t.csv", "y")._repr_mimebundle_()
    content = content[0] if isinstance(content, tuple) else content
    assert content["text/html"].startswith("<svg")
