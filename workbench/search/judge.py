"""Fits as formulas: scored on every part of a table, printed, and compared with a network."""

import math
from dataclasses import replace
from functools import cached_property

import numpy as np
from sympy import Expr

from workbench.common.fence import attempt
from workbench.evidence.fitting import Fitted, chi2_scores
from workbench.evidence.leave_one_out import judging_rows, mean_losses, row_losses
from workbench.evidence.provenance import origin, topology
from workbench.evidence.sample import Sample, both_logits, centred_logits, network_values
from workbench.formulas.formula import Formula
from workbench.kan.data import Part
from workbench.kan.model import KAN
from workbench.search.constants import constants_of, letters_in_words, spread_of
from workbench.search.fitter import Fitter
from workbench.search.printing import network_errors, printing
from workbench.search.undetermined import proportions

_HELD_OUT: tuple[Part, ...] = ("validation", "test")


class Judge:
    """The parts of a table, and what formulas are worth there.

    Args:
        fitter: of the table. network: that formulas are compared with, if there is one.
    """

    def __init__(self, fitter: Fitter, network: KAN | None = None) -> None:
        self.fitter, self.network = fitter, network
        self.data = data = fitter.data
        self.classes = fitter.classes
        held_out = {part: Sample.of(data, part) for part in _HELD_OUT}
        self.parts: dict[Part, Sample] = {"train": fitter.train, **held_out}
        self.origin = origin(data)
        self.judging, self.judging_fitted = judging_rows(data)
        self.of_the_mean = self._overall(mean_losses(data))

    def loss(self, expressions: tuple[Expr, ...], part: Part) -> float:
        """RMSE or cross-entropy of expressions on one part; infinite where they are undefined."""
        formula = Formula(
            expressions, self.data.names, task=self.data.task, classes=self.data.classes
        )
        with attempt("values of a candidate"):
            return self._error(formula, self.parts[part])
        return math.inf

    def overfitting(self, fitted: Fitted) -> float:
        """How far more than needed constants may lift a validation cross-entropy: a nat for each."""
        rows = len(self.parts["validation"])
        return len(fitted.parametric.constants) / rows if self.classes and rows else 0.0

    @staticmethod
    def _error(formula: Formula, sample: Sample) -> float:
        """RMSE or cross-entropy of a formula, see ``Sample.error``."""
        return sample.error(_values(formula, sample))

    @cached_property
    def network_loss(self) -> float:
        """Validation loss of the network; infinite where there is none."""
        if self.network is None:
            return math.inf
        held_out = self.parts["validation"]
        return held_out.error(network_values(self.network, held_out.x))

    @cached_property
    def network_errors(self) -> np.ndarray | float:
        return (
            math.inf if self.network is None else network_errors(self.network, self.parts["train"])
        )

    def formula(self, fitted: Fitted, before: Fitted | None = None) -> Formula:
        """The formula of a fit to all rows, and of what it was ``before`` numbers were snapped."""
        fitted = self.fitter.final(fitted)
        expressions = fitted.parametric.substituted()
        train = self.parts["train"]
        shown = printing(fitted.parametric, train, self.network_errors)
        domain = {
            name: (float(column.min()), float(column.max()))
            for name, column in zip(self.data.names, train.x.T, strict=True)
        }
        formula = Formula(
            expressions=expressions,
            names=self.data.names,
            target=self.data.target,
            task=self.data.task,
            classes=self.data.classes,
            domain=domain,
            units=dict(self.data.units),
            constants=constants_of(
                fitted,
                self.fitter.units(fitted.parametric),
                shown.digits,
                proportions(fitted, train),
            ),
            spread=None if self.classes or self.data.outputs > 1 else spread_of(fitted),
            provenance=self.origin | ({"network": topology(self.network)} if self.network else {}),
        )
        lack = self.fitter.lack(fitted)
        scores = self._scores(formula) | {"printing_error": shown.error}
        scores |= {"expected_loss": self.expected(fitted), "mean_loss": self.of_the_mean}
        scores["judging_rows"] = self.judging.effective_rows
        scores |= chi2_scores(fitted, train)
        if self.fitter.letters:
            told = letters_in_words(fitted, self.fitter.letters, shown.digits)
            formula = replace(formula, provenance={**formula.provenance, "letters": told})
        if before is not None:
            as_fitted = self.fitter.final(before).parametric.substituted()
            formula = replace(formula, as_fitted=as_fitted)
            scores["as_fitted_loss"] = self.loss(as_fitted, "validation")
        return replace(formula, scores=scores | {"lack_of_fit": None if math.isnan(lack) else lack})

    def expected(self, fitted: Fitted) -> float:
        """Loss of all rows that are not held out, each under constants fitted without it."""
        return self._overall(row_losses(fitted.parametric, self.judging, self.judging_fitted))

    def _overall(self, losses: np.ndarray) -> float:
        """RMSE, or mean cross-entropy, of rows that count by their weights."""
        mean = float(np.average(losses, weights=self.judging.weights))
        return mean if self.classes else math.sqrt(mean)

    def _scores(self, formula: Formula) -> dict[str, float | None]:
        scores: dict[str, float | None] = {
            f"{part}_loss": self._error(formula, sample) for part, sample in self.parts.items()
        }
        scores["validation_rows"] = self.parts["validation"].effective_rows
        test = self.parts["test"]
        if not len(test):
            return scores
        values = _values(formula, test)
        if self.classes:
            guess = both_logits(values).argmax(1)
            scores["test_accuracy"] = float(np.average(guess == test.y, weights=test.weights))
        else:
            share = test.loss(values) / test.spread**2
            known = math.isfinite(share) and np.ptp(test.y) > 0
            scores["test_r2"] = 1 - share if known else None
        if self.network is not None:
            apart = values - network_values(self.network, test.x)
            apart = centred_logits(apart) if self.classes else test.balanced(apart)
            gap = np.square(apart).mean(1)
            error = float(np.sqrt(np.average(gap, weights=test.weights)))
            scores["network_error"] = error / self.fitter.spread
        return scores


def _values(formula: Formula, sample: Sample) -> np.ndarray:
    """Values on rows, ``(N, m)``."""
    return formula(sample.x).reshape(len(sample), len(formula.expressions))
