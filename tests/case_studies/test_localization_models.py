"""Models of localization against what theory says of them, and what they refuse."""

import numpy as np
import pytest
import scipy.sparse.linalg

from case_studies.localization.lyapunov import ELSEWHERE
from case_studies.localization.measures import (
    GOE,
    POISSON,
    dimension,
    multifractal,
    participation,
    spacing_ratios,
)
from case_studies.localization.memory import require_memory
from case_studies.localization.models import AUBRY_ANDRE, EDGES, GENERALIZED, MODELS
from case_studies.localization.models.disorder import LLOYD, RANDOM, cube, uniform
from case_studies.localization.packets import spreading, widths
from case_studies.localization.rings import fibonacci, frequency, ring_size
from workbench.errors import InputError

SMALL = {name: ring_size(34 * m.period, m.period) for name, m in EDGES.items()}


def drawn(name: str, random: np.random.Generator) -> dict[str, float]:
    return {n: float(random.uniform(*span)) for n, span in MODELS[name].parameters.items()}


@pytest.mark.parametrize("name", EDGES)
def test_states_are_eigenstates_and_energies_the_same_by_every_routine(name: str) -> None:
    model, p = EDGES[name], drawn(name, np.random.default_rng(1))
    for ring in (True, False):
        matrix = model.hamiltonian(SMALL[name], 0.4, ring=ring, **p)
        energies, states = model.eigenstates(SMALL[name], 0.4, ring=ring, **p)
        np.testing.assert_allclose(matrix @ states, states * energies, atol=1e-9)
        alone = model.energies(SMALL[name], 0.4, ring=ring, **p)
        np.testing.assert_allclose(alone.real, energies.real, atol=1e-9)
        np.testing.assert_allclose(model.weights(states).sum(0), 1)


@pytest.mark.parametrize("name", EDGES)
def test_measured_decay_is_the_known_exponent(name: str) -> None:
    model, random = EDGES[name], np.random.default_rng(2)
    energies, columns = [], []
    for _ in range(8):
        p = drawn(name, random)
        size = ring_size(89 if model.hermitian else 34, model.period)
        some = random.choice(model.energies(size, 1.0, **p), 12)
        energies.append(some)
        columns.append(np.tile(list(p.values()), (12, 1)))
    energy, values = np.concatenate(energies), np.concatenate(columns)
    p = {n: values[:, i] for i, n in enumerate(model.parameters)}
    measured = model.lyapunov(energy, p, phi=3.0, length=2000)
    known = model.exponent(energy.real, **p)
    assert ((known > 0) == (model.edge(energy.real, **p) > 0)).all()
    clear = known > 0.1
    assert np.abs(measured - known)[clear].mean() < 0.004
    assert np.median(measured[known == 0]) < 0.02


@pytest.mark.parametrize("name", [n for n, m in EDGES.items() if m.hermitian and n != "PWAVE"])
def test_the_exact_edge_says_which_states_are_localized(name: str) -> None:
    model, random, right = EDGES[name], np.random.default_rng(3), []
    for _ in range(6):
        p = drawn(name, random)
        energies, states = model.eigenstates(ring_size(89 * model.period, model.period), 0.7, **p)
        g = model.edge(energies, **p)
        label = dimension(model.weights(states)) < 0.5
        right.append(((g > 0) == label)[np.abs(g) > 0.3])
    assert np.concatenate(right).mean() > 0.97


