"""What a law is.

What belongs here: a formula with its constants, units, domain and scores, the set that one is chosen from,
the table of functions, how expressions are read, written and typeset, and their exports. SymPy lives
here; how a law is found, and networks, are above.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.formulas.constant import Constant
    from workbench.formulas.formula import Formula
    from workbench.formulas.formula_set import FormulaSet
    from workbench.formulas.law import Law
    from workbench.formulas.library import register, registered, unregister
    from workbench.formulas.units import dimensionless_groups

_MODULES = {
    "constant": ["Constant"],
    "formula": ["Formula"],
    "formula_set": ["FormulaSet"],
    "law": ["Law"],
    "library": ["register", "registered", "unregister"],
    "units": ["dimensionless_groups"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "Constant",
    "Formula",
    "FormulaSet",
    "Law",
    "dimensionless_groups",
    "register",
    "registered",
    "unregister",
]
