"""How a table became inputs, as a file beside the formula: so that the same is done to new rows."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np

from workbench.common.schema import (
    MOST_NAMES,
    Meta,
    Name,
    Strict,
    Text,
    read,
    require,
    require_names,
)
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.encoding import Encoding
from workbench.kan.frames import columns_of

FILE = "table.json"
_FORMAT = 1
_WHAT = "the recipe of a table"


class Recipe(Strict):
    """What is done to the columns of a table.

    Attributes:
        names: of all inputs, in order. target: what they explain.
        encodings: of columns; an input that none of them makes is a column of numbers of its own name.
        units: of columns, as their file said them. format: of the file.
    """

    names: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=MOST_NAMES)]
    target: Name
    encodings: Annotated[tuple[Encoding, ...], Meta(max_length=MOST_NAMES)] = ()
    units: dict[Name, Text] = msgspec.field(default_factory=dict)
    format: int = _FORMAT

    def inputs(self, frame: Any) -> np.ndarray:
        """The inputs ``(N, len(names))`` of new rows; NaN where a row does not say one.

        Columns may stand in any order, others beside them; what formulas do not use may lack.

        Args:
            frame: a table, see ``Dataset.from_frame``.

        Raises:
            InputError: a column holds something else than it held, or is in another unit.
        """
        table = columns_of(frame)
        units = getattr(frame, "attrs", {}).get("units", {})
        rows = len(next(iter(table.values())).values) if table else 0
        made: dict[str, np.ndarray] = {}
        for encoding in self._complete():
            column = table.get(encoding.column)
            if column is None:
                continue
            now, then = units.get(encoding.column), self.units.get(encoding.column)
            if now and then and now != then:
                raise InputError(f"{encoding.column!r} is in {now}, and was in {then}: convert it")
            made |= zip(encoding.inputs, encoding.encoded(column.values).T, strict=True)
        return np.stack([made.get(name, np.full(rows, np.nan)) for name in self.names], 1)

    def lacking(self, frame: Any, wanted: Collection[str]) -> list[str]:
        """Columns that the inputs ``wanted`` are made of and the table does not have."""
        there = columns_of(frame)
        needed = [e.column for e in self._complete() if set(e.inputs) & set(wanted)]
        return [name for name in needed if name not in there]

    def _complete(self) -> tuple[Encoding, ...]:
        made = {name for encoding in self.encodings for name in encoding.inputs}
        given = (Encoding(name, "number", (name,)) for name in self.names if name not in made)
        return (*self.encodings, *given)


def recipe_of(data: Dataset) -> Recipe:
    """The recipe of a dataset."""
    used = tuple(e for e in data.encodings if set(e.inputs) & set(data.names))
    return Recipe(data.names, data.target, used, dict(data.units))


def to_text(recipe: Recipe) -> str:
    """The recipe as JSON."""
    return msgspec.json.format(msgspec.json.encode(recipe), indent=2).decode() + "\n"


def load_recipe(path: Path) -> Recipe:
    """Read a recipe; see ``to_text``.

    Raises:
        InputError: there is no such file, or it says something else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{_WHAT} is needed, but {str(path)!r} cannot be read: {error.strerror}"
        ) from error
    recipe = read(content, Recipe, _WHAT)
    require(recipe.format <= _FORMAT, _WHAT, f"format {recipe.format} is newer than this program")
    require_names(recipe.names, _WHAT)
    made = [name for encoding in recipe.encodings for name in encoding.inputs]
    require_names(made, _WHAT)
    for encoding in recipe.encodings:
        encoding.require_sound(_WHAT)
    return recipe
