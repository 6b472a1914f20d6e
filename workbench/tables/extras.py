"""Libraries that only some files need, and that are installed by who has such files."""

import importlib
from types import ModuleType

from workbench.errors import InputError


def library(name: str, extra: str, files: str) -> ModuleType:
    """The library, imported.

    Args:
        name: of the module. extra: of this package, that installs it. files: that it reads, for people.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(
            f"{files} are read by {name.partition('.')[0]}, which is not installed: "
            f"pip install 'kan-workbench[{extra}]'"
        ) from error
