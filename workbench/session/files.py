"""A session on disk: one file that appears whole or not at all, and that is read without running code.

The file is a ZIP archive of what other parts of the workbench write: ``session.json`` says what was
done, ``data.safetensors`` holds the table, ``models/`` one checkpoint for every network and
``formulas/`` one file for every formula. The table is kept with its split, so a session can be opened
where its source is not.
"""

import json
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as packed

from workbench import __version__
from workbench.discovery.blocks import Blocks, available
from workbench.discovery.formula import Formula
from workbench.discovery.formula_set import FormulaSet
from workbench.discovery.parsing import parse_expression
from workbench.discovery.structure.propose import Suggestion
from workbench.errors import InputError
from workbench.kan import checkpoint
from workbench.kan.data import Dataset
from workbench.kan.journal import Record
from workbench.kan.model import KAN, Edge
from workbench.kan.solvers.adam import Adam
from workbench.kan.training import FitResult
from workbench.preparation import Preparation
from workbench.saved_sessions import FORMAT, MANIFEST, described
from workbench.session.frames import remembered
from workbench.session.history import Step
from workbench.session.session import Session
from workbench.writing import replacing

_TABLE = "data.safetensors"
_TENSORS = ("inputs", "targets", "train", "validation", "test")
_FACTS = ("solver", "stopped", "train_loss", "validation_loss", "success_share", "seconds")


def save(session: Session, path: str | Path) -> Path:
    """Write a session.

    Args:
        session: also one that is training; then what it had before is written.
        path: the file, by custom ``.kan``.

    Raises:
        InputError: it cannot be written there.
    """
    with replacing(path) as (new,), zipfile.ZipFile(new, "w") as archive:
        _write(session, archive)
    return Path(path)


def _write(session: Session, archive: zipfile.ZipFile) -> None:
    history, data = session.history, session.data
    models: dict[int, int] = {}  # most steps leave the network alone
    for step in history.steps:
        if id(step.model) not in models:
            number = models.setdefault(id(step.model), len(models))
            content = checkpoint.to_bytes(step.model, names=data.names, target=data.target)
            archive.writestr(_model(number), content)
    for number, step in enumerate(history.steps):
        for place, formula in enumerate(step.formulas or ()):
            archive.writestr(_formula(number, place), formula.to_text())
    tensors = {name: getattr(data, name) for name in _TENSORS}
    if data.weights is not None:
        tensors["weights"] = data.weights
    archive.writestr(_TABLE, packed({n: t.contiguous().clone() for n, t in tensors.items()}))
    about = {
        "format": FORMAT,
        "package": __version__,
        "saved": datetime.now(UTC).isoformat(timespec="seconds"),
        "running": session.frame.job if session.frame.busy else "",
        "seed": session.seed,
        "threads": session.threads,
        "precision": session.precision,
        "rate": session.rate,
        "source": session.source,
        "options": {n: _plain(value) for n, value in session.options.items()},
        "preparation": None if session.preparation is None else asdict(session.preparation),
        "data": {
            "names": data.names,
            "target": data.target,
            "units": dict(data.units),
            "task": data.task,
            "classes": data.classes,
            "notes": data.notes,
        },
        "steps": [_told(step, models[id(step.model)]) for step in history.steps],
        "parents": history.parents,
        "labels": {str(number): label for number, label in history.labels.items()},
        "blocks": {
            "functions": session.blocks.functions,
            "edges": [[list(edge), names] for edge, names in session.blocks.edges.items()],
        },
        "pinned": sorted(session.pinned),
        "refused": sorted(session.refused),
        "suggestions": [
            {"kind": s.kind, "sentence": s.sentence, "evidence": s.evidence, "law": s.law}
            for s in session.suggestions
        ],
        "place": history.place,
        "redo": history.after,
    }
    archive.writestr(MANIFEST, json.dumps(about, ensure_ascii=False, indent=1))


def _told(step: Step, model: int) -> dict[str, Any]:
    fit = step.fit
    return {
        "name": step.name,
        "code": step.code,
        "model": model,
        "begins": step.begins,
        "trained": step.trained,
        "choice": step.choice,
        "formulas": None if step.formulas is None else len(step.formulas),
        "fit": None
        if fit is None
        else {name: getattr(fit, name) for name in _FACTS}
        | {"warnings": fit.warnings, "history": [asdict(record) for record in fit.history]},
    }


