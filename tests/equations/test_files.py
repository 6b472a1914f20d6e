"""Problems in files, and the command that solves them."""

import signal

import numpy as np
import pandas as pd
import pytest

from workbench.cli import main
from workbench.equations import read_problem, solving
from workbench.errors import InputError
from workbench.headless.terminal import INTERRUPTED
from workbench.kan import load

DECAY = """
equations = ["q_t = -k*q"]
fields = ["q"]
[domain]
t = [0, 4]
[[conditions]]
equation = "q = 2"
at = { t = 0 }
[coefficients]
k = [0.1, 5]
[data]
file = "measured.csv"
value = "level"
error = "sigma"
"""


@pytest.fixture
def problem(tmp_path):
    t = np.linspace(0.1, 4, 30)
    noise = 0.01 * np.random.default_rng(1).standard_normal(30)
    table = pd.DataFrame({"t": t, "level": 2 * np.exp(-0.7 * t) + noise, "sigma": 0.01})
    table.to_csv(tmp_path / "measured.csv", index=False)
    path = tmp_path / "decay.toml"
    path.write_text(DECAY, encoding="utf-8")
    return path


def test_the_command_says_what_it_found(problem, capsys) -> None:
    saved = problem.with_suffix(".safetensors")
    assert main(["solve", str(problem), "--out", str(saved)]) == 0
    said = capsys.readouterr().out
    assert "Converged" in said
    assert "k = 0.6" in said or "k = 0.7" in said
    assert load(saved).config.width == (1, 1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("fields", "felds", "holds 'felds'"),
        ("[domain]", "[room]", "holds 'room'"),
        ("t = [0, 4]", "t = 4", "two ends"),
        ("equation =", "place =", "condition 1 holds 'place'"),
        ("{ t = 0 }", '{ t = "now" }', "needs a number for t"),
        ("[[conditions]]", "[conditions]", "one after the other"),
        ("measured.csv", "nothing.csv", "nothing.csv"),
        ("level", "height", "no column 'height'"),
        ("-k*q", "-k*__import__(q)", "__import__"),
        ("equations = [", "equations = [[", "cannot be read as TOML"),
    ],
)
def test_what_is_refused(problem, old, new, message) -> None:
    problem.write_text(DECAY.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_problem(problem)


def test_an_interrupt_keeps_the_best_so_far(problem, capsys, monkeypatch) -> None:
    """The signal comes while the network is trained, as from a terminal."""
    course = solving._Course

    def interrupted(*arguments):
        signal.raise_signal(signal.SIGINT)
        return course(*arguments)

    monkeypatch.setattr(solving, "_Course", interrupted)
    saved = problem.with_suffix(".safetensors")
    assert main(["solve", str(problem), "--out", str(saved)]) == INTERRUPTED
    assert "onverged" in capsys.readouterr().out
    assert load(saved).config.width[0] == 1
