"""Pieces of a search come in their order, wherever they are done."""

import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from workbench.common.fence import attempt, noting_skipped, skipped
from workbench.kan.data import Dataset
from workbench.search import pieces
from workbench.search.automatic import discover
from workbench.search.pieces import Pieces

X = np.random.default_rng(0).uniform(1, 2, (120, 2))
DATA = Dataset.from_arrays(X, X.sum(1))


def whereabouts(data: Dataset, number: int, *, late: Callable[[], bool]) -> tuple[int, int, int]:
    with attempt("a fraction"):
        raise ZeroDivisionError
    return number, len(data.inputs), os.getpid()


def deadly(data: Dataset, number: int, *, late: Callable[[], bool]) -> int:
    if number == 1:
        os._exit(1)
    return number


def endless(data: Dataset, number: int, *, late: Callable[[], bool]) -> int:
    while not late():
        time.sleep(0.01)
    return number


def never() -> bool:
    return False


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every piece takes long enough for processes to be started."""
    monkeypatch.setattr(pieces, "_WORTH", -1.0)


def test_short_pieces_start_no_process() -> None:
    with Pieces(DATA, None, 2) as several:
        found = list(several.results([(whereabouts, (n,)) for n in range(3)], never))
    assert found == [(n, 120, os.getpid()) for n in range(3)]


def test_long_pieces_go_to_processes_and_say_what_they_skipped(slow: None) -> None:
    with noting_skipped(), Pieces(DATA, None, 2) as several:
        found = list(several.results([(whereabouts, (n,)) for n in range(4)], never))
        assert skipped() == {"a fraction": 4}
        again = list(several.results([(whereabouts, (n,)) for n in range(4)], never))
    assert [(number, rows) for number, rows, _ in found] == [(n, 120) for n in range(4)]
    assert found[0][2] == os.getpid()
    others = {process for _, _, process in found[1:]}
    assert os.getpid() not in others
    assert others & {process for _, _, process in again}  # they wait for the next pieces


def test_a_process_that_dies_costs_its_piece(slow: None) -> None:
    with Pieces(DATA, None, 2) as several:
        found = list(several.results([(deadly, (n,)) for n in (0, 1, 2)], never))
    assert found == [0, None, 2]


def test_a_search_that_is_over_does_not_wait(slow: None) -> None:
    begun = time.time()
    with Pieces(DATA, None, 2) as several:
        several.here((whereabouts, (0,)), never)
        work = [(endless, (n,)) for n in range(3)]
        assert list(several.results(work, lambda: time.time() - begun > 8)) == []


def test_pieces_elsewhere_know_when_they_are_late(slow: None) -> None:
    with ThreadPoolExecutor(2) as executor:
        several = Pieces(DATA, executor, 1, deadline=time.time() + 0.5)
        assert list(several.results([(endless, (n,)) for n in range(3)], never)) == [0, 1, 2]


@pytest.fixture(scope="module")
def noisy() -> Dataset:
    random = np.random.default_rng(1)
    x = random.uniform(0.5, 2, (150, 2))
    y = np.tanh(x[:, 0] * x[:, 1]) + np.exp(-x[:, 0]) + 0.05 * random.standard_normal(150)
    return Dataset.from_arrays(x, y)


@pytest.mark.parametrize(("where", "count"), [("threads", 1), ("processes", 2)])
def test_a_seed_gives_the_same_formula_everywhere(
    where: str, count: int, noisy: Dataset, slow: None
) -> None:
    options = {"hidden": (), "structure": False, "grids": (3,)}
    here = discover(noisy, workers=1, **options)
    executor: Executor | None = ThreadPoolExecutor(2) if where == "threads" else None
    there = discover(noisy, workers=count, executor=executor, **options)
    assert there.formula.srepr == here.formula.srepr
    assert there.fit.validation_loss == pytest.approx(here.fit.validation_loss, rel=1e-9)


def dies_once(data: Dataset, marker: str, *, late: Callable[[], bool]) -> int:
    if not Path(marker).exists():
        Path(marker).touch()
        os._exit(1)
    return len(data.inputs)


@pytest.fixture
def without_snappy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask takes SnapPy's module for a compression of the same name, here and in its workers."""
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    (shadow / "snappy.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(shadow), prepend=os.pathsep)
    monkeypatch.syspath_prepend(shadow)
    monkeypatch.delitem(sys.modules, "snappy", raising=False)


@pytest.mark.usefixtures("without_snappy")
def test_a_cluster_does_again_what_a_dead_worker_left(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        several = Pieces(DATA, client.get_executor(), 1)
        work = [(whereabouts, (0,)), (dies_once, (str(tmp_path / "died"),)), (deadly, (0,))]
        first, *others = several.results(work, never)
    assert first[:2] == (0, 120)
    assert first[2] != os.getpid()
    assert others == [120, 0]
