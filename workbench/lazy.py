"""Public names of a package that are imported when they are first used (PEP 562)."""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Any


def lazily(
    package: str,
    modules: Mapping[str, Sequence[str]],
    elsewhere: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a package.

    Args:
        package: its name.
        modules: the public names that live in each of its modules.
        elsewhere: those that live in modules of other packages.
    """
    homes = {name: f"{package}.{module}" for module, names in modules.items() for name in names}
    homes |= {name: module for module, names in elsewhere.items() for name in names}

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    return find, lambda: sorted({*homes, *vars(sys.modules[package])})
