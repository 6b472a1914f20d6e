r"""Ratios of sums of monomials, by variable projection and backward elimination.

:math:`y \approx N(x) / D(x)` with :math:`D = \sum_j q_j m_j` over the monomials that are positive on
the data and :math:`q` the softmax of free numbers, so that there is no pole between the samples, and
:math:`N` linear, solved exactly inside (Golub & Pereyra 1973, with Kaufman's derivative). Linearizing
:math:`y D = N` instead fails on noisy targets: both sides then carry the noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import sympy
from sympy import Expr

from workbench.evidence.sample import Sample

_ITERATIONS = 25
_REFIT_ITERATIONS = 12
_TRIED = 3
_BEAM = 2
_PROPOSED = 10


@dataclass(frozen=True)
class _Ratio:
    """Which monomials stand above and below, and their numbers; ``loss`` is a mean square."""

    above: tuple[int, ...]
    below: tuple[int, ...]
    theta: np.ndarray
    weights: np.ndarray
    loss: float

    @property
    def terms(self) -> int:
        return len(self.above) + len(self.below)


class _Problem:
    def __init__(self, sample: Sample, degree: int) -> None:
        x, y = sample.x, sample.y[:, 0]
        self.scale = np.abs(x).max(0)
        scaled = x / self.scale
        count = x.shape[1]
        self.powers = [
            tuple(combination.count(i) for i in range(count))
            for total in range(degree + 1)
            for combination in combinations_with_replacement(range(count), total)
        ]
        self.monomials = np.stack([np.prod(scaled ** np.array(p), 1) for p in self.powers], 1)
        self.spread, self.root = sample.spread, np.sqrt(sample.counts)
        self.y = y / self.spread * self.root
        least = self.monomials.min(0)
        even = [all(k % 2 == 0 for k in p) for p in self.powers]
        self.positive = tuple(
            int(i) for i in range(len(self.powers)) if least[i] > 0 or (even[i] and least[i] >= 0)
        )

    def solve(
        self, above: tuple[int, ...], below: tuple[int, ...], theta: np.ndarray, steps: int
    ) -> _Ratio:
        """Levenberg–Marquardt in the logarithms ``theta`` of D's weights; N is projected out."""
        damping = 1e-2
        weights, residual, basis, denominator = self._project(above, below, theta)
        loss = float(residual @ residual)
        m = self.monomials[:, below]
        for _ in range(steps if len(below) > 1 else 0):
            q = _softmax(theta)
            value = self.monomials[:, above] @ weights / denominator
            slope = -(self.root * value / denominator)[:, None] * q * (m - denominator[:, None])
            slope = slope - basis @ (basis.T @ slope)
            matrix, gradient = slope.T @ slope, slope.T @ residual
            size = np.trace(matrix) / len(theta) + 1e-300
            step = -np.linalg.solve(matrix + damping * size * np.eye(len(theta)), gradient)
            trial = theta + np.clip(step, -3, 3)
            found = self._project(above, below, trial)
            new_loss = float(found[1] @ found[1])
            if new_loss < loss:
                settled = loss - new_loss < 1e-10 * loss
                theta = trial - trial.max()
                weights, residual, basis, denominator = found
                loss, damping = new_loss, max(damping / 5, 1e-12)
                if settled:
                    break
            else:
                damping *= 5
                if damping > 1e8:
                    break
        return _Ratio(above, below, theta, weights, loss / len(self.y))

    def _project(
        self, above: tuple[int, ...], below: tuple[int, ...], theta: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Best N for this D: weights, whitened residual (prediction - y), orthonormal basis, D."""
        denominator = np.maximum(self.monomials[:, below] @ _softmax(theta), 1e-12)
        table = self.monomials[:, above] * (self.root / denominator)[:, None]
        basis, triangle = np.linalg.qr(table)
        weights = np.linalg.lstsq(triangle, basis.T @ self.y, rcond=1e-12)[0]
        return weights, table @ weights - self.y, basis, denominator

    def smaller(self, ratio: _Ratio) -> list[_Ratio]:
        """Refits without one of the least important terms above or below."""
        found = []
        if len(ratio.above) > 1:
            size = np.abs(ratio.weights) * self.monomials[:, ratio.above].std(0)
            size = np.where(size == 0, np.abs(ratio.weights), size)
            for place in np.argsort(size)[:_TRIED]:
                above = tuple(np.delete(ratio.above, place).tolist())
                found.append(self.solve(above, ratio.below, ratio.theta, _REFIT_ITERATIONS))
        if len(ratio.below) > 1:
            share = _softmax(ratio.theta) * self.monomials[:, ratio.below].mean(0)
            for place in np.argsort(share)[:_TRIED]:
                below = tuple(np.delete(ratio.below, place).tolist())
                theta = np.delete(ratio.theta, place)
                found.append(self.solve(ratio.above, below, theta, _REFIT_ITERATIONS))
        return found

    def expression(self, ratio: _Ratio, symbols: Sequence[sympy.Symbol]) -> Expr:
        """N / D in the data's own units; the first coefficient of D is one."""
        units = [float(np.prod(self.scale ** np.array(p))) for p in self.powers]

        def monomial(place: int) -> Expr:
            return sympy.Mul(*(s**k for s, k in zip(symbols, self.powers[place], strict=True)))

        below = _softmax(ratio.theta) / np.array([units[i] for i in ratio.below])
        lead = below[0]
        bottom = sympy.Add(
            *(
                monomial(i) if n == 0 else sympy.Float(b / lead) * monomial(i)
                for n, (i, b) in enumerate(zip(ratio.below, below, strict=True))
            )
        )
        top = sympy.Add(
            *(
                sympy.Float(w * self.spread / lead / units[i]) * monomial(i)
                for i, w in zip(ratio.above, ratio.weights, strict=True)
            )
        )
        return top / bottom


def fit_ratio(
    sample: Sample,
    names: Sequence[str],
    *,
    seed: int = 0,
    degree: int = 2,
    rows: int = 3000,
) -> list[Expr]:
    """Ratios of sums along a backward elimination, from many terms to two.

    Args:
        sample: rows of one target and a handful of columns.
        names: of the columns; the symbols of the result.
        seed: of the subset of rows.
        degree: of the monomials above and below.
        rows: at most so many rows are used on the way.

    Returns:
        Expressions with floating-point constants, the smallest first. Nothing is snapped.
    """
    keep = np.random.default_rng(seed).permutation(len(sample))[:rows]
    problem = _Problem(sample[keep].for_least_squares(), degree)
    everything = tuple(range(len(problem.powers)))
    start = np.zeros(len(problem.positive))
    beam = [problem.solve(everything, problem.positive, start, _ITERATIONS)]
    best: dict[int, list[_Ratio]] = {}
    while beam:
        best[beam[0].terms] = beam
        grown = [smaller for ratio in beam for smaller in problem.smaller(ratio)]
        unique = {(r.above, r.below): r for r in sorted(grown, key=lambda r: -r.loss)}
        beam = sorted(unique.values(), key=lambda r: r.loss)[:_BEAM]
    symbols = [sympy.Symbol(name, real=True) for name in names]
    sizes = sorted(best)[:_PROPOSED]
    return [problem.expression(ratio, symbols) for size in sizes for ratio in best[size]]


def _softmax(theta: np.ndarray) -> np.ndarray:
    weights: np.ndarray = np.exp(theta - theta.max())
    return weights / weights.sum()
