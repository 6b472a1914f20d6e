"""Which networks compete for a solution: products, sums, and both, from small to large."""

from workbench.kan.config import KANConfig

_LEAST_DEGREE, _SMOOTHER = 5, 3
_COARSE = {1: 8, 2: 4}


def shapes(dimension: int, fields: int, order: int) -> tuple[KANConfig, ...]:
    """Networks for so many coordinates, fields and orders of derivatives, the small ones first.

    Curves are smoother by three derivatives than the equation asks for: every one makes the error fall
    faster with the grid. Along one coordinate a field is a curve, and nothing competes.
    """
    degree = max(_LEAST_DEGREE, order + _SMOOTHER)
    grid = _COARSE.get(dimension, 3)
    if dimension == 1:
        return (KANConfig((1, fields), grid, degree + 2),)
    widths = (
        (dimension, (0, fields)),
        (dimension, (0, 3), fields),
        (dimension, 6, fields),
        (dimension, (4, 2), fields),
        (dimension, 5, 4, fields),
    )
    return tuple(KANConfig(width, grid, degree, dimension) for width in widths)
