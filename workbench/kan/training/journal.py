"""What a training has done so far, so that it can go on as if nothing had happened.

Training is a row of stages. The code between them is cheap and repeats itself, so it is enough to
keep what came out of the finished stages and where the present one stands: going on runs the same
code again, and every finished stage answers from the journal.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated

import torch
from safetensors.torch import save as packed
from torch import Tensor

from workbench.common.schema import Meta, Strict, Struct, Text, read
from workbench.common.writing import replacing
from workbench.errors import InputError
from workbench.kan.tensor_file import read_tensors
from workbench.kan.training.records import Record, SavedRecord

FORMAT = "kan-workbench-training-1"
_MOST_STAGES, _MOST_BYTES = 10_000, 100_000_000


class _Family(Struct):
    format: str = ""


class _Saved(Strict):
    format: str
    purpose: Text
    stages: Annotated[int, Meta(ge=0, le=_MOST_STAGES)]
    history: tuple[SavedRecord, ...]
    seconds: float


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
        content, tensors = read_tensors(path, "training", "a saved training")
        what = repr(path.name)
        if read(content, _Family, what, most=_MOST_BYTES).format != FORMAT:
            raise InputError(f"{what} is not a training saved by this workbench")
        about = read(content, _Saved, what, most=_MOST_BYTES)
        return cls(
            purpose=about.purpose,
            finished=[_below(tensors, f"finished/{n}/") for n in range(about.stages)],
            partial=_below(tensors, "partial/"),
            history=[saved.record() for saved in about.history],
            best=_below(tensors, "best/"),
            seconds=about.seconds,
        )


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def scalar(value: float) -> Tensor:
    """A number as the journal keeps it."""
    return torch.tensor(value, dtype=torch.float64)
