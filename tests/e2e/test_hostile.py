"""Names of columns, classes, units and sessions that are markup: every page shows them as text."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.server import Lab
from tests.e2e.test_lab import open_and_run, wait_for_the_last_cell, write_notebook

PAGES = ("Data", "Train", "Look", "Simplify", "Discover", "Export", "Script")
FOUND = """
import numpy as np
import pandas as pd
from IPython.display import display
from workbench import Dataset, Session
from workbench.session.telling import report
from workbench.widgets import Workbench, formula_card, network_picture
image = "<img class=evil src=x onerror=window.fired=1>"
evil = [image, "</math><svg class=evil onload=window.fired=1>", "a*b"]
x = np.random.default_rng(0).uniform(1, 2, (150, 3))
labels = np.where(x[:, 0] > x[:, 1], "<b class=evil>", "'\\"><i class=evil>")
y = x[:, 0] ** 2 + x[:, 1] if {regression} else labels
target = "<script class=evil>window.fired=1</script>"
units = {{evil[0]: "m", evil[1]: "m**2"}}
"""
TABLE = 'pd.DataFrame({**dict(zip(evil, x.T)), target: y}).to_csv("hostile.csv", index=False)\n'
USED = """
bench = Workbench("hostile.csv", target, width=(3, 1))
bench.form.change(units=units)
bench.form.use()
"""
GIVEN = """
data = Dataset.from_arrays(x, y, names=evil, target=target, units=units)
bench = Workbench(Session(data, (3, 1)))
"""
SEARCHED = "bench.session.start(grids=(3,), starts=2).wait()\nbench.session.symbolify()\n"
SHOWN = """
open("hostile.html", "w").write(report(bench.session))
display(bench.session.formula, bench.session.formulas, formula_card(bench.formula))
display(network_picture(bench.session.model, bench.session.data))
"""


@pytest.fixture
def watched(page: Page) -> Iterator[Page]:
    """A page on which no dialog opens, nothing fires, and no element comes out of a name."""
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    yield page
    assert dialogs == []


def check(page: Page) -> None:
    expect(page.locator(".evil")).to_have_count(0)
    assert page.evaluate("() => window.fired") is None


@pytest.mark.parametrize(("made", "regression"), [(TABLE + USED, True), (GIVEN, False)])
def test_markup_in_names_is_text_on_every_page(
    watched: Page, lab: Lab, made: str, regression: bool
) -> None:
    name = f"hostile-{regression}.ipynb"
    first = FOUND.format(regression=regression) + made + SEARCHED + "bench"
    write_notebook(lab, name, first, SHOWN)
    open_and_run(watched, name)
    wait_for_the_last_cell(watched)
    for title in PAGES:
        watched.locator(".kw-step", has_text=title).first.click()
        expect(watched.locator(".kw-guide")).to_have_attribute("data-page", title)
        check(watched)
        if title == "Discover":
            watched.locator(".kw-formula-row").last.get_by_role("button", name="Inspect").click()
            expect(watched.locator(".kw-detail:visible")).to_contain_text("is the column")
        if title == "Look":
            watched.locator(".kw-edge:visible").first.hover()
            expect(watched.locator(".kw-tip:visible")).to_contain_text("strength")
    expect(watched.locator(".jp-RenderedHTMLCommon", has_text="class=evil").first).to_be_attached()
    check(watched)


def test_markup_in_a_session_and_a_report_is_text(watched: Page, lab: Lab) -> None:
    write_notebook(lab, "named.ipynb", FOUND.format(regression=True) + GIVEN + SEARCHED + SHOWN)
    open_and_run(watched, "named.ipynb")
    wait_for_the_last_cell(watched)
    watched.evaluate("() => jupyterapp.commands.execute('kan-workbench:show-panel')")
    entry = watched.locator(
        "#kan-workbench-panel .kan-workbench-entry", has_text="class=evil"
    ).first
    expect(entry).to_be_visible()
    check(watched)
    entry.click()
    expect(watched.locator(".jp-MarkdownOutput:visible h1")).to_contain_text("<script class=evil>")
    check(watched)
    report = watched.context.new_page()
    report.goto(f"file://{lab.folder}/hostile.html")
    expect(report.locator("h1")).to_contain_text("<script class=evil>")
    check(report)


def test_files_that_cannot_be_opened_say_why(watched: Page, lab: Lab) -> None:
    lab.sessions.mkdir(exist_ok=True)
    (lab.sessions / "<b class=evil>.kan").write_text("nothing")
    watched.evaluate("() => jupyterapp.commands.execute('kan-workbench:show-panel')")
    entry = watched.locator(".kan-workbench-entry", has_text="<b class=evil>.kan").first
    expect(entry).to_contain_text("not a saved session")
    expect(entry).to_be_disabled()
    (lab.folder / "bent.csv").write_text("a,b\n1,2\n3\n")
    open_table = "() => jupyterapp.commands.execute('kan-workbench:open-table', {path: 'bent.csv'})"
    watched.evaluate(open_table)
    said = watched.locator(".jp-OutputArea:visible").first
    expect(said).to_contain_text("----> 3 bench = Workbench('bent.csv')")
    expect(said).to_contain_text("row 3 has 1: mend it")
    expect(said).not_to_contain_text("Traceback")
    check(watched)
