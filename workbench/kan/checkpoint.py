"""Saving and loading networks: safetensors with JSON metadata. Loading a file runs no code.

The metadata says what the tensors cannot: the configuration, fixed functions, names and units, the
versions that wrote it, and a checksum of the numbers. A file of an older format can still be read; one
of a newer format is refused.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as packed
from torch import Tensor

from workbench import __version__
from workbench.errors import InputError
from workbench.kan.functions import lookup
from workbench.kan.model import KAN, KANConfig
from workbench.writing import replacing

FORMAT = 2
_FAMILY = "kan-workbench-"


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
    version = _version(path, about)
    try:
        model = _built(about, tensors, version)
    except (KeyError, TypeError, RuntimeError, ValueError, IndexError, AttributeError) as error:
        raise InputError(f"{path.name!r} is damaged: {error}") from error
    for level, target, source, name in about["fixed"]:
        try:
            lookup(name)
        except ValueError as error:
            raise InputError(
                f"{path.name!r} needs the function {name!r}, which is not known here: register it first"
            ) from error
        model.layer(level).fixed[(target, source)] = name
    return model.to(device if device is not None else _present(about.get("device", "cpu")))


def read_about(path: str | Path) -> About:
    """Names, units and versions of a saved network, without building it.

    Raises:
        InputError: as for ``load``.
    """
    path = Path(path)
    about, _ = _read(path)
    return About(
        names=tuple(about.get("names", ())),
        target=about.get("target", ""),
        units=dict(about.get("units", {})),
        package=about.get("package", ""),
        format=_version(path, about),
    )


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    if not path.is_file():
        raise InputError(f"a saved network is needed, but there is no file {str(path)!r}")
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {}).get("kan", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, json.JSONDecodeError) as error:
        raise InputError(f"{path.name!r} is damaged or not a saved network: {error}") from error
    return (about if isinstance(about, dict) else {}), tensors


def _version(path: Path, about: Mapping[str, Any]) -> int:
    family, _, number = str(about.get("format", "")).rpartition("-")
    if f"{family}-" != _FAMILY or not number.isdigit():
        raise InputError(f"{path.name!r} was not written by this workbench: save the network again")
    if int(number) > FORMAT:
        raise InputError(
            f"{path.name!r} has format {number}, written by version {about.get('package', '?')} of the "
            f"workbench, and this version reads up to {FORMAT}: install a newer one"
        )
    return int(number)


def _built(about: Mapping[str, Any], tensors: dict[str, Tensor], version: int) -> KAN:
    if version == 1:
        config = {name: about[name] for name in ("width", "grid_size", "degree", "arity")}
    else:
        config = dict(about["config"])
        if about["checksum"] != _checksum(tensors):
            raise ValueError("its numbers do not match their checksum")
    config["width"] = _tuples(config["width"])
    config["arity"] = _tuples(config["arity"])
    model = KAN.from_config(KANConfig(**config), dtype=tensors["output_scale"].dtype)
    for level in range(model.config.depth):  # format 1 knew no locks
        if version == 1:
            tensors[f"layers.{level}.locked"] = model.layer(level).locked
        layer = model.layer(level)
        for at, target, source, _ in about["fixed"]:
            if at == level and not (
                0 <= target < layer.out_features and 0 <= source < layer.in_features
            ):
                raise ValueError(f"there is no edge {source} to {target} in layer {level}")
    model.load_state_dict(tensors)
    return model


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
    if (
        kind == "cuda"
        and torch.cuda.is_available()
        and int(number or 0) < torch.cuda.device_count()
    ):
        return device
    return "cpu"
