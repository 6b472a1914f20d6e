"""Equations found in time series and in fields.

What belongs here: trajectories read from a table, smoothed, regressed in the weak form and fitted by
shooting; terms chosen for a system of differential equations; what such a system conserves; partial
differential equations of fields on a grid.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.dynamics.conserved import conserved_quantities
    from workbench.dynamics.discovery import discover_dynamics
    from workbench.dynamics.fields.discovery import discover_pde
    from workbench.dynamics.fields.result import FieldEquations
    from workbench.dynamics.result import Dynamics

_MODULES = {
    "conserved": ["conserved_quantities"],
    "discovery": ["discover_dynamics"],
    "fields.discovery": ["discover_pde"],
    "fields.result": ["FieldEquations"],
    "result": ["Dynamics"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "Dynamics",
    "FieldEquations",
    "conserved_quantities",
    "discover_dynamics",
    "discover_pde",
]
