"""Laws with unknown parts: the known part is held, the rest is trained."""

import numpy as np
import pytest
import torch

from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.locking import locked_edges
from workbench.kan.training.fitting import fit
from workbench.network.targets import compile_target


def table(law, names: list[str], rows: int = 400) -> Dataset:
    x = np.random.default_rng(0).uniform(0.2, 1.5, (rows, len(names)))
    return Dataset.from_arrays(x, law(*x.T), names=names)


def test_the_known_part_is_locked_and_the_unknown_is_a_curve() -> None:
    model = compile_target("y = exp(f(a)) * b^2 + 3", ["a", "b"])
    locked = locked_edges(model)
    free = [e for e in model.edges() if e not in locked]
    names = {model.layer(e.layer).fixed[e.target, e.source] for e in locked}
    assert {"exp", "square"} <= names
    assert len(free) == 1
    assert (free[0].target, free[0].source) not in model.layer(free[0].layer).fixed


@pytest.mark.parametrize(
    ("law", "text", "names"),
    [
        (lambda a, b: np.exp(np.sin(3 * a)) * b**2, "y = exp(f(a))*b^2", ["a", "b"]),
        (lambda a, b: np.exp(np.sin(3 * a)) * b**2, "log(y) = f(a) + g(b)", ["a", "b"]),
        (lambda a, b: a / (1 + b**3), "a/y = f(b)", ["a", "b"]),
        (lambda a, b: 2.5 * np.sin(a) + b**2, "y = k*sin(a) + f(b)", ["a", "b"]),
        (lambda a, b, c: a * np.cos(2 * b * c), "y = a*g(b, c)", ["a", "b", "c"]),
    ],
)
def test_training_fills_in_what_is_unknown(law, text: str, names: list[str]) -> None:
    data = table(law, names)
    model = compile_target(text, names)
    found = fit(model, data, grids=(3, 6, 12), starts=4, seed=0)
    assert found.validation_loss < 2e-3 * float(data.targets.std())


def test_a_number_to_be_found_is_found() -> None:
    data = table(lambda a, b: 2.5 * np.sin(a) + b**2, ["a", "b"])
    model = fit(compile_target("y = k*sin(a) + b^2", ["a", "b"]), data, starts=1).model
    x = torch.tensor([[0.3, 0.7], [1.2, 0.7]], dtype=torch.float64)
    low, high = model.predict(x)[:, 0].tolist()
    assert high - low == pytest.approx(2.5 * (np.sin(1.2) - np.sin(0.3)), rel=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a + b", "one equals sign"),
        (f"y = f({', '.join(['a', 'b'] * 100)})", "need 40401 curves, at most 1000"),
        ("y = a = b", "one equals sign"),
        ("z = f(a)", "holds the target 'y' and columns, got 'z'"),
        ("y = y*f(a)", "only there"),
        ("y + log(y) = f(a)", "must hold y once"),
        ("abs(y) = f(a)", "cannot be solved for y"),
        ("y = f(a) + f(b)", "cannot share"),
        ("y = gamma(a, ", "cannot be read"),
    ],
)
def test_what_is_no_law_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        compile_target(text, ["a", "b"])


def test_the_target_is_no_input() -> None:
    with pytest.raises(InputError, match="cannot be an input"):
        compile_target("a = f(b)", ["a", "b"], target="a")
