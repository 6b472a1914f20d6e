"""A cluster that cannot be had is said in a sentence."""

import sys

import pytest

from workbench.common.cluster import cluster
from workbench.errors import InputError


def test_where_no_scheduler_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dask")
    monkeypatch.setattr("workbench.common.cluster._SECONDS", 1)
    answer = r"no scheduler of Dask answers at 'tcp://127\.0\.0\.1:9'"
    with pytest.raises(InputError, match=answer), cluster("tcp://127.0.0.1:9"):
        pass


def test_where_dask_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"kan-workbench\[cluster\]"), cluster("tcp://127.0.0.1:9"):
        pass
