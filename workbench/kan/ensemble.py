"""Several networks of one shape, evaluated and differentiated at once.

Second-order training runs many random starts, and elimination tries many prunings: both are a stack
of ``S`` networks that share their width and fixed functions, but not their numbers, grids or masks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from workbench.kan.layer import Activations, fixed_groups
from workbench.kan.model import KAN, join

BLOCK_BYTES = 16 * 2**20
"""Size of the largest intermediate that is held at a time; larger blocks only leave the cache."""

_NUMBER = 8  # bytes
HIDDEN_MARGIN = 0.02
"""Hidden grids reach this share beyond the observed values, so that new points seldom leave them."""


@dataclass(frozen=True)
class Ensemble:
    """``S`` networks: ``layers[l]`` holds stacked tensors, ``template`` everything they share.

    ``numbers`` are the random starts that they come from, where these compete.
    """

    template: KAN
    layers: tuple[Activations, ...]
    numbers: tuple[int, ...] = ()

    @classmethod
    def of(cls, models: Sequence[KAN]) -> "Ensemble":
        """Stack models of one width and grid size; see ``stacked``."""
        return cls.stacked([cls(model, tuple(model.activations())) for model in models])

    @classmethod
    def stacked(cls, parts: Sequence["Ensemble"]) -> "Ensemble":
        """One stack from several of the same shape and grid size.

        An edge that is fixed in one of them is fixed to the same function, or pruned, in the others.
        """
        template = parts[0].template
        fixed = [
            {
                edge: name
                for part in parts
                for edge, name in part.template.layer(level).fixed.items()
            }
            for level in range(len(parts[0].layers))
        ]
        if any(names != template.layer(level).fixed for level, names in enumerate(fixed)):
            template = template.copy()
            for level, names in enumerate(fixed):
                template.layer(level).fixed = names
        layers = tuple(
            replace(
                group[0],
                coefficients=torch.cat([layer.coefficients.detach() for layer in group]),
                affine=torch.cat([layer.affine.detach() for layer in group]),
                grid_range=torch.cat([layer.grid_range for layer in group]),
                mask=torch.cat([layer.mask for layer in group]),
                locked=torch.cat([layer.locked for layer in group]),
                fixed=fixed_groups(names, group[0].mask.device),
            )
            for names, group in zip(
                fixed, zip(*(part.layers for part in parts), strict=True), strict=True
            )
        )
        return cls(template, layers, tuple(n for part in parts for n in part.numbers))

    def __len__(self) -> int:
        return self.layers[0].coefficients.shape[0]

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Ensemble":
        return replace(
            self,
            layers=tuple(
                replace(
                    layer,
                    coefficients=change(layer.coefficients),
                    affine=change(layer.affine),
                    grid_range=change(layer.grid_range),
                    mask=change(layer.mask),
                    locked=change(layer.locked),
                )
                for layer in self.layers
            ),
        )

    def to(self, dtype: torch.dtype) -> "Ensemble":
        """The same networks in another precision."""
        return self._each(lambda tensor: tensor.to(dtype) if tensor.is_floating_point() else tensor)

    def pick(self, index: Tensor | Sequence[int]) -> "Ensemble":
        """The networks at ``index``, in that order; an index may repeat."""
        chosen = torch.as_tensor(index, device=self.layers[0].mask.device)
        picked = self._each(lambda tensor: tensor[chosen].clone())
        numbers = tuple(self.numbers[i] for i in chosen.tolist()) if self.numbers else ()
        return replace(picked, numbers=numbers)

    def model(self, index: int) -> KAN:
        """Network ``index`` as a ``KAN`` of its own."""
        return self.template.with_activations(self.layers, index)

    def nodes(self, x: Tensor, first: Tensor | None = None) -> list[Tensor]:
        """Node values before the output scaling, ``x (N, d)`` -> list of ``(S, N, n_l)``.

        ``first`` is the basis of the first layer, where it is known already.
        """
        values, basis = [x.expand(len(self), *x.shape)], first
        for level, layer in enumerate(self.layers):
            values.append(self._joined(level, layer.forward(values[-1], basis)))
            basis = None
        return values

    def traced(
        self, x: Tensor, first: Tensor | None = None
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """``nodes``, the basis functions of every layer and the slopes of the hidden layers' edges.

        Lists of ``(S, N, n_l)``, ``(S or 1, N, n_l, K)`` and ``(S, N, o_l, n_l)``, the last from the
        second layer on.
        """
        values, bases, slopes = [x.expand(len(self), *x.shape)], [], []
        for level, layer in enumerate(self.layers):
            if level:
                basis, derivative = layer.basis_and_slopes(values[-1])
                slopes.append(layer.slopes(values[-1], derivative))
            else:
                basis = layer.basis(values[0]) if first is None else first
            bases.append(basis)
            values.append(self._joined(level, layer.forward(values[-1], basis)))
        return values, bases, slopes

    def _joined(self, level: int, subnodes: Tensor) -> Tensor:
        config = self.template.config
        return join(subnodes, config.sums(level + 1), config.arities(level + 1))

    def regrid(self, x: Tensor) -> "Ensemble":
        """Move the grids of hidden nodes to the values that ``x (N, d)`` gives them.

        Least squares, see ``spline.transfer``. A node that feeds a locked spline keeps its grid.
        """
        ranges = self.ranges(x)
        moved = self
        for level in range(1, len(self.layers)):
            moved = moved.with_range(level, ranges[level], follows=True)
        return moved

    def ranges(self, x: Tensor) -> list[Tensor]:
        """Where each node of the layers goes for ``x``, with a margin: list of ``(S, n, 2)``.

        In blocks of rows, so that the memory does not grow with their number.
        """
        basis = max(layer.coefficients[0, 0].numel() for layer in self.layers)
        size = max(1, BLOCK_BYTES // (_NUMBER * len(self) * basis))
        ends: list[tuple[Tensor, Tensor]] = []
        for block in x.split(size):
            found = [(v.amin(1), v.amax(1)) for v in self.nodes(block)[: len(self.layers)]]
            ends = [
                (torch.minimum(low, a), torch.maximum(high, b))
                for (low, high), (a, b) in zip(ends or found, found, strict=True)
            ]
        return [torch.stack(_padded(low, high, HIDDEN_MARGIN), -1) for low, high in ends]

    def with_range(self, level: int, grid_range: Tensor, *, follows: bool = False) -> "Ensemble":
        """The same functions on other grids ``(S, n, 2)`` of one layer.

        Least squares, see ``spline.transfer``. A node that feeds a locked spline keeps its grid.
        """
        layer = self.layers[level]
        held = (layer.locked & (layer.free != 0)).any(1).unsqueeze(-1)
        wanted = torch.where(held, layer.grid_range, grid_range)
        moved = layer.with_grid(wanted, layer.grid_size, follows=follows)
        kept = torch.where(held.unsqueeze(1), layer.coefficients, moved.coefficients)
        return self._replaced(level, replace(moved, coefficients=kept))

    def refine(self, grid_size: int) -> "Ensemble":
        """The same functions on another number of intervals."""
        if grid_size == self.layers[0].grid_size:
            return self
        layers = tuple(layer.with_grid(layer.grid_range, grid_size) for layer in self.layers)
        return replace(self, layers=layers)

    def _replaced(self, level: int, layer: Activations) -> "Ensemble":
        return replace(self, layers=(*self.layers[:level], layer, *self.layers[level + 1 :]))


def padded_range(values: Tensor, margin: float = HIDDEN_MARGIN) -> tuple[Tensor, Tensor]:
    """Observed range of node values ``(S, N, n)`` with a margin; never empty. Two ``(S, n)``."""
    return _padded(values.amin(1), values.amax(1), margin)


def _padded(low: Tensor, high: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    width = high - low
    narrow = (width < 1e-9).to(width)
    pad = margin * width + 1e-3 * narrow * (1 + low.abs())
    return low - pad, high + pad
