"""A differential equation with all that makes its solution one: what ``solve`` takes."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
import torch

from workbench.equations.domains import Domain
from workbench.equations.residuals import Names, Residual, fields_of, residual
from workbench.errors import InputError
from workbench.kan.checks import numbers

_PROBED, _PROBE_SEED = 5, 0


class Condition:
    """What holds on the boundary, at the start, or at given coordinates.

    Args:
        equation: as in ``Problem``: of a bare ``u(x, y)`` it says that u vanishes.
        at: coordinates with their values, ``Condition(u(x, t) - sin(x), t=0)``; the whole boundary by
            default, without the ends of the time.

    Example:
        ``Condition("u_x", x=1)`` lets nothing flow through the right side.
    """

    def __init__(self, equation: Any, **at: float) -> None:
        self.equation, self.at = equation, {name: float(value) for name, value in at.items()}

    def __repr__(self) -> str:
        place = "".join(f", {name}={value:g}" for name, value in self.at.items())
        return f"Condition({self.equation}{place})"


@dataclass(frozen=True, eq=False)
class Data:
    """Measurements of a field inside the domain.

    Attributes:
        points: ``(N, d)``, or ``(N,)`` for one coordinate.
        values: ``(N,)``.
        errors: standard errors, one for all or ``(N,)``; None estimates them from what is left over.
        field: which field was measured; the first by default.
    """

    points: Any
    values: Any
    errors: Any = None
    field: str | None = None


@dataclass(frozen=True)
class Unknown:
    """A coefficient to be found: where it starts, and the ends of what it may be."""

    start: float
    low: float = -math.inf
    high: float = math.inf

    @property
    def size(self) -> float:
        """What its steps are measured by."""
        return abs(self.start) or (self.high - self.low if math.isfinite(self.high) else 1.0)


@dataclass(frozen=True, eq=False)
class Problem:
    """A differential equation, or several, with the conditions that its solution fulfils.

    Attributes:
        equations: what vanishes inside, one or several: SymPy expressions or equations of ``u(x, y)``
            and its derivatives; texts such as ``"u_t = nu*u_xx"``; or functions of fields, coordinates
            and coefficients by name, made of torch, ``lambda u, x, y: u.xx + u.yy - torch.sin(x)``.
        domain: where they hold.
        conditions: on the boundary, at the start, at given coordinates, see ``Condition``.
        coefficients: unknown numbers in the equations: a start value, or the pair of ends between which
            it lies.
        data: measurements of the fields, see ``Data``.
        fields: names of the unknown functions; those that SymPy's equations hold by default, else "u".
        time: which coordinate is the time, where there is one.
        reference: the solution where it is known, ``(N, d)`` to ``(N,)`` or ``(N, m)``; only compared with.

    Raises:
        InputError: names, arities or numbers do not fit together, or a condition is missing.
    """

    equations: Any
    domain: Domain
    conditions: Condition | Sequence[Condition] = ()
    coefficients: Mapping[str, float | tuple[float, float]] | None = None
    data: Data | Sequence[Data] = ()
    fields: Sequence[str] = ()
    time: str = "t"
    reference: Callable[[np.ndarray], np.ndarray] | None = None

    def __post_init__(self) -> None:
        hold = object.__setattr__
        hold(self, "equations", _listed(self.equations))
        hold(self, "conditions", _listed(self.conditions))
        hold(self, "data", _listed(self.data))
        if not self.equations:
            raise InputError("a problem needs at least one equation")
        for condition in _listed(self.conditions):
            if not isinstance(condition, Condition):
                raise InputError(f"conditions must be made by Condition(...), got {condition!r}")
        written = (*self.equations, *(condition.equation for condition in self.held))
        hold(self, "fields", tuple(self.fields) or fields_of(written) or ("u",))
        self._check_names()
        self._check_conditions()
        for data in self.measurements:
            self.measured(data)

    @property
    def names(self) -> tuple[str, ...]:
        """The coordinates."""
        return self.domain.names

    @property
    def held(self) -> tuple[Condition, ...]:
        """The conditions."""
        return tuple(c for c in _listed(self.conditions) if isinstance(c, Condition))

    @property
    def measurements(self) -> tuple[Data, ...]:
        """The data."""
        return tuple(d for d in _listed(self.data) if isinstance(d, Data))

    @cached_property
    def unknowns(self) -> dict[str, Unknown]:
        """The coefficients that are to be found."""
        return {name: _unknown(name, given) for name, given in (self.coefficients or {}).items()}

    @cached_property
    def inside(self) -> tuple[Residual, ...]:
        """Residuals of the equations."""
        return tuple(self._residual(equation) for equation in self.equations)

    @cached_property
    def outside(self) -> tuple[Residual, ...]:
        """Residuals of the conditions."""
        return tuple(self._residual(condition.equation) for condition in self.held)

    @property
    def clock(self) -> int | None:
        """Number of the coordinate that is the time."""
        return self.names.index(self.time) if self.time in self.names else None

    @property
    def order(self) -> int:
        """The highest order of a derivative."""
        asked = [index for r in (*self.inside, *self.outside) for _, index in r.asked]
        return max(map(sum, asked), default=0)

    def points_of(self, condition: Condition, count: int, seed: int) -> np.ndarray:
        """About ``count`` points where a condition holds."""
        if condition.at:
            return self.domain.slice(condition.at, count, seed)
        return self.domain.boundary(count, seed, without=[self.time] if len(self.names) > 1 else [])

    def measured(self, data: Data) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, int]:
        """Points ``(N, d)``, values and errors ``(N,)`` of data, and the number of the field."""
        points = numbers(data.points)
        points = points[:, None] if points.ndim == 1 else points
        values = numbers(data.values).reshape(-1)
        if points.ndim != 2 or points.shape != (len(values), len(self.names)) or not len(values):
            raise InputError(
                f"data need a point ({', '.join(self.names)}) for every value, got shape "
                f"{points.shape} for {len(values)} values"
            )
        errors = None
        if data.errors is not None:
            errors = np.broadcast_to(numbers(data.errors), values.shape)
        tables = [points, values] if errors is None else [points, values, errors]
        if not all(np.isfinite(table).all() for table in tables):
            raise InputError("data must be finite, leave out the rows that are not")
        if errors is not None and not (errors > 0).all():
            raise InputError("errors of data must be more than 0")
        field = self.fields[0] if data.field is None else data.field
        if field not in self.fields:
            raise InputError(f"data are of {field!r}, which is none of {', '.join(self.fields)}")
        return points, values, errors, list(self.fields).index(field)

    def _residual(self, equation: Any) -> Residual:
        names = Names(self.names, tuple(self.fields), tuple(self.unknowns))
        probe = torch.from_numpy(self.domain.inside(_PROBED, _PROBE_SEED))
        return residual(equation, names, probe)

    def _check_names(self) -> None:
        every = (*self.names, *self.fields, *self.unknowns)
        for name in every:
            if every.count(name) > 1:
                raise InputError(f"{name!r} names two things: choose another name for one of them")
        for condition in self.held:
            for name, value in condition.at.items():
                if name not in self.names:
                    raise InputError(
                        f"{condition} holds at {name!r}, which is none of {', '.join(self.names)}"
                    )
                low, high = self.domain.ranges[self.names.index(name)]
                if not low <= value <= high:
                    raise InputError(f"{condition} lies outside of {low:g} to {high:g}")
        for name in self.unknowns:
            if not any(name in r.uses for r in (*self.inside, *self.outside)):
                raise InputError(f"the coefficient {name!r} stands in no equation")

    def _check_conditions(self) -> None:
        measured = {self.measured(data)[3] for data in self.measurements}
        for number, field in enumerate(self.fields):
            if not any(number in r.fields for r in (*self.inside, *self.outside)):
                raise InputError(f"the field {field!r} stands in no equation")
            if number in measured:
                continue
            if not any(number in r.fields for r in self.outside):
                raise InputError(
                    f"nothing is said of {field} but its equation: give a condition, as in "
                    f'Condition("{field}") for {field} = 0 on the boundary'
                )
            self._check_start(number, field)

    def _check_start(self, number: int, field: str) -> None:
        clock = self.clock
        if clock is None:
            return
        order = max(r.order(number, clock) for r in self.inside)
        given = sum(
            number in r.fields and self.time in condition.at
            for r, condition in zip(self.outside, self.held, strict=True)
        )
        if given < order:
            times = "once" if order == 1 else f"{order} times"
            raise InputError(
                f"{field} is differentiated {times} by {self.time}, which needs {order} condition(s) at "
                f"a value of {self.time}, as in Condition(..., {self.time}="
                f"{self.domain.ranges[clock][0]:g}), got {given}"
            )


def _listed(given: Any) -> tuple[Any, ...]:
    """One or several, as several."""
    return tuple(given) if isinstance(given, list | tuple) else (given,)


def _unknown(name: str, given: Any) -> Unknown:
    if isinstance(given, Real) and math.isfinite(given):
        return Unknown(float(given))
    try:
        low, high = map(float, given)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{name} needs a finite start value, or the pair of ends between which it lies, got {given!r}"
        ) from error
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(f"the ends of {name} must be finite, and the first the less, got {given}")
    middle = math.sqrt(low * high) if low > 0 and high > 10 * low else (low + high) / 2
    return Unknown(middle, low, high)
