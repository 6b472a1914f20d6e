"""Notebooks that are made or copied for a user: valid, runnable as Python, and never over another's work."""

import ast
from pathlib import Path

import nbformat
import pytest

from workbench.errors import InputError
from workbench.studies.notebook_files import (
    NEW_DISCOVERY,
    available,
    content,
    copy_notebook,
    for_session,
    for_table,
)

NAMES = ["data.csv", 'it\'s "mine".csv', "a\\b\n# c.csv", "größe.csv"]


def code(text: str) -> list[str]:
    """The cells of code of a notebook that every reader of notebooks takes."""
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "code", "code"]
    return [cell.source for cell in notebook.cells[1:]]


def arguments(source: str) -> list[object]:
    """What the call of ``Workbench`` in a cell is given, as values."""
    call = next(
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Workbench"
    )
    return [
        ast.literal_eval(value) for value in (*call.args, *(word.value for word in call.keywords))
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_opens_the_table_whatever_its_name(name: str) -> None:
    first, *_ = code(for_table(name, {"threads": 2, "precision": "double"}))
    assert arguments(first) == [name, 2, "double"]


@pytest.mark.parametrize("settings", [{"precision": "x')+f('"}, {"threads": "2"}, {"more": 1}])
def test_what_is_no_setting_is_left_out(settings: dict[str, object]) -> None:
    assert arguments(code(for_table("t.csv", settings))[0]) == ["t.csv"]


@pytest.mark.parametrize("path", NAMES)
def test_a_notebook_goes_on_with_a_session(path: str) -> None:
    first, *_ = code(for_session(path, "a title"))
    assert f"Session.load({path!r})" in first
    ast.parse(first)


def test_settings_reach_a_new_discovery() -> None:
    assert "Workbench(rate=5)" in content(NEW_DISCOVERY, {"rate": 5})
    with pytest.raises(InputError, match=r"must be one of tour, .*, got 'none'"):
        content("none")


def test_a_copy_of_the_users_is_left_as_it_is(tmp_path: Path) -> None:
    file = available()[0].file
    assert copy_notebook(file, tmp_path).read_text(encoding="utf-8") == content(Path(file).stem)
    (tmp_path / file).write_text("mine")
    assert copy_notebook(file, tmp_path).read_text() == "mine"
