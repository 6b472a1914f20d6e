"""A discovered formula: a law that can be shown, kept and given away."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from workbench.common.writing import write_text
from workbench.errors import InputError
from workbench.formulas.card import formula_card
from workbench.formulas.export import Export, export
from workbench.formulas.fitted_groups import fitted_to
from workbench.formulas.formula_file import read_formula, told
from workbench.formulas.intervals import ends
from workbench.formulas.law import Law
from workbench.formulas.orthogonal import fitted_with_errors


class Formula(Law):
    """A law with its card, its exports and its file; see ``Law`` for what it holds."""

    def export(self, language: str) -> Export:
        """The formula in another language, executed and compared: see ``formulas.export``.

        Constants that differ between groups become arguments, and a table of them stands beside the code;
        ``formula.of(group).export(language)`` is the formula of one group.
        """
        return export(self, language)

    def predict_interval(self, inputs: Any, *, noise: bool = True) -> np.ndarray:
        """Low and high ends ``(N, 2)`` of 95 % bands, of the constants' errors and the noise of a new row.

        Args:
            inputs: as for ``predict``. noise: False gives the bands of the law alone.

        Raises:
            InputError: it is no regression of one target, or its errors are not known.
        """
        return ends(self, self._columns(inputs), self._codes(inputs), noise=noise)

    def fitted_to(self, frame: pd.DataFrame) -> Self:
        """The formula with constants for the groups of more rows; form and shared constants stay.

        Args:
            frame: rows with the columns that it uses, its target, and the column that names the groups.

        Raises:
            InputError: see ``fitted_groups.fitted_to``.
        """
        return fitted_to(self, frame)

    def fitted_with_errors(
        self, frame: pd.DataFrame, sigma: Any, inputs: Mapping[str, Any]
    ) -> Self:
        """The formula with its constants fitted to rows whose inputs have errors, too; the form stays.

        Args:
            frame: rows with its columns and the target.
            sigma: standard errors of the target: a number, one for each row, or the name of a column.
            inputs: the same of inputs by name, such as ``{"x": "x_err"}``; others are exact.

        Raises:
            InputError: see ``orthogonal.fitted_with_errors``.
        """
        return fitted_with_errors(self, frame, sigma, inputs)

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON-able data."""
        return told(self)

    def save(self, path: str | Path) -> None:
        """Write JSON that ``Formula.load`` reads; the file appears whole or not at all.

        Raises:
            InputError: it cannot be written there.
        """
        write_text(path, self.to_text())

    def to_text(self) -> str:
        """What ``save`` writes."""
        return json.dumps(self.to_json(), indent=2) + "\n"

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a saved formula; nothing in the file is executed.

        Raises:
            InputError: the file is missing, damaged or not a formula.
        """
        try:
            content = Path(path).read_bytes()
        except (OSError, ValueError) as error:
            raise InputError(f"{str(path)!r} is not a saved formula: {error}") from error
        return read_formula(content, repr(str(path)), cls)

    def _repr_html_(self) -> str:
        """A card: the formula, its constants, errors and range."""
        return formula_card(self)
