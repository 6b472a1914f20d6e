"""Constants of a law that differ between groups: one law for several materials, say."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from workbench.common.labels import Label, label_of
from workbench.errors import InputError
from workbench.formulas.constant import Constant

_NAMED = 5


@dataclass(frozen=True)
class Groups:
    """The constants of a law in every group.

    Attributes:
        by: column that names the group of a row. labels: of the groups.
        letters: the constants that differ, as they stand in the expression.
        constants: per group one for each letter, with its error and interval.
        rows: of each group that they were fitted to.
        noise: standard deviation of what the law leaves, over all groups. degrees: of freedom of that.
    """

    by: str
    labels: tuple[Label, ...]
    letters: tuple[str, ...]
    constants: tuple[tuple[Constant, ...], ...]
    rows: tuple[int, ...]
    noise: float = 0.0
    degrees: float = math.inf

    @cached_property
    def values(self) -> np.ndarray:
        """Numbers of the constants, ``(G, k)``."""
        return np.array([[c.value for c in row] for row in self.constants], dtype=float)

    @cached_property
    def _places(self) -> dict[Label, int]:
        return {label: place for place, label in enumerate(self.labels)}

    @property
    def mapping(self) -> Mapping[Label, Mapping[str, Constant]]:
        """Per group its constants by letter."""
        return MappingProxyType(
            {
                label: MappingProxyType(dict(zip(self.letters, row, strict=True)))
                for label, row in zip(self.labels, self.constants, strict=True)
            }
        )

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Of each letter, over the groups."""
        ends = zip(self.values.min(0).tolist(), self.values.max(0).tolist(), strict=True)
        return dict(zip(self.letters, ends, strict=True))

    def place(self, group: Any) -> int:
        """Number of a group.

        Raises:
            InputError: it is none of those that the law was fitted to.
        """
        found = self._places.get(label_of(group))
        if found is None:
            shown = ", ".join(repr(label) for label in self.labels[:_NAMED])
            more = len(self.labels) - _NAMED
            raise InputError(
                f"the formula knows the groups {shown}{f' and {more} more' if more > 0 else ''} of "
                f"{self.by!r}, but not {label_of(group)!r}: fit it with formula.fitted_to(rows)"
            )
        return found

    def codes(self, cells: Sequence[Any] | np.ndarray) -> np.ndarray:
        """Numbers of the groups that cells name, ``(N,)``; -1 where a cell says nothing.

        Raises:
            InputError: one of them is not known.
        """
        column = pd.Series(list(cells), dtype=object)
        gaps = column.isna().to_numpy()
        distinct = {cell: self.place(cell) for cell in column[~gaps].unique()}
        return np.array(
            [-1 if gap else distinct[c] for c, gap in zip(column, gaps, strict=True)], int
        )

    def frame(self) -> pd.DataFrame:
        """One row a group: every constant with its standard error and the ends of its 95 % interval."""
        columns: dict[str, list[Any]] = {}
        for place, letter in enumerate(self.letters):
            own = [row[place] for row in self.constants]
            columns[letter] = [c.value for c in own]
            columns[f"{letter}_error"] = [c.sigma for c in own]
            columns[f"{letter}_low"] = [c.interval[0] if c.interval else None for c in own]
            columns[f"{letter}_high"] = [c.interval[1] if c.interval else None for c in own]
        columns["rows"] = list(self.rows)
        return pd.DataFrame(columns, index=pd.Index(self.labels, name=self.by))
