"""The multilayer perceptron: many of one architecture at once, and their analytic Jacobian."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from workbench.errors import InputError

Activation = Literal["tanh", "silu"]


@dataclass(frozen=True)
class Architecture:
    """What a perceptron is without its numbers; its parameters are one flat vector.

    A layer's parameters are its matrix ``(out, in + 1)``, the bias as the last column, row by row.
    All methods take ``S`` perceptrons at once, parameters ``(S, P)``.

    Attributes:
        sizes: nodes per layer, ``(d, 16, 16, m)``.
        activation: of the hidden layers, "tanh" or "silu".
    """

    sizes: tuple[int, ...]
    activation: Activation = "tanh"

    def __post_init__(self) -> None:
        if len(self.sizes) < 2 or min(self.sizes) < 1:
            raise InputError(
                f"sizes needs at least two layers with at least one node each, got {self.sizes}"
            )
        if self.activation not in ("tanh", "silu"):
            raise InputError(f"activation must be 'tanh' or 'silu', got {self.activation!r}")

    @property
    def count(self) -> int:
        """Number of parameters ``P``."""
        return sum((a + 1) * b for a, b in pairwise(self.sizes))

    def draw(self, starts: int, generator: torch.Generator) -> Tensor:
        """Random starts ``(S, P)``: weights with variance 1 / inputs, biases uniform in ±1."""
        blocks = []
        for a, b in pairwise(self.sizes):
            weight = torch.randn(starts, b, a, generator=generator, dtype=torch.float64)
            bias = 2 * torch.rand(starts, b, 1, generator=generator, dtype=torch.float64) - 1
            blocks.append(torch.cat((weight / math.sqrt(a), bias), 2).flatten(1))
        return torch.cat(blocks, 1)

    def matrices(self, parameters: Tensor) -> list[Tensor]:
        """The layers of flat parameters ``(S, P)``: views ``(S, out, in + 1)``."""
        shapes = [(b, a + 1) for a, b in pairwise(self.sizes)]
        blocks = parameters.split([b * a for b, a in shapes], 1)
        return [block.unflatten(1, shape) for block, shape in zip(blocks, shapes, strict=True)]

    def outputs(self, parameters: Tensor, x: Tensor) -> Tensor:
        """Outputs ``(S, N, m)`` at standardized inputs ``x (N, d)``."""
        values = x.expand(len(parameters), *x.shape)
        layers = self.matrices(parameters)
        for level, matrix in enumerate(layers):
            values = torch.baddbmm(matrix[:, None, :, -1], values, matrix[..., :-1].mT)
            if level + 1 < len(layers):
                values = self._activate(values)
        return values

    def jacobian(self, parameters: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        r"""Outputs ``(S, N, m)`` and their derivatives by the parameters ``(S, N, m, P)``.

        Backpropagation written out: with :math:`D_L = I` and
        :math:`D_{l} = D_{l+1} W_{l+1} \mathrm{diag}\,\sigma'(z_l)` the derivative by
        :math:`W_l[o, i]` is :math:`D_l[\cdot, o]\, a_{l-1}[i]`.
        """
        layers = self.matrices(parameters)
        values = [x.expand(len(parameters), *x.shape)]
        slopes = []
        for level, matrix in enumerate(layers):
            z = torch.baddbmm(matrix[:, None, :, -1], values[-1], matrix[..., :-1].mT)
            if level + 1 < len(layers):
                slopes.append(self._slope(z))
                z = self._activate(z)
            values.append(z)
        result = values.pop()
        outputs = self.sizes[-1]
        eye = torch.eye(outputs, dtype=x.dtype, device=x.device)
        towards = eye.expand(*result.shape[:2], outputs, outputs)
        blocks = []
        for level in range(len(layers) - 1, -1, -1):
            by_weight = towards.unsqueeze(-1) * values[level][:, :, None, None]
            blocks.append(torch.cat((by_weight, towards.unsqueeze(-1)), -1).flatten(-2))
            if level:
                towards = (towards @ layers[level][:, None, :, :-1]) * slopes[level - 1].unsqueeze(
                    2
                )
        return result, torch.cat(blocks[::-1], -1)

    def _activate(self, z: Tensor) -> Tensor:
        return torch.tanh(z) if self.activation == "tanh" else nn.functional.silu(z)

    def _slope(self, z: Tensor) -> Tensor:
        if self.activation == "tanh":
            return 1 - torch.tanh(z).square()
        gate = torch.sigmoid(z)
        return gate * (1 + z * (1 - gate))


class MLP(nn.Module):
    """One perceptron with the scales of its data.

    Attributes:
        architecture: sizes and activation.
        weights: all parameters, flat ``(P,)``.
        input_shift, input_scale: buffers ``(d,)``: statistics of the training inputs.
        output_shift, output_scale: buffers ``(m,)``: of the training targets; 0 and 1 for classes.
    """

    input_shift: Tensor
    input_scale: Tensor
    output_shift: Tensor
    output_scale: Tensor

    def __init__(
        self,
        architecture: Architecture,
        weights: Tensor,
        inputs: tuple[Tensor, Tensor],
        outputs: tuple[Tensor, Tensor],
    ) -> None:
        super().__init__()
        self.architecture = architecture
        self.weights = nn.Parameter(weights.detach().clone())
        for name, (shift, scale) in (("input", inputs), ("output", outputs)):
            self.register_buffer(f"{name}_shift", shift)
            self.register_buffer(f"{name}_scale", scale)

    def forward(self, x: Tensor) -> Tensor:
        """Predictions in the target's units, or logits: ``(N, d) -> (N, m)``."""
        inputs = (x - self.input_shift) / self.input_scale
        values = self.architecture.outputs(self.weights.unsqueeze(0), inputs)[0]
        return values * self.output_scale + self.output_shift

    def extra_repr(self) -> str:
        return f"{self.architecture.sizes}, {self.architecture.activation}"


def matching_width(count: int, inputs: int, outputs: int, *, layers: int = 1) -> int:
    """The width of equal hidden layers whose parameter count comes closest to a given one.

    Args:
        count: parameters to match.
        inputs, outputs: nodes of the first and of the last layer.
        layers: number of hidden layers.

    Raises:
        InputError: no hidden layer is asked for.
    """
    if layers < 1:
        raise InputError(f"layers must be at least 1, got {layers}")

    def miss(width: int) -> int:
        return abs(Architecture((inputs, *[width] * layers, outputs)).count - count)

    width = 1
    while miss(width + 1) < miss(width):
        width += 1
    return width
