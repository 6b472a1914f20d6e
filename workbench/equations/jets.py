r"""Jets: exact derivatives of a network by its inputs, carried forward through its layers.

A sub-node is a sum of curves, :math:`z_j = \sum_i \phi_{ji}(x_i)`, and :math:`\phi(x)` has the series of a
composition. With :math:`P_{k\alpha} = [(x - x_0)^k / k!]_\alpha` that is

.. math:: z_{j\alpha} = \sum_i \sum_k P_{k\alpha}[x_i]\, \phi_{ji}^{(k)}(x_{i0}), \qquad
          \partial z_{j\alpha} / \partial c_{jim} = \sum_k P_{k\alpha}[x_i]\, B_m^{(k)}(x_{i0}),
          \qquad \partial z_{j\alpha} / \partial x_{i\beta} = [\phi_{ji}'(x_i)]_{\alpha-\beta}.

The second and third say how the derivatives of a residual by its jet go back to every coefficient: no
autograd, and nothing for each order. Tensors are ``(S, nodes, N)``, points last, so that every operation
runs along them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.equations.taylor import Index, Indices, Series
from workbench.errors import InputError
from workbench.kan import spline
from workbench.kan.bases import BSplines
from workbench.kan.ensemble import Ensemble
from workbench.kan.layer import Activations
from workbench.kan.model import KAN

_ROWS = 1024
"""Points of a block: its tensors stay in the cache."""


def jet(model: KAN, points: Tensor, asked: Sequence[Index]) -> dict[Index, Tensor]:
    """Derivatives of a network by its inputs.

    Args:
        model: a network without fixed edges.
        points: ``(N, d)``.
        asked: multi-indices: ``(0, 0)`` is the value, ``(1, 2)`` the third derivative that is taken
            once by the first and twice by the second input.

    Returns:
        For each index ``(N, m)``.

    Raises:
        InputError: an edge is fixed, or an index has another length than a point.
    """
    if any(len(index) != model.in_features or min(index) < 0 for index in asked):
        raise InputError(
            f"an index of a derivative needs {model.in_features} numbers of at least 0"
        )
    indices = Indices.below(asked, model.in_features)
    ensemble = Ensemble.of([model])
    with torch.no_grad():
        blocks = [outputs(ensemble, block, indices) for block in points.split(_ROWS)]
    joined = [torch.cat(parts, -1)[0].mT for parts in zip(*blocks, strict=True)]
    found = {}
    for index in asked:
        place = indices.place[index]
        value = indices.factorials[place] * joined[place] * model.output_scale
        found[index] = value if sum(index) else value + model.output_shift
    return found


@dataclass(frozen=True)
class Step:
    """What one layer has computed, for the way back.

    Attributes:
        bases: basis functions and their derivatives, ``(order + 2, S or 1, n, K, N)``.
        powers: see ``Indices.powers``, of the layer's inputs.
        curves: the edges and their derivatives, a list of ``(S, n, o, N)``.
        subnodes: series of the sub-nodes, ``(S, o, N)`` each.
    """

    bases: Tensor
    powers: list[Series]
    curves: list[Tensor]
    subnodes: Series


@dataclass(frozen=True)
class Carried:
    """A stack of networks at some points, with all derivatives that were asked for.

    Attributes:
        ensemble: the networks. indices: of their series.
        steps: layer by layer.
        outputs: series of the outputs, ``(S, m, N)`` each, before the output's scale.
    """

    ensemble: Ensemble
    indices: Indices
    steps: tuple[Step, ...]
    outputs: Series

    def jacobian(self, towards: Series, out: Tensor) -> None:
        """Derivatives of a number at every point by the coefficients.

        Args:
            towards: its derivatives by the series of the outputs, ``(S, m, N)`` each.
            out: to be filled, ``(S, P, N)``; coefficients are ordered by layer, input, sub-node, basis
                function.
        """
        end = out.shape[1]
        for level in range(len(self.steps) - 1, -1, -1):
            step, layer = self.steps[level], self.ensemble.layers[level]
            towards = self._through_products(level, towards)
            outputs, inputs, size = layer.coefficients.shape[1:]
            start = end - outputs * inputs * size
            block = out[:, start:end].unflatten(1, (inputs, outputs, size))
            _filled(step, self.indices, towards, block)
            if bool((layer.mask != 1).any()):
                block *= layer.mask.mT[..., None, None]
            if level:
                towards = self._to_inputs(step, towards)
            end = start

    def _through_products(self, level: int, towards: Series) -> Series:
        """From nodes to sub-nodes: the series of a factor's slope is the product of the others."""
        config = self.ensemble.template.config
        sums, arities = config.sums(level + 1), config.arities(level + 1)
        if not arities:
            return towards
        parts = [[part[:, :sums] for part in towards]]
        subnodes, first = self.steps[level].subnodes, sums
        for node, arity in enumerate(arities, sums):
            here = [part[:, node] for part in towards]
            factors = [[part[:, first + f] for part in subnodes] for f in range(arity)]
            for own in range(arity):
                found = here
                for other in factors[:own] + factors[own + 1 :]:
                    found = self.indices.pull_back(found, other)
                parts.append([part.unsqueeze(1) for part in found])
            first += arity
        return [torch.cat(group, 1) for group in zip(*parts, strict=True)]

    def _to_inputs(self, step: Step, towards: Series) -> Series:
        """From sub-nodes to the nodes that feed them."""
        powers = [[part.unsqueeze(2) for part in power] for power in step.powers]
        slopes = self.indices.compose(step.curves[1:], powers)
        wide = [part.unsqueeze(1) for part in towards]
        return [part.sum(2) for part in self.indices.pull_back(wide, slopes)]


