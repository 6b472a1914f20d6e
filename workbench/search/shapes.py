"""Which shapes of networks are tried, and which of them are worth more work."""

from workbench.kan.config import Width
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.search.discovery import Effort, Shape

_FAR = 30.0
_AS_GOOD, _COARSE = 1.1, 1e-3
_NETWORKS = 5
_MOST_EDGES = 16


def default_widths(data: Dataset, effort: Effort) -> tuple[Width, ...]:
    """Small shapes, from a sum of curves to a product node beside sums."""
    d, m = len(data.names), data.outputs
    if m > 1:
        return ((d, m), (d, 2, m))[: 1 if effort == "quick" else 2]
    hidden = min(max(d, 2) + 1, 4)
    shapes: tuple[Width, ...] = ((d, 1, 1), (d, (1, 1), 1), (d, hidden, 1))
    if effort == "quick" or d < 2:
        return shapes
    return (*shapes, (d, (2, 2), 1), *(((d, 4, 2, 1),) if 3 <= d <= 8 else ()))


def simplest(shapes: list[Shape], spread: float) -> Shape:
    """The fewest edges of all shapes that are as good as the best, as far as coarse grids can tell."""
    least = min(shape.loss for shape in shapes)
    limit = max(_AS_GOOD * least, _COARSE * spread)
    good = [shape for shape in shapes if shape.loss <= limit]
    return min(good, key=lambda shape: (len(shape.elimination.model.edges()), shape.loss))


def worth_naming(shapes: list[Shape], effort: Effort) -> list[KAN]:
    """Networks to turn into symbols, those with fewest edges first.

    The chosen network of every shape that is not far worse than the best; then, for the case that
    pruning went one step too far or not far enough, the neighbours on the best shape's path.
    """
    best = min(shapes, key=lambda shape: shape.loss)
    if effort == "quick":
        return [best.elimination.model]
    near = [s for s in shapes if s.loss <= _FAR * best.loss]
    chosen = sorted((s.elimination.model for s in near), key=lambda net: len(net.edges()))
    place = best.elimination.chosen
    path = best.elimination.path
    beside = [path[i] for i in (place - 1, place + 1) if 0 <= i < len(path)]
    found: dict[object, KAN] = {}
    for net in [*chosen, *(stage.model for stage in beside)]:
        found.setdefault((net.config.width, tuple(net.edges())), net)
    nets = [net for net in found.values() if len(net.edges()) <= _MOST_EDGES]
    return (nets or list(found.values())[:1])[:_NETWORKS]


def spread_of(data: Dataset) -> float:
    """Standard deviation of the target; 0 for classes."""
    return float(data.targets.std()) if data.task == "regression" else 0.0


def spelled(width: Width) -> str:
    """A width as users read it."""
    return "[" + ", ".join(str(n) if isinstance(n, int) else f"{n[0]}+{n[1]}×" for n in width) + "]"
