"""Ratios of sums, from many terms to few."""

import numpy as np
import pytest
import sympy

from workbench.evidence.sample import Sample
from workbench.network.compiler import evaluate
from workbench.search.rational import fit_ratio

A, B = sympy.symbols("a b", real=True)


@pytest.mark.parametrize(
    ("law", "terms"),
    [(A * B / (A + 2 * B), (1, 2)), ((3 * A + 40 * B**2) / (B + 5), (2, 2))],
)
def test_the_terms_of_a_law_are_what_is_left(law: sympy.Expr, terms: tuple[int, int]) -> None:
    x = np.random.default_rng(1).uniform(0.5, 3, (120, 2)) * [1.0, 100.0]
    y = evaluate(law, ("a", "b"), x)
    found = fit_ratio(Sample(x, y[:, None]), ("a", "b"))
    sizes = []
    for expression in found:
        top, below = (part.as_ordered_terms() for part in sympy.fraction(expression))
        sizes.append(len(top) + len(below))
        if (len(top), len(below)) == terms:
            values = evaluate(expression, ("a", "b"), x)
            if np.allclose(values, y, rtol=1e-5):
                break
    else:
        pytest.fail(f"{law} is none of them")
    assert sizes == sorted(sizes)
