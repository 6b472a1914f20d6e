"""The report tells everything, twice: one HTML file that needs nothing else, and Markdown with pictures."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from workbench.formulas.formula_set import FormulaSet
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.report import citation
from workbench.report.results import figures, summary, write_results
from workbench.search.automatic import discover
from workbench.search.discovery import Discovery
from workbench.search.polish import constants_and_lines

ROOT = Path(__file__).parents[2]
NASTY = 'mass <kg> | "a"'


@pytest.fixture(scope="module")
def found() -> Discovery:
    random = np.random.default_rng(0)
    x = random.uniform(0.5, 2, (300, 2))
    y = 2.37 * x[:, 0] * x[:, 1] + 0.02 * random.standard_normal(300)
    data = Dataset.from_arrays(
        x, y, names=[NASTY, "a"], target="F", units={NASTY: "kg", "a": "m/s^2", "F": "N"}
    )
    options = {"widths": ((2, (0, 1), 1),), "grids": (3,), "structure": False, "hidden": ()}
    return discover(data, effort="quick", **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def folder(found: Discovery, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report")
    about = summary(found, seed=0, file="table.csv", findings=("It is a product.",))
    write_results(out, found, about, title="Force & mass", question="What is F?")
    return out


TITLES = (
    "The formula", "Findings", "Data", "The network", "Training", "On held-out rows", "Residuals",
    "What the inputs are worth", "Against peers, on the same split", "Formulas from simple to accurate",
    "Constants", "Where it holds", "Exports", "Provenance", "Methods", "To cite",
)  # fmt: skip


class Tags(HTMLParser):
    """Collects the tags that are open at the end, and all attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.attributes += attrs
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs) -> None:
        self.attributes += attrs


def test_figures_say_what_they_are_before_peers_are_known(found: Discovery) -> None:
    early = replace(found, baselines=())
    assert summary(early, seed=0)["figure"] == "r2"
    assert summary(early, seed=0, accuracy={"formula": 0.9})["figure"] == "accuracy"
    x = np.random.default_rng(0).uniform(-1, 1, (90, 1))
    classes = Dataset.from_arrays(x, np.where(x[:, 0] > 0, "u", "v"))
    formulas = constants_and_lines(classes)
    told = replace(early, data=classes, formulas=formulas, network=KAN((1, 1)))
    assert summary(told, seed=0)["figure"] == "accuracy"


def test_a_figure_that_is_nought_is_not_missing(found: Discovery) -> None:
    scored = replace(found.formula, scores={**found.formula.scores, "test_r2": 0.0})
    assert figures(replace(found, formulas=FormulaSet([scored])))["formula"] == 0.0


def test_the_page_needs_nothing_else_and_is_well_formed(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert {a for a, _ in tags.attributes} & {"src", "href", "onload", "onclick"} == set()
    assert "<script" not in page
    assert "<kg>" not in page
    assert re.findall("<h2>(.*?)</h2>", page) == list(TITLES)
    assert page.count("<svg") == 5
    assert page.count('class="pair"') == 1


def test_markdown_tells_the_same_and_its_pictures_exist(folder: Path) -> None:
    text = (folder / "report.md").read_text()
    assert re.findall("^## (.*)$", text, re.MULTILINE) == list(TITLES)
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", text)
    assert len(pictures) == 5
    for name in pictures:
        assert (folder / name).read_text().startswith("<svg")
    assert r"mass \<kg\> \| " in text
    for line in text.splitlines():
        if line.startswith("| ") and "---" not in line:
            assert len(re.findall(r"(?<!\\)\|", line)) >= 3


@pytest.mark.parametrize("name", ["report.html", "report.md"])
def test_evidence_limits_and_origin_are_told(folder: Path, found: Discovery, name: str) -> None:
    text = (folder / name).read_text()
    for word in (
        "What is F?", "table.csv", "bootstrap resamples", "2.3", "±", " … ", "F-test",
        "no pole, branch point or jump", found.formula.provenance["data"], "seed", "2404.19756",
        "041051", "Of 200 bootstrap resamples", "took no part", "executed; agrees to",
    ):  # fmt: skip
        assert word in text, word


def test_what_is_cited_is_what_the_project_says_of_itself() -> None:
    about = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    bibtex = citation.bibtex()
    assert f'title: "{citation.TITLE}"' in about
    assert citation.TITLE in bibtex
    version = re.search(r"^version: (.*)$", about, re.MULTILINE)
    assert version is not None
    assert f"version = {{{version[1]}}}" in bibtex
    assert f"date-released: {citation.YEAR}-" in about
    assert "name: KAN Workbench developers" in about
    assert citation.AUTHORS == "{KAN Workbench developers}"
    assert bibtex.count("{") == bibtex.count("}")


def test_the_table_of_columns_goes_from_least_to_largest(folder: Path, found: Discovery) -> None:
    text = (folder / "report.md").read_text()
    (told,) = (line.split("|")[3:6] for line in text.splitlines() if line.startswith("| a | m/s"))
    column = found.data.inputs[:, 1].numpy()
    expected = [column.min(), np.median(column), column.max()]
    assert [float(n.replace("\\", "")) for n in told] == pytest.approx(expected, rel=1e-3)
