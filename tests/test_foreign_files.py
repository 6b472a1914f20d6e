"""Files changed at random open and show all that they say, or are refused in one sentence."""

import pytest

from benchmarks.fuzz import KINDS, Files, originals, tried


@pytest.fixture(scope="module")
def files() -> Files:
    return originals()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_changes_are_shown_or_refused(files: Files, kind: str) -> None:
    found = list(tried(files, kind, 20, seed=1))
    assert [(what, words) for what, words in found if what not in ("shown", "refused")] == []
    assert all("\n" not in words for _, words in found)
