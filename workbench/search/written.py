"""Formulas that have the form of a law with unknown parts, by construction.

A network that is compiled from a law allows more than the law: a number that stands in two places is one
for each, and pruning and symbols can leave another form. So of what was found only the functions at the
unknown places are taken; they stand in the law as it was written, and all numbers are fitted again.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sympy
from sympy import Expr, Function, Symbol
from sympy.core.function import AppliedUndef

from workbench.common.fence import attempt
from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.library import SYMPY
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.network.targets import compiled_law, right_side, spread
from workbench.network.wiring import Curve
from workbench.search.polish import Number, as_written

_NUMBERS = ("c", "d", "a", "b")
"""Of c·f(a·x + b) + d: those that a law is likelier to make redundant come first."""
_NEUTRAL = {"a": 1.0, "b": 0.0, "c": 1.0, "d": 0.0}
_LARGEST = 600.0


def formulas_of_law(text: str, models: Iterable[KAN], data: Dataset) -> FormulaSet:
    """Formulas of the form of a law, its unknown functions those of networks that were compiled from it.

    Args:
        text: the law, see ``compile_target``.
        models: networks whose curves are all named, trained from the law's own network.
        data: training rows fit.

    Raises:
        InputError: the text is no law of the data.
    """
    names = list(data.names)
    law = spread(right_side(text, names, data.target))
    blank, curves = compiled_law(law, names)
    letters = sorted({s.name for s in law.free_symbols} - set(names))
    found: list[Formula] = []
    tried: set[tuple[tuple[str, str], ...]] = set()
    for model in models:
        parts = _parts(model, blank, curves)
        names_of = tuple((label, part.name) for label, part in sorted((parts or {}).items()))
        if parts is None or names_of in tried:
            continue
        tried.add(names_of)
        with attempt("a law with the functions of a network"):
            found += as_written(
                _filled(law, parts), letters, data, functions=_numbers(parts), network=model
            )
    return FormulaSet(found).stamped(law=text)


def require_law(text: str, data: Dataset) -> None:
    """An ``InputError`` where a text is no law of the data, or no network can hold it."""
    if data.outputs != 1:
        raise InputError(
            f"a law describes one output, this network has {data.outputs}: one for every class"
        )
    compiled_law(spread(right_side(text, list(data.names), data.target)), data.names)


@dataclass(frozen=True)
class _Part:
    """c·f(a·x + b) + d for an unknown function, with the numbers that are not redundant in f itself."""

    label: str
    name: str
    start: Mapping[str, float]
    sign: float = 1.0

    def symbol(self, number: str) -> Symbol:
        return Symbol(f"_{self.label} {number}", real=True)

    def of(self, argument: Expr) -> Expr:
        def number(which: str, otherwise: float) -> Expr:
            known = which in self.start
            return self.symbol(which) if known else sympy.Integer(otherwise)

        if self.name == "constant":
            return number("d", 0)
        inner = number("a", int(self.sign)) * argument + number("b", 0)
        return number("c", 1) * SYMPY[self.name].build(inner) + number("d", 0)


def _parts(model: KAN, blank: KAN, curves: Mapping[str, Curve]) -> dict[str, _Part] | None:
    """The functions of a network at the unknown places; None where it is not the law's network."""
    if model.config.width != blank.config.width or model.config.arity != blank.config.arity:
        return None
    found = {}
    for label, curve in curves.items():
        layer = model.layer(curve.edge.layer)
        place = curve.edge.target, curve.edge.source
        alive = bool(layer.mask[place])
        if alive and place not in layer.fixed:
            return None
        name = layer.fixed[place] if alive else "zero"
        a, b, c, d = layer.affine[place].tolist()
        scale = curve.scale
        found[label] = _part(label, name, a, b, c / scale, (d - curve.shift) / scale)
    return found


def _part(label: str, name: str, a: float, b: float, c: float, d: float) -> _Part:
    """A function of a network without the numbers that it makes redundant by itself."""
    if name in ("zero", "constant") or a == 0 or c == 0:
        return _Part(label, "constant", {"d": 1.0})
    if name == "linear":
        return _Part(label, name, {"c": c * a, "d": c * b + d})
    symmetry, size = SYMPY[name].symmetry, abs(a)
    if symmetry == "homogeneous":
        scaled = {"c": c * size ** SYMPY[name].degree, "d": d, "b": b / size}
        return _Part(label, name, scaled, math.copysign(1.0, a))
    if symmetry == "logarithmic":
        scaled = {"c": c, "d": d + c * math.log(size), "b": b / size}
        return _Part(label, name, scaled, math.copysign(1.0, a))
    if symmetry == "exponential":
        return _Part(label, name, {"c": c * math.exp(min(b, _LARGEST)), "d": d, "a": a})
    return _Part(label, name, {"a": a, "b": b, "c": c, "d": d})


def _filled(law: Expr, parts: Mapping[str, _Part]) -> Expr:
    """The law with these functions in its unknown places."""
    for label, part in parts.items():
        law = law.replace(Function(label), part.of)
    if law.atoms(AppliedUndef):
        raise InputError(f"{law} still has unknown functions")
    return law


def _numbers(parts: Mapping[str, _Part]) -> dict[str, Number]:
    """The numbers of the functions, in the order in which they are made neutral."""
    return {
        part.symbol(which).name: Number(part.start[which], _NEUTRAL[which])
        for which in _NUMBERS
        for part in parts.values()
        if which in part.start
    }
