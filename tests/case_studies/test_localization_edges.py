"""Points on mobility edges against the exact laws, in units of their own errors."""

import pickle

import numpy as np
import pytest

from case_studies.localization.edges import Tracer
from case_studies.localization.models import EDGES, Lattice
from case_studies.localization.rings import ring_size

LENGTH = 2000


def away(lattice: Lattice, values: np.ndarray) -> np.ndarray:
    """The exact edge function of points ``(N, P + 1)``."""
    named = {name: values[:, i] for i, name in enumerate(lattice.parameters)}
    found: np.ndarray = lattice.edge(values[:, -1], **named)
    return found


def errors_of(lattice: Lattice, values: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Standard errors of that function, by its slopes."""
    step = 1e-6 * np.eye(values.shape[1])
    slopes = [(away(lattice, values + s) - away(lattice, values - s)) / 2e-6 for s in step]
    found: np.ndarray = np.sqrt(((np.array(slopes).T * errors) ** 2).sum(1))
    return found


@pytest.mark.parametrize("name", ["AA", "MM2", "GAAM", "MAAM"])
def test_points_lie_on_the_exact_edge_within_their_errors(name: str) -> None:
    lattice = EDGES[name]
    sites = ring_size(55 * lattice.period, lattice.period)
    found = Tracer(lattice, sites, LENGTH).trace(9, np.random.default_rng(0))
    assert len(found) >= 8
    assert len({point.line for point in found}) >= 4
    values, errors = np.array([p.values for p in found]), np.array([p.errors for p in found])
    g = away(lattice, values)
    pull = np.abs(g) / errors_of(lattice, values, errors)
    assert np.median(np.abs(g)) < 0.03
    assert np.median(pull) < 2
    assert np.quantile(pull, 0.8) < 4


def test_points_are_the_same_again_and_interrupts_end_them() -> None:
    lattice = EDGES["GAAM"]
    seen = []
    tracer = Tracer(lattice, 34, 500, progress=lambda phase, share: bool(seen.append(share)))
    first, second = (tracer.trace(4, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal([p.values for p in first], [p.values for p in second])
    assert seen[3] == 1.0
    with pytest.raises(KeyboardInterrupt):
        Tracer(lattice, 34, 500, progress=lambda phase, share: True).trace(
            2, np.random.default_rng(0)
        )


def test_lines_reach_from_face_to_face() -> None:
    lattice = EDGES["GAAM"]
    spans = np.array(list(lattice.parameters.values()))
    for line in Tracer(lattice, 34, 500).lines(20, np.random.default_rng(0)):
        for end in (line.start, line.end):
            share = (end - spans[:, 0]) / (spans[:, 1] - spans[:, 0])
            assert (share > -1e-9).all()
            assert (share < 1 + 1e-9).all()
            assert np.min(np.minimum(share, 1 - share)) < 1e-9


def test_models_travel_to_other_processes_by_name() -> None:
    for lattice in EDGES.values():
        assert pickle.loads(pickle.dumps(lattice)) is lattice
