"""The SymPy expression of a network whose living edges are all fixed.

Numbers that several places of a network could share are brought to one place (the *gauge* is fixed):
constants leave exponentials, scales leave powers and logarithms, phases lose whole turns. What is
left are the constants that data can determine.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import sympy

from workbench.errors import InputError
from workbench.formulas.library import SYMPY, Entry
from workbench.kan.model import KAN

NEGLIGIBLE = 1e-13


@dataclass(frozen=True)
class Linear:
    """``constant + sum of coefficient * term``: what arrives at a node."""

    terms: tuple[tuple[float, sympy.Expr], ...]
    constant: float

    def scaled(self, factor: float, shift: float = 0.0) -> "Linear":
        terms = tuple((factor * k, term) for k, term in self.terms)
        return Linear(terms, factor * self.constant + shift)

    def divided(self, by: float) -> "Linear":
        """Division term by term: the term that ``by`` came from is left with exactly 1."""
        return Linear(tuple((k / by, term) for k, term in self.terms), self.constant / by)

    @property
    def lead(self) -> float:
        """The coefficient that a scale is taken out by: the largest, of the first of equals."""
        return max((k for k, _ in self.terms), key=abs, default=1.0)

    def expression(self) -> sympy.Expr:
        parts = [sympy.Float(k) * term if k != 1 else term for k, term in self.terms]
        return sympy.Add(*parts, sympy.Float(self.constant)) if self.constant else sympy.Add(*parts)


def to_expressions(model: KAN, names: Sequence[str]) -> tuple[sympy.Expr, ...]:
    """One expression per output in real symbols called ``names``, in the target's units.

    Raises:
        InputError: a living edge is still a spline.
    """
    config = model.config
    nodes = [Linear(((1.0, sympy.Symbol(name, real=True)),), 0.0) for name in names]
    for level in range(config.depth):
        layer = model.layer(level)
        subnodes = []
        for target in range(config.subnodes(level + 1)):
            terms: list[tuple[float, sympy.Expr]] = []
            constant = 0.0
            for source in layer.mask[target].nonzero().flatten().tolist():
                if (target, source) not in layer.fixed:
                    raise InputError(f"layer {level}, edge {source} to {target} is still a spline")
                a, b, c, d = layer.affine[target, source].tolist()
                part = apply(layer.fixed[target, source], nodes[source].scaled(a, b))
                terms += [(c * k, term) for k, term in part.terms]
                constant += c * part.constant + d
            subnodes.append(_gathered(terms, constant))
        nodes = subnodes[: config.sums(level + 1)]
        for node in range(config.sums(level + 1), config.nodes(level + 1)):
            nodes.append(_product([subnodes[i] for i in config.parents(level + 1, node)]))
    scale, shift = model.output_scale.tolist(), model.output_shift.tolist()
    return tuple(
        node.scaled(k, s).expression() for node, k, s in zip(nodes, scale, shift, strict=True)
    )


def _gathered(terms: list[tuple[float, sympy.Expr]], constant: float) -> Linear:
    total: dict[sympy.Expr, float] = {}
    for k, term in terms:
        total[term] = total.get(term, 0.0) + k
    return Linear(tuple((k, term) for term, k in total.items() if k != 0), constant)


def _product(factors: list[Linear]) -> Linear:
    scale, parts = 1.0, []
    for factor in factors:
        if not factor.terms:
            scale *= factor.constant
            continue
        lead = factor.lead
        scale *= lead
        parts.append(_without_dust(factor.divided(lead)).expression())
    return Linear(((scale, sympy.Mul(*parts)),), 0.0) if parts else Linear((), scale)


def _without_dust(node: Linear) -> Linear:
    size = max((abs(k) for k, _ in node.terms), default=0.0)
    constant = 0.0 if abs(node.constant) < NEGLIGIBLE * size else node.constant
    return Linear(node.terms, constant)


def apply(name: str, argument: Linear) -> Linear:
    """``f(argument)`` with the function's own redundancies taken out."""
    build = SYMPY[name].build
    if name == "linear":
        return argument
    if name == "zero" or not argument.terms:
        value = 0.0 if name == "zero" else float(build(sympy.Float(argument.constant)))
        return Linear((), value)
    if name == "constant":
        return Linear((), 1.0)
    symmetry = SYMPY[name].symmetry
    if symmetry == "homogeneous":
        return _homogeneous(SYMPY[name], argument)
    if symmetry == "logarithmic":
        scale = abs(argument.lead)
        inner = argument.divided(scale).expression()
        return Linear(((1.0, build(inner)),), math.log(scale))
    if symmetry == "exponential":
        factor = math.exp(min(argument.constant, 600.0))
        return Linear(((factor, build(Linear(argument.terms, 0.0).expression())),), 0.0)
    return _mirrored(SYMPY[name], argument)


def _homogeneous(entry: Entry, argument: Linear) -> Linear:
    """The scale leaves the function as a factor; its sign too, where negative numbers have values."""
    lead = argument.lead
    scale = abs(lead) if entry.odd is None else lead
    sign = -1.0 if entry.odd and lead < 0 else 1.0
    factor = sign * abs(lead) ** entry.degree
    return Linear(((factor, entry.build(argument.divided(scale).expression())),), 0.0)


def _mirrored(entry: Entry, argument: Linear) -> Linear:
    """Odd and even functions of an argument whose lead is positive; a sine without half turns."""
    sign = -1.0 if argument.lead < 0 else 1.0
    if entry.symmetry == "none":
        return Linear(((1.0, entry.build(argument.expression())),), 0.0)
    argument = argument.scaled(sign)
    if entry.symmetry == "even":
        sign = 1.0
    if entry.symmetry == "periodic":
        turns = round(argument.constant / math.pi)
        argument = Linear(argument.terms, argument.constant - turns * math.pi)
        sign *= -1.0 if turns % 2 else 1.0
    return Linear(((sign, entry.build(argument.expression())),), 0.0)
