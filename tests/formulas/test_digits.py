"""Numbers are written with the digits that they need together, or that their errors show."""

import numpy as np
import pytest

from workbench.formulas.digits import (
    full_digits,
    interval_in_words,
    joint_digits,
    rounded_values,
    significant,
    with_error,
)


def test_numbers_that_make_up_for_each_other_keep_their_digits() -> None:
    values = [1234.56789, -1233.56789]  # only the sum counts

    def deviation(numbers: list[float]) -> float:
        return abs(sum(numbers) - 1) / 0.01

    digits = joint_digits(values, deviation)
    assert deviation(rounded_values(values, digits)) <= 1
    assert max(digits) <= 6


def test_no_digit_is_kept_that_can_be_spared() -> None:
    weights = np.array([1.0, 100.0, 1e-3])
    values = [0.123456, 0.123456, 0.123456]

    def deviation(numbers: list[float]) -> float:
        return float(np.abs(weights * (np.array(numbers) - values)).sum()) / 0.01

    digits = joint_digits(values, deviation)
    assert deviation(rounded_values(values, digits)) <= 1
    for place, count in enumerate(digits):
        fewer = [d - (p == place) for p, d in enumerate(digits)]
        assert count == 1 or deviation(rounded_values(values, fewer)) > 1
    assert digits[2] == 1 < digits[0] < digits[1]


@pytest.mark.parametrize(("weights", "digits"), [((180, 135), (3, 2)), ((135, 180), (2, 3))])
def test_of_two_equal_numbers_the_one_that_moves_more_keeps_more_digits(weights, digits) -> None:
    def deviation(numbers: list[float]) -> float:
        return float(np.abs(np.array(weights) * (np.array(numbers) - 1 / 6)).sum())

    assert joint_digits([1 / 6, 1 / 6], deviation) == digits


@pytest.mark.parametrize(("value", "digits"), [(0.5, 1), (-120.0, 2), (0.1 + 0.2, 17), (0.3, 1)])
def test_all_digits_of_a_number(value: float, digits: int) -> None:
    assert full_digits(value) == digits
    assert significant(value, digits) == value


def test_a_number_beside_its_error_has_the_digits_of_the_formula() -> None:
    assert with_error(-0.49812, 0.093) == "-0.498 ± 0.093"
    assert with_error(-0.49812, 0.093, 5) == "-0.49812 ± 0.093"
    assert with_error(-0.49812, None, 4) == "-0.4981"
    assert with_error(3.5e-9, 1.2e-10, 4) == "3.500e-09 ± 1.2e-10"


def test_the_ends_of_an_interval_can_be_told_apart() -> None:
    assert interval_in_words(6.283185302, 6.283185312) == "6.283185302 … 6.283185312"
    assert interval_in_words(-20.0, 2.5) == "-20 … 2.5"
    assert interval_in_words(1.23451, 1.23987) == "1.2345 … 1.2399"
