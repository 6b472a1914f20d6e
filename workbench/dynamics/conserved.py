"""What stays the same while a system moves: from trajectories with their noise, or from known rates."""

from collections.abc import Sequence
from typing import Any

from sympy import Expr

from workbench.dynamics.flows import conserved_by_flow
from workbench.dynamics.invariants import conserved_along
from workbench.dynamics.trajectories import GROUPS, read_trajectories
from workbench.errors import InputError


def conserved_quantities(
    states: Any,
    rates: Any = None,
    names: Sequence[str] | None = None,
    *,
    time: str = "t",
    groups: str = GROUPS,
    terms: int = 100,
) -> tuple[Expr, ...]:
    """Sums of products of simple functions that stay the same along the motion, the simplest first.

    They are functionally independent, so there are fewer than the state has coordinates; a function of
    those that were found is left out. Trajectories may be noisy: what changes along each of them no more
    than the noise of the states explains is conserved.

    Args:
        states: with ``rates``, points ``(N, d)``, more of them than ``terms``; without, trajectories: a
            frame, a mapping of columns or a file, as for ``discover_dynamics``, best of several runs.
        rates: the state's time derivative at the points, ``(N, d)``, right to ten digits.
        names: of the coordinates; of a table, the columns of the state, all by default.
        time: of a table, its column of time. groups: of a table, the column that names the runs.
        terms: how many functions are combined at most.

    Raises:
        InputError: shapes do not fit together, numbers are not finite, a column lacks, or there are too few
            rows.
    """
    if rates is not None:
        if names is None:
            raise InputError("points with rates need names, one for each column")
        return conserved_by_flow(states, rates, names, terms=terms)
    return conserved_along(read_trajectories(states, time=time, states=names, groups=groups), terms)
