"""A training that was broken off goes on as if nothing had happened."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from tests.problems import PROBLEMS
from workbench.errors import InputError
from workbench.kan import KAN, Journal, TrainingError, fit
from workbench.kan.model import Edge
from workbench.network.fixing import fix

DATA = PROBLEMS[0].dataset(200, noise=0.05)
ARGUMENTS = {
    "lm": {"grids": (3, 6), "starts": 8},
    "warm": {"grids": (3, 6), "starts": 1},
    "adam": {"solver": "adam", "steps": 40},
    "lbfgs": {"solver": "lbfgs", "steps": 30},
}


@pytest.mark.parametrize("method", ARGUMENTS)
@pytest.mark.parametrize("share", [0.02, 0.4, 0.95])
def test_a_broken_training_goes_on_to_the_same_last_bit(
    method: str, share: float, tmp_path: Path
) -> None:
    arguments = ARGUMENTS[method]
    whole = fit(KAN((2, 2, 1)), DATA, seed=2, **arguments)
    stop = max(1, int(share * len(whole.history)))
    first = fit(KAN((2, 2, 1)), DATA, seed=2, callback=lambda p: p.step == stop, **arguments)
    assert first.stopped == "stopped"
    assert len(first.history) == stop
    assert first.journal is not None
    first.journal.save(tmp_path / "t.safetensors")
    journal = Journal.load(tmp_path / "t.safetensors")
    second = fit(KAN((2, 2, 1)), DATA, seed=2, resume=journal, **arguments)
    assert torch.equal(second.model(DATA.inputs), whole.model(DATA.inputs))
    assert second.validation_loss == whole.validation_loss
    assert [r.train_loss for r in second.history] == [r.train_loss for r in whole.history]
    assert second.success_share == whole.success_share
    assert second.journal is None
    assert second.seconds > first.seconds


def test_an_interrupt_and_an_error_keep_the_best_state() -> None:
    def failing(progress) -> None:
        if progress.step == 60:
            raise OSError("the disk is full")

    with pytest.raises(TrainingError, match="the disk is full") as caught:
        fit(KAN((2, 1, 1)), DATA, callback=failing)
    result = caught.value.result
    assert result.stopped == "failed"
    assert result.journal is not None
    assert torch.isfinite(result.model(DATA.inputs)).all()
    again = fit(KAN((2, 1, 1)), DATA, resume=result.journal)
    assert torch.equal(again.model(DATA.inputs), fit(KAN((2, 1, 1)), DATA).model(DATA.inputs))


def test_another_training_is_not_resumed() -> None:
    journal = fit(KAN((2, 1, 1)), DATA, callback=lambda p: p.step == 3).journal
    for model, data, seed in (
        (KAN((2, 2, 1)), DATA, 0),
        (KAN((2, 1, 1)), PROBLEMS[0].dataset(201), 0),
        (KAN((2, 1, 1)), DATA, 1),
    ):
        with pytest.raises(InputError, match="resume needs the journal of a training of the same"):
            fit(model, data, seed=seed, resume=journal)


def test_a_training_with_other_fixed_functions_is_not_resumed() -> None:
    sine, tanh = (
        fix(KAN((2, 1, 1)), Edge(0, 0, 0), name, (1.0, 0.0, 1.0, 0.0)) for name in ("sin", "tanh")
    )
    journal = fit(sine, DATA, callback=lambda p: p.step == 3).journal
    assert fit(sine, DATA, resume=journal, callback=lambda p: True).stopped == "stopped"
    with pytest.raises(InputError, match="a training of the same"):
        fit(tanh, DATA, resume=journal)


def test_foreign_and_damaged_journals_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        Journal.load(tmp_path / "none")
    (tmp_path / "bad").write_bytes(b"rubbish")
    with pytest.raises(InputError, match="is damaged"):
        Journal.load(tmp_path / "bad")
    from workbench.kan.checkpoint import save

    save(KAN((1, 1)), tmp_path / "model")
    with pytest.raises(InputError, match="is not a training"):
        Journal.load(tmp_path / "model")


@pytest.mark.parametrize(
    "about",
    [
        "[1]",
        "{}",
        "[" * 5000,
        {"stages": 10**9},
        {"stages": -1},
        {"history": [{"step": "1"}]},
        {"x": 1},
    ],
    ids=str,
)
def test_a_journal_that_says_what_none_can_is_refused(
    tmp_path: Path, about: str | dict[str, object]
) -> None:
    journal = fit(KAN((2, 1, 1)), DATA, callback=lambda p: p.step == 3).journal
    journal.save(tmp_path / "t")
    with safe_open(tmp_path / "t", framework="pt") as file:
        kept = json.loads(file.metadata()["training"])
    text = about if isinstance(about, str) else json.dumps(kept | about)
    save_file({"a": torch.zeros(1)}, tmp_path / "t", metadata={"training": text})
    with pytest.raises(InputError, match=r"is damaged|is not a training"):
        Journal.load(tmp_path / "t")
