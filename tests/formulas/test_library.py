"""A function of one's own works everywhere: on edges, in formulas, exports and files."""

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sympy
import torch

from workbench.errors import InputError
from workbench.formulas.export import export
from workbench.formulas.formula import Formula
from workbench.formulas.library import SYMPY, register, registered, unregister
from workbench.formulas.parametric import parametrize
from workbench.formulas.parsing import parse_expression
from workbench.formulas.simplify import shorter
from workbench.formulas.srepr import parse_srepr
from workbench.formulas.typesetting import to_text
from workbench.formulas.validity import limits
from workbench.kan import checkpoint
from workbench.kan.checkpoint import load, save
from workbench.kan.functions import FUNCTIONS
from workbench.kan.model import KAN, Edge
from workbench.network.candidates import match
from workbench.network.compiler import compile_expression, evaluate
from workbench.network.expressions import Linear, apply, to_expressions
from workbench.network.fixing import fix

X = sympy.Symbol("x", real=True)


@pytest.fixture
def lorentz() -> Iterator[str]:
    register("lorentz", lambda x: 1 / (1 + x**2), sympy=lambda x: 1 / (1 + x**2), symmetry="even")
    yield "lorentz"
    unregister("lorentz")


@pytest.fixture
def airy() -> Iterator[str]:
    register("airy", torch.special.airy_ai, slope=lambda x: torch.zeros_like(x))
    yield "airy"
    unregister("airy")


def test_both_tables_have_the_same_names() -> None:
    assert list(SYMPY) == list(FUNCTIONS)


@pytest.mark.parametrize("name", SYMPY)
def test_the_gauge_leaves_every_function_unchanged(name: str) -> None:
    for slope, shift in ((0.8, 0.3), (-0.4, 0.9)):
        entry = SYMPY[name]
        argument = Linear(((slope, X),), shift)
        x = np.linspace(0.1, 0.6, 7)
        before = sympy.lambdify(X, entry.build(argument.expression()), ["numpy", "scipy"])(x)
        after = sympy.lambdify(X, apply(name, argument).expression(), ["numpy", "scipy"])(x)
        np.testing.assert_allclose(np.broadcast_to(after, 7), before, rtol=1e-12)


@pytest.mark.parametrize("name", SYMPY)
def test_domain_and_singularities_are_true(name: str) -> None:
    entry = SYMPY[name]

    def value(x: np.ndarray) -> np.ndarray:
        return evaluate(entry.build(X), ("x",), x[:, None])

    low, high = np.clip(entry.domain, -4, 4)
    inside = np.linspace(low, high, 41)[1:-1]
    inside = inside[[all(abs(p - s) > 1e-9 for s in entry.singular) for p in inside]]
    assert np.isfinite(value(inside)).all()
    assert entry.words
    outside = np.array(
        [v for v in (entry.domain[0] - 0.1, entry.domain[1] + 0.1) if np.isfinite(v)]
    )
    if len(outside) and not entry.period:
        with np.errstate(all="ignore"):
            assert not np.isfinite(value(outside)).any()


@pytest.mark.parametrize("name", SYMPY)
def test_every_function_becomes_an_activation_again(name: str) -> None:
    expression = SYMPY[name].build(0.75 * X + 0.125)
    model = compile_expression(expression, inputs=["x"], ranges={"x": (0.1, 0.9)})
    x = np.linspace(0.1, 0.9, 7)[:, None]
    np.testing.assert_allclose(
        model.predict(x).numpy()[:, 0], evaluate(expression, ("x",), x), rtol=1e-12
    )


@pytest.mark.parametrize("name", [name for name, entry in SYMPY.items() if entry.head])
def test_what_a_formula_prints_can_be_typed_saved_and_exported(name: str, tmp_path: Path) -> None:
    law = Formula((1.5 * SYMPY[name].build(X / 2),), ("x",), domain={"x": (0.25, 1.5)})
    assert parse_expression(to_text(law.expression), ["x"]).evalf() == law.expression.evalf()
    law.save(tmp_path / "law.json")
    assert Formula.load(tmp_path / "law.json") == law
    for language in ("python", "sympy", "torch", "c"):
        found = export(law, language)
        assert found.text
        assert found.error is None or found.error < 1e-12
    assert law.mathml


