"""Rows that lie far off a formula while their neighbours do not: slips, or a sign for "missing"."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from workbench.evidence.residuals import neighbours_median
from workbench.evidence.sample import Sample, law_values
from workbench.formulas.formula import Formula
from workbench.kan.data import Dataset

_NORMAL = 1.4826  # of the median absolute deviation, for a standard deviation
_SOME, _FAR, _NEAR = 4.0, 8.0, 3.0
_LEAST, _MOST = 2, 0.15
_GAP, _ALONE, _WIDE = 4, 0.8, 8.0
_NAMED = 3
_SLIP, _USUAL, _MOSTLY = 1000.0, 0.97, 0.5


def _beyond_the_gap(distance: np.ndarray) -> float:
    """The distance where the widest gap among the largest ones ends, 0 where none of them is wide."""
    largest = np.sort(distance)[::-1][: int(_MOST * len(distance)) + 1]
    ratios = largest[_LEAST - 1 : -1] / np.maximum(largest[_LEAST:], 1e-300)
    if not len(ratios) or ratios.max() < _WIDE:
        return 0.0
    return float(largest[_LEAST + ratios.argmax()])


@dataclass(frozen=True)
class Slips:
    """Rows that say nothing of a law.

    Attributes:
        rows: their numbers. told: which they are, as a part of a sentence.
    """

    rows: np.ndarray
    told: str

    @property
    def taken(self) -> str:
        """What was done of such rows where nobody said which loss to take."""
        return f'{self.told}: they were left out (loss="squared" keeps them, loss="huber" counts them less)'

    def left_out(self, data: Dataset) -> Dataset:
        """The same table without these rows among those that train and choose."""
        gone = torch.from_numpy(self.rows)
        kept = {part: rows[~torch.isin(rows, gone)] for part, rows in _fitted(data).items()}
        return replace(data, train=kept["train"], validation=kept["validation"])


def _fitted(data: Dataset) -> dict[str, torch.Tensor]:
    return {"train": data.train, "validation": data.validation}


def slips(data: Dataset) -> Slips | None:
    """Rows so far off that least squares sees nothing else, and Huber's loss is drawn by them; None for none.

    That is told before there is any formula: off the median of their neighbours by a thousand times more
    than every other row, while their neighbours lie as far off as most rows do; near a pole all lie far off.
    A single row is enough, and it may be one of those that choose.
    """
    if data.loss != "auto" or data.task != "regression" or data.outputs > 1:
        return None
    rows = torch.cat((data.train, data.validation)).numpy()
    sample = Sample.of(data, rows)
    y = sample.y[:, 0]
    size = float(np.abs(y).max()) or 1.0
    distance = np.abs(y / size - neighbours_median(sample.x, sample.y / size)[:, 0])
    scatter = _NORMAL * float(np.median(distance))
    largest = np.sort(distance)[::-1][: int(_MOST * len(distance)) + 1]
    gaps = np.flatnonzero(largest[:-1] > _SLIP * np.maximum(largest[1:], scatter))
    if not len(gaps) or scatter == 0 or not np.isfinite(distance).all():
        return None
    far = distance >= largest[gaps[-1]]
    usual = float(np.quantile(distance[~far], _USUAL))
    alone = neighbours_median(sample.x, distance[:, None])[far, 0] <= usual
    if alone.mean() < _MOSTLY:
        return None
    named = ", ".join(
        f"{value:.6g}" for value in y[np.argsort(-distance)[: min(_NAMED, far.sum())]]
    )
    count = int(far.sum())
    told = (
        f"{count} of {len(sample)} rows lie off their neighbours by more than {_SLIP:.0f} times what all "
        f"others do ({data.target} = {named}{', …' if count > _NAMED else ''})"
    )
    found = Slips(rows[far], told)
    return found if _teaches(found.left_out(data)) else None


def _teaches(data: Dataset) -> bool:
    """Whether constants of every group can still be fitted."""
    if data.by is None:
        return True
    codes = data.by.codes[data.train.numpy()]
    return bool(np.bincount(codes, minlength=len(data.by.labels)).min() > 1)


def advice(formula: Formula, data: Dataset) -> str:
    """What to know and do of the rows that lie far off a formula; empty where there are none."""
    told = outliers(formula, data)
    return told and (
        f'{told}: take out what is wrong, or let such rows count less by loss="huber" (--loss huber)'
    )


def robust_instead(told: str) -> str:
    """What was done of such rows where nobody said which loss to take."""
    return f'{told}: Huber\'s loss was taken, by which they count less (loss="squared" does not)'


def outliers(formula: Formula | None, data: Dataset) -> str:
    """Which rows lie far off a formula, or off their neighbours where there is none; empty where none do.

    A row lies far off by 8 times the scatter of all (its median absolute deviation). That is an outlier where
    its neighbours scatter as all others do, and where hardly any lie between, or all of these far nearer:
    heavy tails have no gap, and what a formula misses is missed in whole regions.
    """
    sample = Sample.of(data)
    if sample.classes or data.outputs > 1 or sample.delta is not None:
        return ""
    if formula is None:
        expected = neighbours_median(sample.x, sample.y)[:, 0]
    else:
        expected = law_values(formula, data, "train")[:, 0]
    gap = sample.y[:, 0] - expected
    distance = np.abs(gap - np.median(gap))
    if not np.isfinite(distance).all():
        return ""
    scatter = _NORMAL * float(np.median(distance))
    far = distance > max(_FAR * scatter, _beyond_the_gap(distance))
    alone = far & (neighbours_median(sample.x, distance[:, None])[:, 0] < _NEAR * scatter)
    between = (distance > max(_SOME * scatter, _beyond_the_gap(distance))) & ~far
    count = int(alone.sum())
    apart = count >= max(_LEAST, _GAP * between.sum(), _ALONE * far.sum())
    if not apart or count > _MOST * len(sample) or scatter == 0:
        return ""
    farthest = sample.y[np.argsort(-np.where(alone, distance, 0.0))[:_NAMED], 0]
    named = ", ".join(f"{value:.6g}" for value in farthest)
    return (
        f"{count} of {len(sample)} training rows lie off by more than {_FAR:.0f} times the scatter of the "
        f"others, while their neighbours do not ({data.target} = {named}{', …' if count > _NAMED else ''})"
    )
