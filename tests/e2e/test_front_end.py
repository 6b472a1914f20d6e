"""The code of the widgets arrives once, before or after what it draws, and outlives every widget."""

import json
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.server import Lab
from tests.e2e.test_lab import open_and_run, wait_for_the_last_cell, write_notebook

# A sentence of the module; the browser's own copy of it has not come from a kernel.
SENTENCE = b"There is no connection to the kernel"

TABLE = """
import numpy as np
from workbench import Dataset, Session
from workbench.widgets import NetworkView, Workbench
from workbench.widgets.front_end import FrontEnd
x = np.random.default_rng(0).uniform(-1, 1, (100, 2))
data = Dataset.from_arrays(x, x[:, 0] * x[:, 1])
session = Session(data, (2, 2, 1))
"""
FIRST = "first = Workbench(session)\nfirst"
SECOND = "second = Workbench(Session(data, (2, 1, 1)))\nsecond"
ALONE = "alone = NetworkView(Session(data, (2, 1)))\nalone"
OTHER_VERSION = """
later = NetworkView(Session(data, (2, 3, 1)))
later._version = "another"
display(later)
arrived = FrontEnd(version="another")
"""
RUN = """async source => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const done = await kernel.requestExecute({ code: source }).done;
  if (done.content.status !== 'ok') throw new Error(done.content.evalue);
}"""
RESTART = """async () => {
  await jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart();
  jupyterapp.commands.execute('notebook:run-all-cells');
}"""


def arrivals(page: Page) -> Callable[[], int]:
    """How often a kernel has sent the module to this page since."""
    count = [0]

    def received(payload: str | bytes) -> None:
        found = payload.encode() if isinstance(payload, str) else payload
        count[0] += SENTENCE in found

    page.on("websocket", lambda socket: socket.on("framereceived", received))
    return lambda: count[0]


def test_the_code_arrives_once_for_all_widgets_of_a_page(page: Page, lab: Lab) -> None:
    count = arrivals(page)
    write_notebook(lab, "once.ipynb", TABLE + ALONE, FIRST, SECOND)
    open_and_run(page, "once.ipynb")
    page.evaluate("() => jupyterapp.shell.collapseLeft()")
    wait_for_the_last_cell(page)
    expect(page.locator(".kw-guide")).to_have_count(2)
    expect(page.locator(".kw-network[data-edges='2']")).to_have_count(1)
    assert count() == 1
    # What is left goes on when another is closed.
    page.evaluate(RUN, "first.close()")
    expect(page.locator(".kw-guide")).to_have_count(1)
    guide = page.locator(".kw-guide")
    guide.get_by_role("tab", name="Look").click()
    expect(guide).to_have_attribute("data-page", "Look")
    expect(page.locator(".kw-network:visible[data-edges='3']")).to_have_count(1)
    # A page that is opened again has nothing but what the kernel tells it.
    page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    before = count()
    page.reload()
    page.wait_for_function("() => window.jupyterapp?.shell")
    expect(page.locator(".kw-network[data-edges='2']")).to_have_count(1)
    expect(page.locator(".kw-guide")).to_have_count(1)
    assert count() == before + 1
    # A kernel that starts anew sends it once more.
    page.evaluate(RESTART)
    expect(page.locator(".kw-guide:not([data-kernel=gone])")).to_have_count(2)
    expect(page.locator(".kw-network[data-edges='2']:not([data-kernel=gone])")).to_have_count(1)


def test_a_view_waits_for_the_code_of_its_own_version(page: Page, lab: Lab) -> None:
    write_notebook(lab, "one.ipynb", TABLE + ALONE)
    open_and_run(page, "one.ipynb")
    expect(page.locator(".kw-network[data-edges='2']")).to_be_visible()
    # A second kernel of the same page, and one whose package is another.
    write_notebook(lab, "two.ipynb", TABLE + ALONE, OTHER_VERSION)
    open_and_run(page, "two.ipynb")
    wait_for_the_last_cell(page)
    expect(page.locator(".kw-network[data-edges='9']")).to_be_visible()
    known = page.evaluate(
        "() => Object.keys(globalThis[Symbol.for('kan-workbench.views')].versions).length"
    )
    assert known == 2


def test_views_are_drawn_anew_when_their_code_changes(page: Page, lab: Lab) -> None:
    write_notebook(lab, "changed.ipynb", TABLE + ALONE)
    open_and_run(page, "changed.ipynb")
    network = page.locator(".kw-network")
    expect(network.get_by_role("button", name="Name curves")).to_be_visible()
    page.evaluate(
        RUN,
        "sent = FrontEnd.of_this_kernel()\nsent._esm = sent._esm.replace('Name curves', 'Christen')",
    )
    expect(network.get_by_role("button", name="Christen")).to_be_visible()
    expect(network).to_have_count(1)


def test_closing_everything_does_not_end_the_kernel_s_screens(page: Page, lab: Lab) -> None:
    close = "import ipywidgets\nipywidgets.Widget.close_all()\n"
    write_notebook(lab, "closed.ipynb", TABLE + ALONE, close + "NetworkView(session)")
    open_and_run(page, "closed.ipynb")
    wait_for_the_last_cell(page)
    expect(page.locator(".kw-network[data-edges='6']")).to_be_visible()


def test_a_saved_notebook_shows_its_widgets_to_another_kernel(page: Page, lab: Lab) -> None:
    write_notebook(lab, "kept.ipynb", TABLE + ALONE)
    open_and_run(page, "kept.ipynb")
    expect(page.locator(".kw-network[data-edges='2']")).to_be_visible()
    page.evaluate(
        """async () => {
          const panel = jupyterapp.shell.currentWidget;
          await jupyterapp.commands.execute('@jupyter-widgets/jupyterlab-manager:saveWidgetState');
          await panel.context.save();
          await panel.sessionContext.shutdown();
        }"""
    )
    saved = json.loads((lab.folder / "kept.ipynb").read_text())
    state = saved["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert sum(SENTENCE.decode() in json.dumps(model) for model in state.values()) == 1
    page.reload()
    page.wait_for_function("() => window.jupyterapp?.shell")
    expect(page.locator(".kw-network[data-edges='2']")).to_be_visible()
