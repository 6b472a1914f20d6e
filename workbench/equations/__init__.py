"""Differential equations, solved by networks: problems, their domains, and ``solve``."""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.equations.domains import Box, Disc, Interval, Polygon, in_time
    from workbench.equations.files import read_problem
    from workbench.equations.jets import jet
    from workbench.equations.problem import Condition, Data, Problem
    from workbench.equations.problems import library
    from workbench.equations.solution import Coefficient, Solution
    from workbench.equations.solving import solve

_MODULES = {
    "files": ["read_problem"],
    "domains": ["Box", "Disc", "Interval", "Polygon", "in_time"],
    "jets": ["jet"],
    "problems": ["library"],
    "problem": ["Condition", "Data", "Problem"],
    "solution": ["Coefficient", "Solution"],
    "solving": ["solve"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "Box",
    "Coefficient",
    "Condition",
    "Data",
    "Disc",
    "Interval",
    "Polygon",
    "Problem",
    "Solution",
    "in_time",
    "jet",
    "library",
    "read_problem",
    "solve",
]
