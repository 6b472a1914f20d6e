"""The way from a table to a formula: with the mouse, with the keyboard, and through trouble."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.benches import FOUND, GUIDE, shown
from tests.e2e.server import ROOT, Lab
from tests.e2e.test_lab import SECTION, open_and_run, write_notebook

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
THEMES = ("JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast")
FORCED = "forced colours"
CHANGE_THEME = "t => jupyterapp.commands.execute('apputils:change-theme', {theme: t})"
PAGES = ("Data", "Train", "Look", "Simplify", "Discover", "Export", "Script")


def press_what_is_next(page: Page, label: str) -> None:
    button = page.locator(f"{GUIDE} .kw-next button")
    expect(button).to_have_text(label)
    expect(button).to_be_enabled()
    button.click()


@pytest.fixture
def strangers(page: Page) -> Iterator[list[str]]:
    """Requests that leave this machine: they are blocked, and there must be none."""
    found: list[str] = []

    def decide(route) -> None:
        if route.request.url.startswith(("http://127.0.0.1", "data:", "blob:")):
            route.continue_()
        else:
            found.append(route.request.url)
            route.abort()

    page.route("**/*", decide)
    yield found
    assert found == []


def test_from_the_launcher_to_an_exported_formula_with_the_mouse(
    page: Page, lab: Lab, strangers: list[str]
) -> None:
    page.locator(SECTION).locator(".jp-LauncherCard", has_text="New discovery").click()
    page.get_by_role("button", name="Take an example: pendulums").click()
    expect(page.locator(".kw-listed tr[data-column]")).to_have_count(4)
    expect(page.locator(".kw-bars")).to_have_count(4)
    press_what_is_next(page, "Use this data")
    press_what_is_next(page, "Train")
    press_what_is_next(page, "Look at the curves")
    page.locator(".kw-edge:visible").first.hover()
    expect(page.locator(".kw-tip:visible")).to_contain_text("strength")
    page.mouse.move(0, 0)
    press_what_is_next(page, "Make it simpler")
    press_what_is_next(page, "Simplify by itself")
    press_what_is_next(page, "Find formulas")
    rows = page.locator(".kw-formula-row")
    expect(rows.filter(has_text="chosen")).to_contain_text("length")
    rows.first.get_by_role("button", name="Inspect").click()
    expect(page.locator(".kw-formulas .kw-detail")).to_contain_text("held-out rows")
    press_what_is_next(page, "Export")
    page.get_by_role("radio", name="Python", exact=True).click()
    expect(page.locator(".kw-exports")).to_have_attribute("data-language", "python")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save period-formula.py").click()
    code = download.value.path().read_text()
    assert "def formula(length, gravity, mass)" in code
    with page.expect_download() as download:
        page.locator(".kw-card[data-kind='notebook']").click()
    assert download.value.suggested_filename == "period.ipynb"
    assert len(json.loads(download.value.path().read_text())["cells"]) >= 6


def test_the_same_with_the_keyboard_alone(page: Page, lab: Lab, table: Path) -> None:
    shown(page, lab, "keyboard.ipynb")
    page.evaluate("() => document.querySelector('.kw-step[tabindex=\"0\"]').focus()")
    active = "() => document.activeElement.textContent"

    def tab_to(label: str) -> None:
        for _ in range(60):
            if page.evaluate(active).strip() == label:
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {label!r}")

    for label in ("Train", "Look at the curves", "Make it simpler", "Simplify by itself"):
        expect(page.locator(f"{GUIDE} .kw-next button")).to_have_text(label)
        tab_to(label)
        page.keyboard.press("Enter")
        page.evaluate("() => document.querySelector('.kw-step[tabindex=\"0\"]').focus()")
    expect(page.locator(f"{GUIDE} .kw-next button")).to_have_text("Find formulas")
    tab_to("Find formulas")
    page.keyboard.press("Enter")
    expect(page.locator(".kw-formula-row[data-picked='true']")).to_contain_text("a")
    page.locator(".kw-step[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(GUIDE)).to_have_attribute("data-page", "Export")
    expect(page.locator(".kw-pre:visible")).to_be_visible()
    page.locator(".kw-language[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".kw-exports")).to_have_attribute("data-language", "mathml")
    page.locator(".kw-step[tabindex='0']").focus()
    page.keyboard.press("End")
    expect(page.locator(".kw-script .kw-pre")).to_contain_text("symbolify(model, data")


def test_right_click_on_a_table_opens_it(page: Page, lab: Lab, table: Path) -> None:
    page.evaluate("() => jupyterapp.commands.execute('filebrowser:refresh')")
    item = page.locator(".jp-DirListing-item", has_text="law.csv").first
    item.click(button="right")
    page.locator(".lm-Menu-item", has_text="Open in KAN Workbench").click()
    expect(page.locator(".kw-listed tr[data-column]")).to_have_count(3)
    assert (lab.folder / "law-formula.ipynb").is_file()
    cells = json.loads((lab.folder / "law-formula.ipynb").read_text())["cells"]
    assert len(cells) == 4
    page.locator(".kw-listed").get_by_role("checkbox", name="Use b as an input").uncheck()
    expect(page.locator(".kw-summary")).to_contain_text("y from 1 input")
    page.get_by_label("Explain").select_option("b")
    expect(page.locator(".kw-summary")).to_contain_text("b from")


@pytest.mark.parametrize("kind", ["parquet", "xlsx", "tsv"])
def test_other_tables_are_in_the_context_menu_too(page: Page, lab: Lab, kind: str) -> None:
    (lab.folder / f"other.{kind}").write_bytes(b"a\tb\n1\t2\n")
    page.evaluate("() => jupyterapp.commands.execute('filebrowser:refresh')")
    page.locator(".jp-DirListing-item", has_text=f"other.{kind}").click(button="right")
    expect(page.locator(".lm-Menu-item", has_text="Open in KAN Workbench")).to_be_visible()
    page.keyboard.press("Escape")


def test_a_bad_table_is_said_and_nothing_is_lost(page: Page, lab: Lab, table: Path) -> None:
    (lab.folder / "ragged.csv").write_text("a,b\n1,2\n3\n")
    write_notebook(lab, "bad.ipynb", "from workbench.widgets import DataForm\nDataForm('law.csv')")
    open_and_run(page, "bad.ipynb")
    form = page.locator(".kw-data")
    expect(form).to_have_attribute("data-columns", "3")
    form.get_by_role("button", name="Another table").click()
    form.get_by_role("button", name="Open ragged.csv").click()
    expect(form.locator(".kw-message")).to_contain_text("row 3 has 1: mend it")
    form.get_by_role("button", name="Open law.csv").click()
    expect(form).to_have_attribute("data-columns", "3")
    expect(form.locator(".kw-message")).to_have_text("")
    for name in ("a", "b"):
        form.get_by_role("checkbox", name=f"Use {name} as an input").uncheck()
    expect(form.locator(".kw-message")).to_contain_text("at least one input")
    expect(form.get_by_role("button", name="Use this data")).to_be_disabled()


def test_a_file_can_be_chosen_on_this_computer(page: Page, lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("p,q\n" + "".join(f"{i},{i * i}\n" for i in range(30)))
    write_notebook(lab, "up.ipynb", "from workbench.widgets import DataForm\nDataForm()")
    open_and_run(page, "up.ipynb")
    page.locator(".kw-data input[type=file]").set_input_files(tmp_path / "mine.csv")
    expect(page.locator(".kw-data")).to_have_attribute("data-columns", "2")
    assert (lab.folder / "mine.csv").is_file()


def test_a_reload_in_training_shows_the_present_state(page: Page, lab: Lab, table: Path) -> None:
    endless = "bench.session.start(solver='adam', steps=10**7)"
    shown(page, lab, "reload.ipynb", more=endless)
    panel = page.locator(".kw-training")
    expect(panel).to_have_attribute("data-status", "running")
    page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_timeout(1000)
    page.reload()
    page.wait_for_selector(".jp-NotebookPanel")
    panel = page.locator(".kw-training")
    expect(panel).to_have_attribute("data-status", "running")
    before = int(panel.get_attribute("data-step") or 0)
    page.wait_for_function(f"() => +document.querySelector('.kw-training').dataset.step > {before}")
    panel.get_by_role("button", name="Stop").click()
    expect(panel).to_have_attribute("data-status", "stopped")


def test_a_killed_kernel_loses_nothing(page: Page, lab: Lab, table: Path) -> None:
    shown(page, lab, "killed.ipynb")
    press_what_is_next(page, "Train")
    expect(page.locator(".kw-training")).to_have_attribute("data-status", "done")
    page.evaluate(
        "async () => { const s = jupyterapp.shell.currentWidget.sessionContext;"
        " await s.session.kernel.restart(); }"
    )
    write = "() => { jupyterapp.commands.execute('notebook:run-all-cells'); }"
    page.wait_for_function(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
    )
    page.evaluate(write)
    guide = page.locator(GUIDE)
    expect(guide.locator(".kw-note")).to_contain_text("Restored from disk as it was on")
    expect(guide.get_by_role("tab", name="Train, done")).to_be_visible()
    guide.get_by_role("button", name="Start anew").click()
    expect(guide.locator(".kw-note")).to_be_hidden()
    expect(guide.get_by_role("tab", name="Train", exact=True)).to_be_visible()


def test_versions_are_compared_and_gone_to(page: Page, lab: Lab, table: Path) -> None:
    shown(page, lab, "versions.ipynb", more=FOUND)
    page.locator(GUIDE).get_by_role("tab", name="Simplify").click()
    tree = page.locator(".kw-versions")
    expect(tree).to_have_attribute("data-versions", "4")
    tree.get_by_label("Name of the present version").fill("with a formula")
    tree.get_by_role("button", name="Keep this name").click()
    expect(tree).to_contain_text("with a formula")
    boxes = tree.get_by_role("checkbox")
    boxes.nth(1).check()
    boxes.nth(3).check()
    expect(tree.locator(".kw-beside")).to_contain_text("outputs differ by")
    tree.get_by_role("button", name="Go to version 1").click()
    expect(tree.locator("tr.kw-chosen")).to_contain_text("train")
    page.locator(GUIDE).get_by_role("button", name="Redo").click()
    expect(tree.locator("tr.kw-chosen")).not_to_contain_text("train")


def test_fifty_long_columns_fit_into_a_narrow_pane(page: Page, lab: Lab) -> None:
    random = np.random.default_rng(0)
    names = [f"measurement_number_{i:02d}_of_a_rather_long_experiment" for i in range(50)]
    frame = pd.DataFrame(random.normal(0, 1, (80, 50)), columns=names)
    frame.assign(y=frame[names[0]]).to_csv(lab.folder / "wide.csv", index=False)
    page.set_viewport_size({"width": 640, "height": 800})
    guide = shown(page, lab, "wide.ipynb", file="wide.csv", width="None")
    guide.get_by_role("tab", name="Data").click()
    form = page.locator(".kw-data")
    expect(form.locator("tr[data-column]:visible")).to_have_count(51)
    form.get_by_label("Find a column").fill("_07_")
    expect(form.locator("tr[data-column]:visible")).to_have_count(1)
    form.get_by_label("Find a column").fill("")
    for name in PAGES:
        page.locator(GUIDE).get_by_role("tab", name=name).first.click()
        expect(page.locator(GUIDE)).to_have_attribute("data-page", name)
        spill = page.evaluate(
            "() => { const frame = document.querySelector('.jp-Notebook').getBoundingClientRect();"
            " return [...document.querySelectorAll('.kw')].filter(e => e.offsetParent).map(e =>"
            " e.getBoundingClientRect().right - frame.right).filter(x => x > 1); }"
        )
        assert spill == [], name


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not here: npm ci in frontend")
def test_axe_finds_no_serious_violation(page: Page, lab: Lab, table: Path) -> None:
    guide = shown(page, lab, "axe.ipynb", more=FOUND)
    page.add_script_tag(path=AXE)
    for theme in (*THEMES, FORCED):
        if theme == FORCED:
            page.emulate_media(forced_colors="active", color_scheme="dark")
        page.evaluate(CHANGE_THEME, THEMES[1] if theme == FORCED else theme)
        for name in PAGES:
            guide.get_by_role("tab", name=name).first.click()
            expect(guide).to_have_attribute("data-page", name)
            if name == "Export":
                expect(page.locator(".kw-exports .kw-pre")).to_be_visible()
            if name == "Discover" and page.locator(".kw-options[open]").count() == 0:
                page.locator(".kw-formulas").get_by_text("Options", exact=True).click()
            page.wait_for_timeout(300)  # transitions and first drawings of a page
            result = page.evaluate(
                "async () => { const { passes, violations } = await axe.run("
                "[...document.querySelectorAll('.kw')].filter(e => e.offsetParent));"
                " return { passes, violations }; }"
            )
            assert len(result["passes"]) > 10
            serious = [
                (v["id"], v["nodes"][0]["html"][:200], v["nodes"][0]["failureSummary"][:300])
                for v in result["violations"]
                if v["impact"] in ("serious", "critical")
            ]
            assert serious == [], (theme, name)


def test_the_side_panel_and_the_menus_lead_in(page: Page, lab: Lab, table: Path) -> None:
    ids = page.evaluate(
        "() => jupyterapp.commands.listCommands().filter(id => id.startsWith('kan-workbench:'))"
    )
    assert len(ids) == 5
    described = page.evaluate(
        "async ids => Promise.all(ids.map(async id =>"
        " (await jupyterapp.commands.describedBy(id, {})).args?.type))",
        ids,
    )
    assert described == ["object"] * 5
    shown(page, lab, "kept.ipynb", more=FOUND)
    page.evaluate("() => jupyterapp.commands.execute('kan-workbench:show-panel')")
    panel = page.locator(".kan-workbench-panel")
    expect(panel.get_by_role("button", name="Knot invariants")).to_be_visible()
    session = panel.get_by_role("button", name=re.compile("y from a, b.*step")).first
    expect(session).to_be_visible()
    session.click()
    page.wait_for_function(
        "() => jupyterapp.shell.currentWidget?.context?.path.startsWith('y-from-a-b')"
    )
    guide = page.locator(f"{GUIDE}:visible")
    expect(guide.get_by_role("tab", name="Discover, done")).to_be_visible()
    page.get_by_role("menuitem", name="Help").click()
    expect(page.locator(".lm-Menu-item", has_text="New discovery")).to_be_visible()
    page.keyboard.press("Escape")


def test_settings_reach_the_notebook(page: Page, lab: Lab) -> None:
    (lab.folder / "set.csv").write_text("a,b\n" + "".join(f"{i},{i * i}\n" for i in range(30)))
    page.evaluate(
        "async () => { const s = await jupyterapp.serviceManager.settings.save("
        "'kan-workbench-labextension:plugin', JSON.stringify("
        "{threads: 2, precision: 'float32', rate: 7, curves: 'ink'})); }"
    )
    page.reload()
    page.wait_for_selector(".jp-LauncherCard")
    page.evaluate(
        "() => { jupyterapp.commands.execute('kan-workbench:open-table', {path: 'set.csv'}); }"
    )
    expect(page.locator(".kw-data")).to_have_attribute("data-columns", "2")
    source = (lab.folder / "set-formula.ipynb").read_text()
    for given in ("threads=2", "precision='float32'", "rate=7"):
        assert given in source
    page.locator(".kw-data").get_by_role("button", name="Use this data").click()
    panel = page.locator(".kw-training")
    panel.get_by_role("button", name="Run").click()
    expect(panel).to_have_attribute("data-status", "done")
    paint = "e => getComputedStyle(e).stroke"
    ink = page.locator(".kw-training").evaluate("e => getComputedStyle(e).color")
    curve = panel.locator(".kw-curve path").first
    assert curve.evaluate(paint) == ink
    settings = (
        "curves => jupyterapp.serviceManager.settings.save('kan-workbench-labextension:plugin',"
        " JSON.stringify({curves}))"
    )
    state = (
        "async () => { const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;"
        " let text = ''; const run = kernel.requestExecute({code: 'import torch; s = bench.session;"
        " print(s.threads, s.rate, s.model.output_scale.dtype)'});"
        " run.onIOPub = m => { text += m.content.text ?? ''; }; await run.done; return text.trim(); }"
    )
    assert page.evaluate(state) == "2 7 torch.float32"
    page.evaluate(
        "() => Object.assign(document.body.dataset, {kwCurves: 'safe', jpThemeLight: 'true'})"
    )
    expect(curve).to_have_css("stroke", "rgb(0, 114, 178)")
    page.evaluate(settings, "safe")
    page.reload()
    page.wait_for_function("() => document.body.dataset.kwCurves === 'safe'")
    page.evaluate(
        "async () => { await jupyterapp.serviceManager.settings.save("
        "'kan-workbench-labextension:plugin', '{}'); }"
    )
