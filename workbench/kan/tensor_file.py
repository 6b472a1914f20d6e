"""Files of tensors with a text beside them: safetensors, whose reading runs no code."""

from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from workbench.errors import InputError, in_one_line


def read_tensors(path: Path, entry: str, what: str) -> tuple[bytes, dict[str, Tensor]]:
    """The JSON text that the metadata have under ``entry``, "{}" where they have none, and all tensors.

    Args:
        path: the file. entry: of its metadata. what: the file, for people, such as "a saved network".

    Raises:
        InputError: the file is missing, or no safetensors file.
    """
    if not path.is_file():
        raise InputError(f"{what} is needed, but there is no file {str(path)!r}")
    try:
        with safe_open(path, framework="pt") as file:
            content = (file.metadata() or {}).get(entry, "{}").encode()
            return content, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, RuntimeError, TypeError) as error:
        raise InputError(f"{path.name!r} is damaged or not {what}: {in_one_line(error)}") from error
