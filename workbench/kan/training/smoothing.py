r"""How smooth every single curve is: weights by restricted maximum likelihood (REML).

A smoothness penalty :math:`\sum_e \lambda_e c_e^T R c_e / 2` is a normal prior of the curves' bends. Where
the likelihood of the rows, the curves integrated out, is largest, a weight satisfies (Wood & Fasiolo 2017,
*Biometrics* 73, arXiv 1606.04802)

.. math:: \lambda_e = \frac{\sigma^2}{N} \frac{\mathrm{rank} R
          - \lambda_e \mathrm{tr}\,(H + \Lambda)^{-1}_{ee} R}{c_e^T R c_e},
          \qquad \sigma^2 = \frac{\sum r^2}{N - \mathrm{edf}},
          \quad \mathrm{edf} = \mathrm{tr}\,(H + \Lambda)^{-1} H,

with :math:`\sigma^2 = 1` for classes. This is iterated in turn with steps of Levenberg–Marquardt: curves
that need no bends become straight, and the others keep theirs. A network is not linear in its curves, and
other first weights end in another optimum; so several begin, and of all networks on the way the one with
the least generalized cross-validation is taken, for classes the least Akaike criterion. Every degree of
freedom counts 1.4 times there (Kim & Gu 2004, *J. R. Stat. Soc. B* 66), or the noise would be followed
now and then. Where there is no noise the network that was given scores far better, and stays.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.ensemble import Ensemble
from workbench.kan.losses import CrossEntropy, Loss, SquaredError
from workbench.kan.model import KAN
from workbench.kan.training.linearize import Columns
from workbench.kan.training.objective import Objective, Rows, require_match, standardized
from workbench.kan.training.regularization import Penalty
from workbench.kan.training.run import subset
from workbench.kan.training.solvers import levenberg_marquardt as lm

_BEGIN = (1e-8, 1e-5, 1e-2)
_ROUNDS, _FIRST_STEPS, _STEPS = 6, 12, 4
_ROWS = 3000
_FREEDOM_COUNTS = 1.4
_FAR_BETTER = 0.5
_FASTEST = 30.0
_LEAST, _MOST = 1e-12, 1e2
_CLASS_PRECISION = 0.01  # of a normal prior: separable classes drive logits to infinity
_TINY, _LEAST_BEND = 1e-9, 1e-300


@dataclass(frozen=True)
class Smoothed:
    """A network, the weight of every spline edge ``(1, E)`` and the score to choose by.

    Scores of networks of other shapes on the same rows can be compared; less is better.
    """

    ensemble: Ensemble
    weights: Tensor
    score: float

    @property
    def model(self) -> KAN:
        return self.ensemble.model(0)


def smoothed(model: KAN, data: Dataset, grids: Sequence[int]) -> Smoothed:
    """The network with every curve as smooth as the training rows want it.

    Args:
        model: trained; its edges stay. data: the table, of which the training rows are used.
        grids: grid sizes to try.

    Raises:
        InputError: the data do not fit the network, or no edge of it is a curve.
    """
    require_match(model, data)
    given = Ensemble.of([model])
    edges = Columns.of(given).edge_count
    if not edges:
        raise InputError("the network has no free curve that could be smoothed")
    loss = SquaredError() if data.task == "regression" else CrossEntropy()
    everything = standardized(model, data, "train")
    rows = enough(everything)
    found = [_on_grid(given.refine(grid_size), rows, loss) for grid_size in grids]
    best = min(found, key=lambda one: one.score)
    rough = rows.x.new_zeros(1, edges)
    score = float(assessed(given, rows, loss, rough)[0])
    if score < _FAR_BETTER * best.score:
        return Smoothed(given, rough, score)
    if len(rows) < len(everything):
        weights = best.weights * len(rows) / len(everything)
        ensemble = refitted(best.ensemble, everything, loss, weights, _FIRST_STEPS)
        return Smoothed(ensemble, weights, best.score)
    return best


def enough(rows: Rows) -> Rows:
    """As many of them as it takes to choose by a score."""
    return subset(rows, _ROWS, seed=0) if len(rows) > _ROWS else rows


def _on_grid(alone: Ensemble, rows: Rows, loss: Loss) -> Smoothed:
    """The best network on the way from each of the first weights."""
    stack = alone.pick([0] * len(_BEGIN))
    edges = Columns.of(stack).edge_count
    weights = rows.x.new_tensor(_BEGIN).unsqueeze(1).repeat(1, edges)
    found = []
    for number in range(_ROUNDS):
        stack = refitted(stack, rows, loss, weights, _STEPS if number else _FIRST_STEPS)
        scores, better = assessed(stack, rows, loss, weights)
        winner = [int(scores.argmin())]
        found.append(Smoothed(stack.pick(winner), weights[winner], float(scores.min())))
        weights = better
    return min(found, key=lambda one: one.score)


def _penalty(loss: Loss, weights: Tensor, rows: Rows) -> Penalty:
    ridge = 0.0 if isinstance(loss, SquaredError) else _CLASS_PRECISION / len(rows)
    return Penalty(smoothness=weights, ridge=ridge)


def refitted(stack: Ensemble, rows: Rows, loss: Loss, weights: Tensor, steps: int) -> Ensemble:
    """The networks after so many steps with these weights ``(S, E)``."""
    objective = Objective(stack.regrid(rows.x), rows, loss, _penalty(loss, weights, rows))
    state = lm.State.begin(objective.start, lm.FROM_REFINED)
    return objective.ensemble(lm.minimize(objective, state, steps=steps).parameters)


def assessed(stack: Ensemble, rows: Rows, loss: Loss, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Scores ``(S,)`` of networks, and weights ``(S, E)`` of a larger likelihood."""
    objective = Objective(stack, rows, loss, _penalty(loss, weights, rows))
    columns, parameters = objective.columns, objective.start
    value, matrix, _ = objective.linearize(parameters)
    inverse = _inverse(matrix, objective.quadratic(parameters, matrix))
    freedom = (inverse * matrix).sum((1, 2))
    if isinstance(loss, SquaredError):
        count = len(rows) * stack.template.out_features
        variance = 2 * value * count / (count - freedom).clamp(min=1)
        left = 1 - _FREEDOM_COUNTS * freedom / count
        score = value / left.clamp(min=1e-3).square()
    else:
        count = len(rows)
        variance = torch.ones_like(value)
        score = value + _FREEDOM_COUNTS * freedom / count
    free, bends = _bends(columns, parameters, inverse, weights)
    wanted = variance.unsqueeze(1) / count * free / bends
    better = wanted.clamp(weights / _FASTEST, weights * _FASTEST).clamp(_LEAST, _MOST)
    return score.nan_to_num(nan=math.inf), torch.where(better.isfinite(), better, weights)


def _inverse(matrix: Tensor, quadratic: Tensor | None) -> Tensor:
    full = matrix.clone() if quadratic is None else matrix + quadratic
    diagonal = full.diagonal(dim1=1, dim2=2)
    diagonal += _TINY * diagonal.mean(1, keepdim=True)  # constants can be traded between curves
    inverse: Tensor = torch.linalg.inv_ex(full).inverse
    return inverse


def _bends(
    columns: Columns, parameters: Tensor, inverse: Tensor, weights: Tensor
) -> tuple[Tensor, Tensor]:
    """Degrees of freedom that the rows and not the prior decide, and squared bends: ``(S, E)``."""
    bend, size = columns.like.roughness(2), columns.basis_size
    curves = parameters[:, : columns.spline_count].unflatten(1, (-1, size))
    bends = torch.einsum("sek,kl,sel->se", curves, bend, curves)
    parts = [slice(start, start + size) for start in range(0, columns.spline_count, size)]
    unsure = torch.stack([(inverse[:, part, part] * bend).sum((1, 2)) for part in parts], 1)
    free = torch.linalg.matrix_rank(bend) - weights * unsure
    return free.clamp(min=_TINY), bends.clamp(min=_LEAST_BEND)
