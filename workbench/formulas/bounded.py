"""Building expressions of foreign text: every number is bounded before SymPy computes it.

SymPy evaluates what it is given, exactly: ``10**10**10`` would fill the memory. So each part is judged
before it is made: a number must be one that floating point can hold, a power of numbers must stay one,
and other powers stay moderate. Whatever SymPy cannot build is one sentence.
"""

import math
from collections.abc import Callable
from typing import Any

import sympy
from sympy import Expr, Integer, Rational

from workbench.errors import InputError, in_one_line

_LARGEST = 1e300
_BITS = 4096
_EXPONENT, _SIMPLE = 1000, 1000
_MOST_ARGUMENTS = {"Max": 10, "Min": 10, "max": 10, "min": 10, "Piecewise": 20}
_ENDLESS = (sympy.nan, sympy.zoo, sympy.oo, -sympy.oo)
_STEEP = ("exp", "sinh", "cosh")
# How often SymPy or a language writes the argument of a function out: within each other they multiply.
_REPEATS = {
    "sinc": 3, "coth": 3, "tanh": 2, "erf": 2, "sign": 2, "Heaviside": 2, "Max": 2, "Min": 2, "Piecewise": 2,
}  # fmt: skip
_MOST_REPEATS = 64
# SymPy compares every argument of these with every other.
_MOST_EXTREMA = 100


def whole(value: int) -> Integer:
    """An integer of at most 300 digits."""
    if abs(value) > _LARGEST:
        raise InputError("a number is larger than 1e300")
    return sympy.Integer(value)


def decimal(text: str) -> Rational:
    """The exact fraction that a decimal such as ``1.5e-3`` says."""
    _require_double(text)
    return sympy.Rational(text)


def floating(text: str, precision: int = 53) -> sympy.Float:
    """A float of at most 200 bits."""
    if type(precision) is not int or not 1 <= precision <= 200:
        raise InputError("a float has 1 to 200 bits")
    _require_double(text)
    return sympy.Float(text, precision=precision)


def built(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """``function(*arguments)`` where its numbers stay bounded.

    Args:
        name: of the function, as in ``sympy.srepr``. function: what makes it. arguments: bounded parts.

    Raises:
        InputError: it has no finite value, a number would be too large, or SymPy cannot build it.
    """
    try:
        _require_moderate(name, arguments)
        found = function(*(_power(*arguments) if name == "Pow" else arguments))
        _require_bounded(found)
    except InputError:
        raise
    except Exception as error:  # SymPy names no errors: whatever it raises, there is no expression
        raise InputError(f"{name} cannot be built: {in_one_line(error)}") from error
    return found


def require_light(expression: Expr) -> None:
    """An ``InputError`` where it is short, but writing it out in other functions is not."""
    extrema = sum(
        isinstance(p, sympy.Max | sympy.Min) for p in sympy.preorder_traversal(expression)
    )
    if extrema > _MOST_EXTREMA:
        raise InputError(f"an expression has at most {_MOST_EXTREMA} maxima and minima")
    times: dict[Any, int] = {}
    for part in sympy.postorder_traversal(expression):
        inside = max((times[argument] for argument in part.args), default=1)
        times[part] = inside * _REPEATS.get(type(part).__name__, 1)
        if times[part] > _MOST_REPEATS:
            names = ", ".join(sorted({n for n in _REPEATS if expression.has(getattr(sympy, n))}))
            raise InputError(f"functions are nested too deep: {names}")


def _require_moderate(name: str, arguments: tuple[Any, ...]) -> None:
    if len(arguments) > _MOST_ARGUMENTS.get(name, 10**6):
        raise InputError(f"{name} has more than {_MOST_ARGUMENTS[name]} parts")
    if name == "Pow":
        _require_power(*arguments)
    if name in _STEEP and _size(*arguments) > 690:
        raise InputError(f"{name} of a number is larger than 1e300")
    if name == "besselj" and not (arguments[0].is_Integer and abs(arguments[0]) <= 10):
        raise InputError("besselj has a whole order up to 10")


def _require_double(text: str) -> None:
    """A decimal that a double can hold: neither beyond its range nor lost below it."""
    value = float(text)
    digits = text.lower().partition("e")[0]
    if len(text) > 1000 or not math.isfinite(value) or abs(value) > _LARGEST:
        raise InputError("a number is larger than 1e300")
    if abs(value) < 1 / _LARGEST and any(c in "123456789" for c in digits):
        raise InputError("a number is smaller than 1e-300")


def _require_power(base: Expr, exponent: Expr) -> None:
    if not exponent.is_number:
        return
    size = _size(exponent)
    if not base.is_number:
        if size > _EXPONENT:
            raise InputError(f"an exponent is larger than {_EXPONENT}")
        return
    height = abs(math.log10(_size(base))) if _size(base) else 0.0
    bits = _bits(base) if base.is_Rational else 0
    if height * size > 300 or bits * size > _BITS:
        raise InputError("a power of numbers is larger than 1e300")


def _power(base: Expr, exponent: Expr) -> tuple[Expr, Expr]:
    """Base and exponent, the numbers of the base floating where the exponent is no simple fraction.

    SymPy factors an exact number into primes and takes each to the exponent's numerator: of sixteen
    digits that never ends.
    """
    if not (isinstance(exponent, Rational) and exponent.q > _SIMPLE):
        return base, exponent
    numbers = [part for part in sympy.Mul.make_args(base) if part.is_number]
    if not numbers:
        return base, exponent
    rest = [part for part in sympy.Mul.make_args(base) if not part.is_number]
    return sympy.Mul(sympy.Mul(*numbers).evalf(17), *rest), exponent


def _bits(number: Rational) -> int:
    return max(abs(int(number.p)).bit_length(), int(number.q).bit_length()) - 1


def _size(*parts: Any) -> float:
    """The largest magnitude of parts that are numbers; 0 where none is."""
    return max(
        (
            abs(complex(p)) if p.is_Number else abs(complex(p.evalf(15, maxn=50)))
            for p in parts
            if isinstance(p, Expr) and p.is_number
        ),
        default=0.0,
    )


def _require_bounded(found: Any) -> None:
    """An ``InputError`` where what SymPy made holds an endless number, or one that is too large."""
    if not isinstance(found, Expr):
        return
    for part in (found, *found.args):
        if part in _ENDLESS:
            raise InputError("a part has no finite value")
        if part.is_Rational and _bits(part) > _BITS:
            raise InputError("a fraction has too many digits")
        if part.is_Pow and part.exp.is_number and not part.base.is_number:
            _require_power(part.base, part.exp)
    if found.is_number and _size(found) > _LARGEST:
        raise InputError("a number is larger than 1e300")
