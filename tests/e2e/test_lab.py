"""What a scientist sees: the launcher, a study that opens, a training that obeys, the formula."""

import json
import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import LONG_PATIENCE
from tests.e2e.server import Lab

SECTION = ".jp-Launcher-section:has(h2:text-is('KAN Workbench'))"
PANEL = ".kw-training"

LONG_TRAINING = """
import numpy as np
from workbench import Dataset, Session
from workbench.widgets import TrainingPanel
random = np.random.default_rng(0)
x = random.uniform(-1, 1, (500, 2))
y = np.sin(3 * x[:, 0] * x[:, 1]) + 0.1 * random.standard_normal(500)  # no search is done at once
data = Dataset.from_arrays(x, y, names=["a_rather_long_column_name", "b"])
session = Session(data, (2, 4, 1), solver="adam", steps=10**7)
TrainingPanel(session)
"""
STARTS = """
import numpy as np
from workbench import Dataset, Session
from workbench.widgets import TrainingPanel
x = np.random.default_rng(0).uniform(-1, 1, (300, 2))
data = Dataset.from_arrays(x, x[:, 0] * x[:, 1] + np.sin(3 * x[:, 0]))
TrainingPanel(Session(data, (2, 2, 1), starts=16, grids=(3, 6)))
"""


def write_notebook(lab: Lab, name: str, *cells: str) -> None:
    made = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "execution_count": None}
        | {"outputs": [], "source": source}
        for i, source in enumerate(cells)
    ]
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": made, "metadata": about, "nbformat": 4, "nbformat_minor": 5}
    (lab.folder / name).write_text(json.dumps(notebook))


def open_and_run(page: Page, path: str) -> None:
    page.evaluate("path => { jupyterapp.commands.execute('docmanager:open', {path}); }", path)
    page.wait_for_function(
        "path => { const w = jupyterapp.shell.currentWidget; return w?.context?.path === path"
        " && w.sessionContext?.session?.kernel?.status === 'idle'; }",
        arg=path,
    )
    # The block body returns nothing: the command's promise would wait for the last cell.
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells'); }")


def wait_for_the_last_cell(page: Page) -> None:
    """Until every code cell has run without an error; the models know, whatever is on the screen."""
    page.wait_for_function(
        "() => jupyterapp.shell.currentWidget.content.widgets.filter(c => c.model.type === 'code')"
        ".every(c => c.model.executionCount !== null && c.model.executionState !== 'running')",
        timeout=LONG_PATIENCE * 1000,
    )
    errors = page.evaluate(
        "() => jupyterapp.shell.currentWidget.content.widgets.flatMap(c =>"
        " c.model.outputs?.toJSON() ?? []).filter(o => o.output_type === 'error').map(o => o.evalue)"
    )
    assert errors == []


def output(page: Page, sign: str, selector: str) -> Locator:
    """What ``selector`` finds in the last cell whose outputs contain ``sign``.

    JupyterLab takes cells out of the page that are not in view: the cell is brought there first.
    """
    page.evaluate(
        "async sign => { const notebook = jupyterapp.shell.currentWidget.content;"
        " const holds = c => JSON.stringify(c.model.outputs?.toJSON() ?? []).includes(sign);"
        " const place = notebook.widgets.findLastIndex(holds);"
        " if (place < 0) throw new Error(`no output holds ${sign}`);"
        " notebook.activeCellIndex = place;"
        " await notebook.scrollToCell(notebook.widgets[place], 'start'); }",
        sign,
    )
    return page.locator(f".jp-Notebook .jp-Cell.jp-mod-active .jp-OutputArea {selector}").first


def test_the_launcher_offers_studies_and_a_new_discovery(page: Page, lab: Lab) -> None:
    section = page.locator(SECTION)
    for title in (
        "New discovery",
        "Tour",
        "Differential equations",
        "Knot invariants",
        "Anderson localization",
    ):
        expect(section.locator(".jp-LauncherCard", has_text=title)).to_be_visible()
    section.locator(".jp-LauncherCard", has_text="Knot invariants").click()
    expect(
        page.locator(".jp-Notebook h1", has_text="The signature of hyperbolic knots")
    ).to_be_visible()
    assert (lab.folder / "knots.ipynb").is_file()


def test_a_user_s_copy_is_never_overwritten(page: Page, lab: Lab) -> None:
    write_notebook(lab, "localization.ipynb", "# my own notes")
    page.locator(SECTION).locator(".jp-LauncherCard", has_text="Anderson localization").click()
    expect(page.locator(".jp-Notebook", has_text="my own notes")).to_be_visible()
    assert "my own notes" in (lab.folder / "localization.ipynb").read_text()


def test_the_palette_knows_the_commands(page: Page) -> None:
    labels = page.evaluate(
        "() => ['knots', 'localization'].map(name =>"
        " jupyterapp.commands.label('kan-workbench:open', {name, isPalette: true}))"
    )
    assert labels == ["Open Study: Knot invariants", "Open Study: Anderson localization"]
    described = page.evaluate(
        "async () => (await jupyterapp.commands.describedBy('kan-workbench:open', {})).args.type"
    )
    assert described == "object"


