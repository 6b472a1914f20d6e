"""What is shipped is there, versions agree, and files speak of the project alone."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import workbench
from workbench.studies import notebook_files

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def project() -> dict:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


def test_versions_agree() -> None:
    package = json.loads((ROOT / "frontend/package.json").read_text())
    built = json.loads((ROOT / "workbench/labextension/package.json").read_text())
    assert workbench.__version__ == package["version"] == built["version"]
    assert f"## [{workbench.__version__}]" in (ROOT / "CHANGELOG.md").read_text()
    assert f"version: {workbench.__version__}" in (ROOT / "CITATION.cff").read_text()


def test_the_built_extension_is_complete() -> None:
    folder = ROOT / "workbench/labextension"
    entry = json.loads((folder / "package.json").read_text())["jupyterlab"]["_build"]["load"]
    assert (folder / entry).is_file()
    assert (folder / "schemas/kan-workbench-labextension/plugin.json").is_file()


def test_every_dependency_is_pinned(project: dict) -> None:
    text = (ROOT / "constraints.txt").read_text()
    pinned = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in text.splitlines()}
    extras = [r for rs in project["project"]["optional-dependencies"].values() for r in rs]
    for requirement in [*project["project"]["dependencies"], *extras]:
        name = re.split(r"[\[<>=!~ ]", requirement)[0].lower().replace("_", "-")
        assert name in pinned or name == "kan-workbench", requirement
    assert "torch==2.13.0" in text.splitlines()


def test_the_lockfile_names_no_host() -> None:
    assert '"resolved"' not in (ROOT / "frontend/package-lock.json").read_text()


@pytest.mark.parametrize("info", notebook_files.available(), ids=lambda info: info.name)
def test_notebooks_introduce_themselves(info: notebook_files.NotebookInfo) -> None:
    assert info.title != info.name
    assert info.summary


def test_the_console_script_tells_its_version() -> None:
    command = [sys.executable, "-m", "workbench.cli", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"kan-workbench {workbench.__version__}"


@pytest.mark.parametrize("listing", ["labextension", "server extension"])
def test_jupyter_lists_the_extension_as_ok(listing: str) -> None:
    command = [sys.executable, "-m", "jupyter", *listing.split(), "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    text = done.stdout + done.stderr
    if "workbench" not in text:
        pytest.skip("the package is not installed in this environment, only importable")
    assert re.search(r"workbench.*OK", text)