def test_lambertw_is_written_as_a_reader_expects_it() -> None:
    w = sympy.Symbol("W", real=True)
    law = Formula(
        (2 * sympy.LambertW(X) + w**2,), ("x", "W"), domain={"x": (0.0, 3.0), "W": (0.0, 1.0)}
    )
    assert r"2 \cdot W\left(x\right)" in law.latex
    assert r"\text{“}W\text{”}" in law.latex  # the column is told from the function
    assert "scipy.special.lambertw(x_x).real" in export(law, "python").text
    assert "ProductLog[x]" in export(law, "mathematica").text
    assert "lambertw_series(x)" in export(law, "c").text
    assert export(law, "excel").note == "not available: Excel has no function LambertW"
    assert export(law, "latex").note.endswith("SymPy's reader of LaTeX does not know W")
    near = Formula((sympy.LambertW(X),), ("x",), domain={"x": (-0.3678, 3.0)})
    assert "lambertw is not smooth enough for a series" in export(near, "c").note


def test_lambertw_has_no_value_below_its_branch_point() -> None:
    x = np.array([[-2.0], [-0.4], [0.0], [np.e]])
    law = Formula((sympy.LambertW(X),), ("x",), domain={"x": (-2.0, 3.0)})
    assert law(x) == pytest.approx([np.nan, np.nan, 0, 1], nan_ok=True)
    constants = parametrize([2.5 * sympy.LambertW(0.5 * X)], ["x"])
    assert np.isnan(constants.outputs(x)[0, 0])
    assert np.isnan(constants.jacobian(x, constants.values)[0]).all()
    assert limits(law.expressions, law.domain) == (
        "a branch point inside the fitted range: x = -0.3679",
    )
    with pytest.raises(InputError, match="cannot be built"):
        parse_srepr("LambertW(Symbol('x', real=True), Integer(-1))")  # another branch


def test_the_process_that_simplifies_knows_the_functions_of_the_table() -> None:
    twice = X * sympy.LambertW(X) + 2 * X * sympy.LambertW(X) + X * sympy.exp(X)
    (short,) = shorter([(twice, frozenset())])
    assert short == X * (3 * sympy.LambertW(X) + sympy.exp(X))


def test_a_registered_function_is_found_written_and_loaded(lorentz: str, tmp_path: Path) -> None:
    assert registered() == (lorentz,)
    u = torch.linspace(-2, 3, 128, dtype=torch.float64)
    best = match(u[None], (3 / (1 + (2 * u - 1) ** 2) + 1)[None])[0][0]
    assert best.name == lorentz
    assert 1 - best.r2 < 1e-12
    law = Formula((SYMPY[lorentz].build(2.5 * X),), ("x",), domain={"x": (-1, 1)})
    law.save(tmp_path / "law.json")
    assert Formula.load(tmp_path / "law.json") == law
    assert export(law, "c").error < 1e-12


def test_a_function_that_sympy_does_not_know(airy: str, tmp_path: Path) -> None:
    law = Formula((2.0 * SYMPY[airy].build(X) + X,), ("x",), domain={"x": (-1, 1)})
    x = np.linspace(-1, 1, 5)
    expected = 2 * torch.special.airy_ai(torch.from_numpy(x)).numpy() + x
    np.testing.assert_allclose(law(x[:, None]), expected)
    assert r"\operatorname{airy}{\left(x \right)}" in law.latex
    assert "airy" in law.mathml
    assert "no function airy" in export(law, "excel").note
    law.save(tmp_path / "law.json")
    assert Formula.load(tmp_path / "law.json") == law
    unregister(airy)
    with pytest.raises(InputError, match="must be registered"):
        Formula.load(tmp_path / "law.json")


TOOLS = {
    "c": "gcc", "fortran": "gfortran", "rust": "rustc", "julia": "julia", "r": "Rscript",
    "matlab": "octave", "mathematica": "wolframscript", "javascript": "node",
}  # fmt: skip


@pytest.fixture
def swell() -> Iterator[str]:
    register("swell", lambda x: torch.exp(torch.sin(x)), slope=lambda x: x.cos() * x.sin().exp())
    yield "swell"
    unregister("swell")


@pytest.mark.parametrize("language", ["sympy", "python", "torch", "jax", *TOOLS])
def test_it_is_written_in_every_language_as_a_series(swell: str, language: str) -> None:
    y = sympy.Symbol("swell_series", real=True)  # a column may be called like the helper
    law = Formula(
        (SYMPY[swell].build(2.5 * X - y) * y + 0.5 * X,), ("x", "swell_series"),
        domain={"x": (-1, 1), "swell_series": (0, 2)},
    )  # fmt: skip
    found = export(law, language)
    assert "swell" in found.text
    if language == "jax" and not importlib.util.find_spec("jax"):
        assert "No module named 'jax'" in found.note
    elif TOOLS.get(language) and not shutil.which(TOOLS[language]):
        assert "not executed" in found.note
    else:
        assert found.note == ""
        assert found.error < 1e-12


