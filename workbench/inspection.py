"""A formula under the lens: against the network and held-out rows, input by input, and node by node."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy
import torch
from sympy import Expr

from workbench.discovery.formula import Formula
from workbench.discovery.typesetting import rounded
from workbench.kan.data import Dataset, Part
from workbench.kan.model import KAN

_MOST_NODES = 60
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

    part: Part
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
        depth: of the node. text: of the node, rounded. loss: on validation rows with the constant.
        constant: the mean that stood in for it.
    """

    depth: int
    text: str
    loss: float
    constant: float


def verify(formula: Formula, model: KAN, data: Dataset) -> Verification:
    """Compare formula and network on the test rows, or on what is held out beside them."""
    part: Part = next(
        (p for p in ("test", "validation", "train") if len(data.split(p)[0])), "train"
    )
    x, y = data.split(part)
    with torch.no_grad():
        network = model(x.to(model.output_scale)).double().cpu().numpy()
    values = formula(x).reshape(len(x), -1)
    known = np.isfinite(values).all(1)
    spread = float(network.std()) or 1.0
    gap = np.abs(values[known] - network[known]) / spread
    return Verification(
        part=part,
        rows=len(x),
        undefined=int((~known).sum()),
        formula_loss=loss(values[known], y.numpy()[known], data),
        network_loss=loss(network, y.numpy(), data),
        gap=float(np.sqrt(np.square(gap).mean())) if known.any() else float("nan"),
        worst=float(gap.max()) if known.any() else float("nan"),
        agreement=None
        if data.task == "regression"
        else float((_label(values[known]) == _label(network[known])).mean()),
    )


def predictions(formula: Formula, data: Dataset, part: Part = "test") -> np.ndarray:
    """True and predicted values of a regression, one row each, ``(N, 2)``; only finite ones."""
    x, y = data.split(part)
    pairs = np.stack((y[:, 0].numpy(), formula(x).reshape(len(x), -1)[:, 0]), 1)
    return pairs[np.isfinite(pairs).all(1)]


def sensitivity(formula: Formula, data: Dataset) -> dict[str, float]:
    """RMS change of the output when an input is held at its mean, as a share of the output's spread.

    Over training rows; inputs that do not occur are left out, the largest comes first.
    """
    x = data.split("train")[0][:_ROWS].numpy()
    values = formula(x).reshape(len(x), -1)
    spread = float(np.nanstd(values)) or 1.0
    found = {}
    for name in formula.used:
        held = x.copy()
        place = formula.names.index(name)
        held[:, place] = held[:, place].mean()
        change = formula(held).reshape(len(x), -1) - values
        found[name] = float(np.sqrt(np.nanmean(np.square(change)))) / spread
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def impacts(formula: Formula, data: Dataset) -> tuple[Impact, ...]:
    """Every node of the formula, from the root down, and what it is worth; one output only.

    A node is replaced by its mean over training rows; nothing else is fitted again.
    """
    if len(formula.expressions) != 1:
        return ()
    x = data.split("train")[0][:_ROWS].numpy()
    part: Part = "validation" if len(data.validation) else "train"
    rows, y = (t.numpy() for t in data.split(part))
    found = []
    for depth, node in _nodes(formula.expression, 0):
        mean = _mean(formula, node, x)
        if not np.isfinite(mean):
            continue
        changed = formula.expression.xreplace({node: sympy.Float(mean)})
        values = _values(formula, changed, rows).reshape(len(rows), -1)
        lost = loss(values, y, data) if np.isfinite(values).all() else float("inf")
        found.append(Impact(depth, str(rounded(node, 3)), lost, mean))
    return tuple(found)


def _nodes(expression: Expr, depth: int) -> Iterator[tuple[int, Expr]]:
    """Nodes that hold an input, from the root down, at most so many."""
    waiting = [(depth, expression)]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        depth, node = waiting.pop()
        if not node.free_symbols:
            continue
        yield depth, node
        waiting += [(depth + 1, argument) for argument in reversed(node.args)]


def _mean(formula: Formula, node: Expr, x: np.ndarray) -> float:
    values = _values(formula, node, x)
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")


def _values(formula: Formula, expression: Expr, x: np.ndarray) -> np.ndarray:
    part = Formula((expression,), formula.names)
    return part(x)


def loss(values: np.ndarray, y: np.ndarray, data: Dataset) -> float:
    """RMSE in the target's units, or mean cross-entropy, of outputs ``(N, m)``."""
    if not len(values):
        return float("nan")
    if data.task == "regression":
        return float(np.sqrt(np.square(values - y.reshape(len(y), -1)).mean()))
    logits = np.concatenate((np.zeros_like(values), values), 1) if values.shape[1] == 1 else values
    log_p = logits - np.logaddexp.reduce(logits, 1, keepdims=True)
    return -float(log_p[np.arange(len(y)), y].mean())


def _label(values: np.ndarray) -> np.ndarray:
    chosen: np.ndarray = (values[:, 0] > 0) if values.shape[1] == 1 else values.argmax(1)
    return chosen
