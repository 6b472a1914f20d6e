"""How often a whole search ends with the same form when the rows are drawn again."""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import torch

from workbench.automatic import discover
from workbench.discovery.formula import Formula
from workbench.discovery.formula_set import FormulaSet
from workbench.discovery.srepr import parse_srepr
from workbench.discovery.stability import form
from workbench.discovery.typesetting import to_text
from workbench.errors import InputError
from workbench.kan.data import Dataset


@dataclass(frozen=True)
class Recurrence:
    """What searches on resampled rows ended with.

    Attributes:
        resamples: how many searches. forms: their formulas without numbers, as text, and how often
            each came, the most frequent first.
    """

    resamples: int
    forms: Mapping[str, int]

    def share(self, formula: Formula) -> float:
        """Share of the searches that ended with the form of ``formula``."""
        return self.forms.get(_spelled(formula.srepr.splitlines()), 0) / self.resamples

    def scored(self, formulas: FormulaSet) -> FormulaSet:
        """The formulas with "search_frequency" and "searches" among their scores."""
        return formulas.scored(
            {"search_frequency": self.share(f), "searches": self.resamples} for f in formulas
        )


def recurrence(
    data: Dataset,
    *,
    resamples: int = 20,
    seed: int = 0,
    executor: Executor | None = None,
    **options: Any,
) -> Recurrence:
    """Repeat ``discover`` on rows drawn with replacement, training and validation rows each.

    Args:
        data: the table and its split.
        resamples: how often; each is a search of its own. seed: of the draws and the searches.
        executor: where the searches run, such as a ``ProcessPoolExecutor``; one after the other here
            by default.
        options: of ``discover``; a quick search without peers is the default.

    Raises:
        InputError: there is nothing to repeat.
    """
    if resamples < 1:
        raise InputError(f"at least one resample is needed, got {resamples}")
    chosen = {"effort": "quick", "hidden": ()} | options
    jobs = [(_drawn(data, seed + number), seed + number, chosen) for number in range(resamples)]
    found = list(map(_search, jobs) if executor is None else executor.map(_search, jobs))
    return Recurrence(resamples, dict(Counter(map(_spelled, found)).most_common()))


def _drawn(data: Dataset, seed: int) -> Dataset:
    """The same table with training and validation rows drawn with replacement."""
    generator = torch.Generator().manual_seed(seed)
    train, validation = (
        rows[torch.randint(len(rows), (len(rows),), generator=generator)] if len(rows) else rows
        for rows in (data.train, data.validation)
    )
    return replace(data, train=train, validation=validation)


def _search(job: tuple[Dataset, int, Mapping[str, Any]]) -> list[str]:
    data, seed, options = job
    return discover(data, seed=seed, **options).formula.srepr.splitlines()


def _spelled(expressions: list[str]) -> str:
    return "; ".join(to_text(e) for e in form([parse_srepr(text) for text in expressions]))
