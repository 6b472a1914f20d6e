"""No operation changes the function: tried on networks that hypothesis makes up."""

import tempfile
from pathlib import Path

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.kan.bases import BASES
from workbench.kan.checkpoint import load, save
from workbench.kan.grid import update_grid_
from workbench.kan.growth import expand_depth, expand_width, permute_nodes
from workbench.kan.locking import lock
from workbench.kan.model import KAN, Edge
from workbench.network.fixing import fix, unfix
from workbench.network.pruning import remove_edges

X = torch.rand(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1
quick = settings(max_examples=15, derandomize=True, deadline=None, database=None)


@st.composite
def networks(draw, bases=tuple(BASES)) -> KAN:
    """Small networks of any kind: products, pruned, fixed and locked edges, bases, output scale."""
    sums, products = draw(st.integers(1, 2)), draw(st.integers(0, 2))
    arities = tuple(draw(st.lists(st.integers(2, 3), min_size=products, max_size=products)))
    model = KAN(
        (2, (sums, products), draw(st.integers(1, 2))),
        draw(st.sampled_from([1, 3, 4])),
        draw(st.sampled_from([2, 3])),
        arity=((), arities, ()),
        basis=draw(st.sampled_from(bases)),
        base=draw(st.sampled_from([None, "silu", "tanh"])),
        seed=draw(st.integers(0, 5)),
    )
    model.output_scale.fill_(draw(st.sampled_from([1.0, 2.5])))
    edges = st.sampled_from(model.edges())
    name = draw(st.sampled_from(["sin", "square", "linear"]))
    model = fix(model, draw(edges), name, (0.7, 0.2, 1.1, -0.3))
    model = lock(model, draw(edges))
    gone = draw(edges)
    model.layer(gone.layer).mask[gone.target, gone.source] = 0
    model.layer(gone.layer).fixed.pop((gone.target, gone.source), None)
    return model


def same(new: KAN, old: KAN, x: torch.Tensor = X, tolerance: float = 1e-9) -> bool:
    with torch.no_grad():
        before, after = old(x), new(x)
    size = max(1.0, float(before.abs().max()))
    return bool(((after - before).abs() <= tolerance * size).all())


@quick
@given(networks(bases=("bspline", "chebyshev")), st.sampled_from([2, 3, 4]))
def test_refining(model: KAN, factor: int) -> None:
    assert same(model.refine(factor * model.layer(0).grid_size), model, 1.3 * X)


@quick
@given(networks(bases=("bspline",)), st.floats(0.1, 1.0))
def test_moving_grids(model: KAN, reach: float) -> None:
    for level in range(1, model.config.depth):  # hidden values have to lie on their grids
        model.layer(level).grid_range.mul_(50)
    moved = model.copy()
    assert update_grid_(moved, reach * X) <= 1e-8 * max(1.0, float(model(X).detach().abs().max()))
    assert same(moved, model, reach * X, 1e-8)


@quick
@given(networks())
def test_pruning_edges_without_effect(model: KAN) -> None:
    layer = model.layer(0)
    edge = model.edges()[0]
    layer.fixed.pop((edge.target, edge.source), None)
    with torch.no_grad():
        layer.coefficients[edge.target, edge.source] = 0
    assert same(remove_edges(model, X, [edge]), model)


@quick
@given(networks(), st.sampled_from(["square", "linear", "cube"]))
def test_fixing_and_freeing(model: KAN, name: str) -> None:
    edge = next(e for e in model.edges() if e.layer == 0)
    exact = model.config.basis in ("bspline", "chebyshev")
    degree = {"linear": 1, "square": 2, "cube": 3}[name]
    if not exact or degree > model.config.degree:
        name = "constant"
    fixed = fix(model, edge, name, (0.7, 0.2, 1.1, -0.3))
    assert same(unfix(fixed, edge), fixed)


@quick
@given(networks())
def test_saving_and_loading(model: KAN) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save(model, path)
        loaded = load(path)
    assert torch.equal(loaded(X), model(X))
    assert loaded.config == model.config
    for level in range(model.config.depth):
        assert torch.equal(loaded.layer(level).locked, model.layer(level).locked)


@quick
@given(networks(), st.integers(1, 2), st.integers(0, 2), st.integers(2, 3), st.integers(0, 2))
def test_growing(model: KAN, sums: int, products: int, arity: int, level: int) -> None:
    assert same(expand_width(model, 1, sums=sums, products=products, arity=arity), model, 1.3 * X)
    assert same(expand_depth(model, level), model, 1.3 * X)


@quick
@given(networks(), st.data())
def test_permuting(model: KAN, data: st.DataObject) -> None:
    sums, count = model.config.sums(1), model.config.nodes(1)
    first = data.draw(st.permutations(range(sums)))
    second = data.draw(st.permutations(range(sums, count)))
    assert same(permute_nodes(model, 1, [*first, *second]), model, 1.3 * X)


def test_edges_are_addressed_by_layer_source_and_target() -> None:
    assert KAN((2, 1)).edges() == [Edge(0, 0, 0), Edge(0, 1, 0)]
