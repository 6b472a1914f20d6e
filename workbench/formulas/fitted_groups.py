"""Constants of more groups, fitted with the form and what all groups share as they are."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from scipy.optimize import least_squares
from scipy.stats import t as student

from workbench.common.labels import Label, in_order, label_of
from workbench.errors import InputError
from workbench.formulas.constant import Constant
from workbench.formulas.groups import Groups
from workbench.formulas.law import Law
from workbench.formulas.parametric import Parametric

L = TypeVar("L", bound=Law)
_STARTS = 12
_FAR = 1e6
_SINGULAR = 1e-12


def fitted_to(law: L, frame: pd.DataFrame) -> L:
    """The law with the constants of the groups in ``frame``, which replace those of groups of these names.

    Errors follow from the noise of all groups and say how well the rows determine a group's constants where
    those that all groups share are exact.

    Args:
        law: with groups. frame: rows with the columns that it uses, its target, and the column of groups.

    Raises:
        InputError: the law has no groups, a column lacks, or a group has too few rows or no fit.
    """
    groups = law.grouping
    if groups is None:
        raise InputError("this formula has no groups whose constants could be fitted")
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"rows of groups are a DataFrame, got {type(frame).__name__}")
    needed = [*law.used, law.target, groups.by]
    lacking = [name for name in needed if name not in frame.columns]
    if lacking:
        raise InputError(f"the fit of a group needs the columns {needed}, {lacking} lack")
    rows = frame[needed].dropna()
    if rows.empty:
        raise InputError("no row of the table is complete: there is nothing to fit a group to")
    try:
        numbers = rows[[*law.used, law.target]].to_numpy(dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"the fit of a group needs numbers in {needed[:-1]}: {error}") from error
    cells = [label_of(cell) for cell in rows[groups.by].tolist()]
    x = np.full((len(rows), len(law.names)), np.nan)
    x[:, [law.names.index(name) for name in law.used]] = numbers[:, :-1]
    labels = sorted(set(cells), key=in_order)
    new = {}
    for label in labels:
        own = np.array([cell == label for cell in cells])
        new[label] = (_fitted(law, groups, label, x[own], numbers[own, -1]), int(own.sum()))
    return replace(law, grouping=_merged(groups, new), spread=None)


def _merged(groups: Groups, new: dict[Label, tuple[tuple[Constant, ...], int]]) -> Groups:
    old = zip(groups.labels, groups.constants, groups.rows, strict=True)
    every = {label: (row, count) for label, row, count in old} | new
    labels = sorted(every, key=in_order)
    return replace(
        groups,
        labels=tuple(labels),
        constants=tuple(every[label][0] for label in labels),
        rows=tuple(every[label][1] for label in labels),
    )


def _fitted(
    law: Law, groups: Groups, label: Label, x: np.ndarray, y: np.ndarray
) -> tuple[Constant, ...]:
    """The constants of one group with their errors."""
    count = len(groups.letters)
    if len(y) < count:
        raise InputError(
            f"the group {label!r} needs {count} complete rows or more, one for each of its constants "
            f"({', '.join(groups.letters)}), but has {len(y)}"
        )
    form = Parametric(law.expressions, law.symbols, law.letters, (0.0,) * count)
    size = float(np.abs(y).max()) or 1.0

    def residuals(values: np.ndarray) -> np.ndarray:
        gap = (form.outputs(x, values)[:, 0] - y) / size
        return np.where(np.isfinite(gap), gap, _FAR)

    def slopes(values: np.ndarray) -> np.ndarray:
        table = form.jacobian(x, values)[:, 0] / size
        return np.where(np.isfinite(table), table, 0.0)

    found = []
    for start in _starts(groups, residuals):
        found.append(least_squares(residuals, start, slopes, method="lm", x_scale="jac"))
    best = min(found, key=lambda one: one.cost)
    left = float(np.square(best.fun).sum()) * size**2
    if not math.isfinite(left) or np.abs(best.fun).max() >= _FAR:
        raise InputError(f"the formula has no values on the rows of the group {label!r}")
    known = math.isfinite(groups.degrees)
    degrees = groups.degrees + len(y) - count
    variance = groups.noise**2
    if known:
        variance = (groups.degrees * variance + left) / max(degrees, 1.0)
    sigma = _errors(slopes(best.x) * size, variance)
    reach = float(student.ppf(0.975, max(degrees, 1.0)))
    units = [constant.unit for constant in groups.constants[0]]
    return tuple(
        Constant(
            float(v), s, interval=None if s is None else (v - reach * s, v + reach * s), unit=u
        )
        for v, s, u in zip(best.x.tolist(), sigma, units, strict=True)
    )


def _starts(groups: Groups, residuals: Any) -> Sequence[np.ndarray]:
    """Constants of the groups that come closest to the rows, and the middle of all."""
    tried = [*groups.values, np.median(groups.values, axis=0)]
    return sorted(tried, key=lambda start: float(np.square(residuals(start)).sum()))[:_STARTS]


def _errors(slopes: np.ndarray, variance: float) -> list[float | None]:
    """Standard errors; None where rows do not determine a constant."""
    size = np.linalg.norm(slopes, axis=0)
    size[size == 0] = 1.0
    strength, direction = np.linalg.eigh((slopes / size).T @ (slopes / size))
    free = strength <= _SINGULAR * strength[-1]
    inverse = (direction[:, ~free] ** 2 / strength[~free]).sum(1)
    alone = np.square(direction[:, free]).sum(1) > 1e-3
    errors = np.sqrt(inverse * variance) / size
    return [None if loose else float(e) for e, loose in zip(errors, alone, strict=True)]
