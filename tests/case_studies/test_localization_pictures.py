"""Pictures of localization hold what they say."""

import re

import numpy as np
import pytest

from case_studies.localization.models import AUBRY_ANDRE, GENERALIZED
from case_studies.localization.pictures import packets, spectrum
from workbench.boundaries import discover_boundary
from workbench.errors import InputError


def test_a_spectrum_is_coloured_and_its_law_drawn() -> None:
    picture = str(spectrum(AUBRY_ANDRE, "lam", sites=34, steps=20))
    paths = re.findall(r'<path d="(M[^"]*h2.6[^"]*)"', picture)
    shown = sum(path.count("M") for path in paths)
    assert 0.95 * 34 * 20 <= shown <= 34 * 20
    ranges = {"lam": (0.1, 2.0), "alpha": (-0.9, 0.9), "E": (-4.0, 4.0)}
    law = discover_boundary(lambda r: np.abs(r.alpha * r.E + 2 * r.lam) - 2, ranges=ranges).formula
    drawn = str(spectrum(GENERALIZED, "lam", {"alpha": 0.5}, law=law, sites=34, steps=10))
    edge = re.search(r'<path d="([^"]*)" stroke="var\(--kan-ink\)"', drawn)
    assert edge is not None
    assert edge[1].count("M") > 50
    with pytest.raises(InputError, match="lam, alpha"):
        spectrum(GENERALIZED, "lam")


def test_packets_are_named_by_their_parameters() -> None:
    picture = str(packets(AUBRY_ANDRE, [{"lam": 1.0}, {"lam": 2.5}], sites=55, steps=10, until=8))
    assert picture.count("<polyline") == 2
    assert "lam = 2.5" in picture
