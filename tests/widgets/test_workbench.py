"""The whole workbench without a browser: what comes next, what is kept, what comes back."""

import gc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.widgets.conftest import send, until
from workbench import saved_sessions
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.session import Session
from workbench.widgets import Workbench
from workbench.widgets import workbench as module
from workbench.widgets.guide import PAGES


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
    module._LIVE.clear()
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
    until(lambda: saved_sessions.described(path)["running"] == "train")
    kept = path.read_bytes()
    bench.session.stop()
    bench.session.wait()
    path.write_bytes(kept)
    kernel_dies()
    back = Workbench(folder / "t.csv", "y")
    assert "train was running then" in back._guide.state["note"]
    assert not back.session.trained


def test_a_damaged_file_is_said_and_work_goes_on(folder: Path, sessions: Path) -> None:
    Workbench(folder / "t.csv", "y", width=(2, 1)).close()
    for file in sessions.iterdir():
        file.write_bytes(b"PK")
    kernel_dies()
    bench = Workbench(folder / "t.csv", "y")
    assert "could not be read" in bench._guide.state["note"]
    assert bench.session.data.target == "y"


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
