"""The file of a formula, ``formula.json``: what it says, and reading it back."""

import math
from collections.abc import Collection
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import sympy
from msgspec import Meta

from workbench.common.schema import (
    MOST_NODES,
    Count,
    Label,
    Name,
    Number,
    Strict,
    Text,
    read,
    require,
    require_names,
)
from workbench.errors import InputError, in_one_line
from workbench.formulas.bands import Spread
from workbench.formulas.constant import Constant, Proportion
from workbench.formulas.digits import FULL
from workbench.formulas.groups import Groups
from workbench.formulas.law import Law
from workbench.formulas.srepr import Reader

FORMAT = "kan-workbench-formula-1"
_MOST_OUTPUTS = 1000
_MOST_GROUPS, _MOST_LETTERS = 10_000, 20
L = TypeVar("L", bound=Law)
_Expressions = Annotated[tuple[Text, ...], Meta(max_length=_MOST_OUTPUTS)]
_Letter = Annotated[str, Meta(pattern=r"\A[A-Za-z][A-Za-z0-9]{0,9}\Z")]
_Row = Annotated[tuple[float, ...], Meta(max_length=MOST_NODES)]
_Fact = None | bool | int | float | Text


class _Constant(Strict):
    value: float
    sigma: Number
    snapped: Text | None
    evidence: Text
    f_value: Number = 0.0
    interval: tuple[Number, Number] | None = None
    tied: Annotated[tuple[tuple[Count, float], ...], Meta(max_length=MOST_NODES)] = ()
    unit: Text = ""
    digits: Annotated[int, Meta(ge=1, le=FULL)] | None = None
    proportion: tuple[Count, float, float] | None = None

    def constant(self) -> Constant:
        return Constant(
            self.value,
            self.sigma,
            self.snapped,
            self.evidence,
            math.nan if self.f_value is None else self.f_value,
            None if self.interval is None else _ends(self.interval),
            self.tied,
            self.unit,
            self.digits,
            None if self.proportion is None else Proportion(*self.proportion),
        )


class _Groups(Strict):
    by: Name
    labels: Annotated[tuple[Label, ...], Meta(min_length=1, max_length=_MOST_GROUPS)]
    letters: Annotated[tuple[_Letter, ...], Meta(min_length=1, max_length=_MOST_LETTERS)]
    constants: Annotated[tuple[tuple[_Constant, ...], ...], Meta(max_length=_MOST_GROUPS)]
    rows: Annotated[tuple[Count, ...], Meta(max_length=_MOST_GROUPS)]
    noise: Annotated[float, Meta(ge=0)] = 0.0
    degrees: Number = None

    def groups(self) -> Groups:
        return Groups(
            self.by,
            self.labels,
            self.letters,
            tuple(tuple(c.constant() for c in row) for row in self.constants),
            self.rows,
            self.noise,
            math.inf if self.degrees is None else self.degrees,
        )

    def require_consistent(self, columns: Collection[str], what: str) -> None:
        """Every group has each constant, and no letter is a column."""
        count = len(self.labels)
        require(len(set(map(str, self.labels))) == count, what, "its groups must differ")
        require(len(self.constants) == count, what, "a group lacks its constants")
        require(len(self.rows) == count, what, "a group lacks its rows")
        letters = len(self.letters)
        require(all(len(row) == letters for row in self.constants), what, "a constant lacks")
        require_names([*columns, self.by, *self.letters], what)


class _Spread(Strict):
    covariances: Annotated[
        tuple[tuple[_Row, ...], ...], Meta(min_length=1, max_length=_MOST_GROUPS)
    ]
    noise: Annotated[float, Meta(ge=0)]
    degrees: Number = None

    def spread(self) -> Spread:
        return Spread(
            self.covariances, self.noise, math.inf if self.degrees is None else self.degrees
        )

    def require_consistent(self, groups: int, what: str) -> None:
        """There is a square matrix for every group, all of one size."""
        require(len(self.covariances) == groups, what, "a group lacks its errors")
        size = len(self.covariances[0])
        whole = all(len(m) == size and all(len(row) == size for row in m) for m in self.covariances)
        require(whole, what, "its errors are no square")


class _Saved(Strict):
    format: Literal["kan-workbench-formula-1"]
    expressions: _Expressions
    names: list[Name]
    target: Name
    task: Literal["regression", "classification"]
    classes: Annotated[list[Label], Meta(min_length=2, max_length=_MOST_OUTPUTS)] | None
    domain: dict[Name, tuple[float, float]]
    units: dict[Name, Text]
    constants: Annotated[list[_Constant], Meta(max_length=MOST_NODES)]
    scores: dict[Name, Number]
    provenance: dict[Name, _Fact]
    as_fitted: _Expressions = ()
    rivals: _Expressions = ()
    groups: _Groups | None = None
    spread: _Spread | None = None
    latex: Text = ""


