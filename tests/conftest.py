"""Fixtures of the whole suite."""

import os
from collections.abc import Iterator

import pytest
import torch

# Small networks are fastest on one thread, and a run repeats itself to the last bit.
torch.set_num_threads(1)
# The tests themselves are what runs on all cores.
os.environ["LOKY_MAX_CPU_COUNT"] = "1"


@pytest.fixture(autouse=True, scope="session")
def kept_sessions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Sessions that write themselves to disk do it far from the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_SESSIONS", str(tmp_path_factory.mktemp("sessions")))
        yield
