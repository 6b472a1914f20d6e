"""The packaged notebooks: which there are, and copying one without ever overwriting anything."""

import json
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from workbench.errors import InputError

NEW_DISCOVERY = "new-discovery"


@dataclass(frozen=True)
class NotebookInfo:
    """A packaged notebook: its study's name, and what its metadata says of it."""

    name: str
    file: str
    title: str
    summary: str


def folder() -> Path:
    """Where the notebooks are: in the installed package, or beside it in a source checkout."""
    here = Path(__file__).parent
    packaged = here / "notebooks"
    return packaged if packaged.is_dir() else here.parent / "notebooks"


def available() -> list[NotebookInfo]:
    """The notebooks of all studies, in the order of the registry, then the one for a new discovery."""
    names = [*import_module("case_studies").registry(), NEW_DISCOVERY]
    found = []
    for name in names:
        path = folder() / f"{name}.ipynb"
        if path.is_file():
            about = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("workbench", {})
            title, summary = about.get("title", name), about.get("summary", "")
            found.append(NotebookInfo(name, path.name, title, summary))
    return found


def content(name: str) -> str:
    """Text of the notebook of a study.

    Raises:
        InputError: there is none of that name.
    """
    known = {info.name: info.file for info in available()}
    if name not in known:
        raise InputError(f"a notebook must be one of {', '.join(known)}, got {name!r}")
    return (folder() / known[name]).read_text(encoding="utf-8")


def copy_notebook(file: str, target: Path) -> Path:
    """Copy a study's notebook into a folder, once: a copy that is there already is the user's."""
    path = target / file
    text = content(Path(file).stem)
    with suppress(FileExistsError), path.open("x", encoding="utf-8") as copy:
        copy.write(text)
    return path
