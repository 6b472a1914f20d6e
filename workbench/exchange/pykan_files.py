"""The files of a pykan checkpoint, read as data: no constructor of YAML, no object of a pickle is made.

``model.saveckpt(path)`` of pykan 0.2.8 writes ``path_config.yml``, ``path_state`` and ``path_cache_data``.
The first is composed into nodes and only those that are needed are looked at, so a tag that names a
class is a word like any other. The others are zip archives of tensors, which have to be as large as
they say before ``torch.load(weights_only=True)`` sees them.
"""

import zipfile
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
import yaml
from torch import Tensor

from workbench.errors import InputError, in_one_line

_LONGEST_TEXT, _LARGEST = 1_000_000, 2**30
_BEGINNING = b"PK\x03\x04"


def read_settings(path: Path) -> dict[str, yaml.Node]:
    """What ``path_config.yml`` says, by name.

    Raises:
        InputError: it is missing, too long or no mapping.
    """
    content = _found(path, _LONGEST_TEXT).read_bytes()
    try:
        root = yaml.compose(content, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"{path.name!r} is no YAML: {in_one_line(error)}") from error
    if not isinstance(root, yaml.MappingNode):
        raise InputError(f"{path.name!r} is no configuration of pykan")
    return {str(key.value): value for key, value in root.value}


def scalar(settings: dict[str, yaml.Node], name: str) -> str:
    """The word of one setting; the last part of its tag where it is an object."""
    node = settings.get(name)
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if node is None or "python/object" not in node.tag:
        raise InputError(f"the configuration must say {name!r} in one word")
    return str(node.tag).rpartition(".")[2]


def nested(node: yaml.Node | None, name: str, depth: int = 3) -> Any:
    """Whole numbers, alone or in lists of lists.

    Raises:
        InputError: something else is there, or lists too long or too deep.
    """
    if isinstance(node, yaml.SequenceNode) and depth and len(node.value) <= 1000:
        return [nested(entry, name, depth - 1) for entry in node.value]
    text = node.value if isinstance(node, yaml.ScalarNode) else ""
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise InputError(f"{name!r} of the configuration must hold whole numbers")
    return int(text)


def words(node: yaml.Node | None, name: str, shape: tuple[int, int]) -> list[list[str]]:
    """A table of words of a known shape.

    Raises:
        InputError: it has another shape, or holds something else.
    """
    rows = node.value if isinstance(node, yaml.SequenceNode) else []
    if len(rows) != shape[0] or any(
        not isinstance(row, yaml.SequenceNode) or len(row.value) != shape[1] for row in rows
    ):
        raise InputError(
            f"{name!r} of the configuration must name {shape[0]} x {shape[1]} functions"
        )
    return [[str(cell.value) for cell in row.value] for row in rows]


def read_state(path: Path) -> dict[str, Tensor]:
    """All tensors of ``path_state``.

    Raises:
        InputError: it is missing, no archive of tensors, or they are larger than the file.
    """
    state = _loaded(path)
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise InputError(f"{path.name!r} must hold the tensors of a pykan model")
    _require_size(list(state.values()), path)
    return {str(name): tensor for name, tensor in state.items()}


def read_cache(path: Path) -> np.ndarray | None:
    """The inputs that the model saw last, ``(N, n)``; None where there are none."""
    if not path.is_file():
        return None
    cached = _loaded(path)
    if not isinstance(cached, Tensor) or cached.ndim != 2:
        return None
    _require_size([cached], path)
    return cached.double().numpy()


def _found(path: Path, largest: int) -> Path:
    if not path.is_file():
        raise InputError(f"a checkpoint of pykan is needed, but there is no file {str(path)!r}")
    if path.stat().st_size > largest:
        raise InputError(f"{path.name!r} is too long: at most {largest} bytes are read")
    return path


def _loaded(path: Path) -> Any:
    """The content of an archive whose parts are stored as they are, so that none unpacks to more."""
    _found(path, _LARGEST)
    try:
        with path.open("rb") as file:
            # Torch takes a file that begins otherwise for one of its old formats, whatever its end says.
            if file.read(len(_BEGINNING)) != _BEGINNING:
                raise InputError(f"{path.name!r} is no archive of tensors: it begins otherwise")
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if any(p.compress_type != zipfile.ZIP_STORED for p in parts):
                raise InputError(f"{path.name!r} is packed, which torch never does")
        return torch.load(path, map_location="cpu", weights_only=True)
    except InputError:
        raise
    except (
        OSError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError,
        RuntimeError, NotImplementedError, UnpicklingError, zipfile.BadZipFile,
    ) as error:  # fmt: skip
        raise InputError(f"{path.name!r} is no archive of tensors: {in_one_line(error)}") from error


def _require_size(tensors: list[Tensor], path: Path) -> None:
    for tensor in tensors:
        if tensor.layout != torch.strided or not (
            tensor.is_floating_point() or tensor.dtype == torch.long
        ):
            raise InputError(f"{path.name!r} must hold plain real numbers")
    if sum(tensor.nbytes for tensor in tensors) > 2 * path.stat().st_size:
        raise InputError(f"the tensors of {path.name!r} claim to be larger than their file")
    if not all(bool(tensor.isfinite().all()) for tensor in tensors):
        raise InputError(f"the numbers in {path.name!r} must be finite")
