"""Saving and loading networks: safetensors with JSON metadata. Loading a file runs no code.

The metadata says what the tensors cannot: the configuration, fixed functions, names and units, the
versions that wrote it, and a checksum of the numbers. A file of an older format can still be read; one
of a newer format is refused.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as packed
from torch import Tensor

from workbench import __version__
from workbench.common.schema import Count, Name, Strict, Struct, Text, read, require, require_names
from workbench.common.writing import replacing
from workbench.errors import InputError, in_one_line
from workbench.kan.bases import BSplines
from workbench.kan.config import KANConfig
from workbench.kan.functions import lookup
from workbench.kan.model import KAN
from workbench.kan.tensor_file import read_tensors

FORMAT = 2
_FAMILY = "kan-workbench-"


_Sizes = list[int | list[int]]
_Arity = int | list[int | list[int]]
_MOST_NODES = 10_000
_DTYPES = (torch.float32, torch.float64, torch.bool)


class _Family(Struct):
    format: str = ""
    package: Text = ""


class _Config(Strict):
    width: _Sizes
    grid_size: Count
    degree: Count
    arity: _Arity
    basis: Name = BSplines.name
    base: Name | None = None


class _Saved(Strict):
    format: str
    package: Text = ""
    config: _Config | None = None
    basis: Name = BSplines.name  # this and the next five are of format 1
    base: Name | None = None
    width: _Sizes = []  # noqa: RUF012 - msgspec copies it
    grid_size: Count = 0
    degree: Count = 0
    arity: _Arity = 2
    fixed: tuple[tuple[Count, Count, Count, Name], ...] = ()
    names: tuple[Name, ...] = ()
    target: Text = ""
    units: dict[Name, Text] = {}  # noqa: RUF012
    device: Text = "cpu"
    checksum: Text = ""


@dataclass(frozen=True)
class About:
    """What a file says beside the numbers.

    Attributes:
        names, target: column names. units: of the columns that have one.
        package: version of the workbench that wrote the file; empty in format 1.
        format: version of the file format.
    """

    names: tuple[str, ...] = ()
    target: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    package: str = ""
    format: int = FORMAT


def save(
    model: KAN,
    path: str | Path,
    *,
    names: tuple[str, ...] = (),
    target: str = "",
    units: Mapping[str, str] | None = None,
) -> None:
    """Write a network; the file appears whole or not at all.

    Args:
        model: the network. path: the file, by custom ``.safetensors``.
        names, target, units: column names and their units to keep beside it.

    Raises:
        InputError: it cannot be written there, or there are not as many names as inputs.
    """
    content = to_bytes(model, names=names, target=target, units=units)
    with replacing(path) as (new,):
        new.write_bytes(content)


def to_bytes(
    model: KAN,
    *,
    names: tuple[str, ...] = (),
    target: str = "",
    units: Mapping[str, str] | None = None,
) -> bytes:
    """What ``save`` writes.

    Raises:
        InputError: there are not as many names as inputs.
    """
    if names and len(names) != model.in_features:
        raise InputError(f"names must name the {model.in_features} inputs, got {len(names)}")
    tensors = {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
    config = replace(model.config, grid_size=model.layer(0).grid_size)
    about = {
        "format": f"{_FAMILY}{FORMAT}",
        "package": __version__,
        "config": asdict(config),
        "fixed": [
            [level, target_, source, name]
            for level in range(model.config.depth)
            for (target_, source), name in sorted(model.layer(level).fixed.items())
        ],
        "names": names,
        "target": target,
        "units": dict(units or {}),
        "device": str(model.output_scale.device),
        "checksum": _checksum(tensors),
    }
    return packed(tensors, metadata={"kan": json.dumps(about)})


def load(path: str | Path, *, device: torch.device | str | None = None) -> KAN:
    """Read a network that ``save`` wrote, in the dtype that it had.

    Args:
        path: the file.
        device: where to put it; by default where it was, if this machine has that, else the CPU.

    Raises:
        InputError: the file is missing, damaged, of another program or of a newer version, or needs a
            function that is not registered here.
    """
    path = Path(path)
    about, tensors = _read(path)
    try:
        model = _built(about, tensors, path.name)
    except (KeyError, TypeError, RuntimeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path.name!r} is damaged: {in_one_line(error)}") from error
    for level, target, source, name in about.fixed:
        try:
            lookup(name)
        except ValueError as error:
            raise InputError(
                f"{path.name!r} needs the function {name!r}, which is not known here: register it first"
            ) from error
        model.layer(level).fixed[(target, source)] = name
    return model.to(device if device is not None else _present(about.device))


def read_about(path: str | Path) -> About:
    """Names, units and versions of a saved network, without building it.

    Raises:
        InputError: as for ``load``.
    """
    about, _ = _read(Path(path))
    return About(
        names=about.names,
        target=about.target,
        units=about.units,
        package=about.package,
        format=int(about.format.removeprefix(_FAMILY)),
    )


def _read(path: Path) -> tuple[_Saved, dict[str, Tensor]]:
    content, tensors = read_tensors(path, "kan", "a saved network")
    _require_version(content, path.name)
    about = read(content, _Saved, repr(path.name))
    require_names(about.names, repr(path.name))
    return about, tensors


def _require_version(content: bytes, file: str) -> None:
    about = read(content, _Family, repr(file))
    number = about.format.removeprefix(_FAMILY)
    if number == about.format or not re.fullmatch("[0-9]{1,9}", number):
        raise InputError(f"{file!r} was not written by this workbench: save the network again")
    if int(number) > FORMAT:
        raise InputError(
            f"{file!r} has format {number}, written by version {about.package or '?'} of the "
            f"workbench, and this version reads up to {FORMAT}: install a newer one"
        )


def _built(about: _Saved, tensors: dict[str, Tensor], file: str) -> KAN:
    first = about.format == f"{_FAMILY}1"
    if not first and about.checksum != _checksum(tensors):
        raise ValueError("its numbers do not match their checksum")
    told = about if first else about.config
    if told is None:
        raise ValueError("it does not say what the network is")
    if not all(0 <= number <= _MOST_NODES for number in _numbers([told.width, told.arity])):
        raise ValueError(f"a layer has at most {_MOST_NODES} nodes")
    width, arity = _tuples(told.width), _tuples(told.arity)
    config = KANConfig(width, told.grid_size, told.degree, arity, told.basis, told.base)
    _require_sizes(config, tensors, file)
    if about.names and len(about.names) != config.nodes(0):
        raise ValueError(f"it has {len(about.names)} names for {config.nodes(0)} inputs")
    model = KAN.from_config(config, dtype=tensors["output_scale"].dtype)
    for level in range(config.depth if first else 0):  # format 1 knew no locks
        tensors[f"layers.{level}.locked"] = model.layer(level).locked
    for level, target, source, _ in about.fixed:
        layer = model.layer(level)
        if target >= layer.out_features or source >= layer.in_features:
            raise ValueError(f"there is no edge {source} to {target} in layer {level}")
    model.load_state_dict(tensors)
    return model


def _require_sizes(config: KANConfig, tensors: Mapping[str, Tensor], file: str) -> None:
    """An ``InputError`` where the network would be larger than its tensors, or these are no network's."""
    what = repr(file)
    for level in range(config.depth):
        shape = tensors[f"layers.{level}.coefficients"].shape
        said = (config.subnodes(level + 1), config.nodes(level))
        count = config.grid_size + config.degree
        require(shape[:2] == said and count <= shape[2], what, "its tensors have other sizes")
        low, high = tensors[f"layers.{level}.grid_range"].T
        require(bool((low < high).all()), what, "a grid has no extent")
        mask = tensors[f"layers.{level}.mask"]
        require(bool(((mask == 0) | (mask == 1)).all()), what, "an edge is there or not")
    require(bool((tensors["output_scale"] > 0).all()), what, "its outputs have no scale")
    for tensor in tensors.values():
        require(tensor.dtype in _DTYPES, what, f"its numbers are {tensor.dtype}")
        require(bool(tensor.isfinite().all()), what, "its numbers must be finite")


def _numbers(value: Any) -> Iterator[int]:
    """All numbers in nested lists."""
    for entry in value:
        yield from _numbers(entry) if isinstance(entry, list) else (entry,)


def _tuples(value: Any) -> Any:
    """Lists of JSON as the tuples that they were."""
    return tuple(_tuples(entry) for entry in value) if isinstance(value, list) else value


def _checksum(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(
            tensors[name].cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()
        )
    return digest.hexdigest()


def _present(device: str) -> str:
    kind, _, number = device.partition(":")
    there = torch.cuda.device_count() if kind == "cuda" and torch.cuda.is_available() else 0
    if number in ("", *map(str, range(there))) and there:
        return device
    return "cpu"
