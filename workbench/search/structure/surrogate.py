r"""A smooth function through a table, with slopes: what symmetries are looked for in.

Gaussian-process regression with the kernel
:math:`\exp(-\sum_i (x_i - x_i')^2 / 2 l_i^2) + x \cdot x'` and noise of the size that the rows' weights
say; lengths and noise maximize the marginal likelihood (Rasmussen & Williams 2006, chapter 5). The
logarithmic kind is the same on the logarithms of inputs and values: the better one for powers over wide
ranges. A trained network serves as well, see ``of_network``.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from workbench.kan.model import KAN
from workbench.search.structure.problem import Problem

_FEW, _MANY, _STEPS = 400, 600, 40
_ROUGH = 0.01
_LEAST_WEIGHT, _LEAST_LOG_WEIGHT = 1e-4, 1e-2
_JITTER = 1e-10
_PLANE = 1.0
_LENGTHS, _NOISES = (-2.0, 5.0), (-21.0, 1.0)


@dataclass(frozen=True)
class Smooth:
    """Values and slopes of a smooth function at the rows of a problem.

    Attributes:
        values: ``(N,)``. slopes: derivatives by the columns ``(N, q)``.
        error: expected error on a new row in the target's standard deviations, by leaving one out.
    """

    values: np.ndarray
    slopes: np.ndarray
    error: float


def smooth(problem: Problem) -> Smooth:
    """The better of the plain and, where all values have one sign, the logarithmic kind."""
    found = glance(problem)
    if found.error > _ROUGH and len(problem.y) > _FEW:
        return min(found, _smoothest(problem, _MANY), key=lambda s: s.error)
    return found


def glance(problem: Problem) -> Smooth:
    """As ``smooth``, from some of the rows."""
    return _smoothest(problem, _FEW)


def _smoothest(problem: Problem, rows: int) -> Smooth:
    found = _fitted(problem, rows, _LEAST_WEIGHT)
    if not ((problem.y > 0).all() or (problem.y < 0).all()) or (problem.x == 0).any():
        return found
    y, x = np.abs(problem.y), np.abs(problem.x)
    shown = problem.linked(np.log(y), 1 / y, lambda e: e, problem.subject)
    inner = _fitted(
        replace(shown, x=np.log(x)),
        rows,
        _LEAST_LOG_WEIGHT,
    )
    if inner.error >= found.error:
        return found
    values = np.sign(problem.y[0]) * np.exp(inner.values)
    return Smooth(values, inner.slopes * values[:, None] / problem.x, inner.error)


def left_out(problem: Problem, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a smooth function misses of each of some rows when it has not seen it, and what each row counts.

    Args:
        problem: whose columns it is a function of. values: of the function, with noise, ``(N,)``.

    Returns:
        Both ``(n,)``, of the first rows, in the values' unit.
    """
    spread = float(values.std()) or 1.0
    process, _, unit = _process(replace(problem, y=values, spread=spread), _MANY, _LEAST_WEIGHT)
    return process.left_out * unit, problem.counts[: len(process.left_out)]


def of_network(model: KAN, problem: Problem) -> Smooth:
    """The function of a trained network with the problem's columns as inputs and one output."""
    x = torch.from_numpy(problem.x).to(model.output_scale).requires_grad_()
    values = model(x)[:, 0]
    (slopes,) = torch.autograd.grad(values.sum(), x)
    predicted = values.detach().cpu().numpy().astype(float)
    return Smooth(predicted, slopes.cpu().numpy().astype(float), problem.error(predicted))


def _fitted(problem: Problem, rows: int, least: float) -> Smooth:
    process, shift, unit = _process(problem, rows, least)
    scale = np.maximum(problem.x.std(0), 1e-300)
    values, slopes = process.at((problem.x - problem.x.mean(0)) / scale)
    error = float(np.sqrt(np.average(np.square(process.left_out), weights=1 / process.variance)))
    return Smooth(values * unit + shift, slopes * unit / scale, error)


def _process(problem: Problem, rows: int, least: float) -> tuple["_Process", float, float]:
    """A process of standardized columns, and the shift and the unit of its values."""
    scale = np.maximum(problem.x.std(0), 1e-300)
    x = (problem.x - problem.x.mean(0)) / scale
    shift = float(np.average(problem.y, weights=problem.weights**2))
    typical = float(np.sqrt(np.square(problem.weights).mean()))
    unit = problem.spread / typical
    trust = np.square(np.maximum(problem.weights / typical, least))
    process = _Process(x[:rows], ((problem.y - shift) / unit)[:rows], 1 / trust[:rows])
    return process, shift, unit


class _Process:
    """Gaussian-process regression of ``y (n,)`` at ``x (n, q)`` with noise of relative ``variance``."""

    def __init__(self, x: np.ndarray, y: np.ndarray, variance: np.ndarray) -> None:
        self._x, self._y, self.variance = x, y, variance
        self._gaps = np.stack([np.square(c[:, None] - c) for c in x.T])
        self._plane = _PLANE * (x @ x.T)
        start = np.r_[np.full(x.shape[1], np.log(2.0)), np.log(1e-4)]
        best = minimize(
            self._surprise,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=[_LENGTHS] * x.shape[1] + [_NOISES],
            options={"maxiter": _STEPS},
        )
        self._rates, noise = np.exp(-2 * best.x[:-1]), np.exp(best.x[-1])
        matrix = self._waves(self._rates) + self._plane + np.diag(noise * variance + _JITTER)
        self._inverse = np.linalg.inv(matrix)
        self._weights = self._inverse @ y

    def _waves(self, rates: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.exp(-0.5 * np.tensordot(rates, self._gaps, 1))
        return found

    def _surprise(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Negative log marginal likelihood, its scale at the optimum, and its slope by ``theta``."""
        rates, noise = np.exp(-2 * theta[:-1]), np.exp(theta[-1])
        waves = self._waves(rates)
        matrix = waves + self._plane + np.diag(noise * self.variance + _JITTER)
        try:
            factor = cho_factor(matrix, lower=True)
        except np.linalg.LinAlgError:
            return 1e10, np.zeros_like(theta)
        inverse = cho_solve(factor, np.eye(len(matrix)))
        weights = inverse @ self._y
        scale = max(float(self._y @ weights) / len(matrix), 1e-300)
        push = np.outer(weights, weights) / scale - inverse
        by_lengths = -0.5 * rates * np.tensordot(self._gaps, push * waves, 2)
        by_noise = -0.5 * noise * float(np.diag(push) @ self.variance)
        value = 0.5 * len(matrix) * np.log(scale) + np.log(np.diag(factor[0])).sum()
        return float(value), np.r_[by_lengths, by_noise]

    @property
    def left_out(self) -> np.ndarray:
        """What each of its rows misses when it is left out, ``(n,)``."""
        return np.asarray(self._weights / np.diag(self._inverse))

    def at(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values and slopes at ``x``."""
        apart = x[:, None, :] - self._x
        waves = np.exp(-0.5 * np.square(apart) @ self._rates)
        values = waves @ self._weights + _PLANE * x @ (self._x.T @ self._weights)
        slopes = -self._rates * np.einsum("nmq,nm,m->nq", apart, waves, self._weights)
        slopes = slopes + _PLANE * (self._x.T @ self._weights)
        return values, slopes
