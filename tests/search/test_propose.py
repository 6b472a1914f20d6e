"""What a table shows of itself: each sentence with the law that it amounts to."""

import numpy as np

from tests.search.test_structure import table
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
