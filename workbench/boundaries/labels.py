"""Rows with one of two classes each, those held out apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.errors import InputError
from workbench.kan.columns import listed
from workbench.kan.data import Dataset

LEAST_ROWS = 30
SPLIT = (53, 11)
"""Of draws: whoever made a table with seed 0 must not find its first column again in its split."""
_HELD_OUT, _LEAST_OF_A_CLASS = 0.25, 8


@dataclass(frozen=True, eq=False)
class Labels:
    """Rows with sides.

    Attributes:
        names: of the variables. x: ``(N, d)``. inside: ``(N,)``. groups: a number for each row, or None.
        held: which rows are held out, ``(N,)``.
        phase: the class that is inside, for people. notes: what was left out, each a sentence.
    """

    names: tuple[str, ...]
    x: np.ndarray
    inside: np.ndarray
    groups: np.ndarray | None
    held: np.ndarray
    phase: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not np.isfinite(self.x).all():
            raise InputError("variables must be finite numbers")
        taught = self.inside[~self.held]
        if len(self.x) < LEAST_ROWS or min(taught.sum(), (~taught).sum()) < _LEAST_OF_A_CLASS:
            raise InputError(
                f"at least {LEAST_ROWS} rows are needed, and {_LEAST_OF_A_CLASS} of each class beside the "
                "quarter that is held out"
            )
        if not self.held.any():
            raise InputError("rows must be held out to judge a law by: there are too few groups")

    @classmethod
    def of(
        cls,
        data: "Dataset | pd.DataFrame",
        target: str | None,
        inputs: Sequence[str] | None,
        groups: str | Sequence[Any] | None,
    ) -> "Labels":
        """From a ``Dataset`` with its test rows, or a table, a quarter of whose rows or groups is held out.

        Raises:
            InputError: columns lack, or there are not two classes with enough rows.
        """
        if isinstance(data, Dataset):
            return cls._of_dataset(data, inputs)
        if target is None or target not in data.columns:
            raise InputError(f"target must be a column with two classes, got {target!r}")
        own = _groups(data, groups)
        column = groups if isinstance(groups, str) else None
        others = [c for c in data.columns if c not in (target, column)]
        numeric = [c for c in others if pd.api.types.is_numeric_dtype(data[c])]
        names = numeric if inputs is None else list(inputs)
        missing = [n for n in names if n not in data.columns]
        if missing or not names:
            raise InputError(
                f"variables must be columns of numbers: {listed(missing) or 'none'} is"
            )
        notes = []
        if inputs is None and len(numeric) < len(others):
            notes.append(
                f"Left out: {listed([c for c in others if c not in numeric])}, no numbers."
            )
        whole = (data[names].notna().all(axis=1) & data[target].notna()).to_numpy()
        if not whole.all():
            notes.append(f"{(~whole).sum()} rows with gaps were left out.")
        try:
            x = data.loc[whole, names].to_numpy(dtype=float)
        except (TypeError, ValueError) as error:
            raise InputError(f"variables must be numbers: {error}") from error
        labels = data.loc[whole, target].tolist()
        classes = sorted(set(labels), key=lambda label: (isinstance(label, str), label))
        if len(classes) != 2:
            raise InputError(f"the target must have two classes, got {len(classes)}")
        own = None if own is None else own[whole]
        units = np.arange(len(x)) if own is None else own
        held = (np.random.default_rng(SPLIT).random(units.max() + 1) < _HELD_OUT)[units]
        inside = np.array([label == classes[1] for label in labels])
        return cls(tuple(map(str, names)), x, inside, own, held, str(classes[1]), tuple(notes))

    @classmethod
    def _of_dataset(cls, data: Dataset, inputs: Sequence[str] | None) -> "Labels":
        if data.classes is None or len(data.classes) != 2:
            raise InputError("a boundary lies between two classes: the target must have two")
        names = tuple(data.names if inputs is None else inputs)
        missing = [n for n in names if n not in data.names]
        if missing:
            raise InputError(f"there is no input {listed(missing)}")
        x = data.inputs[:, [data.names.index(n) for n in names]].numpy()
        held = np.zeros(len(x), dtype=bool)
        held[data.test.numpy()] = True
        inside = data.targets.numpy().reshape(-1) == 1
        return cls(names, x, inside, None, held, str(data.classes[1]))


def _groups(data: pd.DataFrame, groups: str | Sequence[Any] | None) -> np.ndarray | None:
    """A number for every row's group, or None."""
    if groups is None:
        return None
    if isinstance(groups, str):
        if groups not in data.columns:
            raise InputError(f"groups must be a column, got {groups!r}")
        labels = data[groups].tolist()
    else:
        labels = list(groups)
    if len(labels) != len(data):
        raise InputError(f"{len(data)} rows need as many groups, got {len(labels)}")
    return np.asarray(pd.factorize(pd.Series(labels), use_na_sentinel=False)[0])