def told(formula: Law) -> dict[str, Any]:
    """Everything that a formula is, as JSON-able data."""
    return {
        "format": FORMAT,
        "expressions": [sympy.srepr(e) for e in formula.expressions],
        "names": list(formula.names),
        "target": formula.target,
        "task": formula.task,
        "classes": None if formula.classes is None else list(formula.classes),
        "domain": {k: list(v) for k, v in formula.domain.items()},
        "units": dict(formula.units),
        "constants": [vars(c) for c in formula.constants],
        "scores": {
            k: v if v is not None and math.isfinite(v) else None for k, v in formula.scores.items()
        },
        "provenance": dict(formula.provenance),
        "as_fitted": [sympy.srepr(e) for e in formula.as_fitted],
        "rivals": list(formula.rivals),
        "groups": _told_groups(formula.grouping),
        "spread": _told_spread(formula.spread),
        "latex": formula.latex,
    }


def _told_spread(spread: Spread | None) -> dict[str, Any] | None:
    if spread is None:
        return None
    return {
        "covariances": [list(map(list, matrix)) for matrix in spread.covariances],
        "noise": spread.noise,
        "degrees": spread.degrees if math.isfinite(spread.degrees) else None,
    }


def _told_groups(groups: Groups | None) -> dict[str, Any] | None:
    if groups is None:
        return None
    return {
        "by": groups.by,
        "labels": list(groups.labels),
        "letters": list(groups.letters),
        "constants": [[vars(c) for c in row] for row in groups.constants],
        "rows": list(groups.rows),
        "noise": groups.noise,
        "degrees": groups.degrees if math.isfinite(groups.degrees) else None,
    }


def read_formula(content: bytes, what: str, kind: type[L]) -> L:
    """The formula that a file says; nothing in it is executed.

    Args:
        content: of the file. what: the file, for people. kind: the class of formulas.

    Raises:
        InputError: it is damaged or not a formula, or has no values.
    """
    saved = read(content, _Saved, what)
    _require_consistent(saved, what)
    formula = kind(
        expressions=tuple(map(Reader().read, saved.expressions)),
        names=tuple(saved.names),
        target=saved.target,
        task=saved.task,
        classes=None if saved.classes is None else tuple(saved.classes),
        domain=saved.domain,
        units=saved.units,
        constants=tuple(c.constant() for c in saved.constants),
        scores=saved.scores,
        provenance=saved.provenance,
        as_fitted=tuple(map(Reader().read, saved.as_fitted)),
        rivals=saved.rivals,
        grouping=None if saved.groups is None else saved.groups.groups(),
        spread=None if saved.spread is None else saved.spread.spread(),
    )
    _require_values(formula, what)
    return formula


def _require_consistent(saved: _Saved, what: str) -> None:
    """What the parts of a formula must have in common."""
    require_names([*saved.names, saved.target], what)
    length = sum(map(len, (*saved.expressions, *saved.as_fitted)))
    require(length <= 1_000_000, what, "its expressions are too long")
    outputs = len(saved.expressions)
    require(outputs > 0, what, "it has no expression")
    require(len(saved.as_fitted) in (0, outputs), what, "its outputs differ in number")
    if saved.task == "classification":
        labels = saved.classes or []
        logits = 1 if len(labels) == 2 else len(labels)
        require(outputs == logits, what, "it needs a logit for every class")
        require(len(set(map(str, labels))) == len(labels), what, "its classes must differ")
    for ends in saved.domain.values():
        require(-1e300 < ends[0] <= ends[1] < 1e300, what, "a range has its ends the wrong way")
    columns = {*saved.names, saved.target}
    if saved.groups is not None:
        require(saved.task == "regression", what, "classes have no groups")
        saved.groups.require_consistent(columns, what)
    if saved.spread is not None:
        count = 1 if saved.groups is None else len(saved.groups.labels)
        saved.spread.require_consistent(count, what)
    require(columns.issuperset([*saved.domain, *saved.units]), what, "it has other columns, too")
    for constant in saved.constants:
        places = [place for place, _ in constant.tied]
        places += constant.proportion[:1] if constant.proportion else ()
        require(all(p < len(saved.constants) for p in places), what, "a constant lacks")


def _require_values(formula: Law, what: str) -> None:
    """An ``InputError`` where a formula cannot be computed, which a file may say of any."""
    spans = np.array([formula.domain.get(name, (-1.0, 1.0)) for name in formula.names])
    try:
        ends = spans.reshape(-1, 2).T
        formula.at(ends, None if formula.grouping is None else np.zeros(len(ends), dtype=int))
    except Exception as error:  # of generated code: there is no list of what it may raise
        raise InputError(f"{what} is damaged: it has no values: {in_one_line(error)}") from error


def _ends(pair: tuple[Number, Number]) -> tuple[float, float]:
    low, high = pair
    return -math.inf if low is None else low, math.inf if high is None else high
