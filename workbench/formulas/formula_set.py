"""The formulas that a search found, from simple to accurate, and the one that is chosen among them."""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from sympy import Expr

from workbench.errors import InputError
from workbench.formulas.card import in_words, latex_table
from workbench.formulas.formula import Formula
from workbench.formulas.ingredients import made_of
from workbench.formulas.selection import RULES, description_length, expected
from workbench.formulas.selection import loss as _loss


class FormulaSet(Sequence[Formula]):
    """Formulas from simple to accurate.

    Args:
        formulas: in any order; of equal expressions the better one is kept.
    """

    def __init__(self, formulas: Iterable[Formula]) -> None:
        unique: dict[tuple[Expr, ...], Formula] = {}
        for formula in formulas:
            known = unique.get(formula.expressions)
            if known is None or expected(formula) < expected(known):
                unique[formula.expressions] = formula
        kept = [f for f in unique.values() if math.isfinite(_loss(f))]
        self._formulas = sorted(kept, key=lambda f: (f.complexity, expected(f)))
        self._rule = "best"
        self._picked: int | None = None

    def __getitem__(self, index: Any) -> Any:
        return self._formulas[index]

    def __len__(self) -> int:
        return len(self._formulas)

    def __iter__(self) -> Iterator[Formula]:
        return iter(self._formulas)

    def merged(self, other: "FormulaSet") -> "FormulaSet":
        """Both sets in one."""
        return FormulaSet([*self, *other])

    def made_of(self, functions: Collection[str] | None) -> "FormulaSet":
        """Those without any function beside these building blocks, see ``made_of``; None has all."""
        if functions is None:
            return self
        return FormulaSet(f for f in self if all(made_of(e, functions) for e in f.expressions))

    def stamped(self, **facts: Any) -> "FormulaSet":
        """The same formulas and choice with more provenance, such as ``seed=0``."""
        return self.changed(lambda f: replace(f, provenance={**f.provenance, **facts}))

    def scored(self, scores: Iterable[Mapping[str, float | None]]) -> "FormulaSet":
        """The same formulas and choice with more scores, one mapping for each."""
        pairs = zip(self._formulas, scores, strict=True)
        return self._like(replace(f, scores={**f.scores, **more}) for f, more in pairs)

    def with_rivals(self, rivals: Mapping[tuple[Expr, ...], tuple[str, ...]]) -> "FormulaSet":
        """The same formulas and choice with ``Formula.rivals``, by expressions."""
        return self.changed(lambda f: replace(f, rivals=rivals.get(f.expressions, ())))

    def changed(self, change: Callable[[Formula], Formula]) -> "FormulaSet":
        """The same order and choice with every formula changed in what is said of it."""
        return self._like(map(change, self._formulas))

    def _like(self, formulas: Iterable[Formula]) -> "FormulaSet":
        """Formulas in this set's order, with its choice."""
        alike = FormulaSet(())
        alike._formulas = list(formulas)
        alike._rule, alike._picked = self._rule, self._picked
        return alike

    @property
    def eligible(self) -> list[Formula]:
        """Formulas that make sense in the data's units; all where none does."""
        return [f for f in self._formulas if not f.unit_problems] or self._formulas

    @property
    def rule(self) -> str:
        """The rule that chooses where no formula was picked."""
        return self._rule

    def pareto(self) -> "FormulaSet":
        """Formulas whose expected loss no simpler one matches."""
        front: list[Formula] = []
        for formula in self._formulas:
            if not front or expected(formula) < expected(front[-1]):
                front.append(formula)
        return FormulaSet(front)

    @property
    def best(self) -> Formula:
        """The formula that was picked, or that the selection rule chooses."""
        if not self._formulas:
            raise InputError(
                "there is no formula: none was looked for yet, or none could be computed"
            )
        if self._picked is not None:
            return self._formulas[self._picked]
        return RULES[self._rule](self.eligible)

    def select(self, rule: str | int) -> "FormulaSet":
        """The same formulas with another choice.

        Args:
            rule: "best" (simplest that loses next to nothing against the least description length),
                "accurate" (least expected loss), "simple" (simplest within twice that), "mdl" (least
                description length), or the index of a formula. See ``selection``.

        Raises:
            InputError: there is no such rule or formula.
        """
        chosen = FormulaSet(())._like(self._formulas)
        if isinstance(rule, int) and not isinstance(rule, bool):
            if not -len(self) <= rule < len(self):
                raise InputError(f"there are formulas 0 to {len(self) - 1}, got {rule}")
            chosen._picked = rule % len(self)
        elif rule in RULES:
            chosen._rule = str(rule)
        else:
            raise InputError(f"a rule must be one of {', '.join(RULES)} or an index, got {rule!r}")
        return chosen

    def frame(self) -> pd.DataFrame:
        """The Pareto front and the chosen formula as a table; its index is that of the set.

        Its columns: complexity, losses on each part, expected (loss of a new row, see ``selection``),
        r2 or accuracy, mdl (description length in bits), won (share of resamples in which the form was
        chosen), formula, uncertainties (its fitted constants with their standard errors), chosen, and
        where the data have units, units (right or wrong).
        """
        figure = "test_accuracy" if self and self[0].task == "classification" else "test_r2"
        shown = self._shown() if self else []
        rows = [
            {
                "complexity": f.complexity,
                "train": f.scores.get("train_loss"),
                "validation": f.scores.get("validation_loss"),
                "test": f.scores.get("test_loss"),
                "expected": f.scores.get("expected_loss"),
                figure.removeprefix("test_"): f.scores.get(figure),
                "mdl": description_length(f) if expected(f) > 0 else None,
                "won": f.scores.get("selection_frequency"),
                "formula": "; ".join(map(f.in_text, f.printed)),
                "uncertainties": "; ".join(in_words(c) for c in f.constants if not c.snapped),
                "chosen": f is self.best,
            }
            | ({"units": "wrong" if f.unit_problems else "right"} if f.units else {})
            for f in shown
        ]
        return pd.DataFrame(rows, index=[self._formulas.index(f) for f in shown])

    def latex_table(self) -> str:
        """The front as a LaTeX table for ``booktabs``; long formulas wrap in a column of their own."""
        return latex_table(self._shown(), self.best)

    def _shown(self) -> list[Formula]:
        """The front, and the chosen formula where it is not on it."""
        front = list(self.pareto())
        chosen = self.best
        if all(f is not chosen for f in front):
            front = sorted([*front, chosen], key=lambda f: (f.complexity, expected(f)))
        return front

    def _repr_html_(self) -> str:
        table: str = self.frame().to_html(escape=True)
        return table
