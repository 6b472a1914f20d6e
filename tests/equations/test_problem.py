"""Equations in three ways of writing, and what is refused in a sentence."""

from typing import Any

import numpy as np
import pytest
import sympy
import torch

from workbench.equations import Box, Condition, Data, Disc, Interval, Polygon, Problem, in_time
from workbench.equations.residuals import Names, residual
from workbench.errors import InputError

X, Y = sympy.symbols("x y")
U = sympy.Function("u")
SQUARE = Box(x=(-1, 1), y=(-1, 1))
HERE = torch.tensor([[0.3, -0.2], [0.5, 0.1]], dtype=torch.float64)


@pytest.mark.parametrize(
    "equation",
    [
        sympy.Eq(
            U(X, Y).diff(X, 2) + U(X, Y) * U(X, Y).diff(X, Y), sympy.sin(X) / sympy.sqrt(2 + Y)
        ),
        "u_xx + u*u_xy = sin(x)/sqrt(2 + y)",
        lambda u, x, y: u.xx + u * u.xy - torch.sin(x) / (2 + y) ** 0.5,
        lambda x, y, u: torch.neg(torch.sin(x) / (2 + y) ** 0.5 - u.xx) + u.xy * u.value,
    ],
)
def test_the_same_equation_in_every_way(equation: Any) -> None:
    found = residual(equation, Names(("x", "y"), ("u",)), HERE)
    entries = {(0, (0, 0)): HERE[:, 0] + 2, (0, (2, 0)): HERE[:, 1], (0, (1, 1)): HERE[:, 0] * 3}
    assert set(found.asked) == set(entries)
    x, y = HERE.unbind(1)
    wanted = y + (x + 2) * 3 * x - torch.sin(x) / (2 + y) ** 0.5
    torch.testing.assert_close(found.value(entries, HERE, {}), wanted)


def test_pieces_steps_and_powers() -> None:
    text = sympy.Piecewise((X**2, X < 0.4), (sympy.exp(Y), True)) + sympy.Max(X, Y) + 2**X - U(X, Y)
    found = residual(text, Names(("x", "y"), ("u",)), HERE)
    x, y = HERE.unbind(1)
    wanted = torch.where(x < 0.4, x**2, y.exp()) + torch.maximum(x, y) + 2**x - 1
    torch.testing.assert_close(found.value({(0, (0, 0)): torch.ones(2).double()}, HERE, {}), wanted)


