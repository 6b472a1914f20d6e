"""An equation as a residual: what vanishes, a function of a few derivatives at a point.

It may be written with SymPy, as a text, or as a function in Python. All become the same: which
derivatives of which field are asked for, and the residual as torch makes it of their values.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
import torch
from sympy.core.function import AppliedUndef
from torch import Tensor

from workbench.equations.taylor import Index
from workbench.errors import InputError, in_one_line
from workbench.formulas.parsing import parse_expression

Entry = tuple[int, Index]
"""A derivative of a field: its number, and how often it is taken by each coordinate."""
Entries = Mapping[Entry, Tensor]

_SAME = """
    sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp log erf erfc sign floor
""".split()  # noqa: SIM905
"""What SymPy and torch call by the same name."""
_TORCH: dict[Any, Callable[..., Tensor]] = {
    **{getattr(sympy, name): getattr(torch, name) for name in _SAME},
    sympy.Abs: torch.abs,
    sympy.atan2: torch.atan2,
    sympy.Heaviside: lambda x, *_: torch.heaviside(x, x.new_tensor(0.5)),
    sympy.sinc: lambda x: torch.sinc(x / torch.pi),
    sympy.sec: lambda x: 1 / torch.cos(x),
    sympy.csc: lambda x: 1 / torch.sin(x),
    sympy.cot: lambda x: 1 / torch.tan(x),
    sympy.StrictLessThan: torch.lt,
    sympy.LessThan: torch.le,
    sympy.StrictGreaterThan: torch.gt,
    sympy.GreaterThan: torch.ge,
}


@dataclass(frozen=True)
class Names:
    """What an equation may speak of: coordinates, fields and unknown coefficients."""

    coordinates: tuple[str, ...]
    fields: tuple[str, ...]
    coefficients: tuple[str, ...] = ()

    def entry(self, name: str) -> Entry | None:
        """``u_xx`` as a derivative of a field, None where it is none; ``u`` is its value."""
        for number, field in enumerate(self.fields):
            if name == field:
                return number, (0,) * len(self.coordinates)
            if name.startswith(f"{field}_"):
                index = self.index(name.removeprefix(f"{field}_"))
                if index is not None:
                    return number, index
        return None

    def index(self, letters: str) -> Index | None:
        """``xxy`` as a multi-index."""
        longest = sorted(self.coordinates, key=len, reverse=True)
        found = re.findall("|".join(map(re.escape, longest)), letters)
        if "".join(found) != letters or not found:
            return None
        return tuple(found.count(name) for name in self.coordinates)


@dataclass(frozen=True)
class Residual:
    """A residual that vanishes where an equation holds.

    Attributes:
        asked: the derivatives that it is made of.
        uses: coefficients that occur in it.
        value: from derivatives ``(S, N)``, points ``(N, d)`` and coefficients ``(S, 1)`` to ``(S, N)``.
    """

    asked: tuple[Entry, ...]
    uses: tuple[str, ...]
    value: Callable[[Entries, Tensor, Mapping[str, Tensor]], Tensor]

    @classmethod
    def of(cls, entry: Entry) -> "Residual":
        """A field or one of its derivatives alone."""
        return cls((entry,), (), lambda entries, *_: entries[entry])

    @property
    def fields(self) -> set[int]:
        """Numbers of the fields that occur in it."""
        return {field for field, _ in self.asked}

    def order(self, field: int, coordinate: int) -> int:
        """The highest derivative of a field by a coordinate."""
        return max((index[coordinate] for f, index in self.asked if f == field), default=0)


def residual(equation: Any, names: Names, probe: Tensor) -> Residual:
    """An equation that was given in any of the three ways.

    Args:
        equation: a SymPy expression or ``Eq``, a text such as ``"u_t = nu*u_xx"``, or a function of
            fields, coordinates and coefficients, by their names: ``lambda u, x, y: u.xx + u.yy - x*y``.
        names: that it may hold. probe: some points ``(N, d)``, at which a function is tried.

    Raises:
        InputError: it holds names that are not known, a field has other arguments than the coordinates,
            or a function fails.
    """
    if isinstance(equation, str):
        left, *right = (parse_expression(side) for side in equation.split("="))
        if len(right) > 1:
            raise InputError(f"an equation has one equals sign, got {equation!r}")
        return _symbolic(left - right[0] if right else left, names)
    if isinstance(equation, sympy.Equality):
        return _symbolic(equation.lhs - equation.rhs, names)
    if isinstance(equation, sympy.Expr | int | float):
        return _symbolic(sympy.S(equation), names)
    if callable(equation):
        return _programmed(equation, names, probe)
    raise InputError(
        "an equation must be a SymPy expression, a text or a function, got "
        f"{type(equation).__name__}"
    )


def _symbolic(expression: sympy.Expr, names: Names) -> Residual:
    expression = expression.doit()
    found: dict[sympy.Basic, Entry] = {}
    for part in expression.atoms(sympy.Derivative, AppliedUndef):
        found[part] = _applied(part, names)
    bare = expression.xreplace(dict.fromkeys(found, sympy.S.One)).free_symbols
    uses = set()
    for symbol in bare:
        entry = names.entry(symbol.name)
        if entry is not None:
            found[symbol] = entry
        elif symbol.name in names.coefficients:
            uses.add(symbol.name)
        elif symbol.name not in names.coordinates:
            raise InputError(_stranger(symbol.name, names))
    _require_functions(expression, found)
    # A derivative that stands only inside another one is not asked for.
    asked = {found[part] for part in _outermost(expression, found)}

    def value(entries: Entries, points: Tensor, coefficients: Mapping[str, Tensor]) -> Tensor:
        known = {part: entries[entry] for part, entry in found.items() if entry in entries}
        for symbol in bare:
            if symbol in known:
                continue
            if symbol.name in coefficients:
                known[symbol] = coefficients[symbol.name]
            else:
                known[symbol] = points[:, names.coordinates.index(symbol.name)]
        return _evaluated(expression, known, points)

    return Residual(tuple(sorted(asked)), tuple(sorted(uses)), value)


def _outermost(expression: sympy.Basic, found: Mapping[sympy.Basic, Entry]) -> set[sympy.Basic]:
    if expression in found:
        return {expression}
    return set().union(*(_outermost(part, found) for part in expression.args))


def _applied(part: sympy.Basic, names: Names) -> Entry:
    """A field or its derivative, as SymPy writes it."""
    inner = part.expr if isinstance(part, sympy.Derivative) else part
    if not isinstance(inner, AppliedUndef):
        raise InputError(f"{part} cannot be taken: derivatives are those of a field")
    name = inner.func.__name__
    if name not in names.fields:
        raise InputError(_stranger(name, names))
    given = tuple(str(argument) for argument in inner.args)
    if given != names.coordinates:
        raise InputError(
            f"{name} must be written {name}({', '.join(names.coordinates)}), got {inner}; where a "
            "condition holds is said beside it, as in Condition(u(x, t), t=0)"
        )
    counts = dict.fromkeys(names.coordinates, 0)
    for variable, count in getattr(part, "variable_count", ()):
        if str(variable) not in counts or not count.is_Integer:
            raise InputError(f"{part} is no derivative by {', '.join(names.coordinates)}")
        counts[str(variable)] += int(count)
    return names.fields.index(name), tuple(counts.values())


def _stranger(name: str, names: Names) -> str:
    known = ", ".join((*names.fields, *names.coordinates, *names.coefficients))
    return (
        f"the equation holds {name!r}, which is none of {known}; unknown functions are named by fields=, "
        "unknown numbers by coefficients="
    )


def _require_functions(expression: sympy.Basic, found: Mapping[sympy.Basic, Entry]) -> None:
    if expression.has(sympy.I, sympy.nan, sympy.zoo, sympy.oo):
        raise InputError(f"an equation must be real and finite, got {expression}")
    for part in sympy.preorder_traversal(expression):
        if isinstance(part, sympy.Function) and part not in found:
            head = type(part)
            if head not in _TORCH and head not in (sympy.Max, sympy.Min, sympy.Piecewise):
                raise InputError(f"the function {head.__name__} is not known in an equation")


def _evaluated(expression: sympy.Basic, known: dict[Any, Tensor], like: Tensor) -> Tensor:
    """The value of an expression; parts that occur more than once are computed once, in ``known``."""
    if expression in known:
        return known[expression]
    if expression.is_number:
        return like.new_tensor(float(expression))
    if isinstance(expression, sympy.Piecewise):
        return _pieces(expression, known, like)
    arguments = [_evaluated(part, known, like) for part in expression.args]
    if isinstance(expression, sympy.Add):
        value = sum(arguments[1:], arguments[0])
    elif isinstance(expression, sympy.Mul):
        value = arguments[0]
        for argument in arguments[1:]:
            value = value * argument
    elif isinstance(expression, sympy.Pow):
        value = _power(expression, arguments)
    elif isinstance(expression, sympy.Max | sympy.Min):
        value = arguments[0]
        for argument in arguments[1:]:
            value = (torch.maximum if isinstance(expression, sympy.Max) else torch.minimum)(
                value, argument
            )
    elif type(expression) in _TORCH:
        value = _TORCH[type(expression)](*arguments)
    else:
        raise InputError(f"{expression} cannot stand in an equation")
    known[expression] = value
    return value


def _power(expression: sympy.Pow, arguments: Sequence[Tensor]) -> Tensor:
    if expression.exp == sympy.S.Half:
        return torch.sqrt(arguments[0])
    if expression.exp.is_number:
        exponent = int(expression.exp) if expression.exp.is_Integer else float(expression.exp)
        return arguments[0] ** exponent
    return torch.exp(arguments[1]) if expression.base is sympy.E else arguments[0] ** arguments[1]


def _pieces(expression: sympy.Basic, known: dict[Any, Tensor], like: Tensor) -> Tensor:
    value = like.new_tensor(float("nan"))
    for piece, condition in reversed(expression.args):
        found = _evaluated(piece, known, like)
        if condition == sympy.true:
            value = found
        else:
            value = torch.where(_evaluated(condition, known, like), found, value)
    return value


class Field:
    """A field in a function that a user writes: ``u`` is its value, ``u.xx`` a derivative."""

    def __init__(self, name: str, names: Names, take: Callable[[Entry], Tensor]) -> None:
        self._name, self._names, self._take = name, names, take

    def __getattr__(self, letters: str) -> Tensor:
        entry = self._names.entry(f"{self._name}_{letters}")
        if entry is None:
            raise AttributeError(
                f"{self._name}.{letters} is no derivative by {', '.join(self._names.coordinates)}"
            )
        return self._take(entry)

    @property
    def value(self) -> Tensor:
        """The field itself."""
        entry = self._names.entry(self._name)
        if entry is None:
            raise AttributeError(self._name)
        return self._take(entry)

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return function(*map(_plain, args), **(kwargs or {}))

    def __neg__(self) -> Tensor:
        return -self.value

    def __add__(self, other: Any) -> Tensor:
        return self.value + _plain(other)

    def __sub__(self, other: Any) -> Tensor:
        return self.value - _plain(other)

    def __rsub__(self, other: Any) -> Tensor:
        return _plain(other) - self.value

    def __mul__(self, other: Any) -> Tensor:
        return self.value * _plain(other)

    def __truediv__(self, other: Any) -> Tensor:
        return self.value / _plain(other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return _plain(other) / self.value

    def __pow__(self, other: Any) -> Tensor:
        return self.value ** _plain(other)

    __radd__, __rmul__ = __add__, __mul__


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Field) else value


def _programmed(function: Callable[..., Any], names: Names, probe: Tensor) -> Residual:
    parameters = tuple(inspect.signature(function).parameters)
    for name in parameters:
        if name not in (*names.fields, *names.coordinates, *names.coefficients):
            raise InputError(_stranger(name, names))

    def run(
        take: Callable[[Entry], Tensor], points: Tensor, coefficients: Mapping[str, Tensor]
    ) -> Tensor:
        given = {
            **dict(zip(names.coordinates, points.unbind(1), strict=True)),
            **coefficients,
            **{field: Field(field, names, take) for field in names.fields},
        }
        found = function(*(given[name] for name in parameters))
        found = _plain(found)
        return found if isinstance(found, Tensor) else points.new_tensor(found)

    asked: dict[Entry, Tensor] = {}
    generator = torch.Generator().manual_seed(0)

    def trial(entry: Entry) -> Tensor:
        drawn = torch.rand(1, len(probe), generator=generator, dtype=torch.float64)
        return asked.setdefault(entry, drawn.to(probe))

    some = {name: probe.new_ones(1, 1) for name in names.coefficients}
    wanted = (1, len(probe))
    try:
        shape = run(trial, probe, some).shape
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        raise InputError(
            f"the function of an equation must work on tensors, elementwise: {in_one_line(error)}"
        ) from error
    if shape not in ((), wanted, wanted[1:], (1, 1)):
        raise InputError(
            f"the function of an equation must give one number for each of {len(probe)} points, got "
            f"shape {tuple(shape)}"
        )
    uses = tuple(name for name in parameters if name in names.coefficients)
    return Residual(tuple(sorted(asked)), uses, lambda e, x, c: run(e.__getitem__, x, c))


def fields_of(equations: Sequence[Any]) -> tuple[str, ...]:
    """Names of the functions that SymPy's equations are written with, in the order of the alphabet."""
    parts = [part for part in equations if isinstance(part, sympy.Basic)]
    return tuple(sorted({f.func.__name__ for part in parts for f in part.atoms(AppliedUndef)}))
