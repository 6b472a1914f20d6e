"""The bound of twice the signature by volume and injectivity radius, and the knots that it is about."""

import numpy as np
import pytest

from case_studies.knots import theorem
from case_studies.knots.families import FAMILIES
from case_studies.knots.table import load_table
from case_studies.knots.words import braid_name, closes_to_a_knot, link_of
from workbench.errors import InputError


def test_records_of_the_table() -> None:
    told = theorem.records(load_table()).set_index("crossings")
    assert told.loc[13, "attained by"] == "K13n4051"
    assert told.loc[13, "largest c"] == pytest.approx(0.1406, abs=1e-4)
    assert told.loc[14, "attained by"] == "K14n12953"
    assert told.loc[14, "largest c"] == pytest.approx(0.1731, abs=1e-4)
    assert told["knots"].sum() == 59924
    first, second = theorem.findings(load_table())
    assert "0.1731 (K14n12953)" in first
    assert "K12n242" in second


def test_twists_keep_the_volume_and_drive_the_gap() -> None:
    found = theorem.twisted_family([2, 3, 4, 5])
    assert (found["volume"] < 8.12).all()  # all are fillings of one link
    assert (np.diff(found["gap"]) > 0.2).all()
    assert (np.diff(found["short_geodesic_real"]) < 0).all()
    assert (found["c"] < theorem.KNOWN_C).all()
    with pytest.raises(InputError, match="between 0 and 30"):
        theorem.twisted_family([31])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_hunt_sorts_by_what_the_theorem_asks(family: str) -> None:
    found = theorem.hunt(4, family=family, seed=1)
    assert len(found) >= 2
    assert (np.diff(found["c"]) <= 0).all()
    assert (found["c"] < 0.3).all()
    with pytest.raises(InputError, match="a family must be one of"):
        theorem.hunt(2, family="cables")


def test_words_give_knots_back() -> None:
    assert closes_to_a_knot([1, -2, 1, -2], 3)
    assert not closes_to_a_knot([1, 1], 2)
    for said in ("K4a1", "1 -2 1 -2", braid_name([1, -2, 1, -2]), "DT:[4, 6, 8, 2]"):
        assert float(link_of(said).exterior().volume()) == pytest.approx(2.0298832128)
    for wrong in ("figure eight", "1 1", "DT:[4]", "braid:[]", "__import__('os')"):
        with pytest.raises(InputError, match="no knot"):
            link_of(wrong)
