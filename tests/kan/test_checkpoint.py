"""Save, load, the same values; foreign and damaged files are refused in words."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from workbench.discovery.fixing import fix
from workbench.errors import InputError
from workbench.kan.checkpoint import load, save
from workbench.kan.model import KAN, Edge


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
