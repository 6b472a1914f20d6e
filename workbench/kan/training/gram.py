r"""Sums of outer products of rows, :math:`H = \sum A^T A`: where second-order training spends its time.

Half of a symmetric matrix is enough. And on a fine grid a row is nearly empty, because a B-spline of
degree :math:`d` has :math:`d + 1` non-zero basis functions at a point: there zeros are not multiplied.
"""

import torch
from torch import Tensor

_LARGE = 200  # columns from which half of a matrix is cheaper than one product for all of it
_STRIPS = 4
_SPARSE = 0.1
"""Share of non-zeros below which sparse rows are faster than dense ones."""


def add_gram_(upper: Tensor, rows: Tensor) -> None:
    """Add ``rowsᵀ rows`` to the upper triangles of matrices; what lies below is undefined.

    Args:
        upper: matrices ``(S, P, P)``, see ``mirrored``.
        rows: ``(S, n, P)``.
    """
    copies, _, size = rows.shape
    if copies > 1 or size < _LARGE:
        upper.baddbmm_(rows.mT, rows)
    elif int(rows.count_nonzero()) < _SPARSE * rows.numel():
        upper[0] += torch.sparse.mm(rows[0].to_sparse().t(), rows[0])
    else:
        width = -(-size // _STRIPS)
        for first in range(0, size, width):
            strip = rows[0, :, first : first + width]
            upper[0, first : first + width, first:].addmm_(strip.mT, rows[0, :, first:])


def mirrored(upper: Tensor) -> Tensor:
    """Symmetric matrices ``(S, P, P)`` from their upper triangles."""
    half = upper.triu()
    return half + half.triu(1).mT
