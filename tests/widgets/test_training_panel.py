"""The training panel without a browser: traits follow the session, commands reach it."""

import time
from collections.abc import Iterator

import numpy as np
import pytest

from tests.problems import PROBLEMS
from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.kan.training.contest import Start
from workbench.session import Session
from workbench.widgets import TrainingPanel, formula_card, network_picture
from workbench.widgets.training import options_in, rows_of, settings_of, spelled, thinned, width_in


@pytest.fixture
def panel() -> Iterator[TrainingPanel]:
    session = Session(PROBLEMS[0].dataset(200), (2, 2, 1), solver="adam", steps=10**6)
    panel = TrainingPanel(session)
    yield panel
    session.stop()
    session.wait()
    panel.close()


def press(panel: TrainingPanel, command: object) -> None:
    """What arrives when a button is pressed."""
    panel._handle_custom_msg({"type": command}, [])


def until(condition) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def test_buttons_drive_the_session(panel: TrainingPanel) -> None:
    assert panel.status == "ready"
    press(panel, "start")
    until(lambda: panel.step > 10)
    assert panel.status == "running"
    losses = np.frombuffer(panel.losses, "<f4").reshape(-1, 2)
    assert 0 < len(losses) <= 400
    assert np.isfinite(losses[:, 0]).all()
    assert len(panel.edges) == 6
    assert len(np.frombuffer(panel.curves, "<f4")) == 6 * 33
    assert panel.edges[0].startswith("x1 → ")
    press(panel, "pause")
    until(lambda: panel.status == "paused")
    press(panel, "resume")
    until(lambda: panel.status == "running")
    press(panel, "stop")
    until(lambda: panel.status == "stopped")
    assert panel.message.startswith("Validation RMSE")


def test_step_and_reset(panel: TrainingPanel) -> None:
    press(panel, "step")
    until(lambda: panel.status == "paused")
    press(panel, "reset")
    assert "training is running" in panel.message
    press(panel, "stop")
    until(lambda: panel.status == "stopped")
    panel.session.wait()
    press(panel, "reset")
    assert (panel.status, panel.step, panel.losses) == ("ready", 0, b"")


def test_settings_belong_to_the_session_and_its_script() -> None:
    session = Session(PROBLEMS[0].dataset(100), (2, 1, 1), grids=(3,), starts=2)
    panel = TrainingPanel(session)
    assert panel.settings["grid"] == "3"
    for name, value in (("solver", "lm"), ("l1", 0.001), ("grid", 6), ("starts", 1)):
        panel._handle_custom_msg({"type": "setting", "name": name, "value": value}, [])
    assert session.options == {"solver": "lm", "l1": 0.001, "grids": (3, 6), "starts": 1}
    assert panel.settings["l1"] == "0.001"
    session.start().wait()  # as any button does
    assert "grids=(3, 6), starts=1, solver='lm', l1=0.001" in session.to_script()
    panel._handle_custom_msg({"type": "setting", "name": "l1", "value": None}, [])
    assert "l1" not in session.options
    assert panel.settings["l1"] == ""
    panel._handle_custom_msg({"type": "setting", "name": "seed", "value": 1}, [])
    assert "no setting 'seed'" in panel.message
    panel.close()


def test_settings_that_are_no_choice_are_shown_as_they_are() -> None:
    shown = settings_of({"grids": (3, 5), "l1": [0.1, 0.0], "solver": "lbfgs"})
    assert (shown["grid"], shown["l1"], shown["solver"]) == ("3, 5", "0.1, 0", "lbfgs")
    assert settings_of({"grids": (3, 6, 12)})["grid"] == "12"
    assert set(settings_of({}).values()) == {""}


def test_messages_from_outside_are_not_trusted(panel: TrainingPanel) -> None:
    for command in ("__init__", "wait", 3, None, ["start"]):
        if not isinstance(command, list):
            press(panel, command)
    panel._handle_custom_msg("start", [])
    assert panel.status == "ready"


def test_starting_twice_is_answered_in_words(panel: TrainingPanel) -> None:
    press(panel, "start")
    until(lambda: panel.status == "running")
    press(panel, "start")
    until(lambda: "training is running" in panel.message or panel.step > 0)
    assert panel.status == "running"


