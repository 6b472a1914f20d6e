"""What stays behind: memory of fits and of widgets that were closed, listeners of cells that run again.

    PYTHONPATH=. python benchmarks/memory.py [--quick]

Memory is the resident set of one process, read before and after, behind a first tenth that fills
caches; the second half is given alone, too, because what leaks keeps growing. Listeners are those on
document and window of a real JupyterLab, and all that the browser counts after a collection.
"""

import gc
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from measure import options
from tables import write

from tests.e2e.server import chromium
from workbench import KAN, Dataset, Session, fit
from workbench.widgets import Workbench

LIMIT_MB = 50
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> float:
    """Megabytes of this process that are in memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 1e6


def growth(work: Callable[[int], object], times: int) -> tuple[float, float]:
    """Megabytes that stay behind ``times`` repetitions, and of them those of the second half."""
    for number in range(max(times // 10, 1)):
        work(number)
    before = resident()
    for number in range(times // 2):
        work(number)
    half = resident()
    for number in range(times // 2, times):
        work(number)
    after = resident()
    return after - before, after - half


def table(seed: int) -> Dataset:
    x = np.random.default_rng(seed).uniform(-1, 1, (200, 2))
    return Dataset.from_arrays(x, x[:, 0] * x[:, 1])


def one_fit(seed: int) -> None:
    fit(KAN((2, 1, 1), seed=seed), table(seed), grids=(3,), starts=2, steps=4, seed=seed)


def one_widget(seed: int) -> None:
    """A workbench on a session of its own, and on disk a file that goes with it."""
    bench = Workbench(Session(table(seed), (2, 2, 1)))
    file = bench._keeper.path if bench._keeper is not None else None
    bench.close()
    if file is not None:
        file.unlink()


def listeners(runs: int) -> list[tuple[int, int]]:
    """The widgets' on document and window, and all of the page, after every run of a workbench's cell."""
    from tests.e2e.browser import lab_and_browser, opened
    from tests.e2e.test_lab import open_and_run, write_notebook
    from tests.e2e.test_lost import BENCH, COUNT, run_again

    found = []
    with lab_and_browser() as (lab, browser):
        page = opened(browser, lab, width=1280, height=900, patience=120)
        page.add_init_script(COUNT)
        page.reload()
        page.wait_for_function("() => window.jupyterapp?.shell")
        page.evaluate("async () => { await jupyterapp.restored; }")
        write_notebook(lab, "memory.ipynb", BENCH)
        open_and_run(page, "memory.ipynb")
        inspector = page.context.new_cdp_session(page)
        inspector.send("Performance.enable")
        for _ in range(runs):
            run_again(page)
            inspector.send("HeapProfiler.collectGarbage")
            counted = inspector.send("Performance.getMetrics")["metrics"]
            whole = next(int(m["value"]) for m in counted if m["name"] == "JSEventListeners")
            found.append((page.evaluate("standing()"), whole))
    return found


def main() -> None:
    chosen = options(__doc__, fits=(300, 10), widgets=(100, 2), runs=(10, 2))
    rows: list[Sequence[object]] = []
    for name, work, times in (
        ("fits", one_fit, chosen.fits),
        ("workbenches made and closed", one_widget, chosen.widgets),
    ):
        grown, late = growth(work, times)
        rows.append((f"{times} {name}", f"{grown:.1f} MB", f"{late:.1f} MB", f"< {LIMIT_MB} MB"))
        print(*rows[-1], sep=" | ", flush=True)
    if chromium() is None:
        print("There is no chromium here, so listeners are not counted.")
    else:
        (first, page), *_, (last, whole) = listeners(chosen.runs)
        runs = f"run 1 and {chosen.runs}"
        rows += [
            (f"listeners of the widgets on document and window, {runs}", first, last, "the same"),
            (f"listeners of the page, {runs}", page, whole, "–"),
        ]
    write("memory", ["what", "grows by", "second half, or last run", "target"], rows)


if __name__ == "__main__":
    main()
