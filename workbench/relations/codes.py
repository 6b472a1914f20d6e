"""Labels that follow from labels: one column says what the other says, row for row."""

from itertools import permutations

import numpy as np

from workbench.relations.table import Table

_SURE = 1e-6


def determined(table: Table) -> list[tuple[str, str, bool]]:
    """Pairs (column, by which it is determined, whether also the other way round).

    The commonest label of the other in each group is learned on all parts of the rows but one, and says that
    one without an error; a group that is not learned counts as one. Shuffled rows would do so with a
    probability below 1e-6.
    """
    found = {
        (b, a)
        for a, b in permutations(table.codes, 2)
        if _foretold(table.codes[a], table.codes[b], table.folds)
    }
    return [(b, a, (a, b) in found) for b, a in sorted(found) if not ((a, b) in found and a < b)]


def _foretold(group: np.ndarray, label: np.ndarray, folds: np.ndarray) -> bool:
    common = np.bincount(label).max() / len(label)
    if len(label) * np.log(common) > np.log(_SURE):
        return False
    for fold in np.unique(folds):
        taught, held = folds != fold, folds == fold
        counts = np.zeros((group.max() + 1, label.max() + 1))
        np.add.at(counts, (group[taught], label[taught]), 1)
        known = counts.sum(1)[group[held]] > 0
        wrong = counts.argmax(1)[group[held]] != label[held]
        if (wrong & known).any() or known.mean() < 1 - 1 / np.sqrt(len(label)):
            return False
    return True
