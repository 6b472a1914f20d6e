"""Terms that an equation of fields may have: derivatives in space of products of fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product

import numpy as np
import sympy
from sympy import Expr, Symbol

_DEGREE, _ORDER, _ORDER_OF_SEVERAL = 3, 4, 2


@dataclass(frozen=True)
class FieldTerm:
    """A derivative of a product.

    Attributes:
        product: numbers of the fields that are multiplied; none for a constant.
        index: how often it is differentiated by every coordinate of space.
    """

    product: tuple[int, ...]
    index: tuple[int, ...]

    def values(self, fields: np.ndarray) -> np.ndarray:
        """The product on a grid, ``(T, X, ...)``."""
        found: np.ndarray = np.ones(fields.shape[1:])
        for number in self.product:
            found = found * fields[number]
        return found

    def slope(self, fields: np.ndarray, field: int) -> np.ndarray:
        """Derivative of the product by a field."""
        count = self.product.count(field)
        rest = list(self.product)
        if count:
            rest.remove(field)
        return count * FieldTerm(tuple(rest), self.index).values(fields)

    def parts(self, fields: Sequence[str], space: Sequence[str]) -> list[tuple[int, Expr]]:
        """It as a sum: factors, and products of symbols such as ``u`` and ``u_xx``."""
        places = [Symbol(name, real=True) for name in space]
        functions = [sympy.Function(name)(*places) for name in fields]
        whole = sympy.Mul(*(functions[number] for number in self.product))
        for place, count in zip(places, self.index, strict=True):
            whole = whole.diff(place, count)
        found = {f: Symbol(name, real=True) for f, name in zip(functions, fields, strict=True)}
        for part in whole.atoms(sympy.Derivative):
            counts = dict.fromkeys(places, 0) | {v: int(c) for v, c in part.variable_count}
            letters = "".join(place.name * counts[place] for place in places)
            found[part] = Symbol(f"{part.expr.func.__name__}_{letters}", real=True)
        terms = sympy.Add.make_args(sympy.expand(whole))
        return [(int(c), rest.xreplace(found)) for c, rest in (t.as_coeff_Mul() for t in terms)]


def terms_of(fields: int, dimension: int) -> tuple[FieldTerm, ...]:
    """A constant, and derivatives of products to the third degree.

    Args:
        fields: how many there are. dimension: of space; derivatives are of the fourth order along a
            line, else of the second.
    """
    most = _ORDER if dimension == 1 else _ORDER_OF_SEVERAL
    indices = [i for i in product(range(most + 1), repeat=dimension) if sum(i) <= most]
    products = [
        chosen
        for degree in range(1, _DEGREE + 1)
        for chosen in combinations_with_replacement(range(fields), degree)
    ]
    constant = FieldTerm((), (0,) * dimension)
    return (constant, *(FieldTerm(p, i) for p in products for i in sorted(indices, key=sum)))
