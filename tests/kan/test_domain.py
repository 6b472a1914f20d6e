"""Grids on a domain that does not move: parts of it are learned in turn, and none is forgotten."""

import numpy as np
import pytest
import torch

from workbench import KAN, Dataset, fit
from workbench.errors import InputError

CENTRES = (-0.8, -0.4, 0.0, 0.4, 0.8)


def peaks(x: np.ndarray, centres: tuple[float, ...]) -> np.ndarray:
    return np.exp(-300 * (x - np.array(centres)) ** 2).sum(1)


def rows(low: float, high: float, centres: tuple[float, ...], count: int = 100) -> Dataset:
    x = np.linspace(low, high, count)[:, None]
    return Dataset.from_arrays(x, peaks(x, centres), split=["train"] * count)


def error(model: KAN) -> float:
    """RMSE over the whole domain, all peaks in it."""
    x = np.linspace(-1, 1, 1001)[:, None]
    with torch.no_grad():
        found = model(torch.from_numpy(x))[:, 0].numpy()
    return float(np.sqrt(np.mean((found - peaks(x, CENTRES)) ** 2)))


@pytest.mark.parametrize(("domain", "least", "most"), [((-1, 1), 0, 1e-5), (None, 1, np.inf)])
def test_five_peaks_one_after_the_other(domain, least: float, most: float) -> None:
    """Each table shows one peak and nothing of the others (Liu et al., arXiv 2404.19756, section 3.5)."""
    model = KAN((1, 1), 200)
    for centre in CENTRES:
        data = rows(centre - 0.2, centre + 0.2, (centre,))
        options = {"starts": 1, "grids": (200,), "smoothness": 0.0, "domain": domain}
        model = fit(model, data, **options).model
    assert least <= error(model) <= most


def test_grids_span_the_domain_whatever_the_rows() -> None:
    data = Dataset.from_arrays(np.random.default_rng(0).uniform(0, 1, (60, 2)), np.arange(60.0))
    found = fit(KAN((2, 1)), data, starts=2, grids=(3,), domain=((-5, 1), (0, 9)))
    torch.testing.assert_close(
        found.model.layer(0).grid_range, torch.tensor([[-5.0, 1.0], [0.0, 9.0]]).double()
    )


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        ((1, -1), "low must be below its high"),
        ((-1, np.inf), "both finite"),
        ((-1, 0, 1), "a pair .low, high. or one for each of 1 inputs, got shape .3,."),
        ((-0.1, 1), "rows of 'x1' lie outside the domain"),
        ("wide", "real numbers"),
    ],
)
def test_domains_that_are_none_are_refused(domain, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit(KAN((1, 1)), rows(-1, 1, (0.0,)), domain=domain)


def test_training_goes_on_only_in_the_same_domain() -> None:
    data = rows(-1, 1, (0.0,), 60)
    asked = {"starts": 2, "grids": (3, 6)}
    halted = fit(KAN((1, 1)), data, **asked, domain=(-1, 1), callback=lambda progress: True)
    with pytest.raises(InputError, match="journal"):
        fit(KAN((1, 1)), data, **asked, domain=(-2, 2), resume=halted.journal)
