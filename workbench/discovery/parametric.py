"""Expressions with free constants: fitted in float64, their uncertainty, and snapping to exact values.

Snapping is honest by construction: a constant becomes a number of few bits only if that number lies
within its uncertainty, is short for the precision at hand, and an F-test does not notice it after all
others have been refitted.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import sympy
from scipy.optimize import least_squares, minimize
from scipy.special import log_softmax, softmax
from sympy import Expr, Symbol

_SIGMAS = 3.5
_F_LIMIT = 9.0
_ROUNDING = 1e-11
_MARGIN_BITS = 3.0
_MOST_BITS = 16.0
_EXACT_BITS = 40.0
_PROBE = 1e-7


@dataclass(frozen=True)
class Parametric:
    """Expressions, one per output, in input symbols and constants.

    Attributes:
        expressions: with ``constants`` as symbols.
        inputs: input symbols in the order of the data's columns.
        constants: symbols of the free constants. values: their numbers.
        exact: constants that were snapped, with the number they became and the evidence in words.
    """

    expressions: tuple[Expr, ...]
    inputs: tuple[Symbol, ...]
    constants: tuple[Symbol, ...]
    values: tuple[float, ...]
    exact: tuple[tuple[Symbol, Expr, str], ...] = ()

    @cached_property
    def _functions(self) -> tuple[Any, Any]:
        arguments = [*self.inputs, *self.constants]
        modules = ["numpy", "scipy"]
        value = sympy.lambdify(arguments, list(self.expressions), modules, cse=True)
        rows = [[_slope(e, c) for c in self.constants] for e in self.expressions]
        return value, sympy.lambdify(arguments, rows, modules, cse=True)

    def outputs(
        self, x: np.ndarray, values: Sequence[float] | np.ndarray | None = None
    ) -> np.ndarray:
        """Values at ``x (N, d)``: ``(N, m)``; not finite where the expression is undefined."""
        numbers = self.values if values is None else values
        with np.errstate(all="ignore"):
            found = self._functions[0](*x.T, *numbers)
        return np.stack([np.broadcast_to(np.real(f), len(x)) for f in found], 1).astype(float)

    def jacobian(self, x: np.ndarray, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """Derivatives by the constants: ``(N, m, p)``."""
        if not self.constants:
            return np.zeros((len(x), len(self.expressions), 0))
        with np.errstate(all="ignore"):
            found = self._functions[1](*x.T, *values)
        rows = [[np.broadcast_to(np.real(v), len(x)) for v in row] for row in found]
        return np.moveaxis(np.array(rows, dtype=float), 2, 0)

    def substituted(self) -> tuple[Expr, ...]:
        """The expressions with their numbers put in."""
        numbers = dict(zip(self.constants, map(sympy.Float, self.values), strict=True))
        return tuple(e.xreplace(numbers) for e in self.expressions)


def _slope(expression: Expr, constant: Symbol) -> Expr:
    """The derivative almost everywhere: jumps have slope 0, not a delta that no array can hold."""
    return expression.diff(constant).replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))


@dataclass(frozen=True)
class Fitted:
    """A parametric expression at its best values.

    Attributes:
        parametric: with these values. loss: mean squared error, or mean cross-entropy.
        sigma: standard error of every constant, NaN where data do not determine it.
        rows: number of residuals.
    """

    parametric: Parametric
    loss: float
    sigma: tuple[float, ...]
    rows: int


def parametrize(expressions: Sequence[Expr], names: Sequence[str]) -> Parametric:
    """Turn every floating-point number into a constant; integers and fractions are structure."""
    symbols: list[Symbol] = []
    values: list[float] = []

    def free(expression: Expr) -> Expr:
        if expression.is_Float:
            symbols.append(Symbol(f"_c{len(symbols)}", real=True))
            values.append(float(expression))
            return symbols[-1]
        if not expression.args:
            return expression
        return expression.func(*(free(part) for part in expression.args))

    found = tuple(free(e) for e in expressions)
    inputs = tuple(Symbol(name, real=True) for name in names)
    return Parametric(found, inputs, tuple(symbols), tuple(values))


def refit(parametric: Parametric, x: np.ndarray, y: np.ndarray, *, classes: bool = False) -> Fitted:
    """Least squares, or cross-entropy for class numbers; never worse than the given values.

    Args:
        parametric: start. x: ``(N, d)``.
        y: ``(N, m)``, or class numbers ``(N,)`` with ``classes=True``.
    """
    return _refit_classes(parametric, x, y) if classes else _refit_squares(parametric, x, y)


def _refit_squares(parametric: Parametric, x: np.ndarray, y: np.ndarray) -> Fitted:
    spread = float(y.std()) or 1.0
    start = np.array(parametric.values)

    def residuals(values: np.ndarray) -> np.ndarray:
        gap = (parametric.outputs(x, values) - y).ravel() / spread
        return np.where(np.isfinite(gap), gap, 1e6)

    def slopes(values: np.ndarray) -> np.ndarray:
        table = parametric.jacobian(x, values).reshape(y.size, len(start)) / spread
        return np.where(np.isfinite(table), table, 0.0)

    values = start
    if len(start) and len(start) <= y.size:
        tight = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15, "max_nfev": 300}
        try:
            found = least_squares(residuals, start, slopes, method="lm", x_scale="jac", **tight)
            if np.square(found.fun).sum() <= np.square(residuals(start)).sum():
                values = found.x
        except (ValueError, np.linalg.LinAlgError):
            values = start  # an overflow on the way: the start is still a valid answer
    gap = residuals(values)
    degrees = max(len(gap) - len(values), 1)
    sigma = _standard_errors(slopes(values), float(np.square(gap).sum()) / degrees)
    fitted = replace(parametric, values=tuple(map(float, values)))
    return Fitted(fitted, float(np.square(gap).mean()) * spread**2, sigma, len(gap))


def _refit_classes(parametric: Parametric, x: np.ndarray, y: np.ndarray) -> Fitted:
    start = np.array(parametric.values)
    hot = np.eye(max(len(parametric.expressions), 2))[y.astype(int)]

    def logits(values: np.ndarray) -> np.ndarray:
        raw = np.nan_to_num(parametric.outputs(x, values), nan=0.0, posinf=700, neginf=-700)
        return np.concatenate((np.zeros_like(raw), raw), 1) if raw.shape[1] == 1 else raw

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        scores = logits(values)
        push = (softmax(scores, 1) - hot)[:, -len(parametric.expressions) :] / len(x)
        slope = np.nan_to_num(parametric.jacobian(x, values), posinf=0.0, neginf=0.0)
        value = -float((hot * log_softmax(scores, 1)).sum(1).mean())
        return value, np.einsum("nm,nmp->p", push, slope)

    values = start
    if len(start):
        found = minimize(loss, start, jac=True, method="BFGS", options={"maxiter": 200})
        if found.fun <= loss(start)[0] and np.isfinite(found.x).all():
            values = found.x
    p = softmax(logits(values), 1)[:, -len(parametric.expressions) :]
    slope = np.nan_to_num(parametric.jacobian(x, values), posinf=0.0, neginf=0.0)
    rows = (np.sqrt(p * (1 - p))[..., None] * slope).reshape(p.size, len(start))
    fitted = replace(parametric, values=tuple(map(float, values)))
    return Fitted(fitted, loss(values)[0], _standard_errors(rows, 1.0), len(x))


def _standard_errors(jacobian: np.ndarray, variance: float) -> tuple[float, ...]:
    if jacobian.shape[1] == 0:
        return ()
    size = np.maximum(np.linalg.norm(jacobian, axis=0), 1e-300)
    inverse = np.linalg.pinv((jacobian / size).T @ (jacobian / size), rcond=1e-13, hermitian=True)
    found = np.sqrt(np.maximum(np.diag(inverse), 0) * variance) / size
    return tuple(map(float, found))


def snap(fitted: Fitted, x: np.ndarray, y: np.ndarray, *, classes: bool = False) -> Fitted:
    """Snap constants one at a time, the surest first; see the module's first lines.

    Args:
        fitted: from ``refit`` on the same rows ``x``, ``y``.
    """
    tried: set[tuple[str, Expr]] = set()
    while True:
        offers = sorted(_offers(fitted), key=lambda offer: offer[0])
        offer = next((o for o in offers if (str(o[1]), o[2]) not in tried), None)
        if offer is None:
            return fitted
        _, constant, number = offer
        tried.add((str(constant), number))
        trial = refit(_with_exact(fitted, constant, number), x, y, classes=classes)
        if _unnoticed(fitted, trial, y, classes):
            fitted = trial


def _with_exact(fitted: Fitted, constant: Symbol, number: Expr) -> Parametric:
    old = fitted.parametric
    place = old.constants.index(constant)
    value, sigma = old.values[place], fitted.sigma[place]
    evidence = f"{value:.6g} ± {sigma:.1g}"
    expressions = tuple(e.xreplace({constant: number}) for e in old.expressions)
    used = set().union(*(e.free_symbols for e in expressions))
    kept = [
        (c, v)
        for c, v in zip(old.constants, old.values, strict=True)
        if c != constant and c in used
    ]
    return Parametric(
        expressions,
        old.inputs,
        tuple(c for c, _ in kept),
        tuple(v for _, v in kept),
        (*old.exact, (constant, number, evidence)),
    )


def _unnoticed(before: Fitted, after: Fitted, y: np.ndarray, classes: bool) -> bool:
    """F-test of the freedom given up; below rounding nothing can be noticed."""
    bad = (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo)
    if any(e.has(*bad) for e in after.parametric.expressions) or not math.isfinite(after.loss):
        return False
    lost = len(before.parametric.constants) - len(after.parametric.constants)
    if classes:
        return 2 * before.rows * (after.loss - before.loss) <= _F_LIMIT * max(lost, 1)
    floor = (_ROUNDING * float(y.std())) ** 2
    if after.loss <= floor:
        return True
    degrees = max(before.rows - len(before.parametric.constants), 1)
    noise = max(before.loss, floor) * before.rows / degrees
    return (after.loss - before.loss) * before.rows / max(lost, 1) <= _F_LIMIT * noise


def _offers(fitted: Fitted) -> list[tuple[float, Symbol, Expr]]:
    """Numbers that each constant may become: (bits, constant, number)."""
    found = []
    for constant, value, sigma in zip(
        fitted.parametric.constants, fitted.parametric.values, fitted.sigma, strict=True
    ):
        if not (math.isfinite(value) and math.isfinite(sigma)):
            continue
        reach = max(_SIGMAS * sigma, _PROBE * min(abs(value), 1.0) * _ROUNDING**0.5)
        if abs(value) <= max(reach, _ROUNDING):
            found.append((0.0, constant, sympy.Integer(0)))
        if value == 0:
            continue
        known = min(_EXACT_BITS, -math.log2(max(reach / abs(value), 1e-12)))
        numbers, costs, exact = _numbers()
        near = np.flatnonzero(np.abs(numbers - abs(value)) <= reach)
        for place in near[np.argsort(costs[near])][:3]:
            if costs[place] + _MARGIN_BITS <= known:
                sign = 1 if value > 0 else -1
                found.append((float(costs[place]), constant, sign * exact[place]))
    return found


@lru_cache
def _numbers() -> tuple[np.ndarray, np.ndarray, tuple[Expr, ...]]:
    """Positive numbers of few bits: p/q times 1, π, 1/π, π², 1/π², √2, √3, √π, e, and their costs."""
    bases: tuple[tuple[Expr, float], ...] = (
        (sympy.Integer(1), 0.0),
        (sympy.pi, 3.0),
        (1 / sympy.pi, 4.0),
        (sympy.pi**2, 5.0),
        (1 / sympy.pi**2, 6.0),
        (sympy.sqrt(2), 4.0),
        (sympy.sqrt(3), 5.0),
        (sympy.sqrt(sympy.pi), 6.0),
        (1 / sympy.sqrt(2 * sympy.pi), 6.0),
        (sympy.E, 5.0),
        (sympy.exp(-1), 6.0),
        (sympy.log(2), 6.0),
    )
    found: dict[Expr, float] = {}
    values: dict[Expr, float] = {}
    for base, extra in bases:
        size = float(base)
        for q in range(1, 17):
            for p in range(1, 101):
                if math.gcd(p, q) == 1:
                    cost = extra + math.log2(p) + 2 * math.log2(q)
                    number = sympy.Rational(p, q) * base
                    if cost <= _MOST_BITS and cost < found.get(number, math.inf):
                        found[number], values[number] = cost, p / q * size
    exact = tuple(found)
    return np.array([values[n] for n in exact]), np.array(list(found.values())), exact
