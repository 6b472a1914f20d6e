"""The screen in a real JupyterLab: Stop, first paint, bytes, what it costs the training, other cells.

    PYTHONPATH=. python benchmarks/screen.py [--quick]

Needs the package installed and a chromium, as the tests in a browser do. Server, kernel and browser
share this machine, so "slowed" also counts what the browser takes from the training.
"""

import time
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from statistics import median
from typing import Any

from command import not_run
from measure import options, short
from playwright.sync_api import Page
from tables import write

from tests.e2e.browser import lab_and_browser, opened
from tests.e2e.server import chromium
from tests.e2e.test_lab import open_and_run, wait_for_the_last_cell, write_notebook

SIZES = ((2, 2, 3), (10, 5, 10), (40, 20, 10))

PREPARE = """
import asyncio, time
import numpy as np
from workbench import KAN, Dataset, Session
from workbench.widgets import NetworkView, Workbench
x = np.random.default_rng(0).uniform(-1, 1, (500, 4))
data = Dataset.from_arrays(x, x[:, 0] * x[:, 1] + np.sin(x[:, 2]))

async def rate(session):
    session.start()
    await asyncio.sleep(1)
    begun, first = time.perf_counter(), len(session.frame.train)
    await asyncio.sleep(SECONDS)
    while len(session.frame.train) == first:  # a busy machine
        await asyncio.sleep(0.1)
    done = (len(session.frame.train) - first) / (time.perf_counter() - begun)
    session.stop()
    await session
    return done

def fresh():
    return Session(data, (4, 8, 1), solver="adam", steps=10**7)
"""

LOOK = """
labels = [f"class {{i % {outputs}}}" for i in range(300)]
x = np.random.default_rng(0).uniform(-1, 1, (300, {inputs}))
begun = time.perf_counter()
view = NetworkView(KAN({width}), Dataset.from_arrays(x, labels))
print(time.perf_counter() - begun)
view
"""

STOP = """() => new Promise(resolve => {
  const panel = document.querySelector('.kw-training');
  const begun = performance.now();
  let answered = 0;
  new MutationObserver((_, self) => {
    const status = panel.dataset.status;
    if (status !== 'stopping' && status !== 'stopped') return;
    answered ||= performance.now() - begun;
    if (status !== 'stopped') return;
    self.disconnect();
    resolve([answered / 1000, (performance.now() - begun) / 1000]);
  }).observe(panel, { attributes: true });
  [...panel.querySelectorAll('button')].find(b => b.textContent === 'Stop').click();
})"""

ROUND_TRIP = """async () => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const begun = performance.now();
  await kernel.requestExecute({ code: '1', store_history: false }).done;
  return (performance.now() - begun) / 1000;
}"""


def run(page: Page, lab: Any, name: str, *cells: str) -> None:
    """Write a notebook, open it, run it to its end."""
    write_notebook(lab, f"{name}.ipynb", PREPARE, *cells)
    open_and_run(page, f"{name}.ipynb")
    page.evaluate("() => jupyterapp.shell.collapseLeft()")
    wait_for_the_last_cell(page)


def printed(page: Page, cell: int) -> str:
    """What a cell has printed."""
    return str(
        page.evaluate(
            "n => jupyterapp.shell.currentWidget.content.widgets[n].model.outputs.toJSON()"
            ".filter(o => o.output_type === 'stream').map(o => o.text).join('')",
            cell,
        )
    )


def first_paint(page: Page, lab: Any, width: tuple[int, ...]) -> tuple[float, float]:
    """Seconds in the kernel, and in the browser from the first line of the view to its first frame."""
    cell = LOOK.format(inputs=width[0], outputs=width[-1], width=width)
    run(page, lab, f"paint-{width[1]}", cell)
    view = page.locator(".kw-network[data-painted]:visible")
    view.wait_for()
    painted = view.get_attribute("data-painted")
    return float(printed(page, 1).split()[0]), int(painted or 0) / 1000


def training(page: Page) -> None:
    """Start the training of the workbench on the screen, and wait until it is under way."""
    page.locator(".kw-training button", has_text="Run").or_(
        page.locator(".kw-training button", has_text="Train further")
    ).first.click()
    page.wait_for_selector(".kw-training[data-status='running']")
    page.wait_for_timeout(1500)


def alive(page: Page, lab: Any, times: int, seconds: int) -> dict[str, Any]:
    """Stop, bytes, and other cells, on a workbench that trains."""
    received: list[int] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))),
    )
    run(page, lab, "alive", "Workbench(fresh())")
    idle = [page.evaluate(ROUND_TRIP) for _ in range(5 * times)]
    training(page)
    received.clear()
    begun = time.perf_counter()
    page.wait_for_timeout(1000 * seconds)
    rate = sum(received) / (time.perf_counter() - begun)
    busy = [page.evaluate(ROUND_TRIP) for _ in range(5 * times)]
    stops = [page.evaluate(STOP)]
    for _ in range(times - 1):
        training(page)
        stops.append(page.evaluate(STOP))
    return {"idle": idle, "busy": busy, "stops": stops, "bytes": rate}


def slowed(page: Page, lab: Any, times: int, seconds: int) -> tuple[float, float]:
    """Iterations a second without and with the workbench on the screen, taking turns."""
    turns = f"SECONDS = {seconds}\nalone, shown = [], []\n" + "".join(
        "alone.append(await rate(fresh()))\nshown.append(await rate(session))\n"
        for _ in range(times)
    )
    run(
        page,
        lab,
        "slowed",
        "session = fresh()\nWorkbench(session)",
        turns + "print(*alone, *shown)",
    )
    rates = [float(text) for text in printed(page, 2).split()]
    return median(rates[:times]), median(rates[times:])


def _times(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.2f} s, at most {max(seconds):.2f} s"


def main() -> None:
    chosen = options(__doc__, turns=(5, 1), seconds=(4, 2), most=(None, 1))
    if chromium() is None:
        not_run("there is no chromium here")
    with lab_and_browser() as (lab, browser):
        new_page = partial(opened, browser, lab, width=1280, height=2200, patience=180)
        page = new_page()
        paints = [(width, *first_paint(page, lab, width)) for width in SIZES[: chosen.most]]
        page.context.close()
        page = new_page()
        found = alive(page, lab, chosen.turns, chosen.seconds)
        page.context.close()
        alone, shown = slowed(new_page(), lab, chosen.turns, chosen.seconds)
    targets = ("", "0.5", "2")
    rows = [
        [
            f"first paint of {sum(a * b for a, b in pairwise(width))} edges",
            f"{paint:.2f} s, after {kernel:.2f} s in the kernel",
            f"≤ {target} s" if target else "",
        ]
        for (width, kernel, paint), target in zip(paints, targets, strict=False)
    ]
    answers, ends = zip(*found["stops"], strict=True)
    rows += [
        ["Stop is answered", _times(answers), "≤ 0.2 s"],
        ["the training has ended", _times(ends), ""],
        ["messages while training", f"{found['bytes'] / 1000:.0f} kB/s", "≤ 300 kB/s"],
        ["training slowed by the screen", f"{100 * (1 - shown / alone):.0f} %", "≤ 10 %"],
        [
            "another cell while training",
            f"{1000 * median(found['busy']):.0f} ms (idle {1000 * median(found['idle']):.0f} ms)",
            "",
        ],
        ["iterations a second, shown", short(shown), ""],
    ]
    write("screen", ["what", "measured", "target"], rows)


if __name__ == "__main__":
    main()
