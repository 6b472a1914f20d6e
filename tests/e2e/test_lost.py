"""A kernel that is gone is said everywhere, drafts survive, and no listener is left behind."""

import os
import re
import signal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.server import Lab
from tests.e2e.test_lab import open_and_run, write_notebook

BENCH = """
import os
import numpy as np, pandas as pd
from workbench.widgets import Workbench
random = np.random.default_rng(0)
frame = pd.DataFrame({"a": random.uniform(1, 2, 150), "b": random.uniform(1, 2, 150)})
bench = Workbench(frame.assign(y=frame["a"] ** 2 + frame["b"]), "y", width=(2, 1))
bench.session.start(grids=(3,), starts=2).wait()
print("process", os.getpid())
bench
"""
ALONE = """
from workbench import Dataset, Session
from workbench.widgets import TrainingPanel
TrainingPanel(Session(Dataset.from_arrays(np.eye(30), np.arange(30.0)), (30, 1)))
"""
RESTART = "() => { jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"
SHUT = "() => { jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown(); }"
NEEDING = (
    "e => [...e.querySelectorAll('button')].filter("
    "b => b.offsetParent && !b.disabled && !('local' in b.dataset)).map(b => b.textContent)"
)


def bench(page: Page, lab: Lab, name: str, *cells: str) -> Locator:
    write_notebook(lab, name, BENCH, *cells)
    open_and_run(page, name)
    page.evaluate("() => jupyterapp.shell.collapseLeft()")
    guide = page.locator(".kw-guide")
    expect(guide).to_be_visible()
    return guide


def turn(page: Page, name: str) -> None:
    page.locator(".kw-guide").get_by_role("tab", name=name).first.click()
    expect(page.locator(".kw-guide")).to_have_attribute("data-page", name)


def expect_gone(page: Page) -> None:
    guide = page.locator(".kw-guide")
    said = guide.locator(".kw-lost")
    expect(said).to_contain_text("The kernel is gone. Your work is saved in ")
    expect(said).to_contain_text(re.compile(r"y-from-a-b-.*\.kan.*Run this cell again"))
    for name in ("Data", "Train", "Look", "Simplify", "Discover", "Export", "Script"):
        turn(page, name)
        panels = page.locator(".kw:visible")
        expect(panels.nth(1)).to_be_visible()
        expect(panels.locator(".kw-lost")).to_have_count(panels.count())
        for panel in panels.all():
            expect(panel).to_have_attribute("data-kernel", "gone")
            assert panel.evaluate(NEEDING) == [], name
    expect(page.get_by_role("button", name="Save the script")).to_be_enabled()


@pytest.mark.parametrize("how", ["killed", "restarted", "shut down"])
def test_a_kernel_that_is_gone_is_said_everywhere(page: Page, lab: Lab, how: str) -> None:
    guide = bench(page, lab, f"gone-{how[:4]}.ipynb", ALONE)
    expect(page.locator(".kw-training")).to_have_count(2)
    if how == "killed":
        printed = page.locator(".jp-OutputArea-output", has_text="process").first.inner_text()
        os.kill(int(re.findall(r"process (\d+)", printed)[0]), signal.SIGKILL)
        page.locator(".jp-Dialog .jp-mod-accept").click()
    else:
        page.evaluate(RESTART if how == "restarted" else SHUT)
    expect_gone(page)
    expect(guide.locator(".kw-next")).to_be_hidden()  # a hint of what was
    alone = page.locator(".kw-training").last
    expect(alone.locator(".kw-lost")).to_contain_text("What session.save() has not written is lost")
    guide.get_by_role("button", name="Run the cells above and this one").click()
    expect(page.locator(".kw-guide .kw-note")).to_contain_text("Restored from disk as it was on")
    expect(page.locator(".kw-guide .kw-lost")).to_have_count(0)
    expect(page.locator(".kw-guide").get_by_role("tab", name="Train, done")).to_be_visible()


def test_a_lost_connection_is_said_and_forgotten(page: Page, lab: Lab) -> None:
    guide = bench(page, lab, "away.ipynb")
    told = (
        "state => { for (const output of document.querySelectorAll('.jp-OutputArea-child')) {"
        " if (state) output.dataset.kwKernel = state; else delete output.dataset.kwKernel;"
        " for (const view of output.querySelectorAll('.kw'))"
        " view.dispatchEvent(new CustomEvent('kan-workbench:kernel')); } }"
    )
    page.evaluate(told, "away")
    expect(guide.locator(".kw-lost")).to_contain_text("no connection to the kernel")
    panel = page.locator(".kw-training:visible")
    expect(panel.get_by_role("button", name="Train further")).to_be_disabled()
    page.evaluate(told, "")
    expect(guide.locator(".kw-lost")).to_have_count(0)
    expect(panel.get_by_role("button", name="Train further")).to_be_enabled()


