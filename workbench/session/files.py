"""A session on disk: one file that appears whole or not at all, and that is read without running code.

The file is a ZIP archive of what other parts of the workbench write: ``session.json`` says what was
done, ``data.safetensors`` holds the table, ``models/`` one checkpoint for every network and
``formulas/`` one file for every formula. The table is kept with its split, so a session can be opened
where its source is not.
"""

import json
import math
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
import torch
from safetensors.torch import load_file
from safetensors.torch import save as packed

from workbench import __version__
from workbench.common.schema import read, require
from workbench.common.writing import replacing
from workbench.errors import InputError, in_one_line
from workbench.formulas.formula import Formula
from workbench.formulas.formula_file import read_formula
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.parsing import parse_expression
from workbench.kan import checkpoint
from workbench.kan.data import Dataset
from workbench.kan.groups import Membership
from workbench.kan.model import KAN, Edge
from workbench.kan.training.result import FitResult
from workbench.kan.training.solvers.adam import Adam
from workbench.search.blocks import Blocks, available
from workbench.search.structure.propose import Suggestion
from workbench.session import manifest
from workbench.session.code import Source, checked
from workbench.session.frames import remembered
from workbench.session.history import Step
from workbench.session.manifest import FORMAT, MANIFEST, Manifest, archive, described
from workbench.session.steps import require_fitting
from workbench.session.work import Work
from workbench.tables.preparation import Preparation

_TABLE = "data.safetensors"
_TENSORS = ("inputs", "targets", "train", "validation", "test")
_CODES, _TOGETHER = "groups", "together"
_LOSSES = ("train_loss", "validation_loss", "success_share")
_READ = ("path", "example", "saved", "target", "seed")
S = TypeVar("S", bound=Work)
_FACTS = ("solver", "stopped", "train_loss", "validation_loss", "success_share", "seconds")


def save(session: Work, path: str | Path) -> Path:
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


def _write(session: Work, archive: zipfile.ZipFile) -> None:
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
    if data.sigma is not None:
        tensors["sigma"] = data.sigma
    if data.by is not None:
        tensors[_CODES] = torch.from_numpy(data.by.codes.astype("int64"))
    if data.groups is not None:
        tensors[_TOGETHER] = data.groups
    archive.writestr(_TABLE, packed({n: t.contiguous().clone() for n, t in tensors.items()}))
    about = json.dumps(_about(session, models), ensure_ascii=False, indent=1)
    archive.writestr(MANIFEST, about)


