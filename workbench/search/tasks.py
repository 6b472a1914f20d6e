"""What a search does piece by piece, wherever: see ``pieces``.

Every task is given the table, its arguments, and ``late``, which it asks whether to end with what it has.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.common.fence import NUMERICAL, attempt
from workbench.formulas.formula_set import FormulaSet
from workbench.kan.config import Width
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit
from workbench.kan.training.result import FitResult, TrainingError
from workbench.network.elimination import eliminate
from workbench.search.discovery import Shape
from workbench.search.networks.selection import default_shapes, select
from workbench.search.networks.splits import splits_of
from workbench.search.networks.trials import Settings, Stop
from workbench.search.polish import ratios
from workbench.search.shapes import spelled
from workbench.search.symbolic import symbolify

Late = Callable[[], bool]

_STARTS = 8
"""Of a shape, where a network is chosen."""


def trained(network: KAN, data: Dataset, **options: Any) -> FitResult:
    """A network, trained; where numbers have no answer on the way, as far as it came."""
    try:
        return fit(network, data, **options)
    except TrainingError as error:
        if isinstance(error.__cause__, NUMERICAL):
            return error.result
        raise


def shape_tried(
    data: Dataset, width: Width, training: Mapping[str, Any], seed: int, *, late: Late
) -> Shape | None:
    """A shape, trained and pruned; None where it cannot be pruned."""
    whole = trained(KAN(width, seed=seed), data, **training, seed=seed, callback=lambda p: late())
    with attempt(f"pruning {spelled(width)}"):
        pruned = eliminate(whole.model, data, training=training, watch=lambda left, total: late())
        return Shape(width, whole, pruned)
    return None


def ratios_found(data: Dataset, names: Sequence[str], seed: int, *, late: Late) -> FormulaSet:
    """Ratios of sums in some of the inputs."""
    return ratios(data, names, seed=seed)


def named(
    data: Dataset,
    net: KAN,
    functions: tuple[str, ...] | None,
    seed: int,
    floor: float,
    *,
    late: Late,
) -> FormulaSet:
    """The formulas that a network says."""
    with attempt("symbols for a network"):
        return symbolify(
            net,
            data,
            functions=functions,
            seed=seed,
            floor=floor,
            watch=lambda done, total: late(),
        )
    return FormulaSet([])


def network_chosen(data: Dataset, known: KAN, seed: int, *, late: Late) -> FitResult | None:
    """The network that rows held out in turn choose; None where that cannot be said."""
    how = Settings(
        grids=None,
        starts=_STARTS,
        solver="auto",
        l1=0.0,
        smoothness=None,
        prune="auto",
        seed=seed,
        stop=Stop(lambda p: late()),
    )
    deep = [known] if known.config.depth > 1 else []
    with attempt("choosing a network"):
        return select(splits_of(data), default_shapes(data), how, known=deep).fits[0]
    return None
