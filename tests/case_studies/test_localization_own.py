"""A lattice of the user's own: its edge is measured, and wrong ones are refused in words."""

from pathlib import Path

import numpy as np
import pytest

from case_studies.localization import own
from case_studies.localization.models import AUBRY_ANDRE, MODIFIED
from workbench.errors import InputError

RANGES = {"lam": (0.5, 4.0)}
TEXT = """
import numpy as np
parameters = {"lam": (0.5, 4.0)}
sites = 89
def hamiltonian(sites, phi, lam):
    hop = np.ones(sites - 1)
    wave = np.cos(np.pi * (np.sqrt(5) - 1) * np.arange(sites) + phi)
    return np.diag(lam * wave) + np.diag(hop, 1) + np.diag(hop, -1)
"""


def chain(sites, phi, lam):
    return AUBRY_ANDRE.matrix(sites, phi, ring=False, lam=lam)


def test_a_file_gives_the_same_decay_as_the_built_in_model(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(TEXT)
    lattice = own.from_file(path)
    assert (lattice.sites, lattice.width, lattice.variables) == (89, 1, ("lam", "E"))
    lam = np.repeat([1.0, 3.0], 3)
    energies = np.concatenate([lattice.energies(89, 0.2, lam=v)[[20, 40, 60]] for v in (1.0, 3.0)])
    measured = lattice.lyapunov(energies, {"lam": lam}, phi=1.0)
    np.testing.assert_allclose(measured[3:], np.log(1.5), atol=0.02)
    assert np.median(measured[:3]) < 0.02


def test_hopping_over_several_sites_and_over_all_of_them() -> None:
    def legs(sites, phi, lam):
        """Two chains that do not see each other, one site of the first, one of the second."""
        matrix = np.zeros((sites, sites))
        for start in (0, 1):
            part = slice(start, None, 2)
            size = len(range(sites)[part])
            matrix[part, part] = AUBRY_ANDRE.matrix(size, phi, ring=False, lam=lam)
        return matrix

    two = own.from_function(legs, RANGES, sites=90)
    assert two.width == 2
    energies = AUBRY_ANDRE.energies(89, 0.2, lam=3.0)[[20, 60]]
    measured = two.lyapunov(energies, {"lam": 3.0}, phi=1.0)
    np.testing.assert_allclose(2 * measured, np.log(1.5), atol=0.03)

    far = own.from_function(
        lambda sites, phi, lam: MODIFIED.matrix(sites, phi, ring=False, lam=lam, p=1.5),
        {"lam": (2.5, 4.0)},
        sites=90,
    )
    assert far.longest < own.LONG
    energies = MODIFIED.energies(89, 0.2, lam=3.0, p=1.5)[[2, 60]]
    measured = far.lyapunov(energies, {"lam": 3.0}, phi=1.0)
    np.testing.assert_allclose(measured, MODIFIED.exponent(energies, 3.0, 1.5), atol=0.1)


def bent(what):
    def hamiltonian(sites, phi, lam):
        return what(chain(sites, phi, lam))

    return hamiltonian


def fails(sites, phi, lam):
    raise ZeroDivisionError("by nothing")


@pytest.mark.parametrize(
    ("function", "ranges", "sentence"),
    [
        (bent(lambda m: m + np.eye(len(m), k=2)), RANGES, "must be Hermitian"),
        (bent(lambda m: m[1:]), RANGES, r"array of 89 × 89 numbers, got the shape \(88, 89\)"),
        (bent(lambda m: m * np.nan), RANGES, "finite numbers"),
        (bent(lambda m: m.astype(str)), RANGES, "finite numbers"),
        (bent(lambda m: None), RANGES, "got the shape"),
        (fails, RANGES, "ZeroDivisionError: by nothing"),
        (lambda sites, phi: np.eye(sites), RANGES, "must take sites, phi and lam"),
        (3, RANGES, "must be a function"),
        (chain, {"lam": (2.0, 1.0)}, r"range of lam must be two numbers, the lower first"),
        (chain, {"lam": 2.0}, "range of lam must be two numbers"),
        (chain, {"lam": (0.0, float("inf"))}, "range of lam"),
        (chain, {}, "dict of ranges"),
        (chain, [("lam", (0.0, 1.0))], "dict of ranges"),
        (chain, {"E": (0.0, 1.0)}, "E is the energy"),
    ],
)
def test_wrong_functions_are_refused_in_words(function, ranges, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        own.from_function(function, ranges, sites=89)


@pytest.mark.parametrize("sites", [5, 2.5, True, "many"])
def test_wrong_sizes_are_refused(sites) -> None:
    with pytest.raises(InputError, match="whole number of at least 20"):
        own.from_function(chain, RANGES, sites=sites)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 1", "lacks hamiltonian and parameters"),
        ("parameters = {'lam': (0, 1)}", "lacks hamiltonian"),
        ("def broken(:", "could not be run: SyntaxError"),
        ("import nothing_of_this_name", "could not be run: ModuleNotFoundError"),
    ],
)
def test_wrong_files_are_refused_in_words(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        own.from_file(path)
    with pytest.raises(InputError, match="there is no file"):
        own.from_file(tmp_path / "other.py")
