"""What draws the widgets is sent once, and every widget names a view that is there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
from comm.base_comm import BaseComm

from workbench.session import Session
from workbench.widgets import NetworkView, Workbench
from workbench.widgets.front_end import VERSION, FrontEnd
from workbench.widgets.panel import Panel

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "workbench" / "static"
MOST = 150_000  # bytes of code and style for a whole workbench


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The state of every widget that opens, as a page gets it from a kernel that has sent nothing."""
    states: list[dict[str, Any]] = []

    class Recorded(BaseComm):
        def publish_msg(self, msg_type: str, data: Any = None, **about: Any) -> None:
            if msg_type == "comm_open":
                states.append(data["state"])

    monkeypatch.setattr(ipywidgets.widgets.widget.comm, "create_comm", Recorded)
    monkeypatch.setattr(FrontEnd, "_sent", None)
    return states


def code(states: list[dict[str, Any]]) -> int:
    """Bytes of modules and style sheets."""
    texts = [s[key] for s in states for key in ("_esm", "_css") if key in s]
    return len(json.dumps(texts, ensure_ascii=False).encode())


def panels(kind: type[Panel] = Panel) -> Iterator[type[Panel]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from panels(sub)


def test_a_workbench_sends_its_code_once(sent: list, found: Session) -> None:
    first = Workbench(found)
    assert 50_000 < code(sent) < MOST
    sent.clear()
    second = Workbench(found)
    assert code(sent) < 10_000
    first.close()
    second.close()


def test_a_widget_alone_brings_the_code_first(sent: list, found: Session) -> None:
    view = NetworkView(found)
    # What a state refers to is there before it.
    front_end = next(i for i, s in enumerate(sent) if s.get("version") == VERSION)
    alone = next(i for i, s in enumerate(sent) if s.get("_view") == "network")
    assert front_end < alone
    assert sent[alone]["_version"] == VERSION
    assert sent[alone]["_front_end"] == f"IPY_MODEL_{FrontEnd.of_this_kernel().model_id}"
    view.close()


def test_the_code_outlives_its_widgets_and_comes_again_where_it_was_closed(
    sent: list, found: Session
) -> None:
    NetworkView(found).close()
    first = FrontEnd.of_this_kernel()
    assert FrontEnd.of_this_kernel() is first
    first.close()
    sent.clear()
    NetworkView(found).close()
    assert code(sent) > 50_000


def views() -> dict[str, set[str]]:
    """The traits that every view of the front end reads, by its name."""
    sources = [p.read_text(encoding="utf-8") for p in (ROOT / "frontend/widgets/src").rglob("*.ts")]
    text = "\n".join(sources)
    listed = re.search(r"const VIEWS: Views = \{(.*?)\}", text, re.DOTALL)
    assert listed is not None
    found = {}
    for name, function in re.findall(r"^  (\w+)(?:: (\w+))?,", listed[1], re.MULTILINE):
        traits = re.search(rf"export function {function or name}\(.*Context<(\w+)>", text)
        assert traits is not None
        body = re.search(
            rf"interface {traits[1]} extends PanelTraits \{{\n(.*?)^\}}", text, re.M | re.S
        )
        assert body is not None
        found[name] = set(re.findall(r"^  (\w+):", body[1], re.MULTILINE))
    return found


def test_every_panel_has_a_view_that_knows_its_traits() -> None:
    ours = [kind for kind in panels() if kind.__module__.startswith("workbench.")]
    told = {
        kind._view.default_value: {
            name
            for name in kind.class_traits(sync=True)
            if name not in Panel.class_traits() and not name.startswith("_")
        }
        for kind in ours
    }
    assert told == views()


@pytest.mark.parametrize("name", ["widgets.js", "stub.js", "widgets.css"])
def test_what_is_shipped_stands_alone(name: str) -> None:
    text = (STATIC / name).read_text(encoding="utf-8")
    assert not re.search(r"""\bimport\b\s*[{*"'(]|\brequire\(|@import|sourceMappingURL""", text)
    # Namespaces are names; nothing is fetched.
    addresses = set(re.findall(r"https?://[\w./-]+", text))
    assert {a for a in addresses if not a.startswith("http://www.w3.org/")} == set()
