"""What a discovery leaves in a folder: a JSON summary, exports, model, graph, picture and report."""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.baselines import Baseline
from workbench.common.writing import replacing, write_text
from workbench.errors import InputError
from workbench.evidence.provenance import fingerprint, origin, versions
from workbench.formulas.card import no_law, remarks
from workbench.formulas.export import ESSENTIAL, Export, export_all
from workbench.formulas.formula import Formula
from workbench.formulas.groups import Groups
from workbench.formulas.units import dimensionless_groups, spelled
from workbench.kan import checkpoint
from workbench.kan.data import Dataset
from workbench.network.graph import save_graph, to_networkx
from workbench.pictures.drawing import network_svg
from workbench.report import report, to_html, to_markdown
from workbench.report.recipe import recipe_of, to_text
from workbench.search.discovery import Discovery

FIRST = ("formula.json", "model.safetensors", "table.json", "result.json")
"""What must not be lost; ``result.json`` says whether the run is complete."""
_PICTURES = (
    "network.*",
    "training.svg",
    "held_out.svg",
    "residuals.svg",
    "importance.svg",
    "groups-*.svg",
)
_WRITTEN = ("formula.*", *FIRST[1:], "report.*", *_PICTURES)


def summary(
    found: Discovery,
    *,
    seed: int,
    accuracy: Mapping[str, float] | None = None,
    baselines: tuple[Baseline, ...] | None = None,
    findings: tuple[str, ...] = (),
    seconds: float | None = None,
    file: str = "",
) -> dict[str, Any]:
    """All figures as JSON-able data; numbers that do not exist are None.

    Args:
        found: the discovery. seed: as run. accuracy, baselines, findings, seconds: of a study, instead
            of the discovery's own.
        file: name of the table, where it came from one.
    """
    formula = found.formula
    shares = accuracy is not None or found.data.task == "classification"
    return {
        "target": found.data.target,
        "task": found.data.task,
        "figure": "accuracy" if shares else "r2",
        "inputs": list(found.data.names),
        "rows": {p: len(getattr(found.data, p)) for p in ("train", "validation", "test")},
        "accuracy": _plain(accuracy if accuracy is not None else figures(found)),
        "baselines": [
            {
                "name": b.name,
                "parameters": b.parameters,
                "rmse": _number(b.rmse),
                "r2": _number(b.r2),
                "accuracy": _number(b.accuracy),
                "seconds": round(b.seconds, 3),
            }
            for b in (found.baselines if baselines is None else baselines)
        ],
        "formula": _about(formula),
        "law": bool(formula.used) and not no_law(formula),
        "remarks": remarks(formula),
        "alternatives": [_about(f) for f in found.formulas.pareto()],
        "importance": _plain(found.importance),
        "network": {
            "width": found.network.config.width,
            "parameters": found.network.parameter_count,
            "edges": len(found.network.edges()),
        },
        "findings": list(findings),
        "notes": [*found.data.notes, *_skipped(found.skipped)],
        "complete": found.complete,
        "seconds": round(found.seconds if seconds is None else seconds, 3),
        "seed": seed,
        "data": fingerprint(found.data),
        "file": file,
        "units": dict(found.data.units),
        "groups": groups(found.data),
        "versions": versions(),
    }


def _skipped(attempts: Mapping[str, int]) -> list[str]:
    """One sentence about attempts that could not be computed; none where there were none."""
    if not attempts:
        return []
    named = ", ".join(f"{what} ({count})" for what, count in attempts.items())
    return [f"Left out of the search because they could not be computed: {named}."]


def groups(data: Dataset) -> list[str]:
    """Dimensionless groups of the columns that have units; none without units."""
    return spelled(dimensionless_groups(data.units, data.target))


def figures(found: Discovery) -> dict[str, float]:
    """Held-out figures of network and formula: R² of numbers, accuracy of classes."""
    import numpy as np
    import torch

    data = found.data
    x, y = data.split("test")
    with torch.no_grad():
        network = found.network(x).numpy()
    kind = "r2" if data.task == "regression" else "accuracy"
    if kind == "r2":
        variance = float(np.var(y.numpy()))
        value = (
            1 - float(np.square(network - y.numpy()).mean()) / variance if variance else math.nan
        )
    else:
        guess = network[:, 0] > 0 if network.shape[1] == 1 else network.argmax(1)
        value = float((guess == y.numpy()).mean())
    of_formula = found.formula.scores.get(f"test_{kind}")
    return {"network": value, "formula": math.nan if of_formula is None else of_formula}


