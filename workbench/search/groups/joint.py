"""Constants of one form fitted to several groups at once: some in every group, the others shared.

Levenberg–Marquardt on the normal equations of the groups. Constants of a group meet those of other groups
only through the shared ones, so a step costs one small solve a group and one for what is shared (the
Schur complement; Björck 1996, 6.3). Rows are whitened, and all groups are computed together.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from workbench.evidence.residuals import neighbours
from workbench.formulas.parametric import Parametric

_STEPS, _FIRST, _LEAST, _MOST = 60, 1e-2, 1e-14, 1e12
_SETTLED, _PATIENCE = 1e-8, 2
_FAR = 1e6
_RIDGE = 1e-10
ROUNDING = 1e-18
"""Mean square of whitened residuals, in variances of the target, that is rounding."""


@dataclass(frozen=True, eq=False)
class Panel:
    """Rows of a table that stand group by group.

    Attributes:
        x: ``(N, d)``. y: ``(N,)``. root: of what every row counts over the target's spread, ``(N,)``.
        codes: number of the group of each row, ascending, ``(N,)``.
    """

    x: np.ndarray
    y: np.ndarray
    root: np.ndarray
    codes: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, counts: np.ndarray, codes: np.ndarray) -> "Panel":
        """Rows in any order, with what each counts."""
        order = np.argsort(codes, kind="stable")
        spread = float(
            np.sqrt(np.average(np.square(y - np.average(y, weights=counts)), weights=counts))
        )
        root = np.sqrt(counts / counts.mean()) / (spread or 1.0)
        return cls(x[order], y[order], root[order], codes[order])

    def __len__(self) -> int:
        return len(self.y)

    @cached_property
    def sizes(self) -> np.ndarray:
        """Rows of each group, ``(G,)``."""
        return np.bincount(self.codes)

    @property
    def groups(self) -> int:
        return len(self.sizes)

    @cached_property
    def _starts(self) -> np.ndarray:
        return np.concatenate(([0], np.cumsum(self.sizes)[:-1]))

    @cached_property
    def pairs(self) -> np.ndarray:
        """Rows and their nearest others of the same group, ``(P, 2)``."""
        return np.concatenate(
            [
                start + neighbours(self.x[start : start + size])
                for start, size in zip(self._starts, self.sizes, strict=True)
                if size > 1
            ]
        )

    def summed(self, rows: np.ndarray) -> np.ndarray:
        """Sums over the rows of each group, ``(G, ...)``."""
        return np.asarray(np.add.reduceat(rows, self._starts, axis=0))

    def thinned(self, most: int) -> "Panel":
        """The same with ``most`` rows of each group, drawn once."""
        order = np.random.default_rng(0).permutation(len(self))
        order = order[np.argsort(self.codes[order], kind="stable")]
        rank = np.arange(len(self)) - self._starts[self.codes[order]]
        kept = np.sort(order[rank < most])
        return Panel(self.x[kept], self.y[kept], self.root[kept], self.codes[kept])

    def group(self, code: int) -> "Panel":
        """The rows of one group."""
        kept = self.codes == code
        return Panel(self.x[kept], self.y[kept], self.root[kept], np.zeros(kept.sum(), dtype=int))

    def residuals(self, form: Parametric, table: np.ndarray) -> np.ndarray:
        """Whitened residuals ``(N,)`` of a form whose constants in each group are ``table (G, p)``."""
        gap = (form.outputs(self.x, table[self.codes].T)[:, 0] - self.y) * self.root
        return np.where(np.abs(gap) < _FAR, gap, _FAR)

    def slopes(self, form: Parametric, table: np.ndarray) -> np.ndarray:
        """Derivatives of the residuals by the constants, ``(N, p)``."""
        found = form.jacobian(self.x, table[self.codes].T)[:, 0] * self.root[:, None]
        return np.where(np.abs(found) < 1e150, found, 0.0)


@dataclass(frozen=True, eq=False)
class Joint:
    """A form fitted to all groups.

    Attributes:
        form: with its constants as symbols. table: their values in each group, ``(G, p)``.
        varying: which of them differ between groups, ``(p,)``.
        losses: sum of squares of the whitened residuals of each group, ``(G,)``.
        grams: of their slopes, ``(G, p, p)``.
    """

    form: Parametric
    table: np.ndarray
    varying: np.ndarray
    losses: np.ndarray
    grams: np.ndarray

    @property
    def loss(self) -> float:
        return float(self.losses.sum())

    @property
    def count(self) -> int:
        """How many numbers are fitted in all."""
        return int(self.varying.sum()) * len(self.table) + int((~self.varying).sum())

    def tied(self, varying: np.ndarray) -> tuple[np.ndarray, float]:
        """Where constants go, to second order, when others are shared: the table, and the loss there."""
        size, scaled = _scaled(self.grams, varying, np.full(len(self.table), _RIDGE))
        pulls = np.einsum("gpq,gq->gp", scaled, self.table * size)
        table = solved(scaled, pulls, varying) / size
        moved = table - self.table
        return table, self.loss + float(np.einsum("gp,gpq,gq->", moved, self.grams, moved))


def solved(grams: np.ndarray, pulls: np.ndarray, varying: np.ndarray) -> np.ndarray:
    """The table ``(G, p)`` with ``Σ_g grams_g table_g = pulls``, where what does not vary is shared."""
    shared = ~varying
    table = np.zeros(pulls.shape)
    inner, across = grams[:, varying][:, :, varying], grams[:, varying][:, :, shared]
    outer, pull = grams[:, shared][:, :, shared].sum(0), pulls[:, shared].sum(0)
    if not varying.any():
        table[:] = np.linalg.solve(outer, pull)
        return table
    own = np.linalg.solve(inner, np.concatenate((across, pulls[:, varying, None]), -1))
    if shared.any():
        rest = outer - np.einsum("gvs,gvt->st", across, own[..., :-1])
        pull = pull - np.einsum("gvs,gv->s", across, own[..., -1])
        table[:, shared] = np.linalg.solve(rest, pull)
    common = table[0, shared]
    table[:, varying] = own[..., -1] - own[..., :-1] @ common
    return table


def fitted(form: Parametric, panel: Panel, start: np.ndarray, varying: np.ndarray) -> Joint:
    """The least loss of all groups from a start ``(G, p)``; never worse than that.

    Where nothing is shared every group goes its own way.
    """
    table = start.copy()
    if not varying.all():
        weights = panel.sizes / panel.sizes.sum()
        table[:, ~varying] = weights @ table[:, ~varying]
    apart = bool(varying.all())
    damping = np.full(panel.groups, _FIRST)
    gaps = panel.residuals(form, table)
    losses = panel.summed(np.square(gaps))
    grams, pulls = _normal(panel, form, table, gaps)
    idle = 0
    for _ in range(_STEPS):
        step = _step(grams, pulls, varying, damping)
        trial = table - step
        there = panel.residuals(form, trial)
        after = panel.summed(np.square(there))
        better = after < losses if apart else np.full(panel.groups, after.sum() < losses.sum())
        if better.any():
            gained = 1 - np.where(better, after, losses).sum() / losses.sum()
            table = np.where(better[:, None], trial, table)
            losses = np.where(better, after, losses)
            gaps = panel.residuals(form, table)
            grams, pulls = _normal(panel, form, table, gaps)
            idle = idle + 1 if gained < _SETTLED else 0
        damping = np.clip(np.where(better, damping / 8, damping * 5), _LEAST, _MOST)
        exhausted = not better.any() and damping.min() > 1e6
        if idle > _PATIENCE or exhausted or losses.sum() <= 1e-10 * ROUNDING * len(panel):
            break
    return Joint(form, table, varying, losses, grams)


def _normal(
    panel: Panel, form: Parametric, table: np.ndarray, gaps: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    slopes = panel.slopes(form, table)
    grams = panel.summed(np.einsum("np,nq->npq", slopes, slopes))
    return grams, panel.summed(slopes * gaps[:, None])


def _step(
    grams: np.ndarray, pulls: np.ndarray, varying: np.ndarray, damping: np.ndarray
) -> np.ndarray:
    """A damped step ``(G, p)`` in units of the slopes' lengths; none where it cannot be computed."""
    size, scaled = _scaled(grams, varying, damping)
    try:
        return solved(scaled, pulls / size, varying) / size
    except np.linalg.LinAlgError:
        return np.zeros(pulls.shape)


def _scaled(
    grams: np.ndarray, varying: np.ndarray, damping: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Lengths of the slopes ``(G, p)``, common ones of what is shared, and damped grams in these units."""
    size = np.sqrt(np.einsum("gpp->gp", grams))
    size = np.where(varying, size, np.sqrt(np.square(size).mean(0)))
    size = np.where(size > 0, size, 1.0)
    scaled = grams / size[:, :, None] / size[:, None, :]
    return size, scaled + _diagonal(np.broadcast_to(damping[:, None] + 1e-15, size.shape))


def _diagonal(entries: np.ndarray) -> np.ndarray:
    return entries[..., None] * np.eye(entries.shape[-1])
