"""Where states and points of an edge come from: samplers, functions, tables of labels."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from workbench.boundaries.points import INSIDE, Points
from workbench.errors import InputError

Near = Callable[[pd.DataFrame], np.ndarray]
"""Values of the law so far at a frame of states; near the edge they are small."""

_HALVINGS = 60
_TRIES, _ASKED = 4, 4000


@runtime_checkable
class Sampler(Protocol):
    """A phase diagram that can be asked.

    A sampler may also have ``points(count, *, seed, near=None) -> Points``, points of the edge with errors.

    Attributes:
        variables: their names.
    """

    @property
    def variables(self) -> tuple[str, ...]: ...

    def states(self, count: int, *, seed: int, near: Near | None = None) -> pd.DataFrame:
        """About ``count`` states: the variables and a column "inside" of True and False.

        Args:
            count: how many. seed: of the draw.
            near: the law so far, so that states near its edge can be drawn.
        """
        ...


@dataclass(frozen=True, eq=False)
class FunctionSampler:
    """A function of the side, asked anywhere in a box.

    Attributes:
        side: of a frame with the variables: True or positive inside, ``(N,)``.
        ranges: of the variables.
    """

    side: Callable[[pd.DataFrame], Any]
    ranges: Mapping[str, tuple[float, float]]

    def __post_init__(self) -> None:
        if not self.ranges:
            raise InputError("a function needs ranges={name: (low, high)} of its variables")
        for name, ends in self.ranges.items():
            if len(tuple(ends)) != 2 or not -math.inf < ends[0] < ends[1] < math.inf:
                raise InputError(f"the range of {name!r} must be (low, high), got {ends!r}")

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(self.ranges)

    def states(self, count: int, *, seed: int, near: Near | None = None) -> pd.DataFrame:
        """Uniform in the box."""
        low, high = np.array(list(self.ranges.values()), dtype=float).T
        x = low + (high - low) * np.random.default_rng(seed).random((count, len(low)))
        return self._frame(x).assign(**{INSIDE: self._inside(x)})

    def points(self, count: int, *, seed: int, near: Near | None = None) -> Points:
        """Points on lines between states of both sides, to rounding.

        Raises:
            InputError: all states are on one side.
        """
        states = self.states(_ASKED, seed=seed)
        inside = states[INSIDE].to_numpy(dtype=bool)
        x = states[list(self.variables)].to_numpy()
        if inside.all() or not inside.any():
            raise InputError(f"all of {len(x)} states are on one side: widen the ranges")
        random = np.random.default_rng([seed, 1])
        a = x[inside][random.integers(inside.sum(), size=count)]
        b = x[~inside][random.integers((~inside).sum(), size=count)]
        for _ in range(_HALVINGS):
            middle = (a + b) / 2
            same = self._inside(middle)[:, None]
            a, b = np.where(same, middle, a), np.where(same, b, middle)
        return Points(self._frame((a + b) / 2), labelled=states)

    def _frame(self, x: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(x, columns=list(self.variables))

    def _inside(self, x: np.ndarray) -> np.ndarray:
        found = np.asarray(self.side(self._frame(x)))
        if found.shape != (len(x),):
            raise InputError(
                f"the function must give one side for each of {len(x)} rows, got {found.shape}"
            )
        return found if found.dtype == bool else np.nan_to_num(found.astype(float), nan=-1.0) > 0
