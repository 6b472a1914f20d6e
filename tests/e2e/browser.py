"""A chromium without a window, and pages in it that show a JupyterLab; for tests, pictures, benchmarks."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.server import Lab, chromium, running_lab


@contextmanager
def launched() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


def opened(browser: Browser, lab: Lab, *, width: int, height: int, patience: float) -> Page:
    """A page of its own that shows JupyterLab with its launcher; it waits ``patience`` seconds at most."""
    context = browser.new_context(viewport={"width": width, "height": height})
    return shown_lab(context.new_page(), lab, patience=patience)


def shown_lab(page: Page, lab: Lab, *, patience: float) -> Page:
    """The page once it shows JupyterLab with its launcher."""
    page.set_default_timeout(1000 * patience)
    page.goto(f"{lab.url}/lab?reset&token={lab.token}")
    page.wait_for_selector(".jp-LauncherCard")
    return page


@contextmanager
def lab_and_browser() -> Iterator[tuple[Lab, Browser]]:
    """Both, with folders that are gone afterwards."""
    with (
        tempfile.TemporaryDirectory() as home,
        tempfile.TemporaryDirectory() as folder,
        running_lab(Path(home), Path(folder)) as lab,
        launched() as browser,
    ):
        yield lab, browser