def test_what_was_typed_survives_turning_pages_and_new_frames(page: Page, lab: Lab) -> None:
    bench(page, lab, "drafts.ipynb")
    training = page.locator(".kw-training:visible")
    training.get_by_text("Network and settings").click()
    training.get_by_label("Nodes per layer").fill("2, 7, 1")
    training.get_by_label("Finest grid").select_option("12")
    training.get_by_label("Solver").select_option("lbfgs")
    turn(page, "Look")
    network = page.locator(".kw-network:visible")
    expect(network.locator(".kw-edge").first).to_be_visible()
    network.get_by_role("button", name="Zoom in").click()
    zoomed = network.locator(".kw-canvas").get_attribute("viewBox")
    turn(page, "Discover")
    formulas = page.locator(".kw-formulas:visible")
    formulas.get_by_text("Options", exact=True).click()
    formulas.get_by_label("What you know of the law").fill("y = f(a")
    turn(page, "Simplify")
    page.get_by_label("Name of the present version").fill("half a na")
    turn(page, "Data")
    unit = page.get_by_label("Unit of a")
    unit.press_sequentially("kg")
    # Another frame of the kernel paints every page.
    page.evaluate(
        "async () => { await jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".requestExecute({code: 'bench.form.change(log=[]); bench.session.keep(\"x\")'}).done; }"
    )
    expect(unit).to_have_value("kg")
    turn(page, "Train")
    expect(training.get_by_label("Nodes per layer")).to_be_visible()
    expect(training.get_by_label("Nodes per layer")).to_have_value("2, 7, 1")
    expect(training.get_by_label("Finest grid")).to_have_value("12")
    turn(page, "Look")
    expect(network.locator(".kw-edge").first).to_be_visible()
    expect(network.locator(".kw-canvas")).to_have_attribute("viewBox", zoomed or "")
    turn(page, "Discover")
    expect(formulas.get_by_label("What you know of the law")).to_have_value("y = f(a")
    turn(page, "Simplify")
    expect(page.get_by_label("Name of the present version")).to_have_value("half a na")
    turn(page, "Train")
    training.get_by_role("button", name="Train further").click()
    turn(page, "Script")
    expect(page.locator(".kw-script .kw-pre")).to_contain_text("solver='lbfgs'")
    expect(page.locator(".kw-script .kw-pre")).to_contain_text("grids=(3, 6, 12)")


# Those of the widgets and of the extension alone: JupyterLab adds some of its own whenever it has time.
COUNT = """
(() => {
  const [add, remove] = [EventTarget.prototype.addEventListener, EventTarget.prototype.removeEventListener];
  const live = new Set();
  const options = o => (typeof o === 'object' && o !== null ? o : { capture: Boolean(o) });
  const same = (e, t, f, o) => e.type === t && e.f === f && e.capture === Boolean(options(o).capture);
  const key = (t, f, o) => [...live].find(e => same(e, t, f, o));
  const ours = () => /blob:|kan-workbench/.test(new Error().stack);
  window.standing = () => live.size;
  EventTarget.prototype.addEventListener = function (t, f, o) {
    if ((this === document || this === window) && f && ours() && !key(t, f, o) && !options(o).once) {
      const entry = { type: t, f, capture: Boolean(options(o).capture) };
      live.add(entry);
      if (options(o).signal) add.call(options(o).signal, 'abort', () => live.delete(entry));
    }
    return add.call(this, t, f, o);
  };
  EventTarget.prototype.removeEventListener = function (t, f, o) {
    if (this === document || this === window) live.delete(key(t, f, o));
    return remove.call(this, t, f, o);
  };
})();
"""


def run_again(page: Page) -> None:
    """Run the first cell again, and wait for the workbench that it shows."""
    page.evaluate("() => document.querySelector('.kw-guide')?.setAttribute('data-old', '')")
    page.evaluate(
        "async () => { jupyterapp.shell.currentWidget.content.activeCellIndex = 0;"
        " await jupyterapp.commands.execute('notebook:run-cell'); }"
    )
    expect(page.locator(".kw-guide:not([data-old])")).to_have_count(1)
    expect(page.locator(".kw-guide")).to_have_count(1)
    expect(page.locator(".kw-training:visible")).to_have_count(1)


def test_cells_that_run_again_leave_no_listener_behind(page: Page, lab: Lab) -> None:
    page.add_init_script(COUNT)
    page.reload()
    page.wait_for_function("() => window.jupyterapp?.shell")
    page.evaluate("async () => { await jupyterapp.restored; }")
    bench(page, lab, "again.ipynb")
    press = page.locator(".kw-training:visible").get_by_role("button", name="Train further")
    press.hover()
    page.mouse.down()
    page.wait_for_function("() => standing() > 0")  # so what the widgets add is seen
    page.mouse.move(0, 0)
    page.mouse.up()
    for _ in range(5):
        run_again(page)
    page.wait_for_function("() => standing() === 0")
