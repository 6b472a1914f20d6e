"""A folder of results as an object: the formula, the network, and what they say of new rows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch

from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.formulas.intervals import ends, known
from workbench.kan import checkpoint
from workbench.kan.frames import columns_of
from workbench.kan.model import KAN
from workbench.report.recipe import FILE, Recipe, load_recipe

By = Literal["formula", "network"]
_FORMULA, _NETWORK = "formula.json", "model.safetensors"


@dataclass(frozen=True)
class Results:
    """What a discovery left in a folder.

    Attributes:
        formula: the law that was chosen. network: the network that it was read off.
        recipe: how columns of a table become inputs.
    """

    formula: Formula
    network: KAN
    recipe: Recipe

    def predict(self, frame: Any, *, by: By = "formula") -> np.ndarray:
        """Values ``(N,)`` for new rows of a table, or labels; NaN or None where a row has none.

        Args:
            frame: a table with the columns of the first one, in any order, others beside them.
            by: "formula" or "network".

        Raises:
            InputError: a column that is needed lacks, or holds something else than it held.
        """
        x = self._inputs(frame, by)
        if by == "formula":
            values = self.formula.at(x, self._groups(frame))
        else:
            known = np.isfinite(x).all(1)
            values = np.full((len(x), self.network.out_features), np.nan)
            with torch.no_grad():
                scaled = torch.from_numpy(x[known]).to(self.network.output_scale)
                values[known] = self.network(scaled).double().numpy()
            values = values[:, 0] if values.shape[1] == 1 else values
        return values if self.formula.classes is None else self._labels(values)

    def predict_interval(self, frame: Any, *, noise: bool = True) -> np.ndarray:
        """Low and high ends ``(N, 2)`` of the formula's 95 % bands, see ``Formula.predict_interval``.

        Args:
            frame: see ``predict``. noise: of a new row; else of the law alone.

        Raises:
            InputError: see ``predict``, or the formula has no bands.
        """
        x = self._inputs(frame, "formula")
        return ends(self.formula, x, self._groups(frame), noise=noise)

    def table(self, frame: Any) -> pd.DataFrame:
        """Predictions row by row, with what is doubtful of each.

        The columns are the target's name (by the formula), with " low" and " high" the ends of its 95 %
        bands, where they are known, "network", of classes one "P(label)" each
        by the formula, and "remark": "", "missing: …" where a column that is used says nothing, "no
        value", or "extrapolated: …" where it lies outside the range of the first table.

        Args:
            frame: see ``predict``.

        Raises:
            InputError: see ``predict``.
        """
        x = self._inputs(frame, "formula")
        columns: dict[str, Any] = {self.formula.target: self.predict(frame)}
        if known(self.formula):
            low, high = self.predict_interval(frame).T
            columns[f"{self.formula.target} low"], columns[f"{self.formula.target} high"] = (
                low,
                high,
            )
        try:
            columns["network"] = self.predict(frame, by="network")
        except InputError:  # a column lacks that the formula does not use
            columns["network"] = np.full(len(x), np.nan)
        if self.formula.classes is not None:
            logits = self.formula.at(x)
            for label, share in zip(self.formula.classes, _shares(logits).T, strict=True):
                columns[f"P({label})"] = share
        columns["remark"] = self._remarks(x, self._groups(frame))
        return pd.DataFrame(columns)

    def _inputs(self, frame: Any, by: By) -> np.ndarray:
        if by not in ("formula", "network"):
            raise InputError(f"predictions are by formula or network, got {by!r}")
        wanted = set(self.formula.used if by == "formula" else self.recipe.names)
        x = self.recipe.inputs(frame)
        lacking = self.recipe.lacking(frame, wanted)
        if lacking:
            raise InputError(f"the {by} needs the columns {lacking}, which the table does not have")
        return x

    def _labels(self, values: np.ndarray) -> np.ndarray:
        unknown = np.isnan(values.reshape(len(values), -1)).any(1)
        numbers = (values > 0).astype(int) if values.ndim == 1 else np.nan_to_num(values).argmax(1)
        labels = np.array(self.formula.classes, dtype=object)[numbers]
        labels[unknown] = None
        return labels

    def _groups(self, frame: Any) -> np.ndarray | None:
        """Numbers of the groups of rows; None where the formula has no groups."""
        groups = self.formula.grouping
        if groups is None:
            return None
        table = columns_of(frame)
        if groups.by not in table:
            raise InputError(f"the formula needs the column {groups.by!r}, which names the groups")
        return groups.codes(table[groups.by].values)

    def _remarks(self, x: np.ndarray, codes: np.ndarray | None) -> list[str]:
        remarks = [""] * len(x)
        values = self.formula.at(x, codes).reshape(len(x), -1)
        columns = {name: x[:, self.formula.names.index(name)] for name in self.formula.used}
        for row in range(len(x)):
            missing = [name for name, column in columns.items() if np.isnan(column[row])]
            outside = [
                name for name, column in columns.items() if self._is_outside(name, column[row])
            ]
            if codes is not None and codes[row] < 0:
                remarks[row] = "missing: the group"
            elif missing:
                remarks[row] = f"missing: {', '.join(missing)}"
            elif np.isnan(values[row]).any():
                remarks[row] = "no value"
            elif outside:
                remarks[row] = f"extrapolated: {', '.join(outside)}"
        return remarks

    def _is_outside(self, name: str, value: float) -> bool:
        low, high = self.formula.domain.get(name, (-np.inf, np.inf))
        return bool(value < low or value > high)


def load(folder: str | Path) -> Results:
    """What ``workbench discover --out`` left in a folder.

    Raises:
        InputError: a file is missing or damaged, or they do not belong together.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"a folder of results is needed, but there is none at {str(folder)!r}")
    formula = Formula.load(folder / _FORMULA)
    network = checkpoint.load(folder / _NETWORK)
    recipe = load_recipe(folder / FILE)
    if formula.names != recipe.names or network.in_features != len(recipe.names):
        raise InputError(f"the files in {str(folder)!r} are of different tables: discover again")
    return Results(formula, network, recipe)


def _shares(logits: np.ndarray) -> np.ndarray:
    """Probabilities of classes ``(N, k)``; one logit is that of the second of two."""
    table = np.column_stack([np.zeros(len(logits)), logits]) if logits.ndim == 1 else logits
    with np.errstate(all="ignore"):
        weights = np.exp(table - table.max(1, keepdims=True))
        return weights / weights.sum(1, keepdims=True)
