"""A law in symbols: what it says, where it holds, and how all media write it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
import sympy
from sympy import Expr, Symbol

from workbench.common.labels import Label
from workbench.common.markup import Markup, element
from workbench.errors import InputError, warn_missing
from workbench.formulas.bands import Spread, matrices
from workbench.formulas.constant import Constant
from workbench.formulas.digits import full_digits
from workbench.formulas.dimensions import check_expressions
from workbench.formulas.evaluation import compiled, real, require_symbols
from workbench.formulas.groups import Groups
from workbench.formulas.library import SYMPY, complexity
from workbench.formulas.naming import Written, quotations, upright, write_labels, write_names
from workbench.formulas.rebuilding import replaced
from workbench.formulas.size import require_short
from workbench.formulas.typesetting import WIDTH, Equation, layout, rounded, to_mathml, to_text
from workbench.formulas.validity import explosion, limits

_LETTERS = "uvwpqzabcdefgh"
_GROUPS = 4


@dataclass(frozen=True)
class Law:
    """A law in symbols.

    Attributes:
        expressions: one per output, in real symbols with the data's own column names.
        names, target: columns. task, classes: as in ``Dataset``.
        domain: range of every input in the training data. units: of columns that have one.
        constants: fitted and snapped numbers.
        scores: losses and figures by name: "train_loss", "validation_loss", "test_loss" (RMSE in the
            target's units, or cross-entropy), "expected_loss" (of a new row: over "judging_rows" rows that
            are not held out, each under constants fitted without it) and "mean_loss" (the same of the
            mean, or of the shares of classes; see ``leave_one_out``), "test_r2" or "test_accuracy",
            "network_error" (rms difference to the network, in standard deviations of the target),
            "lack_of_fit" (score of what neighbouring residuals share, see ``residuals.lack_of_fit``;
            None at rounding), "chi2_per_degree" and "chi2_probability" (of the training rows, where the
            target's errors are stated), "selection_frequency" (see ``stability``) and "search_frequency" (see
            ``resampling``).
        provenance: data, rows, seed, version, network, whatever repeats the result.
        as_fitted: the expressions with all their numbers as they were fitted, before any was snapped;
            empty where none was. Their loss is the score "as_fitted_loss".
        rivals: other forms of the same search that the rows do not tell apart from this one, as text.
        spread: errors of the constants together, and the noise, where they are known.
        grouping: constants that differ between groups of rows; they stand as letters in the expressions.
    """

    expressions: tuple[Expr, ...]
    names: tuple[str, ...]
    target: str = "y"
    task: str = "regression"
    classes: tuple[Any, ...] | None = None
    domain: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    constants: tuple[Constant, ...] = ()
    scores: Mapping[str, float | None] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    as_fitted: tuple[Expr, ...] = ()
    rivals: tuple[str, ...] = ()
    grouping: Groups | None = None
    spread: Spread | None = None

    @property
    def expression(self) -> Expr:
        """The only expression; an ``InputError`` where there are several."""
        if len(self.expressions) != 1:
            raise InputError(f"this formula has {len(self.expressions)} outputs: use expressions")
        return self.expressions[0]

    @property
    def complexity(self) -> int:
        return sum(complexity(e) for e in self.expressions)

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        return tuple(Symbol(name, real=True) for name in self.names)

    @property
    def varying(self) -> tuple[str, ...]:
        """The constants that differ between groups, as they stand in the expressions."""
        return () if self.grouping is None else self.grouping.letters

    @property
    def groups(self) -> Mapping[Label, Mapping[str, Constant]]:
        """Per group its own constants by letter: ``formula.groups["steel"]["a"].interval``."""
        return {} if self.grouping is None else self.grouping.mapping

    def group_table(self) -> pd.DataFrame:
        """The same as a table, one row a group, with errors and ends of the intervals.

        Raises:
            InputError: the formula has no groups.
        """
        if self.grouping is None:
            raise InputError("this formula has no groups: it is the same for all rows")
        return self.grouping.frame()

    @property
    def letters(self) -> tuple[Symbol, ...]:
        """Symbols of the constants that differ between groups."""
        return tuple(Symbol(name, real=True) for name in self.varying)

    @cached_property
    def used(self) -> tuple[str, ...]:
        """The inputs that occur."""
        present = set().union(*(e.free_symbols for e in self.expressions))
        return tuple(n for n, s in zip(self.names, self.symbols, strict=True) if s in present)

    @property
    def srepr(self) -> str:
        """Text that ``parse_srepr`` turns back into exactly this expression."""
        return "\n".join(sympy.srepr(e) for e in self.expressions)

    @cached_property
    def written(self) -> dict[str, Written]:
        """How each name is written, the target's and those of several outputs among them."""
        heads = {f.func for e in self.expressions for f in e.atoms(sympy.Function)}
        used = {head.__name__ for head in heads}
        used |= {entry.symbol for entry in SYMPY.values() if entry.head in heads}
        every = (*self.names, *self.varying)
        return write_names(every, (self.target, *self._outputs), functions=used)

    @cached_property
    def _outputs(self) -> tuple[str, ...]:
        """Names of the outputs of a regression, none of them an input's."""
        if len(self.expressions) == 1:
            return (self.target,)
        mark = "_"
        while any(
            f"{self.target}{mark}{i + 1}" in self.names for i in range(len(self.expressions))
        ):
            mark += "_"
        return tuple(f"{self.target}{mark}{i + 1}" for i in range(len(self.expressions)))

    @property
    def left_sides(self) -> tuple[str, ...]:
        """What the expressions give, as text: the target, or the logits of its classes."""
        if self.task == "regression":
            return tuple(self.written[name].text for name in self._outputs)
        target = self.written[self.target].text
        return tuple(f"logit({target} = {text})" for text, _ in self._labels)

    @property
    def _labels(self) -> list[tuple[str, str]]:
        """Labels of the classes that have a logit, as text and in mathematics."""
        labels = write_labels(self.classes or ())
        return labels[-1:] if len(self.expressions) == 1 else labels

    def _logits(self, target: Written) -> list[str]:
        return [f"logit({target.shown} = {shown})" for _, shown in self._labels]

    @property
    def _long_names(self) -> bool:
        """Whether factors need a sign between them to be told apart."""
        return not all(self.written[name].letter for name in self.used)

    def in_text(self, expression: Expr) -> str:
        """An expression in the inputs as text."""
        return to_text(expression, {name: w.text for name, w in self.written.items()})

    @cached_property
    def printed(self) -> tuple[Expr, ...]:
        """The expressions as every medium prints them.

        Numbers have the digits that were chosen for all of them together when they were fitted, so that
        the printed formula says what the fitted one says; a number without a choice has all its digits.
        """
        chosen = {abs(c.value): c.digits for c in self.constants if c.digits}

        def digits(number: float) -> int:
            return chosen.get(abs(number)) or full_digits(number)

        return tuple(rounded(e, digits) for e in self.expressions)

    @cached_property
    def latex(self) -> str:
        """Display mathematics, with ``ln`` for the natural logarithm; see ``printed``."""
        return r" \\ ".join(e.line for group in self.equations() for e in group)

    @property
    def display_latex(self) -> str:
        """The same with rows of an ``aligned`` where it is too wide for a page."""
        equations = [e for group in self.equations(WIDTH) for e in group]
        if len(equations) == 1 and len(equations[0].rows) == 1:
            return equations[0].line
        rows = r" \\ ".join(e.aligned for e in equations)
        return rf"\begin{{aligned}} {rows} \end{{aligned}}"

    def equations(
        self, width: int = 10**9, names: Mapping[Symbol, str] | None = None
    ) -> list[list[Equation]]:
        """Per output the equations of its layout, see ``typesetting.layout``.

        Args:
            width: of a row. names: LaTeX of the inputs; of their column names by default.
        """
        written = self.written
        known = names or {s: written[s.name].latex for s in (*self.symbols, *self.letters)}
        if self.task == "regression":
            sides = [written[name].latex for name in self._outputs]
        else:
            sides = [upright(text) for text in self._logits(written[self.target])]
        letters = [
            c for c in _LETTERS if not any(n.startswith(c) for n in (*known.values(), *sides))
        ]
        letters = letters or [r"\mathcal{U}"]
        return [
            layout(
                side,
                expression,
                known,
                dots=self._long_names and names is None,
                width=width,
                letter=letters[number % len(letters)],
            )
            for number, (side, expression) in enumerate(zip(sides, self.printed, strict=True))
        ]

    @cached_property
    def mathml(self) -> Markup:
        """Presentation MathML, which browsers draw by themselves."""
        written = self.written
        if self.task == "regression":
            sides = [written[name].mathml for name in self._outputs]
        else:
            sides = [element("mi", text) for text in self._logits(written[self.target])]
        names = {s: written[s.name].mathml for s in (*self.symbols, *self.letters)}
        equations = list(zip(sides, self.printed, strict=True))
        return to_mathml(equations, names, dots=self._long_names)

    @property
    def legend(self) -> tuple[str, ...]:
        """Sentences on the names that are not written as they are."""
        every = [self.written[n] for n in dict.fromkeys((*self.used, *self._outputs))]
        quoted = [w for w in every if not w.plain]
        inside = quotations([w.name for w in quoted], 200)
        clear = [w for w in quoted if w.shown in (w.name, f"“{w.name}”")]
        told = [
            f"{w.shown}, in text {w.text}, is the column {inside[w.name]}."
            for w in quoted
            if w not in clear
        ]
        if clear:
            listed = ", ".join(w.shown if w.shown != w.name else w.text for w in clear)
            told.insert(0, f"What stands in quotation marks or backquotes is a column: {listed}.")
        if self.grouping is not None:
            differ = ", ".join(self.varying)
            told.append(
                f"{differ} differ{'s' if len(self.varying) == 1 else ''} between the "
                f"{len(self.grouping.labels)} groups of {self.grouping.by!r}."
            )
        return tuple(told)

    def __post_init__(self) -> None:
        for expressions in (self.expressions, self.as_fitted):
            require_short(expressions)
        for expression in (*self.expressions, *self.as_fitted):
            require_symbols(expression, (*self.symbols, *self.letters))
        if not {*self.names, self.target}.isdisjoint(self.varying):
            raise InputError(f"letters of constants must differ from columns, got {self.varying}")

    @cached_property
    def _function(self) -> Callable[..., list[Any]]:
        return compiled(self.expressions, (*self.symbols, *self.letters), shared=True)

    def __call__(self, inputs: Any) -> np.ndarray:
        """Values at ``inputs``: a DataFrame with the columns, or an array or tensor ``(N, d)``.

        Columns that the formula does not use may lack, or have gaps. A formula with groups needs the column
        that names them, so a DataFrame.

        Returns ``(N,)`` for one expression, else ``(N, m)``; NaN where it is undefined.

        Raises:
            InputError: a column lacks, or a row is of a group that is not known.
        """
        return self.at(self._columns(inputs), self._codes(inputs))

    def at(self, x: np.ndarray, codes: np.ndarray | None = None) -> np.ndarray:
        """Values at ``x (N, d)`` of rows whose groups have these numbers ``(N,)``, -1 for none."""
        own: Sequence[np.ndarray] = ()
        if self.grouping is not None and codes is not None:
            own = np.vstack((self.grouping.values, np.full(len(self.varying), np.nan)))[codes].T
        with np.errstate(all="ignore"):
            found = self._function(*x.T, *own)
        table = np.stack([real(f, len(x)) for f in found], 1)
        return table[:, 0] if len(found) == 1 else table

    def _codes(self, inputs: Any) -> np.ndarray | None:
        """Numbers of the groups of rows; None where there are no groups."""
        if self.grouping is None:
            return None
        if not isinstance(inputs, pd.DataFrame) or self.grouping.by not in inputs.columns:
            raise InputError(
                f"the formula has constants for each group of {self.grouping.by!r}: give a DataFrame with "
                "that column, or take the formula of one group with formula.of(group)"
            )
        return self.grouping.codes(inputs[self.grouping.by].to_numpy())

    def of(self, group: Any) -> Self:
        """The formula of one group, its constants among the numbers.

        Raises:
            InputError: there is no such group, or there are no groups.
        """
        if self.grouping is None:
            raise InputError("this formula has no groups: it is the same for all rows")
        own = self.grouping.constants[self.grouping.place(group)]
        numbers = {s: sympy.Float(c.value) for s, c in zip(self.letters, own, strict=True)}
        return replace(
            self,
            expressions=tuple(replaced(e, numbers) for e in self.expressions),
            as_fitted=(),
            constants=tuple(replace(c, tied=()) for c in (*own, *self.constants)),
            provenance={**self.provenance, "group": f"{self.grouping.by}: {group}"},
            grouping=None,
            spread=self._spread_of(group),
        )

    def _spread_of(self, group: Any) -> Spread | None:
        """Errors of one group's constants, its own before those that all share."""
        if self.spread is None or self.grouping is None:
            return None
        order = np.roll(np.arange(len(self.spread.covariances[0])), len(self.varying))
        own = np.array(self.spread.covariances[self.grouping.place(group)]).reshape(
            2 * (len(order),)
        )
        table = own[np.ix_(order, order)]
        return replace(self.spread, covariances=matrices(table[None]))

    def as_function(self) -> Self:
        """The same with the constants of groups as inputs after the others, to be given row by row."""
        if self.grouping is None:
            return self
        return replace(
            self,
            names=(*self.names, *self.varying),
            domain={**self.domain, **self.grouping.ranges},
            grouping=None,
            spread=None,
        )

    def predict(self, inputs: Any) -> np.ndarray:
        """Values for regression, labels for classification.

        Rows with a missing input, or without a value, get NaN or the label None, with one warning.
        """
        values = self(inputs)
        unknown = np.isnan(values if values.ndim == 2 else values[:, None]).any(1)
        warn_missing(int(unknown.sum()), len(unknown))
        if self.task == "regression" or self.classes is None:
            return values
        numbers = (values > 0).astype(int) if values.ndim == 1 else values.argmax(1)
        labels = np.array(self.classes, dtype=object)[numbers]
        labels[unknown] = None
        return labels

    def _columns(self, inputs: Any) -> np.ndarray:
        if isinstance(inputs, pd.DataFrame):
            missing = [name for name in self.used if name not in inputs.columns]
            if missing:
                raise InputError(f"the formula needs the columns {list(self.used)}, {missing} lack")
            return inputs.reindex(columns=list(self.names)).to_numpy(dtype=float)
        x = np.asarray(inputs.detach().cpu() if hasattr(inputs, "detach") else inputs, dtype=float)
        if x.ndim != 2 or x.shape[1] != len(self.names):
            raise InputError(f"inputs must have shape (rows, {len(self.names)}), got {x.shape}")
        return x

    def in_domain(self, inputs: Any) -> np.ndarray:
        """True for rows within the range of the training data, in the columns that are used, ``(N,)``."""
        x = self._columns(inputs)
        inside = np.ones(len(x), dtype=bool)
        for name in self.used:
            low, high = self.domain.get(name, (-math.inf, math.inf))
            column = x[:, self.names.index(name)]
            inside &= (column >= low) & (column <= high)
        return inside

    @cached_property
    def limits(self) -> tuple[str, ...]:
        """Poles, branch points and jumps in or near the fitted range, in words."""
        ranges = {} if self.grouping is None else self.grouping.ranges
        return limits(self.expressions, {**self.domain, **ranges})

    @cached_property
    def explosion(self) -> str:
        """Whether values run away just outside the fitted range, in words; empty where they do not."""
        if self.task != "regression" or self.limits or self.grouping is not None:
            return ""
        spread = self.scores.get("mean_loss") or 0.0
        return explosion(self, self.names, self.used, self.domain, spread)

    @cached_property
    def unit_problems(self) -> tuple[str, ...]:
        """What does not fit in the units of the columns, in words; empty without units."""
        if not any(self.units.values()):
            return ()
        if self.grouping is not None:
            return self.of(self.grouping.labels[0]).unit_problems
        target = self.target if self.task == "regression" else None
        try:
            return check_expressions(self.expressions, self.names, self.units, target).problems
        except InputError as error:
            return (f"units were not checked: {error}",)

    def renamed(self, names: Mapping[str, str]) -> Self:
        """The same formula with other names for some inputs.

        Raises:
            InputError: an old name is unknown, or two inputs would have one name.
        """
        unknown = [old for old in names if old not in self.names]
        if unknown:
            raise InputError(f"the formula has the inputs {list(self.names)}, not {unknown}")
        new = tuple(names.get(n, n) for n in self.names)
        if len(set(new)) < len(new):
            raise InputError(f"names of inputs must differ, got {list(new)}")
        if set(new) & set(self.varying):
            raise InputError(f"the letters {list(self.varying)} are taken by constants of groups")
        symbols = [Symbol(n, real=True) for n in new]
        table = dict(zip(self.symbols, symbols, strict=True))
        return replace(
            self,
            expressions=tuple(replaced(e, table) for e in self.expressions),
            as_fitted=tuple(replaced(e, table) for e in self.as_fitted),
            names=new,
            domain={names.get(k, k): v for k, v in self.domain.items()},
            units={names.get(k, k): v for k, v in self.units.items()},
        )

    def __str__(self) -> str:
        sides = zip(self.left_sides, self.printed, strict=True)
        text = "\n".join(f"{left} = {self.in_text(e)}" for left, e in sides)
        return text if self.grouping is None else f"{text}, {self._by_group}"

    @property
    def _by_group(self) -> str:
        """The constants of a few groups, in a line."""
        if self.grouping is None:
            return ""
        shown = []
        for label, own in list(self.groups.items())[:_GROUPS]:
            numbers = ", ".join(f"{k} = {c.value:.{c.digits or 4}g}" for k, c in own.items())
            shown.append(f"{label}: {numbers}")
        more = len(self.groups) - _GROUPS
        tail = f"; and {more} more" if more > 0 else ""
        return f"by {self.grouping.by} ({'; '.join(shown)}{tail})"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.display_latex}$"
