r"""A Kolmogorov–Arnold network as other libraries keep it: splines on knots of any distances.

An edge is :math:`\phi(x) = w\,b(x) + \sum_k c_k B_k(x)`, or a function, or the sum of both. Axes are
ours, ``(out, in, ...)``, numbers float64, and masks and scales are multiplied in. Nothing is trained
here: a source is evaluated, to be compared with what is built of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from scipy.interpolate import BSpline

from workbench.kan.bases import base_values
from workbench.kan.config import KANConfig
from workbench.kan.functions import lookup


@dataclass(frozen=True)
class Layer:
    """Edges from ``n`` nodes to ``o`` sub-nodes, and what is done to these before they are nodes.

    Attributes:
        knots: of the splines that leave each node, ends included: ``(n, G + 2 degree + 1)``.
        curves: coefficients ``(o, n, G + degree)``. base: weights of the base function ``(o, n)``.
        living: which edges have a spline, ``(o, n)``.
        functions: names of the functions by ``(target, source)``. affine: their a, b, c, d, ``(o, n, 4)``.
        scale, shift: of each sub-node, ``(o,)``.
        node_scale, node_shift: of each node, after products were taken, ``(nodes,)``.
    """

    knots: np.ndarray
    curves: np.ndarray
    base: np.ndarray
    living: np.ndarray
    functions: Mapping[tuple[int, int], str]
    affine: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    node_scale: np.ndarray
    node_shift: np.ndarray

    @property
    def degree(self) -> int:
        return int(self.knots.shape[1] - self.curves.shape[2] - 1)

    @property
    def grid_size(self) -> int:
        return int(self.curves.shape[2] - self.degree)

    def inner(self, node: int) -> np.ndarray:
        """The knots ``(G + 1,)`` between which the splines of a node were fitted."""
        return np.asarray(self.knots[node, self.degree : self.degree + self.grid_size + 1])

    def splines(self, node: int, x: np.ndarray) -> np.ndarray:
        """Splines that leave a node at ``x (N,)``: ``(N, o)``, zero where the knots end."""
        inner = self.inner(node)
        if inner[0] == inner[-1]:
            return np.zeros((len(x), len(self.curves)))
        # SciPy's splines begin at their knot number ``degree``: so many more, and zeros, make it the first.
        more = (self.degree, self.degree)
        knots = np.pad(self.knots[node], more, mode="reflect", reflect_type="odd")
        curve = BSpline(
            knots, np.pad(self.curves[:, node].T, (more, (0, 0))), self.degree, extrapolate=False
        )
        return np.nan_to_num(curve(x))

    def function(self, edge: tuple[int, int], x: np.ndarray) -> np.ndarray:
        """c·f(a·x + b) + d of an edge ``(target, source)`` at ``x (N,)``."""
        a, b, c, d = self.affine[edge]
        value = lookup(self.functions[edge]).value(torch.from_numpy(a * x + b)).numpy()
        return np.asarray(c * value + d)


@dataclass(frozen=True)
class Source:
    """Layers, and what the network is; the grid size of ``config`` says nothing."""

    config: KANConfig
    layers: tuple[Layer, ...]

    def nodes(self, x: np.ndarray) -> list[np.ndarray]:
        """Values of all nodes at ``x (N, n)``, level by level; the last are the predictions."""
        found = [x]
        for level, layer in enumerate(self.layers):
            subnodes = layer.scale * self._sums(layer, found[-1]) + layer.shift
            joined = [
                subnodes[:, self.config.parents(level + 1, node)].prod(1)
                for node in range(self.config.nodes(level + 1))
            ]
            found.append(layer.node_scale * np.stack(joined, 1) + layer.node_shift)
        return found

    def _sums(self, layer: Layer, x: np.ndarray) -> np.ndarray:
        total = np.zeros((len(x), len(layer.curves)))
        for node in range(x.shape[1]):
            total += layer.splines(node, x[:, node])
        total += based(self.config.base, x) @ layer.base.T
        for target, source in layer.functions:
            total[:, target] += layer.function((target, source), x[:, source])
        return total


def based(name: str | None, x: np.ndarray) -> np.ndarray:
    """A base function at ``x``; zero without one."""
    return np.zeros_like(x) if name is None else base_values(name, torch.from_numpy(x)).numpy()
