"""Files changed at random open and show all that they say, or are refused in one sentence."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from benchmarks.fuzz import KINDS, Files, originals, shown_formula, tried
from workbench import Session
from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.kan import checkpoint
from workbench.tables.reading import read_table

READERS = {
    "formula.json": Formula.load,
    "session.kan": Session.load,
    "model.safetensors": checkpoint.load,
    "table.csv": read_table,
    "table.parquet": read_table,
    "table.xlsx": read_table,
    "table.feather": read_table,
    "table.json": read_table,
    "table.sqlite": read_table,
    "table.csv.gz": read_table,
}
JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(), inner, max_size=4),
    max_leaves=12,
)
few = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def files() -> Files:
    return originals()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_changes_are_shown_or_refused(files: Files, kind: str) -> None:
    found = list(tried(files, kind, 20, seed=1))
    assert [(what, words) for what, words in found if what not in ("shown", "refused")] == []
    assert all("\n" not in words for _, words in found)


@few
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", READERS)
@given(content=some.binary(max_size=400), kept=some.integers(0, 200))
def test_any_bytes_are_read_or_refused(
    files: Files, tmp_path: Path, name: str, content: bytes, kept: int
) -> None:
    path = tmp_path / name
    path.write_bytes(files[name][:kept] + content)
    with suppress(InputError):
        READERS[name](path)


@few
@given(data=some.data())
def test_any_value_in_a_formula_is_shown_or_refused(
    files: Files, tmp_path: Path, data: some.DataObject
) -> None:
    about = json.loads(files["formula.json"])
    about[data.draw(some.sampled_from(sorted(about)))] = data.draw(JSON)
    path = tmp_path / "formula.json"
    path.write_text(json.dumps(about))
    with suppress(InputError):
        shown_formula(path)
