"""From a table to a ``Dataset``: what its columns are, what they become, and what is wrong with them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Literal

import numpy as np
import pandas as pd

from workbench.errors import InputError
from workbench.kan.data import LEAST_ROWS, Dataset, Task

Kind = Literal["number", "whole number", "yes/no", "text", "date"]
Split = Literal["random", "ordered"]

BINS = 24
_MOST_LABELS = 12
_LEAK = 0.9999
_ROWS_PER_INPUT = 10
_TRAIN, _VALIDATION = 0.7, 0.15


@dataclass(frozen=True)
class Column:
    """What a column of a table holds.

    Attributes:
        name, kind: for people. missing: cells without a value. distinct: different values.
        low, high: range of numbers, or None.
        counts: of values in bins of equal width, or of the most frequent labels.
        labels: the most frequent labels of a column that is not of numbers.
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
        units: of columns that have one. task: see ``Dataset.from_frame``.
        split: "random", or "ordered": the first rows train, the last ones are held out.
        groups: column whose equal values stay together in a random split, or "".
        seed: of the split.
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

    def apply(self, frame: pd.DataFrame) -> Dataset:
        """The dataset; an ``InputError`` says what to change where there is none."""
        table = frame.set_axis([str(name) for name in frame.columns], axis=1)
        self._check(table)
        named, units = {}, {}
        for name in (*self.inputs, self.target):
            new, series = self._changed(name, table[name])
            named[new] = series
            if name in self.units and new == name:
                units[name] = self.units[name]
        *inputs, target = named
        if len(named) <= len(self.inputs):
            raise InputError("two columns would have the same name: rename one in the table")
        return Dataset.from_frame(
            pd.DataFrame(named),
            target,
            inputs=inputs,
            task=self.task,
            units=units,
            split=_ordered(len(table)) if self.split == "ordered" else None,
            groups=table[self.groups].tolist() if self.groups else None,
            seed=self.seed,
        )

    def code(self, source: str) -> str:
        """Python that does the same to the table that ``source`` reads; defaults are left out."""
        said = [
            f"{f.name}={value!r}"
            for f in fields(self)
            if (value := getattr(self, f.name)) not in ((), {}, None, "", "random", 0)
        ]
        return f"Preparation({', '.join(said)}).apply({source})"

    def _check(self, table: pd.DataFrame) -> None:
        if not self.inputs:
            raise InputError("at least one input is needed: switch a column on")
        if self.split not in ("random", "ordered"):
            raise InputError(f"a split must be random or ordered, got {self.split!r}")
        wanted = (self.target, *self.inputs, *self.log, *self.standardise, self.groups)
        unknown = [name for name in wanted if name and name not in table.columns]
        if unknown:
            raise InputError(f"the table has no column {unknown[0]!r}")
        if self.target in self.inputs:
            raise InputError(f"{self.target!r} is the target: it cannot be an input too")
        for name in self.inputs:
            if kind_of(table[name]) in ("text", "date"):
                raise InputError(f"inputs must be numbers, but {name!r} holds text: switch it off")

    def _changed(self, name: str, series: pd.Series) -> tuple[str, pd.Series]:
        """A column under its new name, after its logarithm and scaling."""
        new = name
        if name in self.log:
            if kind_of(series) in ("text", "date") or not (series.dropna() > 0).all():
                raise InputError(
                    f"a logarithm needs positive numbers, but {name!r} has others: switch log off"
                )
            new, series = f"log_{new}", series.astype(float).map(math.log, na_action="ignore")
        if name in self.standardise:
            if kind_of(series) in ("text", "date") or not series.std() > 0:
                raise InputError(f"{name!r} cannot be scaled: its values do not vary")
            new, series = f"std_{new}", (series - series.mean()) / series.std()
        return new, series


