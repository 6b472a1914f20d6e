"""Names, notes and labels stay text in every kind of markup."""

import ast
import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import mistune
import networkx as nx
import numpy as np
import pytest
import sympy

from tests.test_architecture import MODULES
from workbench.common.markup import Markup, element, escape, in_markdown, join
from workbench.formulas.export import export
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.kan import KAN, Dataset
from workbench.network.graph import save_graph, to_networkx
from workbench.pictures.charts import bar_chart, residual_chart, scatter_chart
from workbench.pictures.drawing import network_svg
from workbench.report import to_html, to_markdown
from workbench.report.blocks import Bullets, Code, Figures, Law, Report, Section, Table, Text
from workbench.studies.notebook_files import for_session, for_table

HOSTILE = (
    "<img src=x onerror=alert(1)>", "</title><script>alert(2)</script>", "\"'><svg onload=alert(3)>",
    "a\x01b\ufffe", r"}\input{/etc/passwd}$%", "`*|_[x](javascript:alert(4))", "# head\n- list", "-->]]>",
)  # fmt: skip
FORBIDDEN = {"img", "script", "a", "em", "strong"}


class Elements(HTMLParser):
    """Names of the elements of a page, and of attributes that run something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.acting: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.acting += [key for key, _ in attrs if key.startswith("on") or key in ("href", "src")]


def check(page: str, *meant: str) -> None:
    elements = Elements(page)
    assert elements.found & FORBIDDEN <= {*meant}
    assert elements.acting == []


def law() -> Formula:
    symbols = [sympy.Symbol(name, real=True) for name in HOSTILE]
    ranges = dict.fromkeys(HOSTILE, (0.0, 1.0))
    expression = sympy.Add(*(k * s for k, s in enumerate(symbols, 2)))
    return Formula(
        (expression,), HOSTILE, "<b>y</b>", domain=ranges, units={HOSTILE[0]: HOSTILE[1]}
    )


@pytest.fixture(scope="module")
def graph() -> nx.DiGraph:
    x = np.random.default_rng(0).uniform(size=(60, len(HOSTILE)))
    data = Dataset.from_arrays(x, x[:, 0], names=HOSTILE, target=HOSTILE[0] + "!")
    return to_networkx(KAN((len(HOSTILE), 1), 3), data)


def test_text_is_escaped_and_markup_is_kept() -> None:
    assert element("p", "<&>", element("b", "x"), title='"') == (
        '<p title="&quot;">&lt;&amp;&gt;<b>x</b></p>'
    )
    assert join("<", escape("<")) == "&lt;&lt;"
    assert escape("\x00\ud800") == "\ufffd\ufffd"


def test_no_other_module_writes_a_tag() -> None:
    for module, path in MODULES.items():
        if module == "workbench.common.markup":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
        texts = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in told)
        found = [
            t.value
            for t in texts
            if isinstance(t.value, str) and re.search("(?<![?]P)<[a-z]+[ >]", t.value)
        ]
        assert [f for f in found if "doctype" not in f and "<m" not in f] == [], module


def test_no_script_of_the_screen_takes_text_for_markup() -> None:
    sources = Path(__file__).parents[2] / "frontend" / "widgets" / "src"
    scripts = sorted(sources.rglob("*.ts"))
    assert scripts
    for path in scripts:
        text = path.read_text(encoding="utf-8")
        assert not re.search("(inner|outer)HTML|insertAdjacentHTML|document.write|srcdoc", text), (
            path
        )


def test_names_stay_text_in_a_card() -> None:
    card = law()._repr_html_()
    check(card)
    ElementTree.fromstring(card)


def test_names_stay_text_in_mathml_and_svg(graph: nx.DiGraph) -> None:
    values = np.arange(5.0)
    for made in (
        law().mathml,
        network_svg(graph),
        bar_chart(dict.fromkeys(HOSTILE, 1.0), HOSTILE[0]),
        *(chart(values, values, HOSTILE[1]) for chart in (scatter_chart, residual_chart)),
    ):
        tags = {node.tag.split("}")[-1] for node in ElementTree.fromstring(made).iter()}
        assert tags & FORBIDDEN == set()
        check(made)


def test_names_stay_text_in_graphml(graph: nx.DiGraph, tmp_path: Path) -> None:
    save_graph(graph, tmp_path / "graph.graphml")
    read = nx.read_graphml(tmp_path / "graph.graphml")
    assert HOSTILE[0] in nx.get_node_attributes(read, "label").values()


def report() -> Report:
    table = Table(HOSTILE[:3], [HOSTILE[:3], HOSTILE[3:6]], 0, frozenset({2}))
    blocks = [
        Text(HOSTILE[0]),
        Bullets(HOSTILE),
        table,
        Law(law()),
        Code("```\n<b>", "", HOSTILE[1]),
    ]
    return Report(HOSTILE[0], HOSTILE[1], [Section(HOSTILE[2], [*blocks, Figures([HOSTILE[:2]])])])


def test_names_stay_text_in_a_page() -> None:
    check(to_html(report()))


def test_names_stay_text_in_markdown() -> None:
    read = mistune.create_markdown(escape=False, plugins=["table", "strikethrough", "url"])
    check(str(read(to_markdown(report()))), "em", "strong")
    for name in (*HOSTILE, "1. x", "- x", "see www.x.org or http://x.org", "~~x~~"):
        assert Elements(str(read(in_markdown(name)))).found == {"p"}
        for notebook in (for_session("x.kan", name), for_table(name)):
            first = json.loads(notebook)["cells"][0]["source"]
            assert Elements(str(read(first))).found == {"h1", "p"}


def test_names_are_inert_in_latex() -> None:
    scored = replace(law(), scores={"validation_loss": 1.0})
    for text in (scored.latex, scored.display_latex, FormulaSet([scored]).latex_table()):
        assert r"\input" not in text
        assert r"\}\backslash \backslash input\{" in text
        assert r"\$\%\text{”}" in text
    for line in export(law(), "latex").text.splitlines():
        assert line.startswith("%") or not re.search(r"\\input|(?<!\\)%", line)


def test_a_notebook_shows_markup_as_what_it_means() -> None:
    from IPython.core.formatters import DisplayFormatter

    shown, _ = DisplayFormatter().format(element("b", "1 < 2"))
    assert shown["text/html"] == "<b>1 &lt; 2</b>"
    assert not isinstance(shown["text/html"], Markup)
