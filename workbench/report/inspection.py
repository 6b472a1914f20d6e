"""A formula under the lens: against the network and held-out rows, input by input, and node by node."""

from dataclasses import dataclass

import numpy as np

from workbench.errors import InputError
from workbench.evidence.sample import Sample, codes_of, law_values, network_values
from workbench.formulas.formula import Formula
from workbench.formulas.typesetting import rounded
from workbench.kan.data import Dataset
from workbench.kan.data import Part as Rows
from workbench.kan.model import KAN
from workbench.search.parts import mean_of, parts, with_constant

_ROWS = 2000


@dataclass(frozen=True)
class Verification:
    """Formula and network on the same held-out rows.

    Attributes:
        part: which rows. rows: how many. undefined: rows at which the formula has no value.
        formula_loss, network_loss: RMSE in the target's units, or cross-entropy.
        gap: rms difference between the two outputs, in standard deviations of the network's.
        worst: the largest of these differences.
        agreement: share of rows for which both name the same class; None for regression.
    """

    part: Rows
    rows: int
    undefined: int
    formula_loss: float
    network_loss: float
    gap: float
    worst: float
    agreement: float | None = None


@dataclass(frozen=True)
class Impact:
    """A node of a formula and what is lost when it becomes a constant, its mean.

    Attributes:
        place: of the node in ``search.parts.parts``. depth: of the node. text: of the node, rounded.
        loss: on validation rows with the constant. constant: the mean that stood in for it.
    """

    place: int
    depth: int
    text: str
    loss: float
    constant: float


@dataclass(frozen=True)
class Residuals:
    """What a regression formula leaves unexplained, row by row.

    Attributes:
        against: name of the input, or "" for the formula's own value. x: that, ``(N,)``.
        residual: true minus predicted value in the target's units, ``(N,)``.
        held_out: rows that no choice has seen, ``(N,)``.
    """

    against: str
    x: np.ndarray
    residual: np.ndarray
    held_out: np.ndarray


def verify(formula: Formula, model: KAN, data: Dataset) -> Verification:
    """Compare formula and network on the test rows, or on what is held out beside them."""
    part: Rows = next(
        (p for p in ("test", "validation", "train") if len(data.split(p)[0])), "train"
    )
    sample = Sample.of(data, part)
    x = data.split(part)[0]
    network = network_values(model, sample.x)
    values = law_values(formula, data, part)
    known = np.isfinite(values).all(1)
    spread = network.std(0)
    spread[spread == 0] = 1.0
    gap = np.abs(values[known] - network[known]) / spread
    return Verification(
        part=part,
        rows=len(x),
        undefined=int((~known).sum()),
        formula_loss=sample[known].error(values[known]),
        network_loss=sample.error(network),
        gap=float(np.sqrt(np.square(gap).mean())) if known.any() else float("nan"),
        worst=float(gap.max()) if known.any() else float("nan"),
        agreement=None
        if data.task == "regression"
        else float((_label(values[known]) == _label(network[known])).mean()),
    )


def predictions(formula: Formula, data: Dataset, part: Rows = "test") -> np.ndarray:
    """True and predicted values of a regression, one row each, ``(N, 2)``; only finite ones."""
    _, y = data.split(part)
    pairs = np.stack((y[:, 0].numpy(), law_values(formula, data, part)[:, 0]), 1)
    return pairs[np.isfinite(pairs).all(1)]


def residuals(formula: Formula, data: Dataset, against: str = "") -> Residuals:
    """Residuals on training rows and on those held out, test rows where there are some.

    Args:
        formula: of a regression. data: its rows; those without a finite value are left out.
        against: name of an input, or "" for the formula's own value.

    Raises:
        InputError: there is no such input, or the data is no regression.
    """
    if data.task != "regression":
        raise InputError("residuals are for regression: this target has classes")
    if against and against not in data.names:
        raise InputError(f"residuals are drawn against one of {list(data.names)}, got {against!r}")
    kept: Rows = "test" if len(data.test) else "validation"
    tables = []
    for part, held_out in (("train", 0.0), (kept, 1.0)):
        rows: Rows = "train" if part == "train" else kept
        x, y = data.split(rows)
        values = law_values(formula, data, rows)[:, 0]
        across = x[:, data.names.index(against)].numpy() if against else values
        tables.append(np.stack((across, y[:, 0].numpy() - values, np.full(len(x), held_out)), 1))
    table = np.concatenate(tables)
    table = table[np.isfinite(table).all(1)]
    return Residuals(against, table[:, 0], table[:, 1], table[:, 2] > 0)


def sensitivity(formula: Formula, data: Dataset) -> dict[str, float]:
    """RMS change of the output when an input is held at its mean, as a share of the output's spread.

    Over training rows; inputs that do not occur are left out, the largest comes first.
    """
    rows = data.typical_rows("train")[:_ROWS].numpy()
    x, codes = data.inputs.numpy()[rows], codes_of(formula, data, rows)
    values = formula.at(x, codes).reshape(len(x), -1)
    spread = float(np.nanstd(values)) or 1.0
    found = {}
    for name in formula.used:
        held = x.copy()
        place = formula.names.index(name)
        held[:, place] = held[:, place].mean()
        change = formula.at(held, codes).reshape(len(x), -1) - values
        found[name] = float(np.sqrt(np.nanmean(np.square(change)))) / spread
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def impacts(formula: Formula, data: Dataset) -> tuple[Impact, ...]:
    """Every node of the formula, from the root down, and what it is worth; one output only.

    A node is replaced by its mean over training rows; nothing else is fitted again. A formula whose constants
    differ between groups has none.
    """
    if formula.grouping is not None:
        return ()
    sample = Sample.of(data, "validation" if len(data.validation) else "train")
    found = []
    for place, part in enumerate(parts(formula)):
        mean = mean_of(formula, part, data)
        if not np.isfinite(mean):
            continue
        changed = Formula((with_constant(formula, part, mean),), formula.names)
        lost = sample.error(changed(sample.x).reshape(len(sample), -1))
        text = formula.in_text(rounded(part.expression, 3))
        found.append(Impact(place, part.depth, text, lost, mean))
    return tuple(found)


def _label(values: np.ndarray) -> np.ndarray:
    chosen: np.ndarray = (values[:, 0] > 0) if values.shape[1] == 1 else values.argmax(1)
    return chosen
