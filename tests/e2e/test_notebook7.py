"""Jupyter Notebook 7 is JupyterLab's parts without its shell: what it offers of the workbench works."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.server import PATIENCE, Lab, running_lab
from tests.e2e.test_lab import write_notebook

pytest.importorskip("notebook", reason="Jupyter Notebook is not here: pip install notebook")

IDLE = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
BENCH = """
import numpy as np
from workbench import Dataset, Session
from workbench.widgets import Workbench
x = np.random.default_rng(0).uniform(-1, 1, (300, 2))
data = Dataset.from_arrays(x, x[:, 0] * x[:, 1])

bench = Workbench(Session(data, (2, 4, 1), solver="adam", steps=10**7))
bench
"""


@pytest.fixture(scope="module")
def notebook7(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folders = tmp_path_factory.mktemp("home7"), tmp_path_factory.mktemp("files7")
    with running_lab(*folders, app="notebook") as server:
        yield server


@pytest.fixture
def page(notebook7: Lab, browser) -> Iterator[Page]:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE * 1000)
    yield page
    page.context.close()
    notebook7.end_kernels()


def visit(page: Page, server: Lab, path: str) -> None:
    page.goto(f"{server.url}/{path}?token={server.token}")
    page.wait_for_function("() => window.jupyterapp?.commands.hasCommand('kan-workbench:open')")


def palette(page: Page, typed: str) -> list[str]:
    field = page.locator(".lm-CommandPalette-input")
    page.evaluate("async () => { await jupyterapp.restored; }")
    for _ in range(10):  # a page that is still arranging itself may close the palette again
        page.evaluate("() => { jupyterapp.commands.execute('apputils:activate-command-palette'); }")
        page.wait_for_timeout(500)
        if field.is_visible():
            break
    field.fill(typed)
    found = page.locator(".lm-CommandPalette-itemLabel")
    expect(found.first).to_be_visible()
    texts = found.all_inner_texts()
    page.keyboard.press("Escape")
    return texts


def test_the_file_list_leads_in(page: Page, notebook7: Lab) -> None:
    (notebook7.folder / "law.csv").write_text(
        "a,b\n" + "".join(f"{i},{i * i}\n" for i in range(30))
    )
    visit(page, notebook7, "tree")
    known = palette(page, "KAN")
    assert {"New KAN Discovery", "Open in KAN Workbench"} <= set(known)
    assert "Open Study: Knot invariants" in palette(page, "Open Study")
    page.get_by_role("menuitem", name="Help").click()
    for entry in (
        "Tour",
        "Differential equations",
        "Knot invariants",
        "Anderson localization",
        "New discovery",
    ):
        expect(page.locator(".lm-Menu-item", has_text=entry)).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".jp-DirListing-item", has_text="law.csv").click(button="right")
    with page.context.expect_page() as opened:
        page.locator(".lm-Menu-item", has_text="Open in KAN Workbench").click()
    expect(opened.value.locator(".jp-Notebook")).to_contain_text("law.csv")
    assert (notebook7.folder / "law-formula.ipynb").is_file()
    expect(opened.value.locator(".kw-guide")).to_be_visible()  # it ran by itself
    opened.value.reload()
    opened.value.wait_for_function(IDLE)
    assert (
        opened.value.evaluate("() => localStorage.getItem('kan-workbench:run-once-opened')") is None
    )


def test_the_side_panel(page: Page, notebook7: Lab) -> None:
    visit(page, notebook7, "tree")
    page.evaluate("async () => { await jupyterapp.restored; }")
    page.evaluate("() => { jupyterapp.commands.execute('kan-workbench:show-panel'); }")
    panel = page.locator("#kan-workbench-panel")
    expect(panel.get_by_role("button", name="New discovery")).to_be_visible()
    expect(panel.get_by_role("button", name="Knot invariants")).to_be_visible()


def test_the_workbench_trains_and_stops(page: Page, notebook7: Lab) -> None:
    write_notebook(notebook7, "bench.ipynb", BENCH)
    visit(page, notebook7, "notebooks/bench.ipynb")
    page.wait_for_function(IDLE)
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells'); }")
    guide = page.locator(".kw-guide")
    expect(guide).to_be_visible()
    guide.get_by_role("tab", name="Look").first.click()
    expect(page.locator(".kw-network:visible .kw-edge").first).to_be_visible()
    guide.get_by_role("tab", name="Train").first.click()
    panel = page.locator(".kw-training")
    panel.get_by_role("button", name="Run").click()
    page.wait_for_function("() => +document.querySelector('.kw-training').dataset.step > 20")
    expect(panel.locator(".kw-curve").first).to_be_visible()
    panel.get_by_role("button", name="Stop").click()
    expect(panel).to_have_attribute("data-status", "stopped")
    assert "Open Study: Tour" in palette(page, "Open Study")


def test_a_kernel_that_is_gone_is_said(page: Page, notebook7: Lab) -> None:
    write_notebook(notebook7, "gone.ipynb", BENCH)
    visit(page, notebook7, "notebooks/gone.ipynb")
    page.wait_for_function(IDLE)
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells'); }")
    guide = page.locator(".kw-guide")
    expect(guide).to_be_visible()
    page.evaluate(
        "() => { jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"
    )
    expect(guide.locator(".kw-lost")).to_contain_text("Your work is saved in ")
    panel = page.locator(".kw-training")
    expect(panel.locator(".kw-lost")).to_contain_text("The kernel is gone")
    expect(panel.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    guide.get_by_role("button", name="Run the cells above and this one").click()
    expect(page.locator(".kw-guide .kw-lost")).to_have_count(0)
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()


def test_a_notebook_that_opens_elsewhere_leaves_this_one_alone(page: Page, notebook7: Lab) -> None:
    write_notebook(notebook7, "mine.ipynb", BENCH)
    visit(page, notebook7, "notebooks/mine.ipynb")
    page.wait_for_function(IDLE)
    with page.context.expect_page() as opened:
        page.evaluate("() => { jupyterapp.commands.execute('kan-workbench:new-discovery'); }")
    other = opened.value
    expect(other.locator(".jp-Notebook")).to_contain_text("New discovery")
    expect(other.locator(".kw-guide")).to_be_visible()
    counts = "() => jupyterapp.shell.currentWidget.content.widgets.map(c => c.model.executionCount)"
    assert page.evaluate(counts) == [None]
