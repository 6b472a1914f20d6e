"""Constants of a formula fitted where inputs have errors, too: the distance of the rows from the curve.

What is minimized is Σ (f(x + δ) - y)² / σ_y² + Σ δ² / σ_x² over the constants and a shift δ of every input
(orthogonal distance regression; Boggs, Byrd and Schnabel 1987). The shifts of one row meet those of others
only through the constants, so they are eliminated row by row from each Gauss–Newton step.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from scipy.stats import chi2 as chi_squared

from workbench.errors import InputError
from workbench.formulas.bands import Spread, matrices
from workbench.formulas.constant import Constant
from workbench.formulas.evaluation import compiled, real
from workbench.formulas.law import Law
from workbench.formulas.parametric import Parametric, parametrize

L = TypeVar("L", bound=Law)
_STEPS, _SETTLED = 200, 1e-12
_NORMAL = 1.959964
_SINGULAR = 1e-12


def fitted_with_errors(law: L, frame: pd.DataFrame, sigma: Any, inputs: Mapping[str, Any]) -> L:
    """The formula with its constants fitted to rows whose inputs have errors, too; its form stays.

    Errors of the constants follow from the stated ones. Of its scores only "chi2_per_degree" and
    "chi2_probability" stay: the others were judged with other numbers.

    Args:
        law: a regression of one target without groups. frame: rows with its columns and the target.
        sigma: standard errors of the target: a number, one for each row, or the name of a column.
        inputs: the same of inputs by name; others are exact.

    Raises:
        InputError: a column or an error lacks, or is none; rows are fewer than constants, or have no fit.
    """
    rows = _rows(law, frame, sigma, inputs)
    form = parametrize(law.expressions, law.names)
    if not form.constants:
        raise InputError("this formula has no constants to be fitted: all its numbers are exact")
    if len(rows.y) <= len(form.constants):
        raise InputError(
            f"{len(form.constants)} constants need more complete rows than that, got {len(rows.y)}"
        )
    values, chi2, information = _least(form, rows)
    covariance = _inverse(information)
    errors = np.sqrt(np.diag(covariance)).tolist()
    units = {c.value: c.unit for c in law.constants}
    fitted = [
        Constant(
            new,
            error,
            interval=(new - _NORMAL * error, new + _NORMAL * error),
            unit=units.get(old, ""),
        )
        for new, old, error in zip(values.tolist(), form.values, errors, strict=True)
    ]
    degrees = len(rows.y) - len(values)
    told = ", ".join(f"{name} ± {_named(given)}" for name, given in inputs.items())
    exact = tuple(c for c in law.constants if c.snapped is not None)
    return replace(
        law,
        expressions=replace(form, values=tuple(values.tolist())).substituted(),
        as_fitted=(),
        constants=(*fitted, *exact),
        scores={
            "chi2_per_degree": chi2 / degrees,
            "chi2_probability": float(chi_squared.sf(chi2, degrees)),
        },
        provenance={
            **law.provenance,
            "fit": f"orthogonal distance, {told}; {law.target} ± {_named(sigma)}",
        },
        spread=Spread(matrices(covariance[None]), float(np.mean(np.square(rows.sigma)))),
    )


@dataclass(frozen=True)
class _Rows:
    """Inputs ``(N, d)``, targets ``(N,)`` and the errors of both; those of exact inputs are 0."""

    x: np.ndarray
    y: np.ndarray
    error: np.ndarray
    sigma: np.ndarray


def _rows(law: Law, frame: pd.DataFrame, sigma: Any, inputs: Mapping[str, Any]) -> _Rows:
    if law.task != "regression" or len(law.expressions) != 1:
        raise InputError(
            "errors of inputs are for a formula of one number, not of classes or several"
        )
    if law.grouping is not None:
        raise InputError("errors of inputs are for one group: take formula.of(group) and its rows")
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"rows are a DataFrame, got {type(frame).__name__}")
    strangers = [name for name in inputs if name not in law.used]
    if strangers or not inputs:
        raise InputError(
            f"errors are of inputs of the formula, {list(law.used)}, got {list(inputs)}"
        )
    lacking = [name for name in (*law.used, law.target) if name not in frame.columns]
    if lacking:
        raise InputError(f"the fit needs the columns {[*law.used, law.target]}, {lacking} lack")
    x = np.full((len(frame), len(law.names)), 0.0)
    error = np.zeros_like(x)
    for name in law.used:
        x[:, law.names.index(name)] = _column(frame, name, f"input {name!r}")
    for name, given in inputs.items():
        error[:, law.names.index(name)] = _errors(frame, given, f"the input {name!r}")
    y, own = (
        _column(frame, law.target, "target"),
        _errors(frame, sigma, f"the target {law.target!r}"),
    )
    full = np.isfinite(np.column_stack((x, error, y, own))).all(1)
    if (own[full] <= 0).any() or (error[full] < 0).any():
        raise InputError("standard errors must be above 0; an input may have 0 where it is exact")
    return _Rows(x[full], y[full], error[full], own[full])


def _column(frame: pd.DataFrame, name: str, role: str) -> np.ndarray:
    try:
        return frame[name].to_numpy(dtype=float)
    except (TypeError, ValueError) as problem:
        raise InputError(f"the {role} must hold numbers: {problem}") from problem


def _errors(frame: pd.DataFrame, given: Any, what: str) -> np.ndarray:
    if isinstance(given, str):
        if given not in frame.columns:
            raise InputError(f"the errors of {what} must be a column, but there is no {given!r}")
        return _column(frame, given, f"column {given!r}")
    try:
        return np.broadcast_to(np.asarray(given, dtype=float), len(frame)).copy()
    except (TypeError, ValueError) as problem:
        raise InputError(
            f"the errors of {what} must be a number, one for each row, or a column: {problem}"
        ) from problem


def _named(given: Any) -> str:
    if isinstance(given, str):
        return given
    return f"{float(given):g}" if np.ndim(given) == 0 else "given row by row"


def _least(form: Parametric, rows: _Rows) -> tuple[np.ndarray, float, np.ndarray]:
    """The best constants, χ² there, and their information ``(p, p)``."""
    slopes = _input_slopes(form)
    values, shift = np.array(form.values), np.zeros_like(rows.x)
    variance = np.square(rows.error)

    def cost(at: np.ndarray, moved: np.ndarray) -> float:
        gap = (form.outputs(rows.x + moved, at)[:, 0] - rows.y) / rows.sigma
        with np.errstate(divide="ignore", invalid="ignore"):
            own = np.where(variance > 0, np.square(moved) / variance, 0.0)
        total = float(np.square(gap).sum() + own.sum())
        return total if math.isfinite(total) else math.inf

    now, damping = cost(values, shift), 0.0
    if math.isinf(now):
        raise InputError(
            "the formula has no value at some rows: its constants cannot be fitted there"
        )
    information = np.eye(len(values))
    for _ in range(_STEPS):
        place = rows.x + shift
        along = slopes(place, values)
        table = form.jacobian(place, values)[:, 0]
        gap = form.outputs(place, values)[:, 0] - rows.y - (along * shift).sum(1)
        weight = 1 / (np.square(rows.sigma) + (np.square(along) * variance).sum(1))
        information = (table * weight[:, None]).T @ table
        size = np.sqrt(np.maximum(np.diag(information), 1e-300))
        damped = information / np.outer(size, size) + damping * np.eye(len(size))
        step = (
            -np.linalg.lstsq(damped, (table.T @ (weight * gap)) / size, rcond=_SINGULAR)[0] / size
        )
        aim = -variance * along * (weight * (gap + table @ step))[:, None]
        for share in (1.0, 0.3, 0.05):
            trial = cost(values + share * step, shift + share * (aim - shift))
            if trial < now:
                break
        else:
            if damping > 1e6:
                break
            damping = max(10 * damping, 1e-6)
            continue
        gained = 1 - trial / now if now > 0 else 0.0
        values, shift, now = values + share * step, shift + share * (aim - shift), trial
        damping /= 10
        if gained < _SETTLED:
            break
    return values, now, information


def _input_slopes(form: Parametric) -> Any:
    """Derivatives by the inputs at rows and constants, ``(N, d)``."""
    (expression,) = form.expressions
    found = compiled(
        [expression.diff(symbol) for symbol in form.inputs],
        (*form.inputs, *form.constants),
        shared=True,
    )

    def slopes(x: np.ndarray, values: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            columns = found(*x.T, *values)
        return np.nan_to_num(
            np.stack([real(c, len(x)) for c in columns], 1), posinf=0.0, neginf=0.0
        )

    return slopes


def _inverse(information: np.ndarray) -> np.ndarray:
    size = np.sqrt(np.maximum(np.diag(information), 1e-300))
    scaled = information / np.outer(size, size)
    return np.asarray(
        np.linalg.pinv(scaled, rcond=_SINGULAR, hermitian=True) / np.outer(size, size)
    )
