"""Checkpoints that pykan 0.2.8 wrote (``checkpoints/make.py``) become networks that predict the same."""

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from workbench import from_pykan
from workbench.errors import InputError
from workbench.exchange import pykan_files, source
from workbench.formulas.library import register, unregister
from workbench.kan.model import KAN, Edge

FOLDER = Path(__file__).parent / "checkpoints"
NAMES = ("symbols", "products", "uniform")


def compared(name: str) -> tuple[np.ndarray, np.ndarray]:
    kept = np.load(FOLDER / f"{name}.npz")
    return kept["inputs"].astype(float), kept["predictions"]


@pytest.mark.parametrize("name", NAMES)
def test_predictions_are_those_of_pykan(name: str) -> None:
    x, expected = compared(name)
    found = from_pykan(FOLDER / name)(torch.from_numpy(x)).detach().numpy()
    assert np.abs(found - expected).max() <= 1e-6 * np.ptp(expected, axis=0).min()


def test_functions_and_removed_edges_stay_what_they_are() -> None:
    model = from_pykan(FOLDER / "symbols")
    assert model.layer(0).fixed == {(1, 1): "square"}  # sin has a spline beside it: a curve
    assert model.layer(1).fixed == {(0, 0): "exp"}
    assert model.layer(1).affine[0, 0].tolist() == pytest.approx([1.3, 0.2, 0.7, -0.1])
    assert Edge(0, 1, 2) not in model.edges()
    assert len(model.edges()) == 8
    assert model.config.base == "silu"


def test_products_keep_their_arities() -> None:
    model = from_pykan(FOLDER / "products")
    assert model.config.width == (2, (1, 2), (1, 1))
    assert [model.config.arities(level) for level in range(3)] == [(), (2, 3), (2,)]
    assert model.config.base == "linear"


def test_uniform_grids_are_taken_over_knot_by_knot() -> None:
    model = from_pykan(FOLDER / "uniform")
    state = torch.load(FOLDER / "uniform_state", weights_only=True)
    layer = model.layer(0)
    extra = layer.grid_size - 4
    assert 0 <= extra <= 4
    assert layer.grid_range[0, 0].item() == -1
    curves = state["act_fun.0.coef"] * state["act_fun.0.scale_sp"].unsqueeze(-1)
    kept = layer.coefficients[..., : curves.shape[-1]].detach()
    torch.testing.assert_close(kept, curves.permute(1, 0, 2).double(), rtol=1e-5, atol=1e-6)


def test_a_coarser_grid_says_what_it_costs() -> None:
    with pytest.warns(
        UserWarning, match="of their range, on grids of 5 intervals: a larger grid_size"
    ):
        model = from_pykan(FOLDER / "products", grid_size=5)
    assert model.layer(0).grid_size == 5


def copied(folder: Path, name: str = "symbols") -> Path:
    for end in ("_config.yml", "_state", "_cache_data"):
        shutil.copy(FOLDER / f"{name}{end}", folder)
    return folder / name


def test_the_inputs_seen_last_may_be_missing(tmp_path: Path) -> None:
    path = copied(tmp_path)
    (tmp_path / "symbols_cache_data").unlink()
    x, expected = compared("symbols")
    found = from_pykan(path)(torch.from_numpy(x)).detach().numpy()
    assert np.abs(found - expected).max() <= 1e-6 * np.ptp(expected)


class Object:
    """What a model of pykan offers, made of its files: pykan itself is not needed."""

    def __init__(self, path: Path) -> None:
        told = yaml.safe_load(Path(f"{path}_config.yml").read_text())
        self.width, self.mult_arity = told["width"], told["mult_arity"]
        self.base_fun_name, self.symbolic_enabled = told["base_fun_name"], True
        self.act_fun = [None]
        names = [told[f"symbolic.funs_name.{level}"] for level in range(len(self.width) - 1)]
        self.symbolic_fun = [type("Functions", (), {"funs_name": rows}) for rows in names]
        self.cache_data = torch.load(f"{path}_cache_data", weights_only=True)
        self.state = torch.load(f"{path}_state", weights_only=True)

    def state_dict(self) -> dict[str, torch.Tensor]:
        return self.state


@pytest.mark.parametrize("name", NAMES)
def test_a_model_in_memory_gives_the_same_network(name: str) -> None:
    path = FOLDER / name
    expected, found = from_pykan(path), from_pykan(Object(path))
    assert found.config == expected.config
    for mine, its in zip(found.parameters(), expected.parameters(), strict=True):
        assert torch.equal(mine, its)


def rewritten(folder: Path, old: str, new: str) -> Path:
    path = copied(folder)
    text = (folder / "symbols_config.yml").read_text()
    assert old in text
    (folder / "symbols_config.yml").write_text(text.replace(old, new))
    return path


