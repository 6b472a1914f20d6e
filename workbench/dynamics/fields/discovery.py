"""From a table of fields on a grid to partial differential equations."""

import math
import time as clock
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import norm
from sympy import Expr, Float

from workbench.dynamics.fields.choosing import Chosen, all_windows, chosen
from workbench.dynamics.fields.grid import Fields, read_fields
from workbench.dynamics.fields.result import FieldEquations
from workbench.dynamics.fields.terms import terms_of
from workbench.dynamics.result import TermFit
from workbench.dynamics.trajectories import GROUPS
from workbench.errors import InputError
from workbench.formulas.constant import Constant
from workbench.formulas.formula import Formula

_QUANTILE, _TOO_MUCH, _COARSE, _MOST_DIMENSIONS = float(norm.ppf(0.975)), 2.0, 1e-3, 2


def discover_pde(
    table: Any,
    time: str = "t",
    space: str | Sequence[str] = "x",
    *,
    states: Sequence[str] | None = None,
    groups: str = GROUPS,
    order: int = 1,
) -> FieldEquations:
    """Find the partial differential equations that fields on a grid follow.

    Terms are derivatives in space, up to the fourth order along a line and the second in a plane, of
    products of up to three fields; all parts of the derivative of a product belong together, as in a law of
    conservation.

    Args:
        table: a pandas or polars frame, a mapping of columns, or a file as for ``read_table``: a row for
            every time and place; steps need not be equal.
        time: column of time. space: column, or columns, of place.
        states: columns of the fields; all that are left by default.
        groups: column that names the runs, each with a grid of its own; without it all rows are one.
        order: of the derivative in time: 1, or 2 as for waves.

    Raises:
        InputError: a column lacks or holds no numbers, the rows are no grid, a field stands still, or an
            option is not known.
    """
    if order not in (1, 2):
        raise InputError(f"order must be 1 or 2, got {order!r}")
    places = (space,) if isinstance(space, str) else tuple(space)
    if not 1 <= len(places) <= _MOST_DIMENSIONS:
        raise InputError(f"space must be one or two columns, got {places}")
    begun = clock.perf_counter()
    names, runs = read_fields(table, time, places, states, groups)
    noise = np.sqrt(np.mean([run.noise() ** 2 for run in runs], axis=0))
    windows = all_windows(runs, noise, terms_of(len(names), len(places)), order)
    found = [chosen(windows, number) for number in range(len(names))]
    domain = _ranges(runs[0], names, places)
    written = [_written(one, names, places) for one in found]
    pairs = list(zip(names, found, written, strict=True))
    return FieldEquations(
        equations={n: _formula(n, time, order, parts, domain) for n, _, parts in pairs},
        time=time,
        space=places,
        order=order,
        terms={name: tuple(fit for _, fit in parts) for name, _, parts in pairs},
        noise=dict(zip(names, noise.tolist(), strict=True)),
        misfits={name: one.misfit for name, one, _ in pairs},
        sentences=tuple(_sentences(pairs, names, places)),
        seconds=clock.perf_counter() - begun,
    )


def _written(
    one: Chosen, names: Sequence[str], places: Sequence[str]
) -> list[tuple[Expr, TermFit]]:
    """All parts of the right side, each with its factor."""
    found = []
    for term, number, error in zip(one.terms, one.numbers, one.errors, strict=True):
        for count, part in term.parts(names, places):
            value, sigma = count * number, count * error
            ends = value - _QUANTILE * sigma, value + _QUANTILE * sigma
            found.append((part, TermFit(str(part), "factor", value, sigma, ends)))
    return found


def _formula(
    name: str,
    time: str,
    order: int,
    parts: Sequence[tuple[Expr, TermFit]],
    domain: dict[str, tuple[float, float]],
) -> Formula:
    whole = Float(0)
    for part, fit in parts:
        whole = whole + Float(fit.value) * part
    used = {symbol.name for symbol in whole.free_symbols} | {name}
    return Formula(
        expressions=(whole,),
        names=tuple(n for n in domain if n in used),
        target=f"d{name}/d{time}" if order == 1 else f"d²{name}/d{time}²",
        domain={n: ends for n, ends in domain.items() if n in used},
        constants=tuple(
            Constant(f.value, f.sigma, interval=f.interval, digits=f.digits) for _, f in parts
        ),
    )


def _ranges(
    fields: Fields, names: Sequence[str], places: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """What fields and their derivatives in space reach, by differences."""
    most = max(sum(term.index) for term in terms_of(1, len(places)))
    found = {}
    level = {(0,) * len(places): fields.values}
    for _ in range(most + 1):
        following = {}
        for index, values in level.items():
            letters = "".join(name * count for name, count in zip(places, index, strict=True))
            for name, own in zip(names, values, strict=True):
                key = f"{name}_{letters}" if letters else name
                found[key] = (float(own.min()), float(own.max()))
            for k, axis in enumerate(fields.axes[1:]):
                finer = tuple(c + (place == k) for place, c in enumerate(index))
                following[finer] = np.gradient(values, axis, axis=k + 2)
        level = following
    return found


def _sentences(
    pairs: Sequence[tuple[str, Chosen, Any]], names: Sequence[str], places: Sequence[str]
) -> list[str]:
    found = []
    for name, one, _ in pairs:
        if not one.terms:
            found.append(f"No term says anything of the change of {name}.")
        if one.misfit > _TOO_MUCH:
            found.append(
                f"The equation of {name} leaves {math.sqrt(one.misfit):.2g} times what noise explains: "
                "terms are missing that are not among those that were tried."
            )
        if one.rough > _COARSE:
            found.append(
                f"The steps of the grid are too long for what {name} does: its equation may be another "
                f"one by {math.sqrt(one.rough):.0%} of its change in time."
            )
        for rival in one.rivals:
            text = ", ".join(str(p) for term in rival for _, p in term.parts(names, places))
            found.append(f"The fields tell no better of {name} than with {text or 'no term'}.")
    return found
