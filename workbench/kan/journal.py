"""What a training has done so far, so that it can go on as if nothing had happened.

Training is a row of stages. The code between them is cheap and repeats itself, so it is enough to
keep what came out of the finished stages and where the present one stands: going on runs the same
code again, and every finished stage answers from the journal.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as packed
from torch import Tensor

from workbench.errors import InputError
from workbench.writing import replacing

FORMAT = "kan-workbench-training-1"


@dataclass(frozen=True)
class Record:
    """One iteration of a training.

    Attributes:
        step: from 1. phase: of the training, for people. grid_size: intervals of the grids.
        train_loss: RMSE in the target's units, or the mean loss, of the rows in use.
        validation_loss: the same of the held-out rows; None among several starts.
        seconds: wall time so far.
        starts: number and loss of every random start that took part.
        ended: numbers of those that were eliminated before.
    """

    step: int
    phase: str
    grid_size: int
    train_loss: float
    validation_loss: float | None
    seconds: float
    starts: tuple[tuple[int, float], ...] = ()
    ended: tuple[int, ...] = ()

    def changed(self, loss: Callable[[float], float]) -> "Record":
        """The same with its losses in other units."""
        held_out = self.validation_loss
        return replace(
            self,
            train_loss=loss(self.train_loss),
            validation_loss=None if held_out is None else loss(held_out),
            starts=tuple((number, loss(value)) for number, value in self.starts),
        )

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "Record":
        """From what JSON has kept of it."""
        starts = tuple((int(number), float(loss)) for number, loss in told.get("starts", ()))
        return cls(**{**told, "starts": starts, "ended": tuple(told.get("ended", ()))})


@dataclass
class Journal:
    """A training that was broken off; hand it to ``fit(..., resume=...)`` with the same arguments.

    Attributes:
        purpose: fingerprint of network, data and arguments; another training is refused.
        finished: results of the stages that are done. partial: state within the present one.
        history: the records so far. best: the numbers of the best network so far.
        seconds: wall time so far.
    """

    purpose: str
    finished: list[dict[str, Tensor]] = field(default_factory=list)
    partial: dict[str, Tensor] = field(default_factory=dict)
    history: list[Record] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)
    seconds: float = 0.0

    def copy(self) -> "Journal":
        """A journal that can be written on without changing this one."""
        return replace(self, finished=list(self.finished), history=list(self.history))

    def save(self, path: str | Path) -> None:
        """Write the journal; the file appears whole or not at all.

        Raises:
            InputError: it cannot be written there.
        """
        tensors = {f"partial/{name}": tensor for name, tensor in self.partial.items()}
        tensors |= {f"best/{name}": tensor for name, tensor in self.best.items()}
        for number, stage in enumerate(self.finished):
            tensors |= {f"finished/{number}/{name}": tensor for name, tensor in stage.items()}
        about = {
            "format": FORMAT,
            "purpose": self.purpose,
            "stages": len(self.finished),
            "history": [asdict(record) for record in self.history],
            "seconds": self.seconds,
        }
        whole = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
        with replacing(path) as (new,):
            new.write_bytes(packed(whole, metadata={"training": json.dumps(about)}))

    @classmethod
    def load(cls, path: str | Path) -> "Journal":
        """Read a journal that ``save`` wrote.

        Raises:
            InputError: the file is missing, damaged or of another program.
        """
        path = Path(path)
        if not path.is_file():
            raise InputError(f"a saved training is needed, but there is no file {str(path)!r}")
        try:
            with safe_open(path, framework="pt") as file:
                about = json.loads((file.metadata() or {}).get("training", "{}"))
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            if about.get("format") != FORMAT:
                raise InputError(f"{path.name!r} is not a training saved by this workbench")
            return cls(
                purpose=str(about["purpose"]),
                finished=[_below(tensors, f"finished/{n}/") for n in range(about["stages"])],
                partial=_below(tensors, "partial/"),
                history=[Record.read(record) for record in about["history"]],
                best=_below(tensors, "best/"),
                seconds=float(about["seconds"]),
            )
        except (SafetensorError, json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{path.name!r} is damaged: {error}") from error


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def scalar(value: float) -> Tensor:
    """A number as the journal keeps it."""
    return torch.tensor(value, dtype=torch.float64)