def test_training_runs_pauses_and_stops(page: Page, lab: Lab) -> None:
    write_notebook(lab, "long.ipynb", LONG_TRAINING)
    open_and_run(page, "long.ipynb")
    panel = page.locator(PANEL)
    expect(panel).to_have_attribute("data-status", "ready")
    panel.get_by_role("button", name="Run").click()
    expect(panel).to_have_attribute("data-status", "running")
    page.wait_for_function(f"() => +document.querySelector('{PANEL}').dataset.step > 20")
    expect(panel.locator(".kw-curve")).to_have_count(12)
    expect(panel.locator("path.kw-train").first).to_have_attribute("d", re.compile(r"\d"))
    panel.get_by_role("button", name="Pause").click()
    expect(panel).to_have_attribute("data-status", "paused")
    held = panel.get_attribute("data-step")
    page.wait_for_timeout(300)
    assert panel.get_attribute("data-step") == held
    panel.get_by_role("button", name="Resume").click()
    expect(panel).to_have_attribute("data-status", "running")
    panel.get_by_role("button", name="Stop").click()
    expect(panel).to_have_attribute("data-status", "stopped", timeout=5000)
    expect(panel.locator(".kw-message")).to_contain_text("Validation RMSE")
    # Other jobs obey as well.
    panel.get_by_role("button", name="Reset").click()
    panel.get_by_role("button", name="Find a formula by itself").click()
    panel.get_by_role("button", name="Pause").click()
    expect(panel).to_have_attribute("data-status", "paused")
    expect(panel.get_by_role("button", name="Step")).to_have_count(0)
    panel.get_by_role("button", name="Resume").click()
    expect(panel).to_have_attribute("data-status", "running")
    panel.get_by_role("button", name="Stop").click()
    expect(panel).to_have_attribute("data-status", re.compile("done|stopped"))
    # The kernel is free all the while, and a kernel that is gone leaves the last picture.
    curves = panel.locator(".kw-curve").count()
    assert curves
    page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown()")
    expect(panel.locator(".kw-curve")).to_have_count(curves)


def test_every_random_start_is_a_small_panel(page: Page, lab: Lab) -> None:
    page.emulate_media(reduced_motion="reduce")
    write_notebook(lab, "starts.ipynb", STARTS)
    open_and_run(page, "starts.ipynb")
    panel = page.locator(PANEL)
    expect(panel.locator(".kw-starts")).to_be_hidden()
    panel.get_by_role("button", name="Run").click()
    cards = panel.locator(".kw-multiple")
    expect(cards.first).to_be_visible()
    expect(panel).to_have_attribute("data-status", "done")
    best = panel.locator(".kw-multiple[data-state='best']")
    expect(best).to_be_in_viewport()
    detail = panel.locator(".kw-start-detail")
    expect(detail).to_contain_text("is the best: training went on with it; RMSE")
    cards.first.focus()
    page.keyboard.press("End")
    expect(cards.last).to_be_focused()
    expect(detail).to_contain_text(f"Start {cards.count()} ")
    page.keyboard.press("Home")
    expect(detail).to_contain_text("Start 1 ")
    cards.nth(1).hover()
    expect(detail).to_contain_text("Start 2 ")
    assert (
        cards.first.locator("path").evaluate("e => getComputedStyle(e).transitionDuration") == "0s"
    )
    page.set_viewport_size({"width": 640, "height": 900})
    spill = cards.evaluate_all(
        "all => { const frame = all[0].closest('.kw').getBoundingClientRect();"
        " return all.filter(e => e.getBoundingClientRect().right > frame.right).length; }"
    )
    assert spill == 0


def test_the_tour_runs_from_table_to_law(page: Page, lab: Lab) -> None:
    page.locator(SECTION).locator(".jp-LauncherCard", has_text="Tour").click()
    page.wait_for_function("() => jupyterapp.shell.currentWidget?.context?.path === 'tour.ipynb'")
    open_and_run(page, "tour.ipynb")
    wait_for_the_last_cell(page)
    guide = output(page, "application/vnd.jupyter.widget-view+json", ".kw-guide")
    expect(guide.get_by_role("tab", name="Discover, done")).to_be_visible()
    expect(output(page, "<svg", "svg.kan")).to_be_visible()
    expect(output(page, "<math", "math")).to_contain_text("period")


def test_the_panel_follows_the_dark_theme(page: Page, lab: Lab) -> None:
    write_notebook(lab, "dark.ipynb", LONG_TRAINING)
    open_and_run(page, "dark.ipynb")
    panel = page.locator(PANEL)
    expect(panel).to_have_attribute("data-status", "ready")
    paint = "e => getComputedStyle(e).backgroundColor"
    light = panel.evaluate(paint)
    page.evaluate(
        "() => jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    expect(panel).not_to_have_css("background-color", light)
    page.set_viewport_size({"width": 620, "height": 700})
    box, frame = panel.bounding_box(), page.locator(".jp-Notebook").bounding_box()
    assert box is not None
    assert frame is not None
    assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 1
