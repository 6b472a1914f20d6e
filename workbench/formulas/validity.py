"""Where a formula stops: poles, branch points and jumps in or near the box that it was fitted on."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np
import sympy
from sympy import Expr, Symbol

from workbench.formulas.evaluation import compiled, real
from workbench.formulas.library import SYMPY
from workbench.formulas.parsing import quoted
from workbench.formulas.rebuilding import applied
from workbench.formulas.typesetting import rounded, to_text

_MARGIN = 0.25
_OUTSIDE, _EXPLODES = 0.2, 100.0
_SAMPLES, _MOST = 4096, 100
_NEGLIGIBLE = 1e-9
Values = Callable[[np.ndarray], np.ndarray]
"""Of an expression at ``(N, d)``."""
_BOUNDED = {entry.head: entry for entry in SYMPY.values() if entry.head and entry.singular}


def limits(
    expressions: Sequence[Expr], domain: Mapping[str, tuple[float, float]]
) -> tuple[str, ...]:
    """Sentences about every place in or near the box where a formula has no smooth value.

    Args:
        expressions: in real symbols. domain: range of each input; the box.

    Found by the sign of each denominator, root and logarithm on points of the box and of a box that
    is a quarter wider on each side; a place that no sign shows, such as a double zero inside the
    box, is searched for by the least magnitude. A hundred parts are looked at, the outermost first.
    """
    places = list(dict.fromkeys(place for e in expressions for place in _margins(e)))
    found = dict.fromkeys(
        sentence for margin, kind in places[:_MOST] if (sentence := _sentence(margin, kind, domain))
    )
    if len(places) > _MOST:
        found[f"perhaps {len(places) - _MOST} more places that were not looked for"] = None
    return tuple(found)


def explosion(
    law: Callable[[np.ndarray], np.ndarray],
    names: Sequence[str],
    used: Collection[str],
    domain: Mapping[str, tuple[float, float]],
    spread: float,
) -> str:
    """A sentence where values run away just outside the fitted range; empty where they do not.

    A box a fifth wider on each side is sampled. Values run away where they overflow or leave the middle by
    more than a hundred times what they do inside, or than the target's own spread.

    Args:
        law: its values at ``(N, d)``. names: of the inputs; used: those that occur. domain: their ranges.
        spread: of the target.
    """
    inner = np.array([domain.get(name, (0.0, 0.0)) for name in names], dtype=float)
    if not used or not all(name in domain for name in used):
        return ""
    margin = _OUTSIDE * (inner[:, 1] - inner[:, 0])
    outer = np.stack((inner[:, 0] - margin, inner[:, 1] + margin), 1)
    inside, outside = (law(_points(box)) for box in (inner, outer))
    if np.isinf(outside).any():
        return "It overflows within a fifth of the fitted range beyond its ends."
    finite = inside[np.isfinite(inside)]
    outside = outside[np.isfinite(outside)]
    if not len(finite) or not len(outside):
        return ""
    middle = float(np.median(finite))
    reach = max(float(np.abs(finite - middle).max()), spread)
    far = float(np.abs(outside - middle).max())
    if far <= _EXPLODES * reach:
        return ""
    return (
        f"It explodes within a fifth of the fitted range beyond its ends: it changes {far / reach:.0e} times "
        "as much there as inside."
    )


def _margins(expression: Expr) -> Iterator[tuple[Expr, str]]:
    """Pairs of a quantity that must not reach 0 and what happens there."""
    for part in sympy.preorder_traversal(expression):
        if part.is_Pow and part.exp.is_number:
            if part.exp.is_negative:
                yield part.base, "a pole"
            if not part.exp.is_integer:
                yield part.base, "a branch point"
        elif part.is_Pow and not part.base.is_number:
            yield part.base, "a branch point"
        elif isinstance(part, sympy.log):
            yield part.args[0], "a logarithmic singularity"
        elif isinstance(part, sympy.tan):
            yield applied(sympy.cos, part.args), "a pole"
        elif isinstance(part, sympy.sign | sympy.Heaviside):
            yield part.args[0], "a jump"
        elif isinstance(part, sympy.Abs):
            yield part.args[0], "a kink"
        elif type(part) in _BOUNDED:
            low, high = _BOUNDED[type(part)].domain
            kind = "a pole" if isinstance(part, sympy.atanh) else "a branch point"
            if math.isfinite(low):
                yield part.args[0] - sympy.Float(low), kind
            if math.isfinite(high):
                yield sympy.Float(high) - part.args[0], kind


def _sentence(margin: Expr, kind: str, domain: Mapping[str, tuple[float, float]]) -> str:
    symbols = sorted(margin.free_symbols, key=lambda s: s.name)
    if not symbols or any(s.name not in domain for s in symbols):
        return ""
    box = np.array([domain[s.name] for s in symbols], dtype=float)
    width = (box[:, 1] - box[:, 0]) * _MARGIN
    wide = np.stack((box[:, 0] - width, box[:, 1] + width), 1)
    values = _evaluator(margin, symbols)
    for place, span in (("inside", box), ("near", wide)):
        if _vanishes(values, span):
            where = _where(margin, symbols, span)
            return f"{kind} {place} the fitted range: {where}"
    return ""


def span(expression: Expr, domain: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    """Least and largest value of an expression on points of the box; not finite where it has none."""
    symbols = sorted(expression.free_symbols, key=lambda s: s.name)
    box = np.array([domain.get(s.name, (-1.0, 1.0)) for s in symbols], dtype=float).reshape(-1, 2)
    values = _evaluator(expression, symbols)(_points(box))
    values = values[np.isfinite(values)]
    if not len(values):
        return (np.inf, -np.inf)
    return float(values.min()), float(values.max())


def _vanishes(margin: Values, box: np.ndarray) -> bool:
    values = margin(_points(box))
    values = values[np.isfinite(values)]
    if not len(values):
        return False
    if values.min() <= 0 <= values.max():
        return True
    return _least(margin, box) <= _NEGLIGIBLE * float(np.abs(values).max())


def _least(margin: Values, box: np.ndarray) -> float:
    """The least magnitude, in boxes that close in on the best point."""
    span = box
    best = np.inf
    for _ in range(12):
        points = _points(span)
        values = np.abs(margin(points))
        values = np.where(np.isfinite(values), values, np.inf)
        best = min(best, float(values.min()))
        centre, half = points[values.argmin()], (span[:, 1] - span[:, 0]) / 8
        span = np.stack((centre - half, centre + half), 1).clip(box[:, :1], box[:, 1:])
    return best


def _points(box: np.ndarray) -> np.ndarray:
    """Corners and a fixed random sample of a box."""
    inside = np.random.default_rng(0).uniform(box[:, 0], box[:, 1], (_SAMPLES, len(box)))
    if len(box) > 10:
        return inside
    corners = np.stack([g.ravel() for g in np.meshgrid(*box, indexing="ij")], 1)
    return np.concatenate((inside, corners))


def _evaluator(expression: Expr, symbols: list[Symbol]) -> Values:
    function = compiled(expression, symbols, shared=True)

    def values(points: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return real(function(*points.T), len(points))

    return values


def _where(margin: Expr, symbols: list[Symbol], box: np.ndarray) -> str:
    """The place: numbers for one linear input, else the equation."""
    if len(symbols) == 1 and margin.is_polynomial(symbols[0]):
        roots = [complex(r) for r in sympy.Poly(margin, symbols[0]).nroots()]
        real = sorted(r.real for r in roots if abs(r.imag) < 1e-6 * max(1.0, abs(r)))
        slack = 1e-6 * (box[0, 1] - box[0, 0])
        real = [r for r in real if box[0, 0] - slack <= r <= box[0, 1] + slack]
        if real:
            return " and ".join(f"{quoted(symbols[0].name)} = {r:.4g}" for r in dict.fromkeys(real))
    return f"where {to_text(rounded(margin))} = 0"
