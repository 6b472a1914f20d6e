"""When a search may end by itself: its best formula leaves noise, and no network knows better."""

import math
from collections.abc import Sequence

import numpy as np

from workbench.evidence.sample import Sample, network_values
from workbench.formulas.formula import Formula
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.search.structure.leftover import is_noise
from workbench.search.structure.problem import Problem

_STANDARD_ERRORS = 2.0


def settled(formula: Formula, networks: Sequence[KAN], data: Dataset) -> bool:
    """Whether nothing is left to be found: of regression tables with one target only.

    Neighbours do not agree in the residuals of the training rows, no smooth function predicts them, and no
    network misses significantly less of the validation rows.
    """
    if data.task != "regression" or data.outputs > 1 or not formula.used:
        return False
    held_out = Sample.of(data, "validation")
    own = held_out.row_losses(formula(held_out.x).reshape(len(held_out), 1))
    if any(
        _significantly_less(held_out.row_losses(network_values(net, held_out.x)), own, held_out)
        for net in networks
    ):
        return False
    table = Problem.of(data)
    return is_noise(table, formula(table.x).reshape(-1))


def _significantly_less(losses: np.ndarray, others: np.ndarray, sample: Sample) -> bool:
    gap = (others - losses) * sample.counts
    if len(gap) < 2 or not np.isfinite(gap).all():
        return True
    return bool(gap.mean() > _STANDARD_ERRORS * gap.std() / math.sqrt(len(gap)))
