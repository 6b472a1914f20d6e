"""Functions of the state that stay the same along a flow with known rates."""

import numpy as np
import pytest
import sympy

from workbench.dynamics.conserved import conserved_quantities
from workbench.errors import InputError

Q, P = sympy.symbols("q p", real=True)


def points(low: float, high: float, columns: int = 2, rows: int = 400) -> np.ndarray:
    return np.random.default_rng(0).uniform(low, high, (rows, columns))


def test_a_plane_oscillator_has_two_energies_and_an_angular_momentum() -> None:
    x = points(-1, 1, columns=4)
    rates = np.stack([x[:, 1], -x[:, 0], x[:, 3], -x[:, 2]], 1)
    a, b, c, d = sympy.symbols("a b c d", real=True)
    found = conserved_quantities(x, rates, ["a", "b", "c", "d"])
    assert set(found) == {a**2 + b**2, c**2 + d**2, b * c - a * d}


def test_frequencies_that_do_not_fit_leave_the_energies_alone() -> None:
    x = points(-1, 1, columns=4)
    rates = np.stack([x[:, 1], -x[:, 0], x[:, 3], -2 * x[:, 2]], 1)
    a, b, c, d = sympy.symbols("a b c d", real=True)
    found = conserved_quantities(x, rates, ["a", "b", "c", "d"])
    assert set(found) == {a**2 + b**2, 2 * c**2 + d**2}


def test_energy_of_a_pendulum() -> None:
    x = points(-3, 3)
    rates = np.stack([x[:, 1], -np.sin(x[:, 0])], 1)
    (energy,) = conserved_quantities(x, rates, ["q", "p"])
    assert sympy.simplify(energy / energy.coeff(P**2) - (P**2 - 2 * sympy.cos(Q))) == 0


def test_predators_and_prey_go_round_a_level_set() -> None:
    x = points(0.5, 2)
    q, p = x.T
    rates = np.stack([q * (1.1 - 0.4 * p), p * (0.1 * q - 0.4)], 1)
    (level,) = conserved_quantities(x, rates, ["q", "p"])
    law = 0.1 * Q - 0.4 * sympy.log(Q) + 0.4 * P - 1.1 * sympy.log(P)
    scaled = level / level.coeff(Q) * 0.1
    assert all(
        abs(float(scaled.coeff(t) - law.coeff(t))) < 1e-8 for t in law.as_coefficients_dict()
    )


def test_a_coordinate_that_stands_still_is_conserved() -> None:
    x = points(-1, 1, columns=3)
    rates = np.stack([x[:, 1], -x[:, 0] * x[:, 2], np.zeros(len(x))], 1)
    q, p, k = sympy.symbols("q p k", real=True)
    assert set(conserved_quantities(x, rates, ["q", "p", "k"])) == {k, k * q**2 + p**2}


def test_friction_leaves_nothing() -> None:
    x = points(-1, 1)
    rates = np.stack([x[:, 1], -x[:, 0] - 0.3 * x[:, 1] * np.abs(x[:, 1])], 1)
    assert conserved_quantities(x, rates, ["q", "p"]) == ()


@pytest.mark.parametrize(
    ("states", "rates", "message"),
    [
        (points(0, 1), points(0, 1, columns=3), "a column for every name, got"),
        (
            points(0, 1, rows=50),
            points(0, 1, rows=50),
            "100 terms need more rows than that, got 50",
        ),
        (np.full((200, 2), np.nan), points(0, 1, rows=200), "must be finite"),
    ],
)
def test_tables_that_do_not_fit_are_refused(states, rates, message) -> None:
    with pytest.raises(InputError, match=message):
        conserved_quantities(states, rates, ["q", "p"])
