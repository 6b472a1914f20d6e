"""Equations found in time series.

What belongs here: trajectories read from a table, smoothed, regressed in the weak form and fitted by
shooting; terms chosen for a system of differential equations; what such a system conserves.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.dynamics.conserved import conserved_quantities
    from workbench.dynamics.discovery import discover_dynamics
    from workbench.dynamics.result import Dynamics

_MODULES = {
    "conserved": ["conserved_quantities"],
    "discovery": ["discover_dynamics"],
    "result": ["Dynamics"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "Dynamics",
    "conserved_quantities",
    "discover_dynamics",
]