def columns_of(frame: pd.DataFrame) -> tuple[Column, ...]:
    """What every column of a table holds; equal columns after the first are useless as inputs."""
    found = []
    seen: dict[tuple[object, ...], str] = {}
    for place in range(frame.shape[1]):
        series = frame.iloc[:, place]
        column = _column(str(frame.columns[place]), series)
        if not column.useless:
            key = tuple(series.astype(float))
            if key in seen:
                column = _useless(column, f"it is a copy of {seen[key]!r}")
            seen.setdefault(key, column.name)
        found.append(column)
    return tuple(found)


def kind_of(series: pd.Series) -> Kind:
    """What a column's values are, in words."""
    if pd.api.types.is_bool_dtype(series):
        return "yes/no"
    if pd.api.types.is_datetime64_any_dtype(series):
        return "date"
    if pd.api.types.is_integer_dtype(series):
        return "whole number"
    return "number" if pd.api.types.is_numeric_dtype(series) else "text"


def suggested(frame: pd.DataFrame, target: str | None = None) -> Preparation:
    """A first guess: the last column that varies is explained by all columns that may be inputs."""
    columns = columns_of(frame)
    useful = [c.name for c in columns if not c.useless]
    if target is None:
        candidates = [c.name for c in columns if c.distinct > 1 and (not c.useless or _labels(c))]
        if not candidates:
            raise InputError("a target is needed, but no column of this table varies")
        target = candidates[-1]
    elif target not in [c.name for c in columns]:
        raise InputError(f"the target must be a column, but there is no {target!r}")
    return Preparation(target, tuple(name for name in useful if name != target))


def findings(frame: pd.DataFrame, chosen: Preparation) -> tuple[Finding, ...]:
    """What was left out and why, and what may go wrong."""
    columns = {c.name: c for c in columns_of(frame)}
    found = [
        Finding("dropped", f"{c.name!r} is left out: {c.useless}.")
        for c in columns.values()
        if c.useless and c.name not in (*chosen.inputs, chosen.target)
    ]
    used = [columns[name] for name in (*chosen.inputs, chosen.target) if name in columns]
    return (*found, *_about_rows(frame, used, chosen), *_leaks(frame, chosen))


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
    if chosen.target not in frame or kind_of(frame[chosen.target]) in ("text", "date"):
        return []
    target = frame[chosen.target].astype(float)
    found = []
    for name in chosen.inputs:
        if name not in frame or kind_of(frame[name]) in ("text", "date"):
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


def _column(name: str, series: pd.Series) -> Column:
    kind = kind_of(series)
    known = series.dropna()
    missing, distinct = len(series) - len(known), int(known.nunique())
    if kind in ("text", "date"):
        top = known.astype(str).value_counts().head(_MOST_LABELS)
        labels, counts = tuple(map(str, top.index)), tuple(map(int, top))
        column = Column(name, kind, missing, distinct, None, None, counts, labels)
        words = "dates" if kind == "date" else "text"
        return _useless(column, f"it holds {words}, and inputs must be numbers")
    values = known.to_numpy(dtype=float)
    finite = values[np.isfinite(values)]
    if not len(finite):
        return _useless(Column(name, kind, missing, distinct), "it has no values")
    low, high = float(finite.min()), float(finite.max())
    column = Column(name, kind, missing, distinct, low, high, _histogram(finite))
    return _useless(column, f"it is {low:g} in every row") if low == high else column


def _histogram(values: np.ndarray) -> tuple[int, ...]:
    bins = min(BINS, max(len(np.unique(values)), 1))
    with np.errstate(all="ignore"):
        return tuple(int(n) for n in np.histogram(values, bins=bins)[0])


def _useless(column: Column, why: str) -> Column:
    return replace(column, useless=why)


def _labels(column: Column) -> bool:
    """Whether a column of text may be the classes of a target."""
    return column.kind == "text" and 1 < column.distinct <= _MOST_LABELS


def _ordered(rows: int) -> list[str]:
    first, second = round(_TRAIN * rows), round((_TRAIN + _VALIDATION) * rows)
    return ["train"] * first + ["validation"] * (second - first) + ["test"] * (rows - second)
