"""Whether a table has a formula, and what it costs to take it instead of the best model."""

from dataclasses import dataclass

import numpy as np

from workbench.comparison.run import Margin, Run, error_of, margin
from workbench.evidence.sample import Sample, law_values
from workbench.formulas.formula import Formula
from workbench.kan.data import Dataset
from workbench.search.automatic import discover


@dataclass(frozen=True)
class Interpretation:
    """A formula beside a model.

    Attributes:
        formula: that ``discover`` has chosen. complexity: its size, see ``Formula.complexity``.
        test_error: RMSE in the target's units, or mean cross-entropy. margin: by how much it is ahead of the
            model on the test rows.
    """

    formula: Formula
    complexity: int
    test_error: float
    margin: Margin

    @property
    def holds(self) -> bool:
        """Whether it is as good as the model on held-out rows, or better."""
        return self.margin.difference > 0 or not self.margin.clear

    def __str__(self) -> str:
        side = "as good as the model" if self.holds else "behind the model"
        return f"{self.formula}: {self.test_error:.3g} on the test rows, {side}"


def found_formula(data: Dataset, model: Run, *, seconds: float, seed: int) -> Interpretation:
    """Search for a formula, and judge it beside a model."""
    found = discover(data, effort="quick", seconds=seconds, seed=seed)
    return interpretation(found.formula, data, model)


def interpretation(formula: Formula, data: Dataset, model: Run) -> Interpretation:
    """A formula judged on the test rows; a row without a value costs more than any other."""
    test = Sample.of(data, "test")
    values = law_values(formula, data, "test")
    losses = test.row_losses(np.nan_to_num(values, nan=np.inf)) * test.counts
    losses = np.nan_to_num(losses, nan=1e300, posinf=1e300)
    gap = margin(losses, model.test_losses, squares=data.task == "regression")
    return Interpretation(formula, formula.complexity, error_of(losses, data), gap)
