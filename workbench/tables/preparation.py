"""From a table to a ``Dataset``: what its columns are, what they become, and what is wrong with them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Literal

import numpy as np
import pandas as pd

from workbench.errors import InputError
from workbench.kan.data import LEAST_ROWS, Dataset, Split, Task
from workbench.kan.frames import Column as Values
from workbench.kan.frames import columns_of as values_of
from workbench.kan.frames import kind_of, useless
from workbench.kan.gaps import Missing
from workbench.kan.kinds import Guess, Kind
from workbench.kan.kinds import missing as gaps_in
from workbench.kan.order import by_date

BINS = 24
_MOST_LABELS = 12
_LEAK = 0.9999
_ROWS_PER_INPUT = 10
_FEWEST_GROUPS = 5


@dataclass(frozen=True)
class Column:
    """What a column of a table holds.

    Attributes:
        name, kind: for people. reason: why it was taken for that, as a part of a sentence.
        missing: cells without a value. distinct: different values.
        low, high: range of numbers, or None.
        counts: of values in bins of equal width, or of the most frequent labels.
        labels: the most frequent labels of a column that is not of numbers; the first and last date.
        useless: why it cannot be an input, as a sentence, or "".
    """

    name: str
    kind: Kind
    missing: int
    distinct: int
    low: float | None = None
    high: float | None = None
    counts: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    useless: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Finding:
    """Something to know before training: ``kind`` is "dropped", "warning" or "note"."""

    kind: Literal["dropped", "warning", "note"]
    text: str


@dataclass(frozen=True)
class Preparation:
    """What is made of a table.

    Attributes:
        target: column to be explained. inputs: columns to explain it with.
        log: columns that are replaced by their natural logarithm, named ``log_x``.
        standardise: columns whose mean becomes 0 and whose standard deviation becomes 1, after the
            logarithm, named ``std_x``; training scales inputs by itself, this changes the formula.
        units: of columns that have one. task, missing: see ``Dataset.from_frame``.
        kinds: of columns, where they are not to be guessed.
        split: "random", or "ordered": the first rows train, the last ones are held out.
        groups: column whose equal values stay together in a random split, or "".
        seed: of the split.
        by: column of groups that one law holds for, with constants of their own, or "".
        sigma: column with the target's standard errors, or "". weights: column of how much every row
            counts, or "".
    """

    target: str
    inputs: tuple[str, ...]
    log: tuple[str, ...] = ()
    standardise: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    task: Task | None = None
    split: Split = "random"
    groups: str = ""
    seed: int = 0
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    missing: Missing = "drop"
    by: str = ""
    sigma: str = ""
    weights: str = ""

    @property
    def apart(self) -> tuple[str, ...]:
        """Columns that say something of the rows, and are no inputs."""
        return tuple(name for name in (self.by, self.sigma, self.weights) if name)

    def apply(self, frame: pd.DataFrame) -> Dataset:
        """The dataset; an ``InputError`` says what to change where there is none."""
        table = frame.set_axis([str(name) for name in frame.columns], axis=1)
        self._check(table)
        named, units, kinds = {}, {}, {}
        for name in (*self.inputs, self.target):
            new, series = self._changed(name, table[name])
            named[new] = series
            if name in self.units and new == name:
                units[name] = self.units[name]
            if name in self.kinds and new == name:
                kinds[name] = self.kinds[name]
        *inputs, target = named
        if len(named) <= len(self.inputs):
            raise InputError("two columns would have the same name: rename one in the table")
        made = pd.DataFrame(named | {name: table[name] for name in self.apart})
        made.attrs["notes"] = frame.attrs.get("notes", ())
        return Dataset.from_frame(
            made,
            target,
            inputs=inputs,
            columns=kinds,
            missing=self.missing,
            task=self.task,
            units=units,
            split=self.split,
            groups=table[self.groups].tolist() if self.groups else None,
            by=self.by or None,
            sigma=self.sigma or None,
            weights=self.weights or None,
            seed=self.seed,
        )

    def code(self, source: str) -> str:
        """Python that does the same to the table that ``source`` reads; defaults are left out."""
        said = [
            f"{f.name}={value!r}"
            for f in fields(self)
            if (value := getattr(self, f.name)) not in ((), {}, None, "", "random", "drop", 0)
        ]
        return f"Preparation({', '.join(said)}).apply({source})"

    def _check(self, table: pd.DataFrame) -> None:
        if not self.inputs:
            raise InputError("at least one input is needed: switch a column on")
        if self.split not in ("random", "ordered"):
            raise InputError(f"a split must be random or ordered, got {self.split!r}")
        wanted = (self.target, *self.inputs, *self.log, *self.standardise, self.groups, *self.apart)
        unknown = [name for name in wanted if name and name not in table.columns]
        if unknown:
            raise InputError(f"the table has no column {unknown[0]!r}")
        if self.target in self.inputs:
            raise InputError(f"{self.target!r} is the target: it cannot be an input too")
        twice = [name for name in self.apart if name in (self.target, *self.inputs)]
        if twice:
            raise InputError(
                f"{twice[0]!r} says something of the rows: it cannot be an input or the target too"
            )
        if self.sigma and self.target in (*self.log, *self.standardise):
            raise InputError(
                f"the standard errors in {self.sigma!r} are those of {self.target!r} itself: take no "
                "logarithm of it and do not scale it"
            )
        for name, column in values_of(table[list(self.inputs)]).items():
            why = useless(column, kind_of(column, self.kinds))
            if why:
                raise InputError(f"{name!r} cannot be an input: {why}; switch it off")

    def _changed(self, name: str, series: pd.Series) -> tuple[str, pd.Series]:
        """A column under its new name, after its logarithm and scaling."""
        new = name
        if name in self.log:
            if not _is_number(series) or not (series.dropna() > 0).all():
                raise InputError(
                    f"a logarithm needs positive numbers, but {name!r} has others: switch log off"
                )
            new, series = f"log_{new}", series.astype(float).map(math.log, na_action="ignore")
        if name in self.standardise:
            if not _is_number(series) or not series.std() > 0:
                raise InputError(f"{name!r} cannot be scaled: its values do not vary")
            new, series = f"std_{new}", (series - series.mean()) / series.std()
        return new, series


def columns_of(frame: pd.DataFrame, kinds: Mapping[str, Kind] | None = None) -> tuple[Column, ...]:
    """What every column of a table holds; equal columns after the first are useless as inputs.

    Args:
        frame: the table. kinds: of columns, where they are not to be guessed.
    """
    found = []
    seen: dict[bytes, str] = {}
    for name, values in values_of(frame).items():
        column = _column(values, kind_of(values, kinds or {}))
        if not column.useless and values.values.dtype.kind in "iufb":
            key = values.values.astype(float).tobytes()
            if key in seen:
                column = replace(column, useless=f"it is a copy of {seen[key]!r}")
            seen.setdefault(key, name)
        found.append(column)
    return tuple(found)


def suggested(frame: pd.DataFrame, target: str | None = None) -> Preparation:
    """A first guess: the last column that varies is explained by all columns that may be inputs."""
    columns = columns_of(frame)
    useful = [c.name for c in columns if not c.useless]
    if target is None:
        candidates = [c.name for c in columns if c.distinct > 1 and not c.useless]
        if not candidates:
            raise InputError("a target is needed, but no column of this table varies")
        target = candidates[-1]
    elif target not in [c.name for c in columns]:
        raise InputError(f"the target must be a column, but there is no {target!r}")
    said = frame.attrs.get("units")
    units = (
        {name: unit for name, unit in said.items() if name in useful}
        if isinstance(said, dict)
        else {}
    )
    inputs = tuple(name for name in useful if name != target)
    order = by_date(values_of(frame), target)
    # Dates that run backwards are left to the user: a form holds out the last rows, not the first.
    split: Split = "ordered" if order is not None and not order[1] else "random"
    return Preparation(target, inputs, units=units, split=split)


def cautions(frame: pd.DataFrame, data: Dataset) -> tuple[str, ...]:
    """What may go wrong with a dataset that was made of a table without a form, in sentences."""
    inputs = tuple(encoding.column for encoding in data.encodings)
    found = findings(frame, Preparation(data.target, inputs))
    return tuple(finding.text for finding in found if finding.kind == "warning")


def findings(frame: pd.DataFrame, chosen: Preparation) -> tuple[Finding, ...]:
    """What was left out and why, and what may go wrong."""
    columns = {c.name: c for c in columns_of(frame, chosen.kinds)}
    found = [
        Finding("dropped", f"{c.name!r} is left out: {c.useless}.")
        for c in columns.values()
        if c.useless and c.name not in (*chosen.inputs, chosen.target)
    ]
    used = [columns[name] for name in (*chosen.inputs, chosen.target) if name in columns]
    return (
        *found, *_about_rows(frame, used, chosen), *_leaks(frame, chosen), *_alike(frame, chosen)
    )  # fmt: skip


def _about_rows(frame: pd.DataFrame, used: Sequence[Column], chosen: Preparation) -> list[Finding]:
    found = []
    complete = int(frame[[c.name for c in used]].notna().all(axis=1).sum())
    if complete < len(frame):
        worst = max(used, key=lambda c: c.missing)
        text = (
            f"{len(frame) - complete} of {len(frame)} rows are left out because a value is missing, "
            f"most of them in {worst.name!r} ({worst.missing})."
        )
        kind: Literal["dropped", "warning"] = "dropped" if 2 * complete > len(frame) else "warning"
        found.append(Finding(kind, text))
    if complete < LEAST_ROWS:
        text = f"There are only {complete} complete rows: at least {LEAST_ROWS} are needed."
        found.append(Finding("warning", text))
    elif complete < _ROWS_PER_INPUT * len(chosen.inputs):
        text = (
            f"{complete} rows are few for {len(chosen.inputs)} inputs: a formula may be found by "
            "chance. Switch off inputs that cannot matter, or add rows."
        )
        found.append(Finding("warning", text))
    double = int(frame[[c.name for c in used]].duplicated().sum())
    if double:
        text = (
            f"{double} rows occur more than once: copies of training rows among the held-out rows "
            "make figures look better than they are."
        )
        found.append(Finding("warning", text))
    return found


def _leaks(frame: pd.DataFrame, chosen: Preparation) -> list[Finding]:
    """Inputs that say almost exactly what the target says."""
    if chosen.target not in frame or not _is_number(frame[chosen.target]):
        return []
    target = frame[chosen.target].astype(float)
    found = []
    for name in chosen.inputs:
        if name not in frame or not _is_number(frame[name]):
            continue
        pair = pd.DataFrame({"x": frame[name].astype(float), "y": target}).dropna()
        if len(pair) < 3 or pair["x"].nunique() < 3:
            continue
        # Ranks: a leak may be bent.
        ranks = pair.rank().to_numpy()
        share = abs(float(np.corrcoef(ranks.T)[0, 1]))
        if math.isfinite(share) and share > _LEAK:
            text = (
                f"{name!r} alone orders the rows as the target {chosen.target!r} does: is it known "
                "before the target is? If not, switch it off."
            )
            found.append(Finding("warning", text))
    return found


def _alike(frame: pd.DataFrame, chosen: Preparation) -> list[Finding]:
    """Rows of the same thing: two inputs that repeat together, as age and weight of a patient do.

    In a planned experiment columns repeat, too, but each with any value of the other.
    """
    if chosen.groups or chosen.split == "ordered":
        return []
    repeating: dict[int, str] = {}
    for name in chosen.inputs:
        if name not in frame or frame[name].dtype.kind != "f":
            continue
        distinct = int(frame[name].nunique())
        if not _FEWEST_GROUPS <= distinct <= len(frame) / 2:
            continue
        other = repeating.setdefault(distinct, name)
        if other != name and len(frame[[other, name]].dropna().drop_duplicates()) == distinct:
            text = (
                f"Rows come in {distinct} groups with the same {other!r} and {name!r}, as those of one "
                f"patient do: keep them together in the split, by the groups of {other!r}."
            )
            return [Finding("warning", text)]
    return []


def _is_number(series: pd.Series) -> bool:
    return series.dtype.kind in "iufb"


def _column(column: Values, guess: Guess) -> Column:
    known = column.values[~gaps_in(column.values)]
    missing = len(column.values) - len(known)
    numbers = known.astype(float) if known.dtype.kind in "iufb" else np.empty(0)
    finite = numbers[np.isfinite(numbers)]
    labels = pd.Series(known.astype(str), dtype=object) if known.dtype.kind not in "iuf" else None
    distinct = len(np.unique(finite)) if labels is None else int(labels.nunique())
    counts: tuple[int, ...] = _histogram(finite) if len(finite) else ()
    shown: tuple[str, ...] = ()
    if known.dtype.kind == "M" and len(known):
        ticks = known.astype("datetime64[s]").astype(np.int64)
        shown = tuple(str(np.datetime64(int(t), "s")) for t in (ticks.min(), ticks.max()))
        counts = _histogram(ticks.astype(float))
    elif labels is not None:
        top = labels.value_counts().head(_MOST_LABELS)
        shown, counts = tuple(map(str, top.index)), tuple(map(int, top))
    return Column(
        column.name,
        guess.kind,
        missing,
        distinct,
        float(finite.min()) if len(finite) else None,
        float(finite.max()) if len(finite) else None,
        counts,
        shown,
        useless(column, guess),
        guess.reason,
    )


def _histogram(values: np.ndarray) -> tuple[int, ...]:
    bins = min(BINS, max(len(np.unique(values)), 1))
    with np.errstate(all="ignore"):
        return tuple(int(n) for n in np.histogram(values, bins=bins)[0])
