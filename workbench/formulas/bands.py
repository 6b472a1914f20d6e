"""How far a formula's values are known: what the errors of its constants and the noise say together."""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from scipy.stats import t as student

Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Spread:
    """Errors of constants together, and the noise.

    Attributes:
        covariances: of a formula's fitted constants, then of the letters of a group: a matrix for each group,
            or one for all rows.
        noise: variance of what the formula leaves of a row. degrees: of freedom of that.
    """

    covariances: tuple[Matrix, ...]
    noise: float
    degrees: float = math.inf

    @cached_property
    def _table(self) -> np.ndarray:
        shape = (len(self.covariances), *2 * (len(self.covariances[0]),))
        return np.array(self.covariances, dtype=float).reshape(shape)

    def reach(self, slopes: np.ndarray, codes: np.ndarray | None, *, noise: bool) -> np.ndarray:
        """Half the width of 95 % bands ``(N,)``.

        Args:
            slopes: of values by the constants, ``(N, q)``. codes: numbers of the rows' groups.
            noise: of a new row; else of the law alone.
        """
        if codes is None:
            codes = np.zeros(len(slopes), dtype=int)
        variance = np.einsum("nq,nqr,nr->n", slopes, self._table[codes], slopes)
        variance = np.maximum(variance, 0.0) + (self.noise if noise else 0.0)
        return np.asarray(float(student.ppf(0.975, self.degrees)) * np.sqrt(variance))

    def scaled(self, factors: np.ndarray, target: float) -> Self:
        """The same where constants and the target are counted in other units."""
        table = self._table * np.outer(factors, factors)
        return replace(self, covariances=matrices(table), noise=self.noise * target**2)


def matrices(table: np.ndarray) -> tuple[Matrix, ...]:
    """Matrices ``(G, q, q)`` as they are kept."""
    return tuple(tuple(map(tuple, matrix)) for matrix in table.tolist())
