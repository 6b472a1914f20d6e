"""An implicit law with one variable, or its square or modulus, alone on the left."""

from collections.abc import Mapping, Sequence

import sympy
from sympy import Abs, Add, Equality, Expr, Mul, Symbol, exp, log, sqrt

from workbench.formulas.library import complexity
from workbench.formulas.rebuilding import replaced

_MONOTONE = {exp: log, log: exp}


def solved_for(
    law: Expr, symbols: Sequence[Symbol], domain: Mapping[str, tuple[float, float]]
) -> Equality | None:
    """The shortest of the equations that say ``law = 0`` so; of equal ones that of the earlier symbol."""
    found = [one for one in (_alone(law, s, domain) for s in symbols) if one is not None]
    return min(found, key=lambda e: complexity(e.lhs) + complexity(e.rhs), default=None)


def _alone(law: Expr, symbol: Symbol, domain: Mapping[str, tuple[float, float]]) -> Equality | None:
    """From ``a f(symbol) + b``, with nothing of the symbol in a and b, or from a modulus of a product."""
    opened = _unfolded(law, domain)
    heads = {
        _head(part, symbol) for part in Add.make_args(sympy.expand(opened)) if part.has(symbol)
    }
    if len(heads) != 1 or None in heads:
        return None
    (head,) = heads
    marked = sympy.Dummy("head", real=True)
    linear = sympy.Poly(replaced(sympy.expand(opened), {head: marked}), marked)
    if linear.degree() != 1 or linear.has(symbol):
        return None
    a, b = linear.all_coeffs()
    return _simple(head, sympy.factor_terms(sympy.together(-b / a)).doit(), symbol, domain)


def _head(part: Expr, symbol: Symbol) -> Expr | None:
    """The only factor of a product that holds the symbol, or None where several do."""
    own = [factor for factor in Mul.make_args(part) if factor.has(symbol)]
    return own[0] if len(own) == 1 else None


def _unfolded(law: Expr, domain: Mapping[str, tuple[float, float]]) -> Expr:
    """The same with the modulus of a product as the product of moduli, and none of what is positive."""
    table = {}
    for bars in law.atoms(Abs):
        factors = Mul.make_args(sympy.factor(bars.args[0]))
        table[bars] = Mul(*(f if _positive(f, domain) else Abs(f) for f in factors))
    return replaced(law, table) if table else law


def _positive(factor: Expr, domain: Mapping[str, tuple[float, float]]) -> bool:
    if isinstance(factor, Symbol):
        return domain.get(factor.name, (-1.0, 1.0))[0] >= 0
    return bool(factor.is_positive)


def _simple(
    head: Expr, right: Expr, symbol: Symbol, domain: Mapping[str, tuple[float, float]]
) -> Equality | None:
    """``head = right`` with functions that can be undone undone."""
    if head.func in _MONOTONE and head.args == (symbol,):
        return Equality(symbol, _MONOTONE[head.func](right), evaluate=False)
    if head == sqrt(symbol):
        return Equality(symbol, right**2, evaluate=False)
    if head in (symbol, Abs(symbol)):
        return Equality(head, right, evaluate=False)
    if head == symbol**2:
        root = sqrt(right)
        if not root.has(sympy.Add) and _positive(symbol, domain):
            return Equality(symbol, root, evaluate=False)
        return Equality(head, right, evaluate=False)
    return None
