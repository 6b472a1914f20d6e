"""Constants fitted in float64, with the uncertainty of every one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import least_squares, minimize
from scipy.special import softmax
from scipy.stats import chi2 as chi_squared

from workbench.evidence.sample import Sample, both_logits, centred_logits
from workbench.formulas.parametric import Parametric

_SINGULAR = 1e-13
_SHARE = 1e-3
_USUAL_LOGIT = 2.5


@dataclass(frozen=True)
class Fitted:
    """A parametric expression at its best values.

    Attributes:
        parametric: with these values. loss: of the sample: mean squared error, or mean cross-entropy.
        sigma: standard error of every constant.
        rows: number of residuals.
        correlation: of the constants' errors, ``(p, p)``.
        determined: whether the data determine a constant by itself; where they do not, its ``sigma`` is
            that of the least change of all constants together.
        degrees: degrees of freedom of the residual variance; infinite for a cross-entropy.
        noise: that variance, see ``Sample.cut``; 1 for a cross-entropy. Where the targets' errors are stated
            it follows from them, and the degrees are infinite.
    """

    parametric: Parametric
    loss: float
    sigma: tuple[float, ...]
    rows: int
    correlation: tuple[tuple[float, ...], ...] = ()
    determined: tuple[bool, ...] = ()
    degrees: float = math.inf
    noise: float = 1.0


def refit(parametric: Parametric, sample: Sample) -> Fitted:
    """The least loss of a sample, for classes with a weak prior; never worse than the start.

    Standard errors take the sample's weights as 1/σ² up to a factor.
    """
    return (
        _refit_classes(parametric, sample) if sample.classes else _refit_squares(parametric, sample)
    )


def _refit_squares(parametric: Parametric, sample: Sample) -> Fitted:
    x, y, spread = sample.x, sample.y, sample.spread
    start = np.array(parametric.values)

    def residuals(values: np.ndarray) -> np.ndarray:
        gap = sample.whitened(parametric.outputs(x, values) - y).ravel() / spread
        return np.where(np.isfinite(gap), gap, 1e6)

    def slopes(values: np.ndarray) -> np.ndarray:
        table = parametric.jacobian(x, values) / spread
        if sample.bends:
            gap = parametric.outputs(x, values) - y
            table = table * sample.whitening(gap)[..., None]
        table = table.reshape(y.size, len(start))
        return np.where(np.isfinite(table), table, 0.0)

    values = start
    if len(start) and len(start) <= y.size:
        tight = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15, "max_nfev": 300}
        try:
            found = least_squares(residuals, start, slopes, method="lm", x_scale="jac", **tight)
            if np.square(found.fun).sum() <= np.square(residuals(start)).sum():
                values = found.x
        except (ValueError, np.linalg.LinAlgError):
            values = start  # an overflow on the way: the start is still a valid answer
    left = residuals(values)
    degrees = max(len(left) - len(values), 1)
    gap, root = parametric.outputs(x, values) - y, sample.roots
    scatter = np.square(np.nan_to_num(sample.cut(gap) * root / spread)).sum(0)
    known = (root * (sample.cut(gap) == gap))[..., None] * parametric.jacobian(x, values) / spread
    known = np.where(np.isfinite(known), known, 0.0)
    fitted = replace(parametric, values=tuple(map(float, values)))
    loss = float(np.square(left).mean()) * spread**2
    noise, free, variances = noise_of(sample, scatter, degrees)
    errors = errors_of(list(known.swapaxes(0, 1)), variances)
    return Fitted(fitted, loss, rows=len(left), degrees=free, noise=noise, **errors)


def noise_of(
    sample: Sample, scatter: np.ndarray, degrees: float
) -> tuple[float, float, np.ndarray]:
    """Variance of a residual, its degrees of freedom, and that of each target's in the spread's square.

    They follow from the scatter ``(m,)``, sums of squares over the squared spread, or from stated errors.
    """
    stated, unit = sample.noise, sample.spread**2
    if stated is not None:
        return stated, math.inf, np.full(len(scatter), stated / unit)
    return float(scatter.sum()) / degrees * unit, degrees, scatter * len(scatter) / degrees


def chi2_scores(fitted: Fitted, sample: Sample) -> dict[str, float | None]:
    """χ² per degree of freedom against the stated errors, and its probability; nothing without them."""
    degrees = fitted.rows - len(fitted.parametric.constants)
    if sample.noise is None or degrees <= 0:
        return {}
    chi2 = fitted.loss * fitted.rows / sample.noise
    return {
        "chi2_per_degree": chi2 / degrees,
        "chi2_probability": float(chi_squared.sf(chi2, degrees)),
    }


def _refit_classes(parametric: Parametric, sample: Sample) -> Fitted:
    """Cross-entropy and a Cauchy prior on the size of the logits, after Gelman et al. 2008.

    Where a formula tells the classes of all rows, the likelihood alone would drive its logits to infinity.
    """
    x, y = sample.x, sample.y
    start = np.array(parametric.values)
    hot = np.eye(max(len(parametric.expressions), 2))[y.astype(int)]
    share = sample.counts[:, None] / len(x)

    def raw(values: np.ndarray) -> np.ndarray:
        return np.nan_to_num(parametric.outputs(x, values), nan=0.0, posinf=700, neginf=-700)

    def objective(values: np.ndarray) -> tuple[float, np.ndarray]:
        own = raw(values)
        with np.errstate(over="ignore"):
            apart = centred_logits(own)
            size = float((share * np.square(apart)).sum()) / own.shape[1] / _USUAL_LOGIT**2
        prior, pull = math.log1p(size) / len(x), 2 / _USUAL_LOGIT**2 / (1 + size) / len(x)
        push = (softmax(both_logits(own), 1) - hot)[:, -own.shape[1] :] + pull * apart / own.shape[
            1
        ]
        slope = np.nan_to_num(parametric.jacobian(x, values), posinf=0.0, neginf=0.0)
        return sample.loss(own) + prior, np.einsum("nm,nmp->p", push * share, slope)

    values = start
    if len(start):
        found = minimize(objective, start, jac=True, method="BFGS", options={"maxiter": 200})
        if found.fun <= objective(start)[0] and np.isfinite(found.x).all():
            values = found.x
    slope = np.nan_to_num(parametric.jacobian(x, values), posinf=0.0, neginf=0.0)
    rows = _root_information(raw(values), slope, sample.counts)
    fitted = replace(parametric, values=tuple(map(float, values)))
    return Fitted(fitted, sample.loss(raw(values)), rows=len(x), **errors_of([rows], np.ones(1)))


def _root_information(values: np.ndarray, slopes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Rows whose products sum to the information ``Σ Jᵀ (diag p - p pᵀ) J`` of classes, ``(N c, p)``.

    Row k of a sample's J is ``√p_k (J_k - Σ_l p_l J_l)``: what shifts all logits alike tells nothing.
    """
    p = softmax(both_logits(values), 1)
    slopes = both_logits(slopes)
    apart = slopes - np.einsum("nc,ncp->np", p, slopes)[:, None]
    return (np.sqrt(counts[:, None] * p)[..., None] * apart).reshape(p.size, slopes.shape[2])


