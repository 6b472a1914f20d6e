"""Constants that may be exact numbers become them, whatever little is left of the data's error."""

import numpy as np
import pytest
import sympy

from workbench.evidence.fitting import refit
from workbench.evidence.sample import Sample
from workbench.formulas.parametric import parametrize
from workbench.search.snapping import snap

A, B = sympy.symbols("a b", real=True)
X = np.random.default_rng(0).uniform(0.5, 2.0, (200, 2))


@pytest.mark.parametrize("number", ["1/3", "2/7", "-3/5", "10", "7/9", "11/4"])
def test_constants_of_exact_rows_are_found_to_the_last_digit(number: str) -> None:
    """Nothing is left, so that their errors are below the rounding of the numbers themselves."""
    law = sympy.Rational(number) * A + sympy.Rational(5, 3) * B
    y = float(sympy.Rational(number)) * X[:, 0] + 5 / 3 * X[:, 1]
    sample = Sample(X, y[:, None], np.ones(len(y)))
    fitted = refit(parametrize([0.9 * A + 0.9 * B], ["a", "b"]), sample)
    (found,) = snap(fitted, sample).parametric.substituted()
    assert found == law
