"""A widget's module holds each of its files once, and no two of them the same name."""

import re
from collections import Counter
from pathlib import Path

import pytest

from workbench.widgets.front_end import module

STATIC = Path(__file__).parents[2] / "workbench" / "static"
ENTRIES = sorted(p.name for p in STATIC.glob("*.js") if "export default" in p.read_text())


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_module_stands_alone(entry: str) -> None:
    text = module(entry)
    assert "import {" not in text
    assert text.count("export ") == text.count("export default") == 1
    declared = re.findall(r"^(?:async )?(?:function\*? ?|const |let |class )(\w+)", text, re.M)
    assert [name for name, count in Counter(declared).items() if count > 1] == []


def test_every_file_is_sent_by_a_widget() -> None:
    sent = "".join(module(entry) for entry in ENTRIES)
    for path in STATIC.rglob("*.js"):
        first = re.search(r"^(?:export )?(?:async )?function (\w+)", path.read_text(), re.M)
        assert first is not None
        assert f"function {first[1]}(" in sent
