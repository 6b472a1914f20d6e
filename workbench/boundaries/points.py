"""Points of an edge with their errors, and states with the side that they are on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd

from workbench.errors import InputError
from workbench.kan.columns import listed

INSIDE = "inside"
LEAST_POINTS = 12
_NORMAL_RANGE = 3.29
"""Standard deviations of a normal column between its 5 % and its 95 % quantile."""


@dataclass(frozen=True, eq=False)
class Points:
    """Points of a boundary.

    Attributes:
        frame: one row a point, the variables as columns.
        errors: standard errors of the points: one for each row ``(N,)``, with the variable that they are of
            in ``column``; or a frame whose columns are the variables that have errors; or None where nothing
            is known of them: their size is then estimated, alike for all in columns scaled by their spread.
        labelled: states with the variables and a column "inside" of True and False, or None.
        column: the variable that ``errors`` are of, in its units.

    Raises:
        InputError: columns lack, a number is not finite, an error is negative, or sides are not two.
    """

    frame: pd.DataFrame
    errors: Any = None
    labelled: pd.DataFrame | None = None
    column: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.frame, pd.DataFrame) or not len(self.frame.columns):
            raise InputError("points must be a DataFrame with the variables as columns")
        if not np.isfinite(_numbers(self.frame)).all():
            raise InputError("points must be finite numbers: leave out rows with gaps")
        errors = self.sigma
        if errors is not None and not (np.isfinite(errors).all() and (errors >= 0).all()):
            raise InputError("errors of points must be finite and not negative")
        if self.labelled is not None:
            require_sides(self.labelled, self.variables)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables."""
        return tuple(map(str, self.frame.columns))

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def x(self) -> np.ndarray:
        """The points, ``(N, d)``."""
        return _numbers(self.frame)

    @cached_property
    def sigma(self) -> np.ndarray | None:
        """Standard errors of every variable, ``(N, d)``, or None where they are not known."""
        if self.errors is None:
            return None
        if isinstance(self.errors, pd.DataFrame):
            strangers = [n for n in self.errors.columns if n not in self.variables]
            if strangers:
                raise InputError(f"errors are of the variables, but {listed(strangers)} is none")
            given = self.errors.reindex(columns=list(self.variables)).to_numpy(dtype=float)
            whole = np.where(
                np.isnan(given) & ~np.isin(self.variables, self.errors.columns), 0.0, given
            )
        else:
            if self.column not in self.variables:
                raise InputError(
                    f"errors need the variable that they are of: column=… one of {listed(self.variables)}, "
                    f"got {self.column!r}"
                )
            given = np.asarray(self.errors, dtype=float)
            if given.shape != (len(self.frame),):
                raise InputError(f"errors must be one number for each of {len(self.frame)} points")
            whole = np.zeros((len(self.frame), len(self.variables)))
            whole[:, self.variables.index(self.column)] = given
        if len(whole) != len(self.frame):
            raise InputError(f"{len(self.frame)} points need as many errors, got {len(whole)}")
        return whole

    def select(self, names: Sequence[str]) -> Self:
        """The same points with some of the variables.

        Raises:
            InputError: there is no such variable, or the one that errors are of is left out.
        """
        unknown = [n for n in names if n not in self.variables]
        if unknown or not names:
            raise InputError(f"the variables are {listed(self.variables)}, got {list(names)}")
        errors = self.errors
        if isinstance(errors, pd.DataFrame):
            errors = errors[[n for n in errors.columns if n in names]]
        labelled = None if self.labelled is None else self.labelled[[*names, INSIDE]]
        return replace(self, frame=self.frame[list(names)], errors=errors, labelled=labelled)

    def with_states(self, labelled: pd.DataFrame | None) -> Self:
        """The same points beside other states."""
        return replace(self, labelled=labelled)

    def joined(self, other: Self) -> Self:
        """The points of both, with the states of both."""
        states = [p.labelled for p in (self, other) if p.labelled is not None]
        errors: Any = None
        if self.errors is not None and other.errors is not None:
            errors = pd.DataFrame(
                np.vstack((_known(self.sigma), _known(other.sigma))), columns=list(self.variables)
            )
        return replace(
            self,
            frame=pd.concat((self.frame, other.frame[list(self.variables)]), ignore_index=True),
            errors=errors,
            labelled=pd.concat(states, ignore_index=True) if states else None,
        )


def require_sides(frame: Any, variables: Sequence[str]) -> None:
    """An ``InputError`` unless a frame has the variables as finite numbers and both sides in "inside"."""
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"states must be a DataFrame, got {type(frame).__name__}")
    missing = [n for n in (*variables, INSIDE) if n not in frame.columns]
    if missing:
        raise InputError(
            f"states need the columns {listed([*variables, INSIDE])}: {listed(missing)} lacks"
        )
    if not np.isfinite(_numbers(frame[list(variables)])).all():
        raise InputError("states must be finite numbers: leave out rows with gaps")
    sides = frame[INSIDE].unique()
    if not set(sides.tolist()) <= {True, False}:
        raise InputError(f"{INSIDE!r} must be True or False, got {sides[:3].tolist()}")


def spread(x: np.ndarray) -> np.ndarray:
    """A scale of every column ``(d,)``: of its middle nine tenths, or of its size where it stands still."""
    low, high = np.quantile(x, (0.05, 0.95), axis=0)
    size = (high - low) / _NORMAL_RANGE
    whole = x.std(0)
    size = np.where(size > 1e-9 * np.abs(x).max(0), size, whole)
    size = np.where(size > 1e-9 * np.abs(x).max(0), size, np.abs(x).max(0))
    return np.where(size > 0, size, 1.0)


def _numbers(frame: pd.DataFrame) -> np.ndarray:
    try:
        return frame.to_numpy(dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"variables must be numbers: {error}") from error


def _known(sigma: np.ndarray | None) -> np.ndarray:
    if sigma is None:
        raise InputError("either all points have errors, or none")
    return sigma
