"""Two versions of a session side by side: what one has that the other has not."""

from dataclasses import dataclass

import torch

from workbench.kan.data import Dataset
from workbench.kan.model import KAN, Edge
from workbench.session.history import Version


@dataclass(frozen=True)
class Difference:
    """Two versions.

    Attributes:
        first, second: the versions with their losses, edges and formulas.
        only_first, only_second: living edges of one alone; all of them where the widths differ.
        renamed: edges of both that are fixed to different functions, or fixed in one alone.
        same_width: whether edges of the two can be compared.
        difference: rms difference of what they say on validation rows, in the target's units or in
            logits.
    """

    first: Version
    second: Version
    only_first: tuple[Edge, ...]
    only_second: tuple[Edge, ...]
    renamed: tuple[Edge, ...]
    same_width: bool
    difference: float


def difference(
    versions: tuple[Version, Version], models: tuple[KAN, KAN], data: Dataset
) -> Difference:
    """Compare two networks on the same data."""
    first, second = (set(model.edges()) for model in models)
    same = models[0].config.width == models[1].config.width
    both = sorted(first & second) if same else []
    functions = [
        tuple(model.layer(e.layer).fixed.get((e.target, e.source)) for model in models)
        for e in both
    ]
    x = data.split("validation")[0]
    x = x if len(x) else data.split("train")[0]
    with torch.no_grad():
        values = [model(x.to(model.output_scale)).double().cpu() for model in models]
    return Difference(
        *versions,
        only_first=tuple(sorted(first - second if same else first)),
        only_second=tuple(sorted(second - first if same else second)),
        renamed=tuple(e for e, (a, b) in zip(both, functions, strict=True) if a != b),
        same_width=same,
        difference=float((values[0] - values[1]).square().mean().sqrt()),
    )
