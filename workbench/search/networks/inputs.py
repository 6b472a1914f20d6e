"""Inputs that classes do not need: held-out classes say too little about them, the score says more."""

from torch import Tensor

from workbench.kan.data import Dataset
from workbench.kan.ensemble import Ensemble
from workbench.kan.losses import CrossEntropy
from workbench.kan.model import KAN
from workbench.kan.training.objective import Rows, standardized
from workbench.kan.training.smoothing import Smoothed, assessed, enough, refitted, smoothed
from workbench.network.pruning import removable, remove_each, usable
from workbench.search.networks.trials import training_loss

_STEPS = 4
_WORK = 3e10  # rows times inputs times squared parameters: beyond it every input stays
_STACKED = 5e7  # numbers in the matrices of one stack
_OF_THE_LOSS = 2.0


def needed_inputs(found: Smoothed, data: Dataset) -> Smoothed:
    """The network without inputs whose absence makes its score better, the least needed first.

    The score is an expansion for many rows. Where its correction is larger than the loss, as it is for
    classes that hardly overlap, it says nothing about a single input, and all of them stay.

    Args:
        found: a network of classes. data: the table, of which the training rows are used.
    """
    whole = found.model
    everything = standardized(whole, data, "train")
    rows = enough(everything)
    work = len(rows) * whole.in_features * whole.parameter_count**2
    if work > _WORK or found.score > _OF_THE_LOSS * training_loss(whole, data):
        return found
    weights = found.weights * (len(everything) / len(rows))
    model, score = whole, found.score
    while (smaller := _without_one(model, whole, rows, weights)) and smaller[1] < score:
        model, score = smaller
    if model is whole:
        return found
    return min(found, smoothed(model, data, (model.layer(0).grid_size,)), key=lambda one: one.score)


def _without_one(model: KAN, whole: KAN, rows: Rows, weights: Tensor) -> tuple[KAN, float] | None:
    """Without the input that it needs least, and the score; None where no input can go.

    ``weights`` are those of the curves of ``whole``, ``(1, E)``.
    """
    edges = [edge for edge in removable(model) if edge.layer == 0]
    groups = [
        [edge for edge in edges if edge.source == source]
        for source in sorted({edge.source for edge in edges})
    ]
    nets = [net for net in remove_each(model, rows.x, groups) if usable(net, model)]
    together = max(1, int(_STACKED / whole.parameter_count**2))
    tried = []
    for start in range(0, len(nets), together):
        # The whole network goes with them: so every weight has its column.
        stack = Ensemble.of([whole, *nets[start : start + together]])
        each = weights.repeat(len(stack), 1)
        stack = refitted(stack, rows, CrossEntropy(), each, _STEPS)
        scores, _ = assessed(stack, rows, CrossEntropy(), each)
        least = 1 + int(scores[1:].argmin())
        tried.append((stack.model(least), float(scores[least])))
    return min(tried, key=lambda one: one[1], default=None)


__all__ = ["needed_inputs"]
