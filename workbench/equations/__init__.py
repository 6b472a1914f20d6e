"""Equations to solve: networks that fulfil a differential equation and its conditions."""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.equations.solving import Condition, Solution, solve

_MODULES = {
    "solving": ["Condition", "Solution", "solve"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "Condition",
    "Solution",
    "solve",
]
