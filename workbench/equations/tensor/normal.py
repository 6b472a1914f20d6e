"""Normal equations of least squares: a banded matrix with a border of a few columns."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import cho_solve_banded, cholesky_banded
from torch import Tensor

_ROUNDING = 1e-13


@dataclass(frozen=True)
class Normal:
    """A symmetric matrix whose last ``C`` rows and columns alone are full.

    Attributes:
        band: the diagonals of the first ``P`` rows from the main one downwards, ``(band + 1, P)``.
        border: their last columns, ``(P, C)``.
        corner: what is left, ``(C, C)``.
    """

    band: Tensor
    border: Tensor
    corner: Tensor

    @property
    def banded(self) -> "Normal":
        """Without the border."""
        return Normal(self.band, self.border[:, :0], self.corner[:0, :0])

    def factored(self, damping: float = 0.0) -> "Factored | None":
        """With its diagonal raised by a share of itself; None where it is singular to rounding."""
        band = self.band.cpu().numpy().copy()
        band[0] += (damping + _ROUNDING) * band[0] + _ROUNDING * band[0].mean()
        if not np.isfinite(band).all():
            return None
        try:
            factor = cholesky_banded(band, lower=True, overwrite_ab=True, check_finite=False)
        except np.linalg.LinAlgError:
            return None
        border = self.border.cpu().numpy()
        towards = _solved(factor, border)
        corner = self.corner.cpu().numpy()
        # What nothing depends on yet stays where it is.
        raised = np.where(np.diag(corner) > 0, (damping + _ROUNDING) * np.diag(corner), 1.0)
        left = corner + np.diag(raised) - border.T @ towards
        if not (np.isfinite(left).all() and (np.linalg.eigvalsh(left) > 0).all()):
            return None
        return Factored(factor, towards, left)


@dataclass(frozen=True)
class Factored:
    """What solves with such a matrix.

    Attributes:
        factor: of Cholesky, of the band.
        towards: the border, solved with the band, ``(P, C)``.
        left: of the corner without the border's share, ``(C, C)``.
    """

    factor: np.ndarray
    towards: np.ndarray
    left: np.ndarray

    def solved(self, right: Tensor) -> Tensor:
        """Of right sides ``(P + C,)`` or ``(P + C, N)``."""
        full = right.cpu().numpy()
        count = len(self.towards)
        first, last = full[:count], full[count:]
        last = np.linalg.solve(self.left, last - self.towards.T @ first)
        first = _solved(self.factor, first) - self.towards @ last
        return torch.from_numpy(np.concatenate((first, last))).to(right)


def _solved(factor: np.ndarray, right: np.ndarray) -> np.ndarray:
    if not right.size:
        return right
    found: np.ndarray = cho_solve_banded((factor, True), right, check_finite=False)
    return found
