"""Shorter forms of expressions that give the same values."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sympy import Expr

from workbench.formulas.forms import rewritten
from workbench.formulas.parametric import Parametric
from workbench.formulas.simplify import shorter


def simplified(parametrics: Sequence[Parametric], x: np.ndarray) -> list[Parametric]:
    """Shorter forms that give the same values; a parametric itself where none is found in time.

    Cheap rewritings come first; SymPy's deeper ones follow in one child process for all, with inputs
    and constants taken as positive where the data say so.
    """
    cheap = [tuple(map(rewritten, p.expressions)) for p in parametrics]
    jobs = []
    for parametric, expressions in zip(parametrics, cheap, strict=True):
        columns = zip(parametric.inputs, x.T, strict=True)
        positive = {s.name for s, column in columns if column.min() > 0}
        numbers = zip(parametric.constants, parametric.values, strict=True)
        positive |= {c.name for c, value in numbers if value > 0}
        jobs += [(e, frozenset(positive)) for e in expressions]
    deep = iter(shorter(jobs))
    return [_same(p, tuple(next(deep) for _ in p.expressions), x[:200]) for p in parametrics]


def _same(parametric: Parametric, found: tuple[Expr, ...], x: np.ndarray) -> Parametric:
    """The parametric with the expressions ``found``, if they are new and have the same values."""
    used = set().union(*(e.free_symbols for e in found))
    kept = [
        (c, v) for c, v in zip(parametric.constants, parametric.values, strict=True) if c in used
    ]
    trial = replace(
        parametric,
        expressions=found,
        constants=tuple(c for c, _ in kept),
        values=tuple(v for _, v in kept),
    )
    before, after = parametric.outputs(x), trial.outputs(x)
    same = np.allclose(before, after, rtol=1e-9, atol=1e-12, equal_nan=True)
    return trial if same and found != parametric.expressions else parametric
