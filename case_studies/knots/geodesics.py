"""The shortest closed geodesic of a knot complement, from traces of words in its face pairings."""

from typing import Any, NamedTuple

import numpy as np

_ENOUGH_WORDS = 20_000
_EQUALLY_LONG = 1e-6  # far above rounding, far below the gaps between lengths
_SHORTEST = 1e-4
_STRAIGHT = 1e-6


class Geodesic(NamedTuple):
    """Length of the shortest closed geodesic, and how far a frame turns along it.

    Attributes:
        length: hyperbolic length; half of it is the injectivity radius.
        turn: in (-pi, pi], the largest in absolute value where several are as short; NaN where
            turns of both signs are as large, so that a mirror would show the same table of lengths.
    """

    length: float
    turn: float


def shortest_geodesic(manifold: Any) -> Geodesic:
    """The shortest closed geodesic of a SnapPy manifold.

    The unsimplified presentation's generators pair faces of the fundamental domain, so short
    geodesics are short words. A word with trace t has the complex length ``2 arccosh(t / 2)``, whose
    real part l obeys ``4 cosh(l / 2) = |t - 2| + |t + 2|``: the least such sum is looked for, and only
    words that attain it need a logarithm.
    """
    group = manifold.fundamental_group(False, True, True)
    letters = []
    for generator in group.generators():
        matrix = _matrix(group.SL2C(generator))
        letters += [matrix, np.linalg.inv(matrix)]
    alphabet = np.stack(letters)
    count = len(alphabet)
    # tr(AB) is the inner product of A with the transpose of B: the longest words need no product.
    transposed = alphabet.transpose(0, 2, 1).reshape(count, 4).T
    words, last = alphabet, np.arange(count)
    found = _lengths(words[:, 0, 0] + words[:, 1, 1])
    while True:
        found = np.concatenate([found, _lengths((words.reshape(-1, 4) @ transposed).ravel())])
        if len(words) * count >= _ENOUGH_WORDS:
            break
        product = (words[:, None] @ alphabet[None]).reshape(-1, 2, 2)
        left, right = np.repeat(last, count), np.tile(np.arange(count), len(words))
        reduced = (left ^ 1) != right
        words, last = product[reduced], right[reduced]
    least = found.real.min()
    return Geodesic(float(least), _turn(found[found.real < least + _EQUALLY_LONG].imag))


def _matrix(matrix: Any) -> np.ndarray:
    return np.array([[complex(matrix[i, j]) for j in range(2)] for i in range(2)])


def _lengths(trace: np.ndarray) -> np.ndarray:
    """Complex lengths of the words whose real length is the least of these traces, maybe none."""
    reach = np.abs(trace - 2) + np.abs(trace + 2)
    longer = trace[reach > 4 * np.cosh(_SHORTEST / 2)]
    reach = reach[reach > 4 * np.cosh(_SHORTEST / 2)]
    if not len(longer):
        return np.empty(0, dtype=complex)
    near = reach < reach.min() * (1 + _EQUALLY_LONG)
    length: np.ndarray = 2 * np.arccosh(longer[near] / 2)
    return np.where(length.real < 0, -length, length)


def _turn(angles: np.ndarray) -> float:
    turn = (angles + np.pi) % (2 * np.pi) - np.pi
    turn = np.where(np.abs(turn) > np.pi - _STRAIGHT, np.pi, turn)
    most = np.abs(turn).max()
    signs = {bool(t > 0) for t in turn if abs(t) > most - _STRAIGHT}
    if most < _STRAIGHT or most == np.pi:
        return float(most)
    return float("nan") if len(signs) == 2 else float(most if True in signs else -most)
