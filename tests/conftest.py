"""Fixtures of the whole suite."""

import os
from collections.abc import Iterator

# The tests themselves are what runs on all cores: threads of linear algebra that wait for each other
# make the suite several times slower. What it starts, as kernels and commands, inherits this.
os.environ.update(LOKY_MAX_CPU_COUNT="1", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import pytest
import torch
from threadpoolctl import threadpool_limits

threadpool_limits(1)  # of libraries that a plugin has loaded before
# Small networks are fastest on one thread, and a run repeats itself to the last bit.
torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def kept_sessions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Sessions that write themselves to disk do it far from the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_SESSIONS", str(tmp_path_factory.mktemp("sessions")))
        yield
