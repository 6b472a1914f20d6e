"""Rules that choose one formula from a front; the choice can be changed after the search."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.discovery.formula import Formula

_STANDARD_ERRORS, _ROWS_UNKNOWN = 2.0, 150
_CLOSE_CROSS_ENTROPY, _NATS = 1.05, 3.0
_SIMPLE_FACTOR = 2.0
_BITS_PER_NODE = 4.0
_ROUNDING = 1e-10


def loss(formula: "Formula") -> float:
    """Validation loss; infinite where it is unknown."""
    value = formula.scores.get("validation_loss")
    return math.inf if value is None or math.isnan(value) else value


def _train_loss(formula: "Formula") -> float:
    value = formula.scores.get("train_loss")
    return math.inf if value is None or math.isnan(value) else value


def _rows(formulas: Sequence["Formula"]) -> float:
    return formulas[0].scores.get("validation_rows") or _ROWS_UNKNOWN


def _floor(formulas: Sequence["Formula"]) -> float:
    """Losses below this part of the largest are rounding."""
    finite = [loss(f) for f in formulas if math.isfinite(loss(f))]
    return _ROUNDING * max(finite, default=0.0)


def best(formulas: Sequence["Formula"]) -> "Formula":
    """The simplest whose validation loss is close to the least one.

    Close is ``1 + 2 / sqrt(validation rows)`` in RMSE, about three standard errors; differences below
    rounding do not count. In cross-entropy it is 1.05 plus a likelihood ratio of 20, and so on the
    training rows, which are more: few held-out rows lie where two classes meet.
    """
    rows = _rows(formulas)
    if formulas[0].task == "classification":
        leader = min(formulas, key=loss)
        limits = [_CLOSE_CROSS_ENTROPY * of(leader) + _NATS / rows for of in (loss, _train_loss)]
        return next(f for f in formulas if loss(f) <= limits[0] and _train_loss(f) <= limits[1])
    least = min(map(loss, formulas))
    limit = max((1 + _STANDARD_ERRORS / math.sqrt(rows)) * least, _floor(formulas))
    return next(f for f in formulas if loss(f) <= limit)


def accurate(formulas: Sequence["Formula"]) -> "Formula":
    """The least validation loss, whatever it costs."""
    return min(formulas, key=lambda f: (max(loss(f), _floor(formulas)), f.complexity))


def simple(formulas: Sequence["Formula"]) -> "Formula":
    """The simplest whose validation loss is within twice the least one."""
    limit = max(_SIMPLE_FACTOR * min(map(loss, formulas)), _floor(formulas))
    return next(f for f in formulas if loss(f) <= limit)


def description_length(formula: "Formula", floor: float = 0.0) -> float:
    """Bits for residuals of all validation rows and for the formula, up to a constant.

    A residual of RMSE s costs log2(s) bits a row; a cross-entropy of h nats h / ln 2. A node of the
    expression costs 4 bits, a fitted number half a logarithm of the rows (Rissanen 1978).
    """
    rows = formula.scores.get("validation_rows") or _ROWS_UNKNOWN
    value = max(loss(formula), floor, 1e-300)
    bits = value / math.log(2) if formula.task == "classification" else math.log2(value)
    free = sum(c.snapped is None for c in formula.constants)
    return rows * bits + _BITS_PER_NODE * formula.complexity + 0.5 * free * math.log2(rows)


def mdl(formulas: Sequence["Formula"]) -> "Formula":
    """The least description length."""
    floor = _floor(formulas)
    return min(formulas, key=lambda f: description_length(f, floor))


RULES: dict[str, Callable[[Sequence["Formula"]], "Formula"]] = {
    "best": best,
    "accurate": accurate,
    "simple": simple,
    "mdl": mdl,
}
"""Rules by name."""
