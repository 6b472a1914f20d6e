"""What a table shows of itself: each sentence with the law that it amounts to."""

import numpy as np
import pytest

from tests.search.test_structure import table
from workbench.kan.data import Dataset
from workbench.search.structure.propose import propose


def test_steps_and_inputs_that_stand_apart_are_told_with_their_laws() -> None:
    data = table(lambda a, b, c: np.tanh(a) * (b + c**2), 3)
    found = propose(data)
    assert found.exact
    laws = {s.sentence: s.law for s in found.suggestions if s.kind != "formula"}
    assert laws == {
        "y depends on b and c through b + c**2": "f(a, b + c**2)",
        "y is proportional to b + c**2": "(b + c**2)*f(a)",
        "y is a function of a times a function of the other inputs": "f(a)*g(b, c)",
    }
    refused = propose(data, refused=set(laws), stop=lambda: True)
    assert all(s.kind == "formula" for s in refused.suggestions)


@pytest.mark.parametrize("wild", ["a twentieth", "a sign for missing"])
def test_rows_far_off_do_not_hide_the_law_from_hubers_loss(wild: str) -> None:
    random = np.random.default_rng(5)
    x = random.uniform(0.5, 4, (400, 2))
    y = 1.5 * x[:, 0] * np.sqrt(x[:, 1]) + 0.02 * random.standard_normal(400)
    if wild == "a twentieth":
        far = random.random(400) < 0.05
        y[far] += 30 * random.standard_normal(far.sum())
    else:
        y[::50] = 999
    data = Dataset.from_arrays(x, y).judged_by("huber")
    best = propose(data, seconds=10.0).formulas.best
    np.testing.assert_allclose(best(x), 1.5 * x[:, 0] * np.sqrt(x[:, 1]), rtol=0.02)
