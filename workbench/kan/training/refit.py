"""Short second-order refits of a network that was changed: what pruning and the search for symbols do."""

import math

import torch

from workbench.kan.checks import whole
from workbench.kan.data import Dataset
from workbench.kan.ensemble import Ensemble
from workbench.kan.losses import Huber, Loss, Winsorized, chosen_loss
from workbench.kan.model import KAN
from workbench.kan.training.objective import (
    Objective,
    Rows,
    loss_value,
    require_match,
    standardized,
    target_scale,
)
from workbench.kan.training.regularization import Penalty
from workbench.kan.training.solvers import levenberg_marquardt as lm


class Refitting:
    """Rows in a network's standardized units, and refits of stacks of networks on them.

    Args:
        model: its output scale is that of the data.
        data: training rows refit, validation rows judge, by its own loss.
        rows: at most so many training rows are used.
        penalty: of every refit; for classes it should hold logits that would run away.
        seed: of the choice of rows.
        accelerate: see ``levenberg_marquardt.minimize``.

    Attributes:
        rows, held_out: training and validation rows. loss, penalty: of every refit.
    """

    def __init__(
        self,
        model: KAN,
        data: Dataset,
        *,
        rows: int,
        penalty: Penalty | None = None,
        seed: int = 0,
        accelerate: bool = True,
    ) -> None:
        require_match(model, data)
        rows = whole("rows", rows)
        self.regression = data.task == "regression"
        self.loss = _in_units_of(model, data)
        self.penalty = penalty or Penalty()
        self._accelerate = accelerate
        everything = standardized(model, data, "train")
        order = torch.randperm(len(everything), generator=torch.Generator().manual_seed(seed))
        self.rows = everything[order[:rows].to(everything.x.device)]
        held_out = standardized(model, data, "validation")
        self.held_out = held_out if len(held_out) else self.rows

    def minimize(
        self,
        ensemble: Ensemble,
        steps: int,
        *,
        rows: Rows | None = None,
        penalty: Penalty | None = None,
        damping: float = lm.FROM_REFINED,
    ) -> Ensemble:
        """At most ``steps`` steps of Levenberg–Marquardt, on all rows by default.

        They end early where they do not pay, and are taken in the precision of the rows.
        """
        rows = self.rows if rows is None else rows
        objective = Objective(ensemble.to(rows.x.dtype), rows, self.loss, penalty or self.penalty)
        state = lm.State.begin(objective.start, damping)
        found = lm.minimize(objective, state, steps=steps, settle=True, accelerate=self._accelerate)
        return objective.ensemble(found.parameters)

    def losses(self, ensemble: Ensemble, rows: Rows) -> torch.Tensor:
        """Loss of each network; infinite where undefined: ``(S,)``."""
        return loss_value(ensemble, rows, self.loss).nan_to_num(nan=math.inf)

    def error(self, ensemble: Ensemble) -> float:
        """Held-out RMSE of a stack of one in standard deviations, or cross-entropy.

        With Huber's loss residuals are cut off where it becomes a straight line.
        """
        judge = Winsorized(self.loss.delta) if isinstance(self.loss, Huber) else self.loss
        value = float(loss_value(ensemble, self.held_out, judge).nan_to_num(nan=math.inf)[0])
        return math.sqrt(max(2 * value, 0.0)) if self.regression else value


def _in_units_of(model: KAN, data: Dataset) -> Loss:
    """The loss of the data; where it has a scale of its own, in the network's standardized units."""
    loss = chosen_loss(data.loss, data.targets)
    if not isinstance(loss, Huber):
        return loss
    scale, _ = target_scale(data, loss)
    return Huber(loss.delta * float((scale / model.output_scale.to(scale)).mean()))
