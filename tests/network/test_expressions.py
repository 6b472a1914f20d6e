"""The expression of a network says what the network says, or that there is none."""

import numpy as np
import pytest
import sympy
import torch

from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.formulas.library import SYMPY
from workbench.kan.model import KAN, Edge
from workbench.network.compiler import evaluate
from workbench.network.expressions import to_expressions
from workbench.network.fixing import fix, unfix
from workbench.network.pruning import remove_edges

FUNCTIONS = ("sin", "linear", "square", "exp", "tanh")


def symbolic(width: tuple, arity: object, seed: int = 0) -> KAN:
    """A network whose edges are all fixed, with affine numbers of every sign."""
    model = KAN(width, arity=arity)
    generator = torch.Generator().manual_seed(seed)
    for number, edge in enumerate(model.edges()):
        affine = tuple((0.5 * torch.randn(4, generator=generator)).tolist())
        model = fix(model, edge, FUNCTIONS[number % len(FUNCTIONS)], affine)
    model.output_scale.fill_(2.5)
    model.output_shift.fill_(-0.75)
    return model


@pytest.mark.parametrize(
    ("width", "arity"),
    [
        ((2, (1, 2), 1), 3),
        ((2, (0, 2), 1), 4),
        ((3, (1, 2), (1, 1), 2), ((), (3, 2), (2,), ())),
        ((2, 2, (1, 2)), ((), (), (3, 2))),
    ],
)
def test_a_formula_with_products_of_any_arity_equals_the_network(width: tuple, arity) -> None:
    model = symbolic(width, arity)
    names = tuple("abc"[: width[0]])
    x = torch.rand(50, width[0], dtype=torch.float64) * 2 - 1
    expected = model(x).detach().numpy()
    symbols = sympy.symbols(names, real=True)
    found = np.stack(
        [
            np.broadcast_to(sympy.lambdify(symbols, expression)(*x.numpy().T), len(x))
            for expression in to_expressions(model, names)
        ],
        1,
    )
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def test_a_network_with_a_spline_left_has_no_formula_and_says_so() -> None:
    with pytest.raises(InputError, match="layer 0, edge 0 to 0 is still a spline"):
        to_expressions(KAN((2, 1)), ("a", "b"))


def test_a_freed_edge_leaves_the_formula() -> None:
    model = symbolic((2, 1), 2)
    assert len(to_expressions(model, ("a", "b"))) == 1
    with pytest.raises(InputError, match="edge 1 to 0 is still a spline"):
        to_expressions(unfix(model, Edge(0, 1, 0)), ("a", "b"))


def test_pruned_inputs_keep_columns_and_names_of_the_others() -> None:
    model = symbolic((3, 1), 2)
    x = torch.rand(40, 3, dtype=torch.float64)
    kept = remove_edges(model, x, [Edge(0, 1, 0)])
    (expression,) = to_expressions(kept, ("a", "b", "c"))
    assert {str(symbol) for symbol in expression.free_symbols} == {"a", "c"}
    law = Formula((expression,), ("a", "b", "c"))
    np.testing.assert_allclose(law(x.numpy()), kept(x).detach().numpy()[:, 0], rtol=1e-9)
    for same in (kept.refine(6), kept.copy()):
        assert torch.allclose(same(x), kept(x), atol=1e-12)
        assert same.edges() == kept.edges() == [Edge(0, 0, 0), Edge(0, 2, 0)]


@pytest.mark.parametrize("inner", [0.4, -0.4, 2.5, -2.5])
@pytest.mark.parametrize("name", [n for n in SYMPY if n != "constant"])
def test_a_scale_of_either_sign_is_taken_out_of_every_function(name: str, inner: float) -> None:
    model = fix(KAN((1, 1)), Edge(0, 0, 0), name, (inner, 0.1, 1.5, -0.25))
    x = torch.linspace(-1.9, 1.9, 40, dtype=torch.float64)[:, None]
    expected = model(x).detach().numpy()[:, 0]
    (expression,) = to_expressions(model, ("a",))
    with np.errstate(all="ignore"):
        found = evaluate(expression, ("a",), x.numpy())
    known = np.isfinite(expected) & np.isfinite(found)
    assert known.any()
    np.testing.assert_allclose(found[known], expected[known], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("shift", "dust"), [(1e-17, True), (0.01, False)])
def test_what_rounding_left_beside_a_factor_is_not_written(shift: float, dust: bool) -> None:
    model = KAN((2, (0, 1), 1))
    for edge in model.edges():
        model = fix(model, edge, "linear", (1.0, 0.0, 1.0, 0.0 if edge.layer else shift))
    crossing = [e for e in model.edges() if e.layer == 0 and e.source != e.target]
    model = remove_edges(model, torch.zeros(1, 2, dtype=torch.float64), crossing)
    (found,) = to_expressions(model, ["a", "b"])
    a, b = sympy.symbols("a b", real=True)
    assert (sympy.simplify(found / (a * b)).is_number) is dust
