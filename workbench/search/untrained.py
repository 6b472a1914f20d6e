"""What a table says by itself, before any network: constants and lines, structure, regressions.

Of structure these are the first guesses: a clock that ended a longer search would let no script repeat it.
"""

import math
from collections.abc import Callable, Collection

from workbench.common.fence import attempt
from workbench.formulas.formula_set import FormulaSet
from workbench.kan.data import Dataset
from workbench.search.blocks import blocks
from workbench.search.polish import constants_and_lines
from workbench.search.regressions import regressions
from workbench.search.structure.propose import propose


def untrained(
    data: Dataset,
    *,
    functions: Collection[str] | None = None,
    refused: Collection[str] = (),
    stop: Callable[[], bool] = lambda: False,
    found: Callable[[FormulaSet], None] = lambda formulas: None,
) -> FormulaSet:
    """The formulas that need no network.

    Args:
        data: the table and its split.
        functions: building blocks that formulas may have, see ``discover``.
        refused: sentences of suggestions that must not be used, see ``Suggestion``.
        stop: asked now and then; True ends the search.
        found: called with all formulas so far, whenever there are more.
    """
    chosen = blocks(functions).functions
    formulas = constants_and_lines(data)
    found(formulas)

    def add(more: FormulaSet) -> None:
        nonlocal formulas
        formulas = formulas.merged(more.made_of(chosen))
        found(formulas)

    exact = False
    with attempt("structure"):
        structure = propose(
            data,
            refused=refused,
            functions=chosen or (),
            seconds=math.inf,
            first=True,
            stop=stop,
            found=add,
        )
        add(structure.formulas)
        exact = structure.exact and len(structure.formulas.made_of(chosen)) == len(
            structure.formulas
        )
    if not exact and not stop():
        with attempt("sums of chosen terms"):
            add(regressions(data))
    return formulas
