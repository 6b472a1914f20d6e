"""Functions of the state that stay the same along noisy trajectories."""

import numpy as np
import pytest
import sympy
from sympy import Expr

from tests.dynamics.systems import table
from workbench.dynamics import conserved_quantities
from workbench.errors import InputError


def kepler(t, s):
    x, y, p, q = s
    cube = (x**2 + y**2) ** 1.5
    return [p, q, -x / cube, -y / cube]


def toda(t, s):
    q, p = s[:3], s[3:]
    force = [np.exp(q[i] - q[(i + 1) % 3]) for i in range(3)]
    return [*p, force[2] - force[0], force[0] - force[1], force[1] - force[2]]


def found(rates, starts, names: str, span: float, noise: float = 0.01) -> tuple[Expr, ...]:
    return conserved_quantities(table(rates, starts, names, span=span, rows=200, noise=noise))


def factors(expression: Expr) -> dict[str, float]:
    return {str(k): float(v) for k, v in expression.as_coefficients_dict().items()}


KEPLER = [[1, 0, 0.1, 1.1], [1.2, 0.2, -0.2, 0.9], [0.8, -0.5, 0.5, 0.8]]


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_kepler_has_momentum_energy_and_the_vector_of_laplace_runge_and_lenz(noise) -> None:
    momentum, energy, vector = found(kepler, KEPLER, "xypq", 12, noise)
    assert factors(momentum) == pytest.approx({"q*x": 1, "p*y": -1}, abs=0.01)
    far = "1/sqrt(x**2 + y**2)"
    assert factors(energy) == pytest.approx({"p**2": 1, "q**2": 1, far: -2}, abs=0.02)
    side = "y/sqrt(x**2 + y**2)"
    assert factors(vector) == pytest.approx({"p*q*x": 1, "p**2*y": -1, side: 1}, abs=0.02)


def test_an_oscillator_in_the_plane() -> None:
    starts = [[1, 0, 0.3, 1.1], [0.2, 0.2, -0.9, 0.9], [0.8, -0.5, 0.5, 0.2]]
    one, other, third = found(lambda t, s: [s[1], -s[0], s[3], -s[2]], starts, "abcd", 12)
    assert factors(one) == pytest.approx({"a**2": 1, "b**2": 1}, abs=0.02)
    assert factors(other) == pytest.approx({"c**2": 1, "d**2": 1}, abs=0.02)
    assert len(third.free_symbols) == 4


def test_energy_of_a_pendulum() -> None:
    (energy,) = found(lambda t, s: [s[1], -np.sin(s[0])], [[1, 0], [2, 0.5], [2.8, 0]], "qp", 15)
    assert factors(energy) == pytest.approx({"p**2": 1, "cos(q)": -2}, abs=0.02)


def test_predators_and_prey() -> None:
    def rates(t, s):
        return [s[0] * (1.1 - 0.4 * s[1]), s[1] * (0.1 * s[0] - 0.4)]

    (level,) = found(rates, [[10, 5], [6, 3], [3, 2]], "xy", 20)
    truth = {"x": 1, "y": 4, "log(x)": -4, "log(y)": -11}
    assert factors(level) == pytest.approx(truth, rel=0.02)


def test_three_particles_of_toda() -> None:
    starts = [
        [0.1, 0, -0.1, 1, 0.2, -0.9],
        [0.5, -0.3, 0, -0.3, 0.8, 0.1],
        [-0.5, 0.4, 0.3, 0.4, -0.2, 0.5],
    ]
    momentum, energy = found(toda, starts, "uvwabc", 10)
    assert factors(momentum) == pytest.approx({"a": 1, "b": 1, "c": 1}, abs=0.02)
    assert sympy.exp(sympy.Symbol("u", real=True) - sympy.Symbol("v", real=True)) in energy.atoms(
        sympy.exp
    )
    assert factors(energy)["exp(u - v)"] == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize(
    ("rates", "starts", "names", "span"),
    [
        (lambda t, s: [s[1], -s[0] - 0.1 * s[1]], [[1, 0], [2, 0.5], [-1.5, 0]], "qp", 15),
        (lambda t, s: [s[1], -np.sin(s[0]) - 0.3 * s[1] * abs(s[1])], [[1, 0], [2, 0.5]], "qp", 15),
    ],
)
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_friction_leaves_nothing(rates, starts, names, span, noise) -> None:
    assert found(rates, starts, names, span, noise) == ()


def test_too_few_rows_are_refused() -> None:
    rows = table(lambda t, s: [s[1], -s[0]], [[1, 0]], "qp", span=5, rows=30)
    with pytest.raises(InputError, match="100 terms need more rows than that, got 30"):
        conserved_quantities(rows)
    with pytest.raises(InputError, match="need names"):
        conserved_quantities(rows[["q"]], rows[["p"]])


def test_the_room_of_search_still_offers_it() -> None:
    from workbench import search

    assert search.conserved_quantities is conserved_quantities
