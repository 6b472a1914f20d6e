"""The packaged notebooks: which there are, and copying one without ever overwriting anything."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from workbench.common.markup import in_markdown
from workbench.errors import InputError

NEW_DISCOVERY = "new-discovery"
TOUR, EQUATIONS = "tour", "equations"
_SETTINGS = {"precision": str, "threads": int, "rate": int}


@dataclass(frozen=True)
class NotebookInfo:
    """A packaged notebook: its study's name, and what its metadata says of it."""

    name: str
    file: str
    title: str
    summary: str


def folder() -> Path:
    """Where the notebooks are: in the installed package, or beside it in a source checkout."""
    here = Path(__file__).parent.parent
    packaged = here / "notebooks"
    return packaged if packaged.is_dir() else here.parent / "notebooks"


def available() -> list[NotebookInfo]:
    """The tour, differential equations, all studies in the order of the registry, the new discovery."""
    names = [TOUR, EQUATIONS, *import_module("case_studies").registry(), NEW_DISCOVERY]
    found = []
    for name in names:
        path = folder() / f"{name}.ipynb"
        if path.is_file():
            about = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("workbench", {})
            title, summary = about.get("title", name), about.get("summary", "")
            found.append(NotebookInfo(name, path.name, title, summary))
    return found


def content(name: str, settings: Mapping[str, Any] | None = None) -> str:
    """Text of the notebook of a study.

    Args:
        name: of the study.
        settings: of the session that a new discovery begins, see ``for_table``; studies have their own.

    Raises:
        InputError: there is none of that name.
    """
    known = {info.name: info.file for info in available()}
    if name not in known:
        raise InputError(f"a notebook must be one of {', '.join(known)}, got {name!r}")
    text = (folder() / known[name]).read_text(encoding="utf-8")
    given = ", ".join(_given(settings))
    return text.replace("Workbench()", f"Workbench({given})") if name == NEW_DISCOVERY else text


def for_table(file: str, settings: Mapping[str, Any] | None = None) -> str:
    """Text of a notebook of four short cells that opens a table in the workbench.

    Args:
        file: name of the table, beside the notebook.
        settings: "precision", "threads" and "rate" of its session; what is not one is left out.
    """
    given = ", ".join([repr(file), *_given(settings)])
    return _four_cells(f"# {in_markdown(file)}", f"Workbench({given})")


def _given(settings: Mapping[str, Any] | None) -> list[str]:
    """Settings as arguments; only those that are known, and texts of letters and digits alone."""
    return [
        f"{name}={value!r}"
        for name, value in (settings or {}).items()
        if type(value) is _SETTINGS.get(name) and str(value).isalnum()
    ]


def for_session(path: str, title: str) -> str:
    """Text of a notebook of four short cells that goes on with a saved session."""
    return _four_cells(f"# {in_markdown(title)}", f"Workbench(Session.load({path!r}))")


def _four_cells(title: str, call: str) -> str:
    first = "from workbench import Session\n" if "Session" in call else ""
    texts = [
        ("markdown", f"{title}\n\nPress what is blue: it leads from the table to a formula."),
        ("code", f"{first}from workbench.widgets import Workbench\n\nbench = {call}\nbench"),
        ("code", "bench.formula  # run this cell again when there is one"),
        ("code", "print(bench.script)  # Python that repeats everything"),
    ]
    cells: list[dict[str, Any]] = [
        {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": text}
        | ({"execution_count": None, "outputs": []} if kind == "code" else {})
        for number, (kind, text) in enumerate(texts)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return json.dumps({"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5})


def copy_notebook(file: str, target: Path) -> Path:
    """Copy a study's notebook into a folder, once: a copy that is there already is the user's."""
    path = target / file
    text = content(Path(file).stem)
    with suppress(FileExistsError), path.open("x", encoding="utf-8") as copy:
        copy.write(text)
    return path
