"""What is done about gaps: rows that are left out, columns that cost too many, values that are filled in."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from workbench.common.schema import changed
from workbench.errors import InputError
from workbench.kan.columns import LEAST_ROWS
from workbench.kan.encoding import Encoding
from workbench.kan.frames import Inputs
from workbench.kan.kinds import missing as without

Missing = Literal["drop", "median", "indicator"]
_LEAST_SHARE = 0.5
"""Rows with a target that must stay complete; else the columns with most gaps are left out."""


def require_known(missing: str) -> None:
    """An ``InputError`` where gaps are to be met in a way that there is not."""
    if missing not in get_args(Missing):
        raise InputError(f"gaps are met by {', '.join(get_args(Missing))}, got {missing!r}")


def settled(found: Inputs, target: np.ndarray, missing: Missing, apart: Collection[str]) -> Inputs:
    """Without columns that cost most of the rows, and without those that do not vary in what is left.

    Args:
        found: inputs of a table. target: ``(N,)``. missing: what is done about gaps.
        apart: columns that are no inputs for another reason.
    """
    known = np.logical_not(without(target).reshape(len(target), -1).any(1))
    encodings = tuple(e for e in found.encodings if e.column not in apart)
    notes: list[str] = []
    kept = known
    if missing == "drop":
        gaps = {e.column: _gaps(found, e) for e in encodings}
        kept = _affordable(gaps, known, notes)
        encodings = tuple(e for e in encodings if e.column in gaps)
    if not kept.any():
        values = {name: found.values[name] for e in encodings for name in e.names}
        return replace(found, encodings=encodings, values=values, notes=(*found.notes, *notes))
    values, varying = {}, []
    for encoding in encodings:
        mine = {n: found.values[n] for n in encoding.names if _varies(found.values[n][kept])}
        values |= mine
        if mine:
            varying.append(encoding)
        else:
            notes.append(
                f"{encoding.column!r} was left out: it does not vary in rows without gaps."
            )
    return replace(found, encodings=tuple(varying), values=values, notes=(*found.notes, *notes))


def _affordable(gaps: dict[str, np.ndarray], known: np.ndarray, notes: list[str]) -> np.ndarray:
    """Rows without a gap, once columns that leave too few are taken out of ``gaps``, worst first."""
    least = max(_LEAST_SHARE * known.sum(), min(LEAST_ROWS, known.sum()))
    kept = known & ~_any(gaps, known)
    while kept.sum() < least and gaps:
        worst = max(gaps, key=lambda name: int((gaps[name] & known).sum()))
        count = int((gaps.pop(worst) & known).sum())
        notes.append(
            f"{worst!r} was left out: {count} of its {int(known.sum())} cells are missing, and a row "
            "needs all inputs."
        )
        kept = known & ~_any(gaps, known)
    return np.asarray(kept)


def filled(
    names: tuple[str, ...],
    table: np.ndarray,
    train: np.ndarray,
    encodings: Sequence[Encoding],
    *,
    flags: bool,
) -> tuple[tuple[str, ...], np.ndarray, tuple[Encoding, ...], list[str]]:
    """Inputs ``(N, d)`` without gaps, under their names; how columns become them; and what was done.

    Args:
        names, table: of the inputs. train: rows whose medians are filled in.
        encodings: of the columns. flags: whether what was missing becomes an input, too.
    """
    columns = dict(zip(names, table.T, strict=True))
    done, notes = [], []
    for encoding in encodings:
        mine = [name for name in encoding.names if name in columns]
        gaps = np.isnan(np.stack([columns[name] for name in mine])).any(0) if mine else np.zeros(0)
        fill = {name: _median(columns[name][train]) for name in mine}
        flag = f"{encoding.column}_missing" if flags and gaps.any() else ""
        if gaps.any():
            notes.append(
                f"{encoding.column!r}: {int(gaps.sum())} gaps were filled with the median."
            )
        for name in mine:
            columns[name] = np.where(gaps, fill[name], columns[name])
        if flag and _varies(gaps):
            columns[flag] = gaps.astype(float)
        done.append(
            changed(encoding, fill=tuple(fill.get(n, 0.0) for n in encoding.names), flag=flag)
        )
    return tuple(columns), np.stack(list(columns.values()), 1), tuple(done), notes


def _gaps(found: Inputs, encoding: Encoding) -> np.ndarray:
    return np.isnan(np.stack([found.values[name] for name in encoding.names])).any(0)


def _any(gaps: dict[str, np.ndarray], like: np.ndarray) -> np.ndarray:
    return np.logical_or.reduce(list(gaps.values())) if gaps else np.zeros(len(like), dtype=bool)


def _median(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else 0.0


def _varies(values: np.ndarray) -> bool:
    known = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    return len(known) > 0 and bool((known != known[0]).any())
