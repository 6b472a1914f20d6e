"""Relations among the columns of a table, where no column is the target.

``additive.py`` and ``quadratic.py`` find sets of columns that determine each other, ``bounds.py`` and
``codes.py`` inequalities and columns that follow from labels, ``finding.py`` the way to formulas.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.relations.finding import find_relations
    from workbench.relations.relation import Relation, Relations

_MODULES = {
    "finding": ["find_relations"],
    "relation": ["Relation", "Relations"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "Relation",
    "Relations",
    "find_relations",
]
