"""A JupyterLab and a real browser; without either, the tests say why they are skipped."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.e2e.server import PATIENCE, Lab, chromium, running_lab

LONG_PATIENCE = 600  # for a whole notebook on a busy machine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = None
    try:
        distribution("kan-workbench")
    except PackageNotFoundError:
        reason = "the package is not installed here, so Jupyter does not know its server extension"
    if chromium() is None:
        reason = "there is no chromium here: apt-get install chromium"
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.slow)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("files")) as lab:
        yield lab


@pytest.fixture(scope="module")  # its event loop must be gone before other modules start theirs
def browser() -> Iterator:
    from playwright.sync_api import expect

    from tests.e2e.browser import launched

    expect.set_options(timeout=PATIENCE * 1000)
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def context(browser) -> Iterator:
    """Pages of a module share one: the second has JupyterLab's code at hand."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(lab: Lab, context) -> Iterator:
    from tests.e2e.browser import shown_lab

    page = shown_lab(context.new_page(), lab, patience=PATIENCE)
    yield page
    page.close()
    lab.end_kernels()


@pytest.fixture(scope="module")
def table(lab: Lab) -> Path:
    """The rows of y = a² + b."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.uniform(1, 2, 150), "b": random.uniform(1, 2, 150)})
    frame.assign(y=frame["a"] ** 2 + frame["b"]).to_csv(lab.folder / "law.csv", index=False)
    return lab.folder / "law.csv"
