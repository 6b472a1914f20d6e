"""More machines than this one: a Dask cluster as an executor."""

import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from types import ModuleType

from workbench.errors import InputError

_SECONDS = 10
_SNAPPY = "snappy"


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """An executor of the cluster whose scheduler has this address, such as ``tcp://host:8786``.

    Raises:
        InputError: Dask is not installed, or no scheduler answers.
    """
    try:
        distributed = _distributed()
    except ImportError as error:
        raise InputError(
            "a cluster needs Dask: install the extra with pip install 'kan-workbench[cluster]'"
        ) from error
    try:
        client = distributed.Client(address, timeout=_SECONDS)
    except (OSError, ValueError) as error:
        raise InputError(f"no scheduler of Dask answers at {address!r}: {error}") from error
    with client:
        yield client.get_executor()


def _distributed() -> ModuleType:
    """Dask, which takes SnapPy's module for a compression of the same name."""
    known = sys.modules.get(_SNAPPY)
    sys.modules[_SNAPPY] = None  # type: ignore[assignment]
    try:
        import distributed
    finally:
        del sys.modules[_SNAPPY]
        if known is not None:
            sys.modules[_SNAPPY] = known
    return distributed
