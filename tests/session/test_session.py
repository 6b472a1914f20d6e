"""A session: training on a thread that obeys, and steps that can be undone and repeated."""

import asyncio
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from tests.problems import PROBLEMS
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.model import KAN, Edge
from workbench.kan.training.fitting import fit
from workbench.network.attribution import edge_scores
from workbench.network.fixing import fix, unfix
from workbench.session import Frame, Session, diagnosis, loss_of

PATIENCE = 60.0


@pytest.fixture
def data() -> Dataset:
    return PROBLEMS[0].dataset(400)


def until(condition, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.005)


def test_training_happens_in_the_background(data: Dataset) -> None:
    session = Session(data, (2, 1, 1), seed=1)
    frames: list[Frame] = []
    threads: set[threading.Thread] = set()

    def observer(frame: Frame) -> None:
        frames.append(frame)
        threads.add(threading.current_thread())

    session.observe(observer)
    assert session.status == "ready"
    session.start()
    with pytest.raises(InputError, match="training is running"):
        session.prune()
    session.wait()
    assert session.status == "done"
    assert threading.main_thread() not in threads
    assert all(thread.daemon for thread in threads)
    last = frames[-1]
    assert last.step == last.total == len(last.train) == len(session.result.history)
    assert len(last.edges) == len(last.curves) == 3
    assert "Validation RMSE" in last.message
    assert session.result.validation_loss < 1e-4


def test_pause_resume_and_stop(data: Dataset) -> None:
    session = Session(data, (2, 3, 1), solver="adam", steps=1_000_000).start()
    until(lambda: session.frame.step > 5)
    session.pause()
    until(lambda: session.status == "paused")
    held = session.frame.step
    time.sleep(0.2)
    assert session.frame.step == held
    session.resume()
    until(lambda: session.frame.step > held)
    session.pause()
    until(lambda: session.status == "paused")
    session.stop()  # also from a pause
    session.wait(PATIENCE)
    assert session.status == "stopped"
    assert torch.isfinite(session.model(data.inputs)).all()


def test_a_pause_while_a_frame_is_shown_is_seen(data: Dataset) -> None:
    session = Session(data, (2, 3, 1), solver="adam", steps=1_000_000, rate=30)
    forget = session.observe(lambda frame: session.pause() if frame.step > 5 else None)
    session.start()
    until(lambda: session.status == "paused")
    forget()
    held = session.frame.step
    session.resume()
    until(lambda: session.status == "running" and session.frame.step > held)
    session.stop()
    session.wait(PATIENCE)


def test_other_jobs_are_held_too(data: Dataset) -> None:
    session = Session(data, (2, 3, 1), grids=(3,), starts=1)
    session.start().wait(PATIENCE)
    forget = session.observe(lambda frame: session.pause() if frame.busy else None)
    session.prune(wait=False)
    until(lambda: session.status == "paused")
    assert session.frame.job == "prune"
    forget()
    session.resume()
    session.wait(PATIENCE)
    assert session.status == "done"


def test_stop_is_answered_before_the_job_has_ended(data: Dataset) -> None:
    session = Session(data, (2, 3, 1), solver="adam", steps=1_000_000, rate=30)
    told: list[Frame] = []
    session.observe(told.append)
    session.start()
    until(lambda: session.frame.step > 5)
    held = threading.Event()
    session.listen(lambda: held.wait(PATIENCE))  # the step that the job makes waits here
    session.stop()
    assert session.status == told[-1].status == "stopping"
    assert session.frame.busy
    assert session.running
    held.set()
    session.wait(PATIENCE)
    statuses = [frame.status for frame in told]
    assert set(statuses[statuses.index("stopping") :]) == {"stopping", "stopped"}
    session.stop()  # nothing is left to end
    assert session.status == "stopped"


def test_one_iteration_at_a_time(data: Dataset) -> None:
    session = Session(data, (2, 2, 1), solver="adam", steps=1_000_000).step()
    until(lambda: session.status == "paused")
    first = session.frame.step
    session.step()
    until(lambda: session.status == "paused" and session.frame.step > first)
    second = session.frame.step
    time.sleep(0.1)
    assert session.frame.step == second
    session.resume()
    until(lambda: session.frame.step > second + 10)
    session.stop()
    session.wait(PATIENCE)
    assert session.status == "stopped"


