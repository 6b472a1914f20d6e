"""How much each edge, node and input matters to the outputs."""

import torch
from torch import Tensor

from workbench.errors import InputError
from workbench.kan.ensemble import Ensemble
from workbench.kan.model import KAN
from workbench.kan.training.linearize import sensitivities


def edge_scores(model: KAN, x: Tensor) -> list[Tensor]:
    """Effect of every edge at ``x (N, d)``: list of ``(out, in)`` per layer, 0 where pruned.

    To first order the rms change of the outputs, in standard deviations of the target, when the edge
    is replaced by its mean. Shifts and scales traded between layers do not change it, and scores of
    different layers can be compared.

    Raises:
        InputError: ``x`` has another number of columns than the network has inputs.
    """
    if x.ndim != 2 or x.shape[1] != model.in_features:
        raise InputError(
            f"inputs must have shape (rows, {model.in_features}), got {tuple(x.shape)}"
        )
    with torch.no_grad():
        ensemble = Ensemble.of([model])
        x = x.to(model.output_scale)
        nodes = ensemble.nodes(x)
        scores = []
        for level, towards in enumerate(sensitivities(ensemble, nodes)):
            phi = ensemble.layers[level].postacts(nodes[level])
            swing = phi - phi.mean(1, keepdim=True)
            change = towards.square().sum(2).unsqueeze(-1) * swing.square()
            scores.append(change.mean(1).sqrt().squeeze(0))
    return scores


def node_scores(model: KAN, x: Tensor) -> list[Tensor]:
    """Per layer of nodes but the last: the root sum of squares of the outgoing edge scores."""
    return [score.square().sum(0).sqrt() for score in edge_scores(model, x)]


def feature_scores(model: KAN, x: Tensor) -> Tensor:
    """Importance of every input: rms change of the outputs when it is frozen at its mean, ``(d,)``.

    First order in the input; in standard deviations of the target.
    """
    return node_scores(model, x)[0]
