"""What was found of a boundary: lines in a terminal, and files in a folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.boundaries.result import Boundary
from workbench.common.writing import replacing, write_text
from workbench.report.results import write_json

_LANGUAGES = {"latex": "edge.tex", "python": "edge.py"}


def edge_lines(found: Boundary) -> Iterator[str]:
    """The law in sentences, and solved for one variable where it can be."""
    yield str(found)
    if found.formula is not None and found.formula.solved is not None:
        left, right = found.formula.solved.args
        yield f"The edge: {left} = {right}"
    if not found.complete:
        yield "Ended early: this is what had been found."


def edge_figures(found: Boundary) -> dict[str, Any]:
    """The law, its ratios and its rivals as JSON-able data."""
    formula = found.formula
    return {
        "law": None if formula is None else formula.text(),
        "solved": None if formula is None or formula.solved is None else str(formula.solved),
        "constants": [
            {"term": c.term, "value": c.value, "interval": c.interval}
            for c in (() if formula is None else formula.constants)
        ],
        "agreement": found.agreement,
        "agreement_error": found.agreement_error,
        "points": None if found.points is None else len(found.points),
        "stray": found.stray,
        "size": found.size,
        "rivals": [{"inside": r.text, "nats": r.cost} for r in found.rivals],
        "sentences": list(found.sentences),
        "seconds": round(found.seconds, 3),
        "complete": found.complete,
    }


def write_edge(folder: str | Path, found: Boundary, about: dict[str, Any]) -> None:
    """``edge.json`` (the law), exports, ``points.csv`` with errors, and ``result.json`` at last.

    Raises:
        InputError: the folder cannot be written.
    """
    home = Path(folder)
    if found.formula is not None:
        found.formula.save(home / "edge.json")
        for language, name in _LANGUAGES.items():
            write_text(home / name, f"{found.formula.export(language)}\n")
    if found.points is not None:
        frame = found.points.frame
        if found.points.sigma is not None:
            errors = (f"{name}_error" for name in frame)
            frame = frame.assign(**dict(zip(errors, found.points.sigma.T, strict=True)))
        with replacing(home / "points.csv") as (new,):
            frame.to_csv(new, index=False)
    write_json(home / "result.json", about)