def test_a_registered_function_is_found_by_its_name(tmp_path: Path) -> None:
    path = rewritten(tmp_path, "- exp", "- airy")
    with pytest.raises(
        InputError, match="the edge from 0 to 0 is the function 'airy', which is not known"
    ):
        from_pykan(path)
    register("airy", lambda x: x.exp())
    try:
        assert from_pykan(path).layer(1).fixed == {(0, 0): "airy"}
    finally:
        unregister("airy")


def test_a_base_function_that_was_written_as_an_object_is_known_by_its_class(
    tmp_path: Path,
) -> None:
    tag = "base_fun_name: !!python/object:torch.nn.modules.activation.SiLU\n  training: true"
    assert from_pykan(rewritten(tmp_path, "base_fun_name: silu", tag)).config.base == "silu"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "base_fun_name: silu",
            "base_fun_name: !!python/object/apply:os.system ['true']",
            "system",
        ),
        ("base_fun_name: silu", "base_fun_name: relu", "must be one of silu"),
        ("mult_arity: 2", "mult_arity: two", "whole numbers"),
        ("mult_arity: 2", "mult_arity: " + "[" * 50 + "]" * 50, "whole numbers"),
        ("width:", "width: [2, 1]\nwider:", "needs 1 layers, got 2"),
        ("width:", "width: [2, 9, 1]\nwider:", "do not have the sizes"),
        ("symbolic.funs_name.1:", "other:", "must name 1 x 3 functions"),
        ("mult_arity: 2", "mult_arity: [", "no YAML"),
        ("mult_arity: 2", "mult_arity: " + "[" * 1500, "no YAML"),
    ],
)
def test_a_configuration_that_says_something_else_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(InputError, match=message) as refused:
        from_pykan(rewritten(tmp_path, old, new))
    assert "\n" not in str(refused.value)


class Trap:
    """Its pickle would call a function where it is opened as one."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("sprung"),)


def test_a_state_that_would_run_code_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = copied(tmp_path)
    monkeypatch.chdir(tmp_path)
    torch.save({"a": Trap()}, tmp_path / "symbols_state")
    with pytest.raises(InputError, match="no archive of tensors"):
        from_pykan(path)
    assert not (tmp_path / "sprung").exists()


def saved(content: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(content, stream)
    return stream.getvalue()


def packed(content: bytes) -> bytes:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no archive"),
        (b"PK\x03\x04 and nothing more", "no archive"),
        (saved([torch.ones(2)]), "must hold the tensors"),
        (saved({"act_fun.0.mask": torch.zeros(1).expand(10**9)}), "larger than their file"),
        (saved({"act_fun.0.mask": torch.full((2, 2), torch.nan)}), "must be finite"),
        (saved({"act_fun.0.mask": torch.ones(2, 2)}), "layers"),
        (packed(saved({"act_fun.0.mask": torch.zeros(10**6)})), "is packed"),
        (b"x" * 512 + saved({"act_fun.0.mask": torch.ones(2, 2)}), "begins otherwise"),
    ],
)
def test_a_state_that_is_none_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = copied(tmp_path)
    (tmp_path / "symbols_state").write_bytes(content)
    with pytest.raises(InputError, match=message):
        from_pykan(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("act_fun.1.coef"), "must have a tensor 'act_fun.1.coef' of 3 dimensions"),
        (lambda s: s.update({"act_fun.0.mask": torch.ones(3, 3)}), "do not belong together"),
        (lambda s: s.update({"act_fun.0.grid": s["act_fun.0.grid"][:, :-1]}), "of one degree"),
        (lambda s: s.update({"act_fun.0.grid": s["act_fun.0.grid"].flip(1)}), "must be sorted"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(tmp_path: Path, change: Any, message: str) -> None:
    path = copied(tmp_path)
    state = torch.load(tmp_path / "symbols_state", weights_only=True)
    change(state)
    torch.save(state, tmp_path / "symbols_state")
    with pytest.raises(InputError, match=message):
        from_pykan(path)


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        from_pykan(tmp_path / "nothing")
    with pytest.raises(InputError, match="got KAN"):
        from_pykan(KAN((2, 1)))


def test_a_spline_is_zero_where_its_knots_end() -> None:
    knots = np.array([[-2.0, -1.2, 0.0, 0.3, 1.0, 2.0]])
    layer = source.Layer(
        knots=knots,
        curves=np.ones((1, 1, 3)),
        base=np.zeros((1, 1)),
        living=np.ones((1, 1), bool),
        functions={},
        affine=np.zeros((1, 1, 4)),
        scale=np.ones(1),
        shift=np.zeros(1),
        node_scale=np.ones(1),
        node_shift=np.zeros(1),
    )
    found = layer.splines(0, np.array([-3.0, 0.1, 3.0]))[:, 0]
    np.testing.assert_allclose(found, [0, 1, 0])


def test_numbers_in_a_configuration_are_short_words() -> None:
    for text in ("1e3", "-2", "123456", "٣"):
        with pytest.raises(InputError, match="whole numbers"):
            pykan_files.nested(yaml.compose(text), "k")