def test_a_series_is_no_better_than_the_function_and_says_so(airy: str) -> None:
    law = Formula((SYMPY[airy].build(X),), ("x",), domain={"x": (-4, 2)})
    found = export(law, "python")  # torch's own Airy function is wrong in the seventh digit
    assert 1e-9 < found.error < 1e-4
    assert f"maximal relative error {found.error:.1e}" in found.text


def test_a_language_may_know_it_by_a_name_of_its_own() -> None:
    register("log_gamma", torch.lgamma, domain=(0.5, 9), latex=r"\ln\Gamma",
             code={"c": "lgamma({0})"}, slope=torch.digamma)  # fmt: skip
    try:
        law = Formula((SYMPY["log_gamma"].build(X),), ("x",), domain={"x": (1, 4)})
        found = export(law, "c")
        assert "return lgamma(x);" in found.text
        assert "log_gamma_series" not in found.text
        assert found.error is None or found.error < 1e-12
        assert r"\ln\Gamma{\left(x \right)}" in law.latex
        assert export(law, "python").error < 1e-12
    finally:
        unregister("log_gamma")


def test_what_is_not_smooth_is_no_series() -> None:
    register("saw", lambda x: x - x.round(), slope=torch.ones_like)
    try:
        law = Formula((SYMPY["saw"].build(X),), ("x",), domain={"x": (-2, 2)})
        assert "saw is not smooth enough" in export(law, "c").note
    finally:
        unregister("saw")


def test_a_network_with_it_is_saved_and_loaded(airy: str, tmp_path: Path) -> None:
    model = fix(KAN((1, 1)), Edge(0, 0, 0), airy, (2.0, 0.5, 1.5, 0.1))
    x = torch.linspace(-1, 1, 7, dtype=torch.float64)[:, None]
    checkpoint.save(model, tmp_path / "m.safetensors")
    torch.testing.assert_close(checkpoint.load(tmp_path / "m.safetensors")(x), model(x))
    (expression,) = to_expressions(model, ["x"])
    again = Formula((expression,), ("x",), domain={"x": (-1, 1)})
    np.testing.assert_allclose(again(x.numpy()), model(x).detach().numpy()[:, 0])


def test_bad_registrations_are_refused() -> None:
    with pytest.raises(InputError, match="already a function 'sin'"):
        register("sin", torch.sin)
    with pytest.raises(InputError, match="means something else"):
        register("gamma", torch.sin)
    with pytest.raises(InputError, match="SymPy side of 'wave' differ"):
        register("wave", torch.sin, sympy=sympy.cos)
    with pytest.raises(InputError, match="has no values"):
        register("wave", torch.sin, sympy=lambda x: sympy.Function("unknown")(x))
    with pytest.raises(InputError, match="symmetry must be"):
        register("wave", torch.sin, symmetry="periodic")
    with pytest.raises(InputError, match="identifier"):
        register("my wave", torch.sin)
    assert "wave" not in FUNCTIONS
    assert "wave" not in SYMPY


def test_a_saved_text_cannot_name_foreign_functions() -> None:
    with pytest.raises(InputError, match="not allowed"):
        parse_srepr("system(Symbol('x'))")


def test_a_network_with_a_registered_function_is_saved_and_loaded(
    lorentz: str, tmp_path: Path
) -> None:
    edge = Edge(0, 0, 0)
    model = fix(KAN((1, 1)), edge, lorentz, (2.0, 0.1, 1.5, 0.2))
    save(model, tmp_path / "model")
    x = torch.linspace(-1, 1, 9, dtype=torch.float64).unsqueeze(1)
    loaded = load(tmp_path / "model")
    assert torch.equal(loaded(x), model(x))
    law = Formula(to_expressions(loaded, ("x",)), ("x",))
    np.testing.assert_allclose(law(x.numpy()), model(x).detach().numpy()[:, 0], rtol=1e-12)
    unregister(lorentz)
    with pytest.raises(InputError, match=r"needs the function 'lorentz'.*register it first"):
        load(tmp_path / "model")


def test_a_function_that_only_torch_knows_has_its_slope_in_formulas() -> None:
    register("hump", lambda x: torch.exp(-(x**2)))
    try:
        a = sympy.Symbol("a", real=True)
        slope = SYMPY["hump"].build(3 * a).diff(a)
        x = np.linspace(-1, 1, 7)
        found = evaluate(slope, ("a",), x[:, None])
        np.testing.assert_allclose(found, -18 * x * np.exp(-9 * x**2), atol=1e-12)
    finally:
        unregister("hump")
