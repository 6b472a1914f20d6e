"""A workbench on a small law, in a notebook that is run."""

from playwright.sync_api import Locator, Page, expect

from tests.e2e.server import Lab
from tests.e2e.test_lab import open_and_run, write_notebook

GUIDE = ".kw-guide"
STARTED = """
from workbench.widgets import Workbench
bench = Workbench({file!r}, "y", width={width})
{more}
bench
"""
FOUND = "bench.session.start(grids=(3, 6), starts=4).wait()\nbench.session.prune().symbolify()"


def shown(
    page: Page, lab: Lab, name: str, more: str = "", file: str = "law.csv", width: str = "(2, 1)"
) -> Locator:
    write_notebook(lab, name, STARTED.format(file=file, more=more, width=width))
    open_and_run(page, name)
    page.evaluate("() => jupyterapp.shell.collapseLeft()")
    guide = page.locator(GUIDE)
    expect(guide).to_be_visible()
    return guide
