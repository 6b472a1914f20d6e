"""Random starts: what became of each is in the records, and survives their files."""

import json
import math
from dataclasses import FrozenInstanceError, asdict, replace
from pathlib import Path

import pytest

from tests.problems import PROBLEMS
from workbench.common.schema import read
from workbench.kan import KAN, Journal, Record, fit, starts_of
from workbench.kan.training.contest import Contest, Start
from workbench.kan.training.records import SavedRecord

DATA = PROBLEMS[0].dataset(200, noise=0.05)
ARGUMENTS = {"grids": (3, 6), "starts": 8, "seed": 2}


def record(*starts: tuple[int, float], ended: tuple[int, ...] = ()) -> Record:
    return Record(1, "starts", 3, 0.1, None, 0.0, starts, ended)


def test_starts_are_eliminated_kept_and_one_is_the_best() -> None:
    contest = Contest()
    states = []
    for step in (
        record((1, 0.5), (2, 0.3), (3, math.nan)),
        record((2, 0.2), ended=(1, 3)),
        record((4, 0.4)),
        record(ended=(4,)),
    ):
        contest.add(step)
        states.append("".join(start.state[0] for start in contest.starts))
    assert states == ["rrf", "erf", "ekfr", "ebfe"]
    assert contest.starts[1].losses == (0.3, 0.2)


def test_a_start_that_was_handed_out_does_not_change() -> None:
    start = Start(1, "best", (0.5, 0.25))
    with pytest.raises(FrozenInstanceError):
        start.state = "failed"
    assert len({start, replace(start)}) == 1


@pytest.mark.parametrize("starts", [2, 4, 8, 16])
def test_every_start_of_a_training_is_told(starts: int) -> None:
    seen: list[int] = []
    result = fit(
        KAN((2, 2, 1)), DATA, callback=lambda p: seen.append(len(p.starts)), **ARGUMENTS | {"starts": starts}
    )  # fmt: skip
    numbers = [start.number for start in result.starts]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= starts / 2
    assert max(seen) >= starts / 2
    [best] = (start for start in result.starts if start.state == "best")
    assert all(start.state in ("eliminated", "best", "failed") for start in result.starts)
    assert min(best.losses) <= 1.1 * min(min(start.losses) for start in result.starts)
    raced = [r for r in result.history if r.starts]
    assert all(r.train_loss == min(loss for _, loss in r.starts) for r in raced)


def test_half_of_the_starts_go_on_after_a_round() -> None:
    result = fit(KAN((2, 2, 1)), DATA, callback=lambda p: p.phase == "survivors", **ARGUMENTS)
    running = [len(r.starts) for r in result.history if r.phase == "starts"]
    assert sorted(set(running)) == [2, 4]
    assert running == sorted(running, reverse=True)


def test_one_that_goes_on_from_given_numbers_has_no_starts() -> None:
    assert fit(KAN((2, 1, 1)), DATA, grids=(3,), starts=1).starts == ()


def test_a_stop_among_the_starts_leaves_the_best_of_them() -> None:
    result = fit(KAN((2, 2, 1)), DATA, callback=lambda p: p.step == 18, **ARGUMENTS)
    assert result.train_loss < 0.5 * result.history[0].train_loss
    assert {"running", "eliminated"} <= {start.state for start in result.starts}
    assert all(start.state != "best" for start in result.starts)


def test_a_training_that_goes_on_tells_the_same(tmp_path: Path) -> None:
    whole = fit(KAN((2, 2, 1)), DATA, **ARGUMENTS)
    first = fit(KAN((2, 2, 1)), DATA, callback=lambda p: p.step == 25, **ARGUMENTS)
    assert first.journal is not None
    first.journal.save(tmp_path / "t.safetensors")
    second = fit(KAN((2, 2, 1)), DATA, resume=Journal.load(tmp_path / "t.safetensors"), **ARGUMENTS)
    assert second.starts == whole.starts


def test_records_come_back_from_json() -> None:
    one = record((1, 0.5), (2, 0.25), ended=(3,))
    text = json.dumps(asdict(one)).encode()
    assert read(text, SavedRecord, "a record").record() == one
    lost = replace(one, train_loss=math.inf, starts=((1, math.nan), (2, 0.25)))
    again = read(json.dumps(asdict(lost)).encode(), SavedRecord, "a record").record()
    assert math.isnan(again.train_loss)
    assert again.starts == ((1, math.inf), (2, 0.25))
    told = {k: v for k, v in asdict(one).items() if k not in ("starts", "ended")}
    older = read(json.dumps(told).encode(), SavedRecord, "a record")
    assert older.record() == replace(one, starts=(), ended=())
    assert starts_of([one])[1].losses == (0.25,)