def _about(formula: Formula) -> dict[str, Any]:
    kind = "accuracy" if formula.task == "classification" else "r2"
    return {
        "text": str(formula),
        "latex": formula.latex,
        "srepr": formula.srepr,
        "complexity": formula.complexity,
        kind: _number(formula.scores.get(f"test_{kind}")),
        "test_loss": _number(formula.scores.get("test_loss")),
        "used": list(formula.used),
        "not_told_apart": list(formula.rivals),
    } | ({} if formula.grouping is None else {"by_group": _about_groups(formula.grouping)})


def _about_groups(groups: Groups) -> dict[str, Any]:
    """Constants of all groups by their names: value, standard error and ends of the interval."""
    constants = {
        str(label): {
            letter: {"value": c.value, "error": c.sigma, "interval": c.interval}
            for letter, c in own.items()
        }
        for label, own in groups.mapping.items()
    }
    return {"column": groups.by, "varying": list(groups.letters), "constants": constants}


def write_json(path: str | Path, content: Mapping[str, Any]) -> None:
    """Write JSON; the file appears whole or not at all."""
    write_text(path, _json(content))


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def check_folder(out: str | Path) -> Path:
    """The folder for results, made when it is missing.

    Raises:
        InputError: something else of that name is there, or it cannot be made.
    """
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"results need a folder, but {str(folder)!r} cannot be one: {error.strerror}"
        ) from error
    return folder


def write_results(
    out: str | Path,
    found: Discovery,
    about: Mapping[str, Any],
    *,
    title: str,
    question: str = "",
) -> list[Path]:
    """Write everything into a folder; returns the files.

    Args:
        out: the folder. found: the discovery. about: its ``summary``.
        title, question: for the report.
    """
    first = write_first(out, found, about)
    return [*first, *write_rest(out, found, about, title=title, question=question)]


def write_first(out: str | Path, found: Discovery, about: Mapping[str, Any]) -> list[Path]:
    """Write formula, model and figures, which replace earlier ones together; returns the files.

    Raises:
        InputError: they cannot be written; what was there is left as it was.
    """
    folder = check_folder(out)
    files = [folder / name for name in FIRST]
    with replacing(*files) as (formula, model, table, figures):
        formula.write_text(_stamped(found, about).formula.to_text(), encoding="utf-8")
        data = found.data
        content = checkpoint.to_bytes(
            found.network, names=data.names, target=data.target, units=data.units
        )
        model.write_bytes(content)
        table.write_text(to_text(recipe_of(data)), encoding="utf-8")
        figures.write_text(_json(about), encoding="utf-8")
    return files


def write_rest(
    out: str | Path,
    found: Discovery,
    about: Mapping[str, Any],
    *,
    title: str,
    question: str = "",
) -> list[Path]:
    """Write report, pictures, graph and exports beside the first files; returns the files."""
    folder = check_folder(out)
    graph = to_networkx(found.network, found.data)
    picture = network_svg(graph)
    whole = _stamped(found, about)
    exports = export_all(whole.formula, languages=ESSENTIAL)
    told = report(whole, about, exports, picture, title=title, question=question)
    texts = {"report.html": to_html(told), "report.md": to_markdown(told), **told.pictures}
    texts |= _exported(exports)
    for name, text in texts.items():
        write_text(folder / name, text)
    save_graph(graph, folder / "network.graphml")
    return [folder / name for name in (*texts, "network.graphml")]


def set_aside(out: str | Path) -> None:
    """Move the results of an earlier run into ``previous``: a new run must not mix with them.

    Raises:
        InputError: they cannot be moved.
    """
    folder = check_folder(out)
    if not (folder / FIRST[-1]).is_file():
        return
    earlier = check_folder(folder / "previous")
    try:
        for file in sorted(p for pattern in _WRITTEN for p in folder.glob(pattern)):
            os.replace(file, earlier / file.name)
    except OSError as error:
        raise InputError(
            f"earlier results in {str(folder)!r} cannot be moved to 'previous': {error.strerror}"
        ) from error


def _stamped(found: Discovery, about: Mapping[str, Any]) -> Discovery:
    facts = origin(found.data) | {"seed": about["seed"]}
    facts |= {"file": about["file"]} if about["file"] else {}
    return replace(found, formulas=found.formulas.stamped(**facts))


def _exported(exports: tuple[Export, ...]) -> dict[str, str]:
    texts = {e.filename: e.text for e in exports}
    return texts | {name: text for e in exports for name, text in e.companions}


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _plain(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: _number(value) for name, value in values.items()}
