"""Pictures of the workbench, light and dark and narrow, made in a real browser.

    PYTHONPATH=. python docs/screenshots.py

They are written beside this file; look at them before they are committed.
"""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.browser import lab_and_browser, opened
from tests.e2e.test_lab import open_and_run, wait_for_the_last_cell, write_notebook

HERE = Path(__file__).parent
DARK = "JupyterLab Dark"
CELL = """
from workbench.tables.reading import example_table
from workbench.widgets import Workbench
bench = Workbench(example_table(), "period", width=(3, 1, 1))
session = bench.session.start().wait().keep("trained")
session.prune(0.5).undo().prune().keep("simple").symbolify()
bench
"""


def take(page: Page, name: str) -> None:
    """One picture of the workbench alone, when it has settled."""
    page.wait_for_timeout(600)
    page.locator(".jp-OutputArea-output:has(.kw-guide)").screenshot(path=HERE / f"{name}.png")


def turn(page: Page, title: str) -> None:
    page.locator(".kw-guide").get_by_role("tab", name=title).first.click()
    expect(page.locator(".kw-guide")).to_have_attribute("data-page", title)


def main() -> None:
    with lab_and_browser() as (lab, browser):
        page = opened(browser, lab, width=1200, height=1900, patience=120)
        write_notebook(lab, "pictures.ipynb", CELL)
        open_and_run(page, "pictures.ipynb")
        page.evaluate("() => jupyterapp.shell.collapseLeft()")
        wait_for_the_last_cell(page)
        for title in ("Data", "Train", "Look", "Simplify", "Discover", "Export"):
            turn(page, title)
            if title == "Export":
                expect(page.locator(".kw-exports .kw-pre")).to_be_visible()
            take(page, title.lower())
        page.evaluate("t => jupyterapp.commands.execute('apputils:change-theme', {theme: t})", DARK)
        turn(page, "Discover")
        take(page, "discover-dark")
        page.set_viewport_size({"width": 640, "height": 1600})
        turn(page, "Simplify")
        take(page, "simplify-narrow")


if __name__ == "__main__":
    main()
