"""Save, load, the same values; foreign and damaged files are refused in words."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from workbench import __version__
from workbench.errors import InputError
from workbench.kan.checkpoint import About, load, read_about, save
from workbench.kan.locking import lock
from workbench.kan.model import KAN, Edge
from workbench.network.fixing import fix


def test_round_trip(tmp_path: Path) -> None:
    model = fix(
        KAN((2, (1, 1), 1), grid_size=6, seed=3), Edge(0, 1, 0), "sin", (2.0, 0.1, 1.0, 0.0)
    )
    model.layer(0).mask[1, 0] = 0
    x = torch.linspace(-1, 1, 20, dtype=torch.float64).reshape(10, 2)
    save(model, tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors")
    assert torch.equal(loaded(x), model(x))
    assert loaded.config == model.config
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        load(tmp_path / "none.safetensors")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(InputError, match="damaged or not a saved network"):
        load(tmp_path / "text")
    save_file({"a": torch.zeros(2)}, tmp_path / "foreign")
    with pytest.raises(InputError, match="not written by this workbench"):
        load(tmp_path / "foreign")
    save(KAN((2, 1)), tmp_path / "cut")
    (tmp_path / "cut").write_bytes((tmp_path / "cut").read_bytes()[:-40])
    with pytest.raises(InputError, match="damaged"):
        load(tmp_path / "cut")


def rewritten(path: Path, **changes) -> Path:
    """The file with other metadata, and its numbers as they were."""
    with safe_open(path, framework="pt") as file:
        about = json.loads(file.metadata()["kan"])
    other = path.with_suffix(".changed")
    save_file(load_file(path), other, metadata={"kan": json.dumps(about | changes)})
    return other


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_everything_that_a_network_is_comes_back(tmp_path: Path, dtype: torch.dtype) -> None:
    arity = ((), (2, 3), ())
    model = KAN((2, (1, 2), 1), 5, 2, arity=arity, basis="rbf", base="silu", seed=1, dtype=dtype)
    model = lock(fix(model, Edge(0, 1, 3), "exp", (0.5, 0.1, 1.0, 0.0)), Edge(0, 0, 1))
    model.layer(0).mask[0, 0] = 0
    model.output_scale.fill_(7.0)
    path = tmp_path / "model.safetensors"
    save(model, path, names=("m", "v"), target="E", units={"m": "kg"})
    loaded = load(path)
    assert loaded.config == model.config
    assert loaded.output_scale.dtype == dtype
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)
    assert loaded.layer(0).fixed == model.layer(0).fixed
    assert read_about(path) == About(("m", "v"), "E", {"m": "kg"}, __version__)


def test_the_first_format_is_still_read(tmp_path: Path) -> None:
    model = fix(KAN((2, (1, 1), 1), 6, seed=3), Edge(0, 1, 0), "sin", (2.0, 0.1, 1.0, 0.0))
    about = {
        "format": "kan-workbench-1", "width": [2, [1, 1], 1], "grid_size": 6, "degree": 3, "arity": 2,
        "fixed": [[0, 0, 1, "sin"]], "names": ["a", "b"], "target": "y",
    }  # fmt: skip
    tensors = {k: v for k, v in model.state_dict().items() if not k.endswith("locked")}
    save_file(tensors, tmp_path / "old", metadata={"kan": json.dumps(about)})
    x = torch.linspace(-1, 1, 20, dtype=torch.float64).reshape(10, 2)
    assert torch.equal(load(tmp_path / "old")(x), model(x))
    assert read_about(tmp_path / "old") == About(("a", "b"), "y", {}, "", 1)


def test_too_new_altered_and_unknown_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "model"
    model = fix(KAN((2, 1)), Edge(0, 0, 0), "sin", (1.0, 0.0, 1.0, 0.0))
    save(model, path)
    for changes, message in (
        ({"format": "kan-workbench-99", "package": "9.1"}, "format 99, written by version 9.1"),
        ({"format": "other-2"}, "not written by this workbench"),
        ({"fixed": [[0, 0, 0, "bessel"]]}, "needs the function 'bessel'.*register it first"),
        ({"fixed": [[0, 7, 0, "sin"]]}, "is damaged: there is no edge 0 to 7"),
        ({"config": {"width": [3, 1]}}, "is damaged"),
        ({"checksum": "0"}, "is damaged: its numbers do not match their checksum"),
    ):
        with pytest.raises(InputError, match=message):
            load(rewritten(path, **changes))
    whole = bytearray(path.read_bytes())
    whole[-20] ^= 1
    path.write_bytes(whole)
    with pytest.raises(InputError, match="do not match their checksum"):
        load(path)


def test_two_networks_in_one_folder_stay_two_and_old_files_what_they_were(tmp_path: Path) -> None:
    narrow, wide = KAN((2, 3, 1), seed=1), KAN((2, 7, 1), seed=2)
    save(narrow, tmp_path / "narrow")
    before = (tmp_path / "narrow").read_bytes()
    save(wide, tmp_path / "wide")
    again = load(tmp_path / "narrow")
    with torch.no_grad():
        again.layer(0).coefficients.zero_()
    save(again, tmp_path / "third")
    assert (tmp_path / "narrow").read_bytes() == before
    assert load(tmp_path / "narrow").config.width == (2, 3, 1)
    assert load(tmp_path / "wide").config.width == (2, 7, 1)
