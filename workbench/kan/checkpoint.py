"""Saving and loading networks: safetensors with JSON metadata. Loading a file runs no code."""

import json
import os
import tempfile
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from workbench.errors import InputError
from workbench.kan.model import KAN

FORMAT = "kan-workbench-1"


def save(model: KAN, path: str | Path, *, names: tuple[str, ...] = (), target: str = "") -> None:
    """Write a network; the file appears whole or not at all.

    Args:
        model: the network. path: the file, by custom ``.safetensors``.
        names, target: column names to keep beside it.
    """
    path = Path(path)
    fixed = [
        [level, target_, source, name]
        for level in range(model.config.depth)
        for (target_, source), name in model.layer(level).fixed.items()
    ]
    about = {
        "format": FORMAT,
        "width": model.config.width,
        "grid_size": model.layer(0).grid_size,
        "degree": model.config.degree,
        "arity": model.config.arity,
        "fixed": fixed,
        "names": names,
        "target": target,
    }
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    os.close(descriptor)
    try:
        save_file(tensors, temporary, metadata={"kan": json.dumps(about)})
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def load(path: str | Path) -> KAN:
    """Read a network that ``save`` wrote.

    Raises:
        InputError: the file is missing, damaged or of another program.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"a saved network is needed, but there is no file {str(path)!r}")
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {}).get("kan", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, json.JSONDecodeError) as error:
        raise InputError(f"{path.name!r} is damaged or not a saved network: {error}") from error
    if about.get("format") != FORMAT:
        raise InputError(f"{path.name!r} was not written by this workbench: save the network again")
    try:
        width = tuple(n if isinstance(n, int) else tuple(n) for n in about["width"])
        model = KAN(
            width, about["grid_size"], about["degree"], arity=about["arity"],
            dtype=tensors["output_scale"].dtype,
        )  # fmt: skip
        model.load_state_dict(tensors)
        for level, target, source, name in about["fixed"]:
            model.layer(level).fixed[(target, source)] = name
    except (KeyError, TypeError, RuntimeError, ValueError) as error:
        raise InputError(f"{path.name!r} is damaged: {error}") from error
    return model
