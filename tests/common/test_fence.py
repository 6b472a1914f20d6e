"""A failed attempt costs itself: nothing else ends, what was skipped is known, faults and Ctrl-C pass."""

from collections.abc import Iterator

import numpy as np
import pytest
import sympy
import torch

from workbench.common.fence import attempt, attempts, noting_skipped, skipped
from workbench.errors import InputError
from workbench.formulas.formula_set import FormulaSet
from workbench.kan.data import Dataset
from workbench.report.results import summary
from workbench.search.automatic import discover
from workbench.search.polish import constants_and_lines
from workbench.search.structure.finish import quick_guesses
from workbench.search.structure.links import linked
from workbench.search.structure.problem import Problem
from workbench.search.structure.propose import propose


def _divide() -> None:
    _ = 1 / 0


def _overflow() -> None:
    _ = 2.0**5000


def _singular() -> None:
    np.linalg.solve(np.zeros((2, 2)), np.ones(2))


def _cholesky() -> None:
    torch.linalg.cholesky(-torch.eye(2))


def _compare() -> None:
    bool(sympy.I < 1)


def _refuse() -> None:
    raise InputError("not possible")


@pytest.mark.parametrize(
    "trial", [_divide, _overflow, _singular, _cholesky, _compare, _refuse], ids=lambda f: f.__name__
)
def test_an_attempt_that_cannot_be_computed_is_left_and_noted(
    trial, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "workbench.common.fence")
    with noting_skipped():
        for _ in range(2):
            with attempt("a trial"):
                trial()
        assert skipped() == {"a trial": 2}
    assert skipped() == {}
    assert caplog.text.count("skipped: a trial") == 2
    assert trial.__name__ in caplog.text  # where it failed


@pytest.mark.parametrize("fault", [KeyboardInterrupt, AttributeError, MemoryError, SystemExit])
def test_other_faults_and_the_wish_to_stop_pass(fault) -> None:
    with pytest.raises(fault), attempt("a trial"):
        raise fault


def test_warnings_of_numbers_are_no_errors_inside() -> None:
    with attempt("a trial"):
        assert np.isinf(np.float64(1) / np.float64(0))


def test_items_before_the_failed_one_stay() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        _divide()

    assert list(attempts("items", items())) == [1, 2]


def _rain() -> Dataset:
    random = np.random.default_rng(0)
    x = random.uniform(0.3, 2, (120, 2))
    y = np.clip(x[:, 0] * x[:, 1] / 4, 0, 1)
    y[7] = 0.0
    return Dataset.from_arrays(x, y, names=["a", "b"])


def test_a_row_where_a_link_is_flat_is_left_out_of_it() -> None:
    problem = Problem.of(_rain())
    links = {link.name: changed for link, changed in linked(problem)}
    assert all(changed.weights.max() < 1e100 for changed in links.values())


@pytest.mark.parametrize("special", [0.0, np.pi / 2])
def test_a_target_with_a_special_value_in_one_row_ends_with_formulas(special: float) -> None:
    data = _rain()
    data.targets[data.train[0]] = special
    guesses = list(quick_guesses(Problem.of(data), 0.1))
    assert {"y", "sqrt(y)"} & {guess.link for guess in guesses}


def _failing(problem: object) -> Iterator[object]:
    _divide()
    yield


def test_a_search_with_failures_ends_and_says_what_was_left_out(monkeypatch) -> None:
    import workbench.search.structure.finish as finish

    monkeypatch.setattr(finish, "power_laws", _failing)
    data = _rain()
    data.targets[data.train[:20]] += 0.01
    asked = []

    def soon(what: str, share: float) -> bool:
        asked.append(what)
        return len(asked) > 5

    found = discover(data, effort="quick", widths=((2, 1),), grids=(3,), report=soon)
    assert found.skipped["a product of powers"] >= 1
    assert "a product of powers" in summary(found, seed=0)["notes"][-1]


@pytest.mark.parametrize("size", [1e-34, 1e60])
def test_noise_of_any_size_has_a_constant(size: float) -> None:
    random = np.random.default_rng(1)
    data = Dataset.from_arrays(random.uniform(0, 1, (60, 2)), size * random.standard_normal(60))
    assert len(constants_and_lines(data)) >= 3
    assert isinstance(propose(data, stop=lambda: True).formulas, FormulaSet)
