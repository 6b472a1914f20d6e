"""Normal matrices are the same whichever way they are summed up."""

import pytest
import torch

from workbench.kan.training.gram import add_gram_, mirrored


@pytest.mark.parametrize(
    ("copies", "size", "kept"),
    [(3, 250, 1.0), (1, 20, 1.0), (1, 250, 1.0), (1, 251, 0.5), (1, 250, 0.03), (1, 250, 0.0)],
)
def test_every_way_gives_the_sum_of_outer_products(copies: int, size: int, kept: float) -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(copies, 60, size, generator=generator, dtype=torch.float64)
    rows *= torch.rand(rows.shape, generator=generator) < kept
    upper = torch.zeros(copies, size, size, dtype=torch.float64)
    for block in rows.split(40, 1):
        add_gram_(upper, block)
    torch.testing.assert_close(mirrored(upper), rows.mT @ rows)
