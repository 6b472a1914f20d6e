"""What ``discover_dynamics`` returns: equations, how well their numbers are known, and their simulation."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.integrate import solve_ivp
from sympy import Symbol

from workbench.common.labels import Label
from workbench.dynamics.trajectories import Trajectories
from workbench.errors import InputError
from workbench.formulas.digits import FULL
from workbench.formulas.evaluation import compiled
from workbench.formulas.formula import Formula
from workbench.formulas.typesetting import layout

_TOLERANCE = 1e-9

Control = float | Sequence[float] | Callable[[float], float]


@dataclass(frozen=True)
class Dynamics:
    """Equations of motion found in time series.

    Attributes:
        equations: for every state the formula of its time derivative of ``order``, in the columns.
        data: the trajectories that they were found in.
        order: of the derivative: 1 or 2.
        terms: of every state, its terms as text with the numbers in them: see ``frame``.
        noise: of every state, standard deviation of what the fitted trajectories leave of the rows.
        scores: of every state, the error of simulations of held-out rows (the last fifth of every run, its
            constants fitted without them), in standard deviations of the state.
        starts: of every run, by its label, where its fitted trajectory begins: see ``coordinates``.
        sentences: what was done to the table, and what these rows cannot tell.
        seconds: wall time. complete: False where the search was ended early.
    """

    equations: Mapping[str, Formula]
    data: Trajectories
    order: int = 1
    terms: Mapping[str, tuple["TermFit", ...]] = field(default_factory=dict)
    noise: Mapping[str, float] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    starts: Mapping[Label, tuple[float, ...]] = field(default_factory=dict)
    sentences: tuple[str, ...] = ()
    seconds: float = 0.0
    complete: bool = True

    @property
    def score(self) -> float:
        """Root mean square over the states of ``scores``; infinite where a simulation runs away."""
        return float(np.sqrt(np.mean(np.square(list(self.scores.values())))))

    @cached_property
    def coordinates(self) -> tuple[str, ...]:
        """What a start gives a number to: the states, in second order then their velocities."""
        return coordinates(self.data, self.order)

    def simulate(
        self,
        start: Mapping[str, float] | Sequence[float],
        times: Sequence[float] | np.ndarray,
        controls: Mapping[str, Control] | None = None,
    ) -> pd.DataFrame:
        """States at times, from a start at the first of them.

        Args:
            start: of every one of ``coordinates``, by name or in their order.
            times: rising, ``(n,)``.
            controls: of every control a number, one for every time, or a function of time.

        Returns:
            A frame with the columns time and ``coordinates``; rows end where the solution runs away.

        Raises:
            InputError: a start, a time or a control lacks or is no finite number.
        """
        t = np.asarray(times, dtype=float)
        if t.ndim != 1 or len(t) < 2 or not (np.isfinite(t).all() and (np.diff(t) > 0).all()):
            raise InputError("times must be at least two finite numbers that rise")
        inputs = [_as_function(name, controls or {}, t) for name in self.data.controls]
        rates = self._rates

        def slopes(now: float, x: np.ndarray) -> np.ndarray:
            with np.errstate(all="ignore"):
                return rates(x, [u(now) for u in inputs], now)

        found = solve_ivp(
            slopes,
            (t[0], t[-1]),
            self._start(start),
            method="LSODA",
            t_eval=t,
            rtol=_TOLERANCE,
            atol=_TOLERANCE * float(self.data.spread.min()),
        )
        table = np.column_stack((found.t, found.y.T)) if found.t.size else np.empty((0, 1))
        table = table[np.isfinite(table).all(1)]
        columns = [self.data.time, *self.coordinates]
        return pd.DataFrame(table.reshape(-1, len(columns)), columns=columns)

    def _start(self, start: Mapping[str, float] | Sequence[float]) -> np.ndarray:
        names = self.coordinates
        if isinstance(start, Mapping):
            missing = [name for name in names if name not in start]
            if missing:
                raise InputError(f"a start needs {', '.join(names)}, but {missing[0]!r} lacks")
            start = [start[name] for name in names]
        found = np.asarray(start, dtype=float)
        if found.shape != (len(names),) or not np.isfinite(found).all():
            raise InputError(f"a start is one finite number for each of {', '.join(names)}")
        return found

    @cached_property
    def _rates(self) -> Callable[..., np.ndarray]:
        d = len(self.data.states)
        names = (*self.coordinates, *self.data.controls, self.data.time)
        sides = [f.expression for f in self.equations.values()]
        function = compiled(sides, [Symbol(n, real=True) for n in names], shared=True)

        def rates(x: np.ndarray, inputs: Sequence[float], now: float) -> np.ndarray:
            return np.array([*x[d:], *function(*x, *inputs, now)], dtype=float)

        return rates

    def frame(self) -> pd.DataFrame:
        """Every number: state, term, value, standard error and the ends of its 95 % interval."""
        rows = [
            (state, fit.text, fit.role, fit.value, fit.sigma, *fit.interval)
            for state, fits in self.terms.items()
            for fit in fits
        ]
        columns = ["state", "term", "number", "value", "sigma", "low", "high"]
        return pd.DataFrame(rows, columns=columns)

    def to_latex(self) -> str:
        """The system as rows of an ``aligned``."""
        time = next(iter(self.equations.values())).written
        lines = []
        for state, formula in self.equations.items():
            names = {s: formula.written[s.name].latex for s in formula.symbols}
            x, t = formula.written[state].latex, time[self.data.time].latex
            power = "" if self.order == 1 else f"^{self.order}"
            left = rf"\frac{{d{power} {x}}}{{d {t}{power}}}"
            lines += [e.aligned for e in layout(left, formula.printed[0], names, width=10**9)]
        rows = r" \\ ".join(lines)
        return rf"\begin{{aligned}} {rows} \end{{aligned}}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.to_latex()}$"

    def __str__(self) -> str:
        mark = "" if self.order == 1 else f"{self.order}"
        lines = []
        for state, formula in self.equations.items():
            x, t = formula.written[state].text, formula.written[self.data.time].text
            upper = f"d^{mark}" if mark else "d"
            lower = f"{t}^{mark}" if mark else t
            lines.append(f"{upper}{x}/d{lower} = {formula.in_text(formula.printed[0])}")
        return "\n".join((*lines, *self.sentences))


@dataclass(frozen=True)
class TermFit:
    """A number of an equation.

    Attributes:
        text: the term that it belongs to. role: "factor", or what stands for it in the term.
        value: as fitted. sigma: its standard error. interval: of 95 %.
    """

    text: str
    role: str
    value: float
    sigma: float
    interval: tuple[float, float]

    @property
    def digits(self) -> int:
        """Significant ones down to the second of the error."""
        if not (self.value and self.sigma > 0):
            return FULL
        size = math.floor(math.log10(abs(self.value))) - math.floor(math.log10(self.sigma))
        return min(max(size + 2, 1), FULL)


def coordinates(data: Trajectories, order: int) -> tuple[str, ...]:
    """Names of what is integrated: ``x``, and in second order ``x_t`` for its velocity.

    Raises:
        InputError: a velocity would be called like a column.
    """
    velocities = tuple(f"{name}_{data.time}" for name in data.states) if order > 1 else ()
    taken = set(velocities) & set(data.names)
    if taken:
        raise InputError(f"the velocity is called {min(taken)!r}: rename the column of this name")
    return (*data.states, *velocities)


def _as_function(
    name: str, controls: Mapping[str, Control], times: np.ndarray
) -> Callable[[float], float]:
    if name not in controls:
        raise InputError(f"the equations need the control {name!r}: give it in controls")
    value = controls[name]
    if callable(value):
        return value
    numbers = np.broadcast_to(np.asarray(value, dtype=float), times.shape)
    return lambda now: float(np.interp(now, times, numbers))