def load(path: str | Path) -> Session:
    """Read a session that ``save`` wrote.

    Raises:
        InputError: the file is missing, damaged, of another program or of a newer version.
    """
    path = Path(path)
    about = described(path)
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            return _read(about, archive, Path(folder))
    except (
        zipfile.BadZipFile, SafetensorError, json.JSONDecodeError, OSError, KeyError, TypeError,
        IndexError, AttributeError, RuntimeError,
    ) as error:  # fmt: skip
        raise InputError(f"{path.name!r} is a damaged session: {error}") from error


def _read(about: Mapping[str, Any], archive: zipfile.ZipFile, folder: Path) -> Session:
    data = _data(about["data"], load_file(archive.extract(_TABLE, folder)))
    count = 1 + max(step["model"] for step in about["steps"])
    models = [checkpoint.load(archive.extract(_model(n), folder)) for n in range(count)]
    steps = []
    for number, told in enumerate(about["steps"]):
        files = [_formula(number, place) for place in range(told["formulas"] or 0)]
        formulas = [Formula.load(archive.extract(file, folder)) for file in files]
        found = None if told["formulas"] is None else FormulaSet(formulas)
        steps.append(_step(told, models[told["model"]], found))
    session = Session(
        data,
        model=steps[0].model,
        seed=about["seed"],
        threads=about["threads"],
        precision=about["precision"],
        rate=about["rate"],
        source=about["source"],
        preparation=_preparation(about["preparation"]),
        **{name: _option(value) for name, value in about["options"].items()},
    )
    session.blocks = _blocks(about.get("blocks", {}))
    session.pinned = frozenset(about.get("pinned", ()))
    session.refused = frozenset(about.get("refused", ()))
    session.suggestions = tuple(_suggestion(s, data.names) for s in about.get("suggestions", ()))
    history = session.history
    history.steps, history.parents = steps, list(about["parents"])
    if len(history.parents) != len(steps):
        raise KeyError("parents")
    history.labels = {int(number): label for number, label in about["labels"].items()}
    if about["redo"] is not None:
        history.go(history.find(about["redo"]))
    history.go(history.find(about["place"]))
    if session.result is not None:
        session.publish(remembered(session.result, session.model))
    return session


def _step(told: Mapping[str, Any], model: KAN, formulas: FormulaSet | None) -> Step:
    fit = told["fit"]
    result = fit and FitResult(
        model=model,
        history=tuple(Record.read(record) for record in fit["history"]),
        warnings=tuple(fit["warnings"]),
        **{name: fit[name] for name in _FACTS},
    )
    return Step(
        told["name"],
        told["code"],
        model,
        fit=result,
        formulas=formulas,
        choice=told["choice"],
        begins=told["begins"],
        trained=told["trained"],
    )


def _data(about: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> Dataset:
    columns: dict[str, Any] = {name: tensors[name] for name in _TENSORS}
    data = Dataset(
        **columns,
        names=tuple(about["names"]),
        target=about["target"],
        task=about["task"],
        units=about["units"],
        classes=None if about["classes"] is None else tuple(about["classes"]),
        notes=tuple(about["notes"]),
    )
    return replace(data, weights=tensors["weights"]) if "weights" in tensors else data


def _preparation(about: Mapping[str, Any] | None) -> Preparation | None:
    if about is None:
        return None
    return Preparation(**{name: _tuples(value) for name, value in about.items()})


def _blocks(about: Mapping[str, Any]) -> Blocks:
    """A choice of building blocks; those that are not registered here are left out."""

    def here(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for name in available() if name in names)

    edges = {Edge(*edge): here(names) for edge, names in about.get("edges", ())}
    return Blocks(
        here(about.get("functions") or ()) or None,
        {e: names for e, names in edges.items() if names},
    )


def _suggestion(about: Mapping[str, Any], names: tuple[str, ...]) -> Suggestion:
    law = parse_expression(about["law"], names, unknown=True)
    return Suggestion(about["kind"], about["sentence"], about["evidence"], law, names)


def _model(number: int) -> str:
    return f"models/{number}.safetensors"


def _formula(step: int, place: int) -> str:
    return f"formulas/{step}-{place}.json"


def _plain(option: Any) -> Any:
    """An option of a training as JSON knows it."""
    return {"adam": asdict(option)} if isinstance(option, Adam) else option


def _option(value: Any) -> Any:
    """What ``_plain`` was given."""
    return Adam(**value["adam"]) if isinstance(value, dict) else _tuples(value)


def _tuples(value: Any) -> Any:
    """Lists of JSON as the tuples that they were."""
    return tuple(_tuples(entry) for entry in value) if isinstance(value, list) else value