def errors_of(jacobians: Sequence[np.ndarray], variances: np.ndarray) -> dict[str, Any]:
    """Standard errors and correlations of constants, and which of them the rows determine.

    With ``A = Σ JᵀJ`` over the targets they follow from ``A⁻¹ (Σ v JᵀJ) A⁻¹``: each target scatters by
    itself. A constant is not determined when it has a share in a combination of constants, each in units of
    its columns' length, that leaves all residuals as they are.

    Args:
        jacobians: per target, ``(N, p)``. variances: of the targets' residuals.
    """
    count = jacobians[0].shape[1]
    if count == 0:
        return {"sigma": (), "correlation": (), "determined": ()}
    slopes = np.concatenate(jacobians)
    largest = np.maximum(np.abs(slopes).max(0), 1e-300)  # its square might have no value
    size = largest * np.linalg.norm(slopes / largest, axis=0)
    size = np.maximum(size, 1e-300)
    grams = [(j / size).T @ (j / size) for j in jacobians]
    strength, direction = np.linalg.eigh(np.sum(grams, axis=0))
    free = strength <= _SINGULAR * strength[-1]
    inverse = (direction[:, ~free] / strength[~free]) @ direction[:, ~free].T
    variance = float(variances.mean())
    if len(grams) > 1 and variance > 0:
        shares = np.maximum(variances / variance, _SINGULAR)
        inverse = inverse @ np.tensordot(shares, grams, 1) @ inverse
    deviation = np.sqrt(np.maximum(np.diag(inverse), 1e-300))
    correlation = np.clip(inverse / np.outer(deviation, deviation), -1, 1)
    alone = np.square(direction[:, free]).sum(1) < _SHARE
    return {
        "sigma": tuple((deviation * math.sqrt(variance) / size).tolist()),
        "correlation": tuple(map(tuple, correlation.tolist())),
        "determined": tuple(alone.tolist()),
    }