def test_a_later_training_goes_on(data: Dataset) -> None:
    session = Session(data, (2, 1, 1), grids=(3,), starts=4).start().wait()
    first = session.loss()
    assert first == pytest.approx(session.result.validation_loss)
    session.configure(grids=None).start().wait()
    assert session.loss() < first
    assert session.steps[-1].code.startswith("result = fit(model, data, seed=0, starts=1)")
    given = Session(data, model=session.model).start().wait()
    assert given.loss() <= session.loss() * 1.01
    assert given.to_script().count("KAN(") == 0


def test_reset_goes_back_to_the_beginning_and_can_be_redone(data: Dataset) -> None:
    session = Session(data, (2, 1, 1), grids=(3,), starts=4).start().wait()
    trained = session.model
    session.reset()
    assert (session.status, session.result, session.undoable) == ("ready", None, "")
    assert session.redoable == "train"
    assert session.redo().model is trained


def test_a_preview_tells_what_pruning_would_do(data: Dataset) -> None:
    session = Session(data, (2, 2, 1), grids=(3,), starts=4).start().wait()
    heard: list[int] = []
    forget = session.listen(lambda: heard.append(len(session.model.edges())))
    scores = torch.cat([s.flatten() for s in edge_scores(session.model, data.split("train")[0])])
    threshold = 1.01 * float(scores.min() / scores.max())
    preview = session.preview(threshold)
    assert heard == []
    session.prune(threshold)
    assert heard == [6 - len(preview.edges)]
    assert session.loss() == preview.after > preview.before
    forget()
    session.undo()
    assert len(heard) == 1


def test_an_edge_is_fixed_by_suggestion_and_freed(data: Dataset) -> None:
    session = Session(data, (2, 1, 1), grids=(3, 6), starts=8).start().wait()
    edge = Edge(0, 1, 0)
    best = session.suggest(edge)[0]
    assert best.name == "square"  # simple, and as good as any
    session.fix(edge, best.name, best.affine)
    assert session.model.layer(0).fixed == {(0, 1): "square"}
    assert session.unfix(edge).model.layer(0).fixed == {}
    with pytest.raises(InputError, match="not a living edge"):
        session.suggest(Edge(0, 5, 0))


def test_losses_are_those_of_training() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (200, 2))
    for labels in (x[:, 0] > 0, np.where(x[:, 0] > 0.3, "a", np.where(x[:, 1] > 0, "b", "c"))):
        data = Dataset.from_arrays(x, labels)
        result = fit(Session(data, (2, data.outputs)).model, data, grids=(3,), starts=2)
        assert loss_of(result.model, data) == pytest.approx(result.validation_loss, rel=1e-4)


@pytest.mark.parametrize(
    ("train", "validation", "said"),
    [
        ([1.0, float("nan")], [None, None], "not a number"),
        ([0.5] * 50, [0.5] * 50, "has not moved"),
        ([1e-9] * 50, [None] * 50, "has not moved"),
        ([0.0] * 50, [0.0] * 50, ""),
        (np.geomspace(1, 0.1, 50), np.geomspace(0.1, 1, 50), "follow the noise"),
        (np.geomspace(1, 0.1, 50), np.geomspace(1, 0.1, 50), ""),
        ([], [], ""),
    ],
)
def test_losses_are_put_into_words(train: list, validation: list, said: str) -> None:
    found = diagnosis(list(train), list(validation))
    assert said in found
    assert bool(found) == bool(said)


