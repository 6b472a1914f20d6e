"""Every notebook tells a story without helpers of its own, is stripped of output, runs, and finds its law."""

import ast
import json
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from case_studies import registry
from workbench.studies import notebook_files

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted(notebook_files.folder().glob("*.ipynb"))


def ids(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_notebooks_are_clean(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
            body = "".join(f"    {line}\n" for line in cell.source.splitlines())
            tree = ast.parse(f"async def cell():\n{body}")
            inner = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)]
            assert inner == []
    assert "widgets" not in json.loads(path.read_text())["metadata"]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_notebooks_run_top_to_bottom(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
    notebook = nbformat.read(path, as_version=4)
    if path.stem in registry():  # a study takes long: its law is asked of the result that is here
        check = f"from tests.case_studies import laws\nlaws.{path.stem}(result)"
        notebook.cells.append(nbformat.v4.new_code_cell(check))
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()
    shown = [
        kind
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        for kind in output.get("data", {})
    ]
    assert "application/vnd.jupyter.widget-view+json" in shown
    if path.stem == notebook_files.NEW_DISCOVERY:
        return  # it waits for a table
    pictures = "".join(
        output["data"].get("text/html", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "data" in output
    )
    assert "<svg" in pictures
    assert "<math" in pictures
