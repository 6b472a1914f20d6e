"""A small trained session that the tests of all panels share, and messages as the front end sends them."""

import time
from collections.abc import Callable

import pytest

from tests.problems import PROBLEMS
from workbench.session import Session
from workbench.widgets.panel import Panel


def send(panel: Panel, kind: object, /, **more: object) -> None:
    """What arrives when something is pressed."""
    panel._handle_custom_msg({"type": kind, **more}, [])


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


@pytest.fixture(scope="package")
def found() -> Session:
    """A law that is found: trained, pruned, named."""
    session = Session(PROBLEMS[4].dataset(200), (3, 1), grids=(3,), starts=4)
    return session.start().wait().prune().symbolify()
