"""Problems in files of TOML: data like any other file of a user, read by our own grammar of expressions.

equations = ["u_t = k*u_xx"]

[domain]
x = [0, 1]
t = [0, 1]

[[conditions]]
equation = "u"

[[conditions]]
equation = "u = sin(pi*x)"
at = { t = 0 }

[coefficients]
k = [0.01, 1]

[data]
file = "measured.csv"
value = "temperature"
error = "sigma"
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.equations.domains import Box
from workbench.equations.problem import Condition, Data, Problem
from workbench.errors import InputError, in_one_line

_KEYS = ("equations", "domain", "conditions", "coefficients", "data", "fields", "time")
_CONDITION, _DATA = ("equation", "at"), ("file", "value", "error", "field")
_LARGEST = 2**20


def read_problem(path: str | Path) -> Problem:
    """The problem that a file of TOML holds; see the head of this module for what it looks like.

    Args:
        path: of the file; the table of data is looked for beside it.

    Raises:
        InputError: it cannot be read, or holds something else.
    """
    place = Path(path)
    try:
        if place.stat().st_size > _LARGEST:
            raise InputError(f"{place} is too large for a problem")
        found = tomllib.loads(place.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{place} cannot be read as TOML: {in_one_line(error)}") from error
    _require("the file", found, _KEYS, ("equations", "domain"))
    equations = found["equations"]
    conditions = found.get("conditions", [])
    if not isinstance(conditions, list):
        raise InputError("conditions are written as [[conditions]], one after the other")
    return Problem(
        [equations] if isinstance(equations, str) else list(equations),
        _domain(found["domain"]),
        [_condition(number, part) for number, part in enumerate(conditions)],
        coefficients=_table("coefficients", found.get("coefficients", {})),
        data=[_data(found["data"], place.parent, list(found["domain"]))] if "data" in found else (),
        fields=found.get("fields", ()),
        time=found.get("time", "t"),
    )


def _table(name: str, found: Any) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise InputError(f"{name} must be a table of TOML, got {found!r}")
    return found


def _require(
    where: str, found: Any, known: tuple[str, ...], needed: tuple[str, ...]
) -> Mapping[str, Any]:
    table = _table(where, found)
    for name in table:
        if name not in known:
            raise InputError(f"{where} holds {name!r}, which is none of {', '.join(known)}")
    for name in needed:
        if name not in table:
            raise InputError(f"{where} needs {name!r}")
    return table


def _domain(found: Any) -> Box:
    table = dict(_table("domain", found))
    return Box(periodic=table.pop("periodic", ()), **table)


def _condition(number: int, found: Any) -> Condition:
    table = _require(f"condition {number + 1}", found, _CONDITION, ("equation",))
    at = _table("at", table.get("at", {}))
    for name, value in at.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"condition {number + 1} needs a number for {name}, got {value!r}")
    return Condition(str(table["equation"]), **at)


def _data(found: Any, folder: Path, coordinates: list[str]) -> Data:
    from workbench.tables.reading import read_table

    table = _require("data", found, _DATA, ("file", "value"))
    rows = read_table(folder / str(table["file"]))
    names = [name for name in coordinates if name != "periodic"]
    columns = [*names, str(table["value"]), *([str(table["error"])] if "error" in table else [])]
    for name in columns:
        if name not in rows.columns:
            raise InputError(f"{table['file']} has no column {name!r}")
    rows = rows.dropna(subset=columns)
    errors = rows[columns[-1]].to_numpy() if "error" in table else None
    return Data(
        rows[names].to_numpy(), rows[columns[len(names)]].to_numpy(), errors, table.get("field")
    )
