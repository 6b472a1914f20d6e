"""Taking results away without a browser: code, files, their names."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.problems import PROBLEMS
from tests.widgets.conftest import send, until
from workbench.formulas.formula import Formula
from workbench.kan import checkpoint
from workbench.session import Session
from workbench.widgets import ExportPanel, ScriptView


@pytest.fixture
def panel(found: Session) -> Iterator[ExportPanel]:
    panel = ExportPanel(found)
    yield panel
    panel.close()


def saved(panel: ExportPanel, kind: str) -> tuple[str, bytes]:
    sent: list[tuple[dict, list]] = []
    panel.send = lambda content, buffers=None: sent.append((content, buffers))
    send(panel, "save", kind=kind)
    until(lambda: bool(sent))
    return sent[0][0]["name"], sent[0][1][0]


def test_code_is_shown_with_its_check(panel: ExportPanel) -> None:
    until(lambda: panel.shown.get("language") == "latex")
    assert panel.shown["name"] == "y-formula.tex"
    assert "x_{1}^{2}" in panel.shown["text"]
    send(panel, "show", language="python")
    until(lambda: panel.shown["language"] == "python")
    assert panel.shown["checked"].startswith("run and compared: agrees to")
    assert panel.state["busy"] == ""
    send(panel, "show", language="klingon")
    assert "no language 'klingon'" in panel.state["message"]


def test_files_have_names_that_make_sense(panel: ExportPanel, tmp_path: Path) -> None:
    name, content = saved(panel, "model")
    (tmp_path / name).write_bytes(content)
    assert name == "y-model.safetensors"
    assert checkpoint.load(tmp_path / name).config == panel.session.model.config
    name, content = saved(panel, "formula")
    (tmp_path / name).write_bytes(content)
    assert str(Formula.load(tmp_path / name)) == str(panel.session.formula)
    name, content = saved(panel, "session")
    assert name == "y.kan"
    assert "session.json" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    name, content = saved(panel, "script")
    assert (name, content.decode()) == ("y.py", panel.session.to_script())
    name, content = saved(panel, "notebook")
    assert json.loads(content)["nbformat"] == 4
    assert saved(panel, "picture")[1].startswith(b"<svg")
    send(panel, "save", kind="virus")
    assert "no file of the kind" in panel.state["message"]


def test_the_report_is_one_page(panel: ExportPanel) -> None:
    name, content = saved(panel, "report")
    assert name == "y-report.html"
    page = content.decode()
    assert "<h1>y from x1, x2, x3</h1>" in page
    assert "MLP" in page


def test_without_a_formula_the_rest_can_be_saved() -> None:
    panel = ExportPanel(Session(PROBLEMS[0].dataset(100), (2, 1, 1)))
    ready = {file["kind"]: file["ready"] for file in panel.files}
    assert (ready["report"], ready["formula"], ready["script"]) == (False, False, True)
    assert panel.state["formula"] == ""
    send(panel, "save", kind="report")
    until(lambda: panel.state["error"])
    assert "train it first" in panel.state["message"]
    panel.close()


def test_the_script_follows_every_step(found: Session) -> None:
    view = ScriptView(found)
    assert view.text == found.to_script()
    place = found.history.place
    found.undo()
    assert "symbolify" not in view.text
    found.go(place)
    assert view.name == "y.py"
    view.close()
