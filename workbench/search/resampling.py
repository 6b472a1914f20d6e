"""How often a whole search ends with the same form when the rows are drawn again."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, wait
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

import torch

from workbench.errors import InputError
from workbench.evidence.stability import form
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.srepr import parse_srepr
from workbench.formulas.typesetting import to_text
from workbench.kan.data import Dataset
from workbench.search.automatic import discover
from workbench.search.discovery import Report

_POLL = 0.2
_Job = tuple[Dataset, int, Mapping[str, Any]]


@dataclass(frozen=True)
class Recurrence:
    """What searches on resampled rows ended with.

    Attributes:
        resamples: how many searches were done. forms: their formulas without numbers, as text, and how often
            each came, the most frequent first.
    """

    resamples: int
    forms: Mapping[str, int]

    def share(self, formula: Formula) -> float:
        """Share of the searches that ended with the form of ``formula``."""
        return self.forms.get(_spelled(formula.srepr.splitlines()), 0) / max(self.resamples, 1)

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
    report: Report | None = None,
    **options: Any,
) -> Recurrence:
    """Repeat ``discover`` on rows drawn with replacement, training and validation rows each.

    Args:
        data: the table and its split.
        resamples: how often; each is a search of its own. seed: of the draws and the searches.
        executor: where the searches run, such as a ``ProcessPoolExecutor``; one after the other here
            by default.
        report: see ``workbench.search.discovery.Report``; when it ends the work early, the searches that are
            done count.
        options: of ``discover``; a quick search without peers is the default.

    Raises:
        InputError: there is nothing to repeat.
    """
    if resamples < 1:
        raise InputError(f"at least one resample is needed, got {resamples}")
    chosen = {"effort": "quick", "hidden": (), "workers": 1} | options
    jobs = [(_drawn(data, seed + number), seed + number, chosen) for number in range(resamples)]
    found = list(_done(jobs, executor, report))
    return Recurrence(len(found), dict(Counter(map(_spelled, found)).most_common()))


def _done(
    jobs: Sequence[_Job], executor: Executor | None, report: Report | None
) -> Iterator[list[str]]:
    """What the searches end with, in order; of those that are done when ``report`` ends the work."""

    def over() -> bool:
        return report is not None and report(f"{len(jobs)} searches on resampled rows", math.nan)

    if executor is None:
        yield from map(_search, takewhile(lambda _: not over(), jobs))
        return
    futures = [executor.submit(_search, job) for job in jobs]
    left = set(futures)
    while left and not over():
        _, left = wait(left, _POLL, FIRST_COMPLETED)
    yield from (future.result() for future in futures if future.done())


def _drawn(data: Dataset, seed: int) -> Dataset:
    """The same table with training and validation rows drawn with replacement, of every group its own."""
    generator = torch.Generator().manual_seed(seed)

    def drawn(rows: torch.Tensor) -> torch.Tensor:
        some = torch.randint(len(rows), (len(rows),), generator=generator)
        return rows[some] if len(rows) else rows

    def of_each(rows: torch.Tensor) -> torch.Tensor:
        if data.by is None:
            return drawn(rows)
        codes = torch.from_numpy(data.by.codes)[rows]
        return torch.cat([drawn(rows[codes == code]) for code in range(len(data.by.labels))])

    return replace(data, train=of_each(data.train), validation=of_each(data.validation))


def _search(job: _Job) -> list[str]:
    data, seed, options = job
    return discover(data, seed=seed, **options).formula.srepr.splitlines()


def _spelled(expressions: list[str]) -> str:
    return "; ".join(to_text(e) for e in form([parse_srepr(text) for text in expressions]))
