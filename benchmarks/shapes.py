"""A network whose shape nobody chose: a few shapes, each trained, the best by validation."""

from dataclasses import dataclass

from measure import Clock

from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit
from workbench.kan.training.result import FitResult


@dataclass(frozen=True)
class Shaped:
    """The shape that validated best, its training, and the CPU seconds of all that were tried."""

    width: tuple[int, ...]
    result: FitResult
    seconds: float


def shapes(inputs: int) -> tuple[tuple[int, ...], ...]:
    """Wide and shallow, narrow and deep, and one between; [2, 5, 1], [2, 2, 1, 1], [2, 4, 2, 1]."""
    return ((inputs, 2 * inputs + 1, 1), (inputs, inputs, 1, 1), (inputs, 2 * inputs, 2, 1))


def automatic_shape(data: Dataset, seed: int) -> Shaped:
    """Train every shape with default settings; only training and validation rows are looked at."""
    clock = Clock()
    tried = [(w, fit(KAN(w, seed=seed), data, seed=seed)) for w in shapes(len(data.names))]
    width, result = min(tried, key=lambda one: one[1].validation_loss)
    return Shaped(width, result, clock.seconds)
