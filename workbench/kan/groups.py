"""Groups of rows that one law may hold for with constants of their own: materials, patients, batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workbench.common.labels import Label, in_order, label_of
from workbench.errors import InputError
from workbench.kan.columns import listed, require_columns
from workbench.kan.frames import Column
from workbench.kan.kinds import missing

MOST_GROUPS = 1000
_LEAST = 2


@dataclass(frozen=True)
class Membership:
    """Which group every row of a table belongs to.

    Attributes:
        column: that names the groups. labels: of the groups, in order.
        codes: per row the place of its label, ``(N,)``.
    """

    column: str
    labels: tuple[Label, ...]
    codes: np.ndarray

    def rows(self, kept: np.ndarray) -> "Membership":
        """The same for some of the rows.

        Raises:
            InputError: a group keeps fewer than two of them.
        """
        codes = self.codes[kept]
        counts = np.bincount(codes, minlength=len(self.labels))
        few = [label for label, n in zip(self.labels, counts, strict=True) if n < _LEAST]
        if few:
            raise InputError(
                f"every group of {self.column!r} needs two complete rows or more, but {few[0]!r} has "
                f"{counts[self.labels.index(few[0])]}: add rows, or leave this group out"
            )
        return replace(self, codes=codes)

    def require_taught(self, fitted: np.ndarray) -> None:
        """Refuse a split that holds out nearly all of a group; ``fitted`` are numbers of other rows."""
        counts = np.bincount(self.codes[fitted], minlength=len(self.labels))
        if counts.min() < _LEAST:
            label = self.labels[int(counts.argmin())]
            raise InputError(
                f"constants of every group of {self.column!r} are fitted to two rows or more, but the "
                f"split leaves {counts.min()} of {label!r}: split otherwise"
            )


def membership(
    columns: Mapping[str, Column], by: str, target: str, groups: Sequence[Any] | str | None
) -> Membership:
    """The groups that a column of a table names.

    Args:
        columns: of the table. by: which of them. target: what is explained.
        groups: rows of one key that stay together in the split, see ``Dataset.from_frame``.

    Raises:
        InputError: there is no such column, it is the target, or it does not name groups.
    """
    require_columns(list(columns), [by], "column of groups")
    if by == target:
        raise InputError(f"the target {target!r} cannot name the groups too: choose another column")
    if groups == by and isinstance(groups, str):
        raise InputError(
            f"a law with constants for every group of {by!r} cannot hold whole groups out: "
            "leave the groups of the split away"
        )
    values = columns[by].values
    gaps = missing(values)
    if gaps.any():
        raise InputError(
            f"every row must say its group, but {by!r} is missing in {int(gaps.sum())} of {len(gaps)} "
            f"rows, the first of them row {int(gaps.argmax()) + 1}: fill it in, or leave these rows out"
        )
    cells = [label_of(value) for value in values.tolist()]
    labels = sorted(dict.fromkeys(cells), key=in_order)
    if len(labels) < _LEAST:
        raise InputError(
            f"a law is fitted by group where there are two or more, but {by!r} is "
            f"{listed(list(map(str, labels)))} in every row"
        )
    if len(labels) > MOST_GROUPS:
        raise InputError(f"at most {MOST_GROUPS} groups are fitted, but {by!r} names {len(labels)}")
    place = {label: number for number, label in enumerate(labels)}
    return Membership(by, tuple(labels), np.array([place[c] for c in cells], dtype=np.int64))