def _about(session: Work, models: Mapping[int, int]) -> dict[str, Any]:
    """What ``manifest.Manifest`` reads; ``models`` are the numbers of networks by identity."""
    history, data = session.history, session.data
    source = session.source
    source = source if isinstance(source, Source) else Source(remark=source)
    return {
        "format": FORMAT,
        "package": __version__,
        "saved": datetime.now(UTC).isoformat(timespec="seconds"),
        "running": session.frame.job if session.frame.busy else "",
        "seed": session.seed,
        "threads": session.threads,
        "precision": session.precision,
        "rate": session.rate,
        "source": source.remark,
        "table": {n: getattr(source, n) for n in _READ} if source else None,
        "options": {n: _plain(value) for n, value in session.options.items()},
        "preparation": None if session.preparation is None else asdict(session.preparation),
        "data": {
            "names": data.names,
            "target": data.target,
            "units": dict(data.units),
            "task": data.task,
            "classes": data.classes,
            "notes": data.notes,
            "loss": data.loss,
            "by": None if data.by is None else {"column": data.by.column, "labels": data.by.labels},
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


def _told(step: Step, model: int) -> dict[str, Any]:
    fit = step.fit
    return {
        "name": step.name,
        "code": step.code,
        "model": model,
        "begins": step.begins,
        "trained": step.trained,
        "law": step.law,
        "choice": step.choice,
        "formulas": None if step.formulas is None else len(step.formulas),
        "fit": None
        if fit is None
        else {name: getattr(fit, name) for name in _FACTS}
        | {"warnings": fit.warnings, "history": [asdict(record) for record in fit.history]},
    }


def load(path: str | Path, kind: type[S]) -> S:
    """Read a session that ``save`` wrote, as one of this class.

    Raises:
        InputError: the file is missing, damaged, of another program or of a newer version.
    """
    path = Path(path)
    about = described(path)
    try:
        with archive(path) as members, tempfile.TemporaryDirectory() as folder:
            session = _read(about, members, Path(folder), kind)
        require(len(session.versions) > 0, repr(path.name), "it has no versions")
    except InputError:
        raise
    except Exception as error:  # whatever parts that do not fit each other make of each other
        raise InputError(f"{path.name!r} is a damaged session: {in_one_line(error)}") from error
    return session


def _read(about: Manifest, members: zipfile.ZipFile, folder: Path, kind: type[S]) -> S:
    data = _data(about.data, load_file(members.extract(_TABLE, folder)))
    count = 1 + max(step.model for step in about.steps)
    models = [checkpoint.load(members.extract(_model(n), folder)) for n in range(count)]
    for model in models:
        require_fitting(model, data)
    steps = [
        _step(step, models[step.model], _formulas(number, step.formulas, members, data))
        for number, step in enumerate(about.steps)
    ]
    prepared: Any = Preparation | None  # no type for mypy, which knows no union as a value
    preparation = read(bytes(about.preparation), prepared, "the preparation of a session")
    session = kind(
        data,
        model=steps[0].model,
        seed=about.seed,
        threads=about.threads,
        precision=about.precision,
        rate=about.rate,
        source=_source(about, preparation),
        preparation=preparation,
        **{name: _option(value) for name, value in about.options.items()},
    )
    session.blocks = _blocks(about.blocks)
    session.pinned, session.refused = about.pinned, about.refused
    session.suggestions = tuple(_suggestion(s, data.names) for s in about.suggestions)
    history = session.history
    history.steps, history.parents = steps, list(about.parents)
    history.labels = {int(number): label for number, label in about.labels.items()}
    if about.redo is not None:
        history.go(about.redo)
    history.go(about.place)
    if session.result is not None:
        session.publish(remembered(session.result, session.model))
    return session


def _source(about: Manifest, preparation: Preparation | None) -> Source:
    if about.table is None:
        return Source(remark=about.source)
    return Source(
        **msgspec.structs.asdict(about.table), preparation=preparation, remark=about.source
    )


def _formulas(
    number: int, count: int | None, members: zipfile.ZipFile, data: Dataset
) -> FormulaSet | None:
    """What a step found."""
    if count is None:
        return None
    files = [_formula(number, place) for place in range(count)]
    found = [read_formula(members.read(file), repr(file), Formula) for file in files]
    for formula in found:
        require(set(formula.names) <= set(data.names), "a session", "a formula has other inputs")
    return FormulaSet(found)


def _step(told: manifest.Step, model: KAN, formulas: FormulaSet | None) -> Step:
    return Step(
        told.name,
        checked(told.code),
        model,
        fit=None if told.fit is None else _fit(told.fit, model),
        formulas=formulas,
        choice=told.choice,
        begins=told.begins,
        trained=told.trained,
        law=told.law,
    )


def _fit(told: manifest.Fit, model: KAN) -> FitResult:
    facts = {name: getattr(told, name) for name in _FACTS}
    return FitResult(
        model=model,
        history=tuple(saved.record() for saved in told.history),
        warnings=tuple(told.warnings),
        **_numbers(facts, *_LOSSES),
    )


def _numbers(facts: Mapping[str, Any], *losses: str) -> dict[str, Any]:
    """The same with NaN where a loss is not finite, which the file cannot say."""
    return {n: math.nan if v is None and n in losses else v for n, v in facts.items()}


def _data(about: manifest.Data, tensors: Mapping[str, torch.Tensor]) -> Dataset:
    columns: dict[str, Any] = {name: tensors[name] for name in _TENSORS}
    data = Dataset(
        **columns,
        names=about.names,
        target=about.target,
        task=about.task,
        units=about.units,
        classes=None if about.classes is None else tuple(about.classes),
        notes=about.notes,
        weights=tensors.get("weights"),
        sigma=tensors.get("sigma"),
        groups=tensors.get(_TOGETHER),
        loss=about.loss,
        by=None if about.by is None else _membership(about.by, tensors),
    )
    _require_table(data)
    return data


def _membership(about: manifest.By, tensors: Mapping[str, torch.Tensor]) -> Membership:
    codes, labels = tensors[_CODES], tuple(about.labels)
    require(codes.dtype == torch.int64, "the table of a session", "groups are of another kind")
    return Membership(about.column, labels, codes.numpy())


def _require_table(data: Dataset) -> None:
    """An ``InputError`` where the tensors of a table do not fit each other."""
    what, rows = "the table of a session", len(data.inputs)
    whole = data.task == "classification"
    require(whole == (data.classes is not None), what, "classes need labels")
    require(data.inputs.shape == (rows, len(data.names)), what, "a column lacks")
    shape = (rows,) if whole else (rows, data.outputs)
    require(data.targets.shape == shape, what, "targets have another shape")
    kind = torch.int64 if whole else torch.float64
    require(data.targets.dtype == kind, what, "targets are of another kind")
    require(data.inputs.dtype == torch.float64, what, "inputs are of another kind")
    if data.classes is not None:
        inside = (data.targets >= 0) & (data.targets < len(data.classes))
        require(bool(inside.all()), what, "a class lacks")
    numbers = (data.inputs, data.targets, *(() if data.weights is None else (data.weights,)))
    require(all(bool(t.isfinite().all()) for t in numbers), what, "its numbers must be finite")
    for part in (data.train, data.validation, data.test):
        valid = part.dtype == torch.int64 and part.ndim == 1
        require(valid and bool(((part >= 0) & (part < rows)).all()), what, "a row lacks")
    require(len(data.train) > 0, what, "no row trains")
    if data.by is not None:
        codes, labels = data.by.codes, data.by.labels
        known = codes.shape == (rows,) and bool(((codes >= 0) & (codes < len(labels))).all())
        whole = known and len(np.unique(codes)) == len(labels)
        require(whole, what, "a row has no group, or a group no row")
    if data.weights is not None:
        require(data.weights.shape == (rows,), what, "a row has no weight")
        require(bool((data.weights >= 0).all()), what, "weights are not negative")
    if data.groups is not None:
        numbered = data.groups.shape == (rows,) and data.groups.dtype == torch.int64
        require(numbered, what, "a row has no group")
        inside = (data.groups >= 0) & (data.groups < rows)
        require(bool(inside.all()), what, "a group has no number of its own")
    if data.sigma is not None:
        stated = data.sigma.shape == (rows,) and bool(
            ((data.sigma > 0) & data.sigma.isfinite()).all()
        )
        require(stated and data.weights is not None, what, "standard errors are above 0, one a row")


def _blocks(about: manifest.Blocks) -> Blocks:
    """A choice of building blocks; those that are not registered here are left out."""

    def here(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for name in available() if name in names)

    edges = {Edge(*edge): here(names) for edge, names in about.edges}
    return Blocks(
        here(about.functions or ()) or None,
        {e: names for e, names in edges.items() if names},
    )


def _suggestion(about: manifest.Suggestion, names: tuple[str, ...]) -> Suggestion:
    law = parse_expression(about.law, names, unknown=True)
    evidence = {n: math.nan if v is None else v for n, v in about.evidence.items()}
    return Suggestion(about.kind, about.sentence, evidence, law, names)


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
