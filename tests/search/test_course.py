"""How a discovery divides its time."""

import numpy as np
import pytest

from workbench.kan.data import Dataset
from workbench.search.course import Course

X = np.random.default_rng(0).uniform(0.5, 2, (40, 2))


@pytest.mark.parametrize(("spent", "late"), [(0, False), (70, False), (80, True), (200, True)])
def test_the_last_quarter_of_the_time_is_for_what_completes_a_discovery(
    spent: float, late: bool
) -> None:
    data = Dataset.from_arrays(X, X[:, 0] * X[:, 1])
    course = Course(data, "quick", None, (3,), (), 0, 100.0, None, None)
    course.begun -= spent
    assert course.late is late


def test_work_that_is_asked_whether_to_end_keeps_its_name() -> None:
    told: list[str] = []

    def report(phase: str, share: float) -> bool:
        told.append(phase)
        return False

    course = Course(
        Dataset.from_arrays(X, X[:, 0]), "quick", None, (3,), (), 0, 100.0, report, None
    )
    course.tell("looking for structure", 0.0)
    assert not course.over()
    assert told == ["looking for structure"] * 2