def test_a_panel_that_is_closed_lets_the_training_go_on() -> None:
    session = Session(PROBLEMS[0].dataset(200), (2, 1, 1), grids=(3,), starts=2)
    panel = TrainingPanel(session)
    panel.close()
    session.start().wait()
    assert session.status == "done"
    assert TrainingPanel(session).status == "done"


def test_long_histories_are_thinned_and_keep_the_last() -> None:
    train = np.linspace(1, 0.1, 12_345).tolist()
    packed = thinned(train, [None] * len(train))
    pairs = np.frombuffer(packed, "<f4").reshape(-1, 2)
    assert len(pairs) <= 400
    assert pairs[-1, 0] == np.float32(0.1)
    assert np.isnan(pairs[:, 1]).all()
    assert thinned([], []) == b""


def test_static_pictures_have_no_script() -> None:
    import sympy

    data = PROBLEMS[0].dataset(100)
    session = Session(data, (2, 1, 1))
    picture = network_picture(session.model, data).data
    assert picture.startswith("<svg")
    evil = "<script>1</script>"
    card = formula_card(Formula((sympy.Symbol(evil, real=True),), (evil,))).data
    assert "<script" not in picture + card


@pytest.mark.parametrize("starts", [2, 8])
def test_random_starts_are_shown_while_they_run_and_after_a_restart(starts: int, tmp_path) -> None:
    session = Session(PROBLEMS[0].dataset(200), (2, 2, 1), grids=(3,), starts=starts, rate=30)
    panel = TrainingPanel(session)
    assert panel.starts == []
    seen: list[list[str]] = []
    panel.observe(lambda change: seen.append(change.new), "starts")
    session.start().wait()
    assert any("running" in states for states in seen)
    assert panel.starts == [start.state for start in session.result.starts]
    rows = np.frombuffer(panel.start_losses, "<f4").reshape(len(panel.starts), -1)
    best = session.result.starts[panel.starts.index("best")]
    row = rows[panel.starts.index("best")]
    assert row[0] == len(best.losses)
    assert row[1:][np.isfinite(row[1:])][-1] == np.float32(best.losses[-1])
    other = TrainingPanel(Session.load(session.save(tmp_path / "s.kan")))
    assert (other.starts, other.start_losses) == (panel.starts, panel.start_losses)
    assert (other.status, other.step) == ("ready", panel.step)
    assert other.losses == panel.losses
    session.start(grids=(3,)).wait()
    assert (panel.starts, panel.start_losses) == ([], b"")


def test_many_starts_take_few_bytes_and_keep_the_last_loss() -> None:
    many = [Start(n, "kept", tuple(np.linspace(1, 0.1, 40 + n % 9).tolist())) for n in range(128)]
    packed = rows_of(many)
    assert len(packed) < 6000
    rows = np.frombuffer(packed, "<f4").reshape(128, -1)
    assert (rows[:, -1] == np.float32(0.1)).all()
    short = np.frombuffer(rows_of([Start(1, "best", (1.0, 0.5)), many[0]]), "<f4").reshape(2, -1)
    assert short[0, :3].tolist() == [2.0, 1.0, 0.5]
    assert np.isnan(short[0, 3:]).all()
    assert rows_of([]) == b""


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("2, 3, 1", (2, 3, 1)),
        ("[2; 2+1×; 1]", (2, (2, 1), 1)),
        ("0+1x", (2, (0, 1), 1)),
        ("2+3, 4", (2, (2, 3), 4, 1)),
        ("", (2, 1)),
    ],
)
def test_a_shape_is_read_as_people_write_it(text: str, width: tuple) -> None:
    session = Session(PROBLEMS[0].dataset(50), (2, 1))
    assert width_in(text, session) == width
    assert width_in(spelled(width), session) == width


def test_a_shape_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match=r"numbers of nodes.*got '2-1'"):
        width_in("2-1", Session(PROBLEMS[0].dataset(50), (2, 1)))


def test_settings_may_be_small_or_nought_but_not_negative() -> None:
    assert options_in({"l1": 0.25, "smoothness": 0, "starts": 3}) == {
        "l1": 0.25,
        "smoothness": 0.0,
        "starts": 3,
    }
    with pytest.raises(InputError, match="l1 must be a number that is not negative, got -1"):
        options_in({"l1": -1})
