"""Laws g(x) = 0 that separate two phases: from labels, from points of the edge, or from a sampler.

``points.py``, ``labels.py`` and ``sampling.py`` say where the edge is, ``terms.py`` what laws are made of;
``algebra.py`` and ``searching.py`` find the law that points obey, ``flexible.py`` and ``logistic.py`` that
of labels; ``reading.py`` makes it read well, ``implicit.py`` is what is found, ``discovering.py`` the way.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.boundaries.discovering import discover_boundary
    from workbench.boundaries.implicit import Coefficient, ImplicitFormula
    from workbench.boundaries.points import Points
    from workbench.boundaries.result import Boundary
    from workbench.boundaries.sampling import Sampler

_MODULES = {
    "discovering": ["discover_boundary"],
    "implicit": ["Coefficient", "ImplicitFormula"],
    "points": ["Points"],
    "result": ["Boundary"],
    "sampling": ["Sampler"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "Boundary",
    "Coefficient",
    "ImplicitFormula",
    "Points",
    "Sampler",
    "discover_boundary",
]