def test_errors_of_the_thread_are_shown_and_raised(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr("workbench.session.training.fit", fail)
    session = Session(data, (2, 1, 1)).start()
    with pytest.raises(RuntimeError, match="out of luck"):
        session.wait()
    assert session.status == "error"
    assert "out of luck" in session.frame.message


def test_a_session_can_be_awaited(data: Dataset) -> None:
    async def run() -> Session:
        return await Session(data, (2, 1, 1), grids=(3,), starts=2).start()

    assert asyncio.run(run()).status == "done"


def test_undo_and_redo(data: Dataset) -> None:
    session = Session(data, (2, 2, 1), grids=(3, 6), starts=8).start().wait()
    trained = session.model
    session.prune(0.5)
    pruned = session.model
    assert len(pruned.edges()) < len(trained.edges())
    assert session.undo().model is trained
    assert session.redo().model is pruned
    session.undo().fix(Edge(0, 0, 0), "sin", (1.0, 0.0, 1.0, 0.0))
    assert [step.name for step in session.steps] == ["new network", "train", "fix sin"]
    with pytest.raises(InputError, match="nothing to redo"):
        session.redo()
    session.undo().undo()
    assert session.result is None
    with pytest.raises(InputError, match="nothing to undo"):
        session.undo()
    with pytest.raises(InputError, match="no formula yet"):
        _ = session.formula


def test_the_script_repeats_the_session(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.uniform(0.5, 2, 300), "b": random.uniform(0.5, 2, 300)})
    frame["y"] = frame["a"] ** 2 + frame["b"]
    frame.to_csv(tmp_path / "t.csv", index=False)
    session = Session.open(tmp_path / "t.csv", "y", (2, 1), grids=(3, 6), starts=4).start().wait()
    session.prune().symbolify()
    script = tmp_path / "script.py"
    script.write_text(session.to_script() + "print(repr(float(model(data.inputs).sum())))\n")
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    formula, total = done.stdout.strip().splitlines()
    assert formula == str(session.formula) == "y = a**2 + b"
    with torch.no_grad():
        assert float(total) == float(session.model(session.data.inputs).sum())


def test_wrong_arguments_are_refused_in_words(data: Dataset) -> None:
    with pytest.raises(InputError, match="no argument 'gird'"):
        Session(data, gird=5)
    with pytest.raises(InputError, match="from 2 inputs to 1 outputs"):
        Session(data, (3, 1))


def test_an_earlier_state_is_what_it_was_whatever_came_after(data: Dataset) -> None:
    session = Session(data, (2, 2, 1), grids=(3,), starts=4).start().wait()
    before = {name: number.clone() for name, number in session.model.state_dict().items()}
    session.prune(0.3).fix(session.model.edges()[0], "sin", (1.0, 0.0, 1.0, 0.0))
    session.start().wait()
    session.undo().undo().undo()
    assert all(torch.equal(session.model.state_dict()[key], before[key]) for key in before)
    assert session.model.layer(0).fixed == {}


def test_a_training_that_goes_on_uses_the_finest_grid_that_was_chosen() -> None:
    session = Session(PROBLEMS[0].dataset(100), (2, 1, 1), grids=(3,), starts=2)
    session.start().wait()
    session.configure(grids=(3, 6)).start().wait()
    assert "grids=(3, 6), starts=1" in session.steps[-1].code
    assert session.model.layer(0).grid_size <= 6
    session.configure(grids=None)
    assert "grids" not in session.options


def test_a_discovery_by_itself_uses_the_options_that_were_chosen(monkeypatch) -> None:
    class AskedError(Exception):
        """Far enough."""

    def discover(*_: object, **given: object) -> None:
        raise AskedError(given["training"])

    monkeypatch.setattr("workbench.session.searching.discover", discover)
    session = Session(PROBLEMS[0].dataset(100), (2, 1, 1), grids=(4, 8), solver="lm", loss="auto")
    with pytest.raises(AskedError, match=r"\{'grids': \(4, 8\), 'solver': 'lm'\}"):
        session.discover()
    session.configure(loss="huber")
    for button in (session.discover, session.prune, lambda: session.start().wait()):
        with pytest.raises(InputError, match="one loss for networks and formulas"):
            button()


@pytest.mark.parametrize(("name", "inner"), [("sin", 3.0), ("linear", 1.0), ("square", 1.0)])
def test_the_function_of_a_curve_is_suggested_first(name: str, inner: float) -> None:
    x = np.linspace(-1, 1, 60)[:, None]
    edge = Edge(0, 0, 0)
    model = unfix(fix(KAN((1, 1), 24), edge, name, (inner, 0.2, 1.5, 0.0)), edge)
    assert Session(Dataset.from_arrays(x, x), model=model).suggest(edge)[0].name == name


def test_stated_errors_are_saved_with_the_table(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.uniform(0, 1, 30), "err": random.uniform(0.1, 0.2, 30)})
    frame["y"] = 2 * frame["x"] + frame["err"] * random.standard_normal(30)
    session = Session(Dataset.from_frame(frame, "y", sigma="err"))
    back = Session.load(session.save(tmp_path / "s.kan"))
    assert session.data.sigma is not None
    assert back.data.sigma is not None
    assert torch.equal(back.data.sigma, session.data.sigma)