def test_rings_close_and_their_modulated_sites_do_not_repeat() -> None:
    assert fibonacci(233) == 144
    assert frequency(233) == 144 / 233
    assert ring_size(100, 2) == 2 * 55
    assert ring_size(400, 3) == 3 * 233
    with pytest.raises(InputError, match="Fibonacci number of periods"):
        frequency(200)
    with pytest.raises(InputError, match="multiple of 2"):
        frequency(233, period=2)
    with pytest.raises(InputError, match="no factor in common with 3, such as 3 × 55"):
        frequency(3 * 144, period=3)


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("AA", {}, "has the parameters lam; given: none"),
        ("AA", {"lam": 1.0, "alpha": 0.2}, "has the parameters lam; given: lam, alpha"),
        ("AA", {"lam": float("nan")}, "lam of the Aubry–André chain must be a number"),
        ("GAAM", {"lam": 1.0, "alpha": 1.0}, "alpha .* above -1 and below 1"),
        ("MAAM", {"lam": 1.0, "p": 0.0}, "p of the modified .* above 0"),
        ("PWAVE", {"lam": 1.0, "delta": 1.5}, "delta .* below 1"),
    ],
)
def test_parameters_without_meaning_are_refused(name: str, given: dict, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        MODELS[name].hamiltonian(89, 0.0, **given)
    with pytest.raises(InputError, match=sentence):
        MODELS[name].energies(89, 0.0, **given)


def test_memory_is_refused_before_it_is_taken() -> None:
    with pytest.raises(InputError, match=r"takes [\d,]+ MB, and [\d,]+ MB may be used"):
        MODELS["AA"].hamiltonian(1_000_000, 0.0, lam=1.0)
    with pytest.raises(InputError, match="at least 3 sites"):
        require_memory(2)


def test_no_transfer_matrix_is_said() -> None:
    with pytest.raises(InputError, match="no transfer matrix"):
        MODELS["CUBIC"].lyapunov(np.zeros(1), {"width": 5.0})


def test_dimensions_of_plain_and_of_peaked_states() -> None:
    flat, peak = np.full((100, 1), 0.01), np.eye(100)[:, :1]
    assert participation(flat)[0] == pytest.approx(0.01)
    assert dimension(flat)[0] == pytest.approx(1)
    assert dimension(peak)[0] == pytest.approx(0)
    np.testing.assert_allclose(multifractal(flat, [0.5, 1, 2]), 1)
    np.testing.assert_allclose(multifractal(peak, [0.5, 1, 2]), 0, atol=1e-12)
    mixed = np.random.default_rng(0).uniform(size=(100, 3))
    np.testing.assert_allclose(multifractal(mixed, [2])[0], dimension(mixed))
    fall = multifractal(mixed, [0.5, 1, 1.001, 2, 4])
    assert (np.diff(fall, axis=0) <= 0).all()
    assert np.abs(fall[1] - fall[2]).max() < 1e-3


def test_spacing_ratios_of_random_matrices() -> None:
    random = np.random.default_rng(0)
    levels = np.sort(random.uniform(size=20_000))
    assert spacing_ratios(levels).mean() == pytest.approx(POISSON, abs=0.01)
    matrices = random.normal(size=(60, 60, 60))
    energies = np.linalg.eigvalsh(matrices + matrices.transpose(0, 2, 1))[:, 15:45]
    assert np.mean([spacing_ratios(e) for e in energies]) == pytest.approx(GOE, abs=0.015)
    with pytest.raises(InputError, match="at least 3 energies"):
        spacing_ratios(levels[:2])


def test_a_packet_spreads_below_the_edge_and_stays_above() -> None:
    times = [0.0, 10.0, 20.0]
    free, caught = (spreading(MODELS["AA"], times, sites=144, lam=lam) for lam in (1.0, 4.0))
    np.testing.assert_allclose(free.sum(1), 1)
    assert free[0].max() == pytest.approx(1)
    assert widths(free)[1] > 3
    assert widths(free)[2] == pytest.approx(2 * widths(free)[1], rel=0.3)
    assert widths(caught)[2] < 1.5
    with pytest.raises(InputError, match="does not keep its size"):
        spreading(MODELS["GAINLOSS"], times, sites=34, lam=1.0, h=0.5)


def test_lloyds_chain_decays_as_its_formula_says() -> None:
    # Independent of any recursion: the Thouless formula on a long random chain.
    model, width = MODELS["LLOYD"], 1.0
    matrix = model.hamiltonian(1500, 0.3, ring=False, width=width)
    sign, log = np.linalg.slogdet(matrix - 0.5 * np.eye(1500))
    assert sign != 0
    assert log / 1500 == pytest.approx(float(model.exponent(0.5, width)), rel=0.1)


def test_the_cubic_lattice() -> None:
    matrix = cube(4, 0.0)
    np.testing.assert_array_equal(np.asarray(abs(matrix).sum(1)).ravel(), 6)
    assert scipy.sparse.linalg.eigsh(matrix, k=1, which="LA")[0][0] == pytest.approx(6)
    again = cube(4, 3.0, seed=5)
    assert abs(again - cube(4, 3.0, seed=5)).max() == 0
    dense = MODELS["CUBIC"].hamiltonian(64, 0.0, width=3.0)
    np.testing.assert_array_equal(dense, dense.T)
    with pytest.raises(InputError, match="whole number of sites a side"):
        MODELS["CUBIC"].hamiltonian(60, 0.0, width=3.0)
    with pytest.raises(InputError, match="at least 3 sites a side"):
        cube(2, 1.0)


def test_localized_states_decay_as_the_law_says() -> None:
    energies, states = AUBRY_ANDRE.eigenstates(233, 0.3, lam=3.0)
    found = AUBRY_ANDRE.lyapunov(energies, {"lam": 3.0}, phi=0.3 + ELSEWHERE, length=20_000)
    assert np.median(np.abs(found - np.log(1.5))) < 1e-3
    assert dimension(AUBRY_ANDRE.weights(states)).max() < 0.5
    extended = AUBRY_ANDRE.eigenstates(233, 0.3, lam=1.0)[1]
    assert dimension(AUBRY_ANDRE.weights(extended)).min() > 0.5


def test_generalized_exponents_follow_the_closed_form() -> None:
    alpha, lam = 0.4, 1.2
    energies = GENERALIZED.energies(233, 0.1, lam=lam, alpha=alpha)
    reach = np.abs(alpha * energies + 2 * lam)
    inside = np.arccosh(np.maximum(reach / (2 * alpha), 1)) - np.arccosh(1 / alpha)
    values = {"lam": lam, "alpha": alpha}
    found = GENERALIZED.lyapunov(energies, values, phi=0.1 + ELSEWHERE, length=20_000)
    # The ring's spectrum is not the endless chain's: a few of its energies lie in tiny gaps.
    gap = np.abs(found - np.where(reach > 2, inside, 0))
    assert np.quantile(gap, 0.98) < 2e-3


def test_a_chain_without_potential_has_the_known_spectrum() -> None:
    known = np.sort(2 * np.cos(2 * np.pi * np.arange(89) / 89))
    np.testing.assert_allclose(AUBRY_ANDRE.energies(89, 0.0, lam=0.0), known, atol=1e-12)


@pytest.mark.parametrize(("energy", "prefactor"), [(0.0, 105.0), (1.0, 72.0)])
def test_weak_disorder_localizes_as_perturbation_theory_says(
    energy: float, prefactor: float
) -> None:
    """With the anomaly of the band's centre (Kappus and Wegner)."""
    width, seeds = 0.5, np.arange(200.0)
    gamma = RANDOM.lyapunov(np.full(200, energy), {"width": width}, phi=seeds, length=40_000)
    assert width**2 / gamma.mean() == pytest.approx(prefactor, rel=0.02)


def test_random_lattices_are_the_same_at_every_length() -> None:
    site = np.arange(20_000)
    one, other = uniform(site, 0.3), uniform(site, 0.7)
    np.testing.assert_array_equal(one[:50], uniform(site[:50], 0.3))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03
    assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 0.03
    np.testing.assert_allclose(np.sort(one), np.linspace(-0.5, 0.5, len(site)), atol=0.02)
    small, large = (LLOYD.hamiltonian(n, 0.3, ring=False, width=1.0) for n in (30, 60))
    np.testing.assert_array_equal(small, large[:30, :30])
    gamma = LLOYD.lyapunov(np.full(50, 0.5), {"width": 1.0}, phi=np.arange(50.0), length=4000)
    assert gamma.mean() == pytest.approx(float(LLOYD.exponent(0.5, 1.0)), rel=0.01)