SAID = [
    (lambda: Problem(U(X) - 1, SQUARE), r"u must be written u\(x, y\)"),
    (
        lambda: Problem(U(X, Y).diff(X) - sympy.Symbol("q"), SQUARE),
        "holds 'q', which is none of u, x, y",
    ),
    (lambda: Problem("u_xx + v", SQUARE), "holds 'v'"),
    (lambda: Problem(sympy.I * U(X, Y), SQUARE), "real and finite"),
    (lambda: Problem("u_xx = 1 = 2", SQUARE), "one equals sign"),
    (lambda: Problem(sympy.gamma(X) - U(X, Y), SQUARE), "gamma is not known"),
    (lambda: Problem(lambda u, z: u.xx + z, SQUARE), "holds 'z'"),
    (lambda: Problem(lambda u: u.xq, SQUARE), "no derivative by x, y"),
    (lambda: Problem(lambda u: u.xx if u.x > 0 else u.yy, SQUARE), "elementwise"),
    (lambda: Problem(lambda u: u.xx.sum(0)[:3], SQUARE), "one number for each of 5 points"),
    (lambda: Problem([], SQUARE), "at least one equation"),
    (lambda: Problem(object(), SQUARE), "must be a SymPy expression, a text or a function"),
    (lambda: Problem("u_xx", SQUARE), "nothing is said of u"),
    (lambda: Problem("u_xx", SQUARE, ["u"]), "made by Condition"),
    (lambda: Problem("u_xx", SQUARE, Condition("u", z=1)), "none of x, y"),
    (lambda: Problem("u_xx", SQUARE, Condition("u", x=3)), "lies outside of -1 to 1"),
    (lambda: Problem("u_xx", SQUARE, Condition("u"), coefficients={"x": 1}), "names two things"),
    (
        lambda: Problem("u_xx", SQUARE, Condition("u"), coefficients={"c": 1}),
        "stands in no equation",
    ),
    (lambda: Problem("c*u_xx", SQUARE, Condition("u"), coefficients={"c": (2, 1)}), "ends of c"),
    (
        lambda: Problem("c*u_xx", SQUARE, Condition("u"), coefficients={"c": "a"}),
        "needs a finite start",
    ),
    (lambda: Problem("u_xx", SQUARE, Condition("u"), fields=["u", "v"]), "field 'v' stands in no"),
    (
        lambda: Problem("u_tt + u", Interval(t=(0, 1)), Condition("u", t=0)),
        "differentiated 2 times by t",
    ),
    (lambda: Problem("u_x", SQUARE, data=Data([[0, 0]], [1, 2])), "a point .x, y. for every value"),
    (lambda: Problem("u_x", SQUARE, data=Data([[0, 0]], [np.nan])), "must be finite"),
    (lambda: Problem("u_x", SQUARE, data=Data([[0, 0]], [1], errors=0)), "more than 0"),
    (lambda: Problem("u_x", SQUARE, data=Data([[0, 0]], [1], field="w")), "none of u"),
    (lambda: Disc().slice({"x": 0}, 10, 0), "a disc has no sides"),
    (lambda: Box(), "at least one coordinate"),
    (lambda: Box(x=(1, 1)), "the first the less"),
    (lambda: Box(x=3), "two ends"),
    (lambda: Box(x=(0, 1), periodic="y"), "none of the coordinates"),
    (lambda: Interval(x=(0, 1), y=(0, 1)), "one coordinate"),
    (lambda: Disc(radius=-1), "radius"),
    (lambda: Polygon(((0, 0), (1, 1))), "three corners"),
    (lambda: Polygon(((0, 0), (1, 1), (2, 2))), "must not be flat"),
    (lambda: in_time(Disc(), t=(0, 1), s=(0, 1)), "one time"),
]


@pytest.mark.parametrize(("make", "message"), SAID)
def test_what_is_refused(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_points_lie_where_they_should() -> None:
    corners = ((0, 0), (0, -1), (1, -1), (1, 1), (-1, 1), (-1, 0))
    shape = Polygon(corners)
    inside = shape.inside(500, 1)
    assert len(inside) == 500
    assert not ((inside < 0).all(1)).any()
    assert abs(np.mean(inside[:, 0] * inside[:, 1] < 0) - 2 / 3) < 0.02
    edge = shape.boundary(80, 1)
    distance = np.minimum(np.abs(np.abs(edge) - 1).min(1), np.abs(edge).min(1))
    assert distance.max() < 1e-12
    assert shape.distance_from_corners(np.array([[0.0, 0.0], [1.0, 1.0]])).tolist() == [0.0, 1.0]
    disc = Disc((1.0, 2.0), 3.0)
    assert np.linalg.norm(disc.inside(100, 0) - [1, 2], axis=1).max() < 3
    np.testing.assert_allclose(np.linalg.norm(disc.boundary(20, 0) - [1, 2], axis=1), 3)
    both = in_time(disc, t=(0, 5))
    assert both.names == ("x", "y", "t")
    assert both.slice({"t": 0.0}, 10, 0)[:, 2].max() == 0
    assert 4 < both.boundary(50, 0)[:, 2].max() <= 5
    box = Box(x=(0, 1), t=(0, 2), periodic="x")
    assert len(box.boundary(10, 0, without=["t"])) == 0
    assert set(Box(x=(0, 1), t=(0, 2)).boundary(8, 0, without=["t"])[:, 0]) == {0.0, 1.0}


def test_seeds_draw_the_same_points_again() -> None:
    assert (SQUARE.inside(50, 3) == SQUARE.inside(50, 3)).all()
    assert (SQUARE.inside(50, 3) != SQUARE.inside(50, 4)).any()