def carried(
    ensemble: Ensemble, points: Tensor, indices: Indices, first: Tensor | None = None
) -> Carried:
    """Carry the series of the inputs through a stack of networks.

    Args:
        ensemble: networks without fixed edges.
        points: ``(N, d)``.
        indices: which derivatives.
        first: ``bases`` of the first layer at these points, where they are known already.

    Raises:
        InputError: an edge is fixed.
    """
    config = ensemble.template.config
    steps: list[Step] = []
    series = indices.variables(points.mT.unsqueeze(0))
    for level, layer in enumerate(ensemble.layers):
        known = first if level == 0 else None
        more = indices.order + (level > 0)
        bases = layer_bases(layer, series[0], more) if known is None else known
        steps.append(_step(layer, bases, series, indices))
        series = _joined(
            steps[-1].subnodes, config.sums(level + 1), config.arities(level + 1), indices
        )
    return Carried(ensemble, indices, tuple(steps), series)


def outputs(ensemble: Ensemble, points: Tensor, indices: Indices) -> Series:
    """``carried(...).outputs`` alone, from the few basis functions that are not zero at a point.

    Raises:
        InputError: an edge is fixed.
    """
    config = ensemble.template.config
    series = indices.variables(points.mT.unsqueeze(0))
    for level, layer in enumerate(ensemble.layers):
        weights = _weights(layer)
        if layer.family == BSplines.name and layer.base is None:
            x = series[0].expand(len(ensemble), *series[0].shape[1:])
            _require_free(layer)
            curves = spline.curves(weights, x, layer.grid_range, layer.degree, indices.order)
        else:
            curves = list((weights @ layer_bases(layer, series[0], indices.order)).unbind(0))
        series = _joined(
            _sums(curves, indices.powers(series), indices),
            config.sums(level + 1),
            config.arities(level + 1),
            indices,
        )
    return series


def layer_bases(layer: Activations, x: Tensor, order: int) -> Tensor:
    """Basis functions of a layer and their derivatives at ``x (S, n, N)``: ``(order + 1, S, n, K, N)``."""
    _require_free(layer)
    if layer.family == BSplines.name and layer.base is None:
        return spline.derivatives(x, layer.grid_range, layer.grid_size, layer.degree, order)
    found = [layer.basis(x.mT, derivative).movedim(1, -1) for derivative in range(order + 1)]
    return torch.stack(found)


def _require_free(layer: Activations) -> None:
    if layer.fixed:
        raise InputError("derivatives of a network with fixed edges are not known: unfix them")


def _weights(layer: Activations) -> Tensor:
    """Coefficients with the mask, inputs first: ``(S, n, o, K)``."""
    return (layer.coefficients * layer.mask.unsqueeze(-1)).transpose(1, 2)


def _step(layer: Activations, bases: Tensor, series: Series, indices: Indices) -> Step:
    curves = list((_weights(layer) @ bases).unbind(0))
    powers = indices.powers(series)
    return Step(bases, powers, curves, _sums(curves, powers, indices))


def _sums(curves: Sequence[Tensor], powers: Sequence[Series], indices: Indices) -> Series:
    """Series of the sub-nodes from the edges and their derivatives, ``(S, n, o, N)`` each."""
    subnodes = [curves[0].sum(1)]
    parts: list[Tensor | None] = [None] * len(indices)
    for k, power in enumerate(powers, 1):
        for place, part in enumerate(power, indices.first[k]):
            term = (part.unsqueeze(2) * curves[k]).sum(1)
            known = parts[place]
            parts[place] = term if known is None else known + term
    return subnodes + [part for part in parts if part is not None]


def _joined(subnodes: Series, sums: int, arities: Sequence[int], indices: Indices) -> Series:
    """Series of the nodes: sums pass, factors are multiplied."""
    if not arities:
        return subnodes
    nodes = [[part[:, :sums] for part in subnodes]]
    first = sums
    for arity in arities:
        found = [part[:, first : first + 1] for part in subnodes]
        for factor in range(first + 1, first + arity):
            found = indices.multiply(found, [part[:, factor : factor + 1] for part in subnodes])
        nodes.append(found)
        first += arity
    return [torch.cat(group, 1) for group in zip(*nodes, strict=True)]


def _filled(step: Step, indices: Indices, towards: Series, block: Tensor) -> None:
    """Derivatives by the coefficients of one layer into ``block (S, n, o, K, N)``."""
    torch.mul(towards[0][:, None, :, None], step.bases[0][:, :, None], out=block)
    for k, power in enumerate(step.powers, 1):
        weight: Tensor | None = None
        for place, part in enumerate(power, indices.first[k]):
            term = part.unsqueeze(2), towards[place].unsqueeze(1)
            weight = term[0] * term[1] if weight is None else torch.addcmul(weight, *term)
        if weight is not None:
            block.addcmul_(weight.unsqueeze(3), step.bases[k][:, :, None])
