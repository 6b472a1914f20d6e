"""What the studies have to find: asked of the results that their notebooks end with."""

import numpy as np
import pytest
import sympy

from case_studies.knots.study import slope
from workbench.studies.study import StudyResult


def knots(result: StudyResult) -> None:
    peers = {b.name: b for b in result.baselines}
    assert {"majority", "slope rule", "MLP 8"} <= peers.keys()
    assert peers["slope rule"].accuracy == pytest.approx(0.851, abs=0.003)
    whole = result.discovery.shapes[0].fit.model
    assert whole.parameter_count <= 250
    assert result.accuracy["network"] > peers["slope rule"].accuracy
    assert result.accuracy["formula"] > 0.84
    # c·λ·μr / (μr² + b·μi²) with b near 1 is c times the slope Re(λ/μ).
    data = result.discovery.data
    ours = result.formula(data.inputs.numpy())
    assert np.corrcoef(ours, slope(data))[0, 1] > 0.999
    assert result.formula.complexity <= 21
    beyond = result.extras["beyond"]
    assert beyond.knots == 46_969
    assert beyond.formula > 0.84
    assert beyond.formula == pytest.approx(beyond.rule, abs=0.02)
    assert beyond.network > 0.83


def localization(result: StudyResult) -> None:
    alpha, energy = sympy.symbols("alpha E", real=True)
    plain, edge = (result.extras["edges"][name] for name in ("AA", "GAAM"))
    assert float(plain) == pytest.approx(2.0, abs=0.05)
    assert set(edge.free_symbols) == {alpha, energy}
    assert float(edge.coeff(alpha * energy)) == pytest.approx(-0.5, abs=0.02)
    assert float(edge.subs({alpha: 0})) == pytest.approx(1.0, abs=0.02)
    assert result.accuracy["formula against the known law"] > 0.99
    law = result.extras["boundary"].formula
    assert law.same_as(
        sympy.Abs(alpha * energy + 2 * sympy.Symbol("lam", real=True)) - 2, tolerance=0.01
    )
