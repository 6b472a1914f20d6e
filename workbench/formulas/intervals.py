"""95 % bands of a formula's values at rows."""

import numpy as np

from workbench.errors import InputError
from workbench.formulas.bands import Spread
from workbench.formulas.law import Law
from workbench.formulas.parametric import Parametric, parametrize


def ends(
    law: Law, x: np.ndarray, codes: np.ndarray | None = None, *, noise: bool = True
) -> np.ndarray:
    """Low and high ends ``(N, 2)``, to first order in the errors of the constants; NaN without a value.

    Args:
        law: a regression of one output. x: rows ``(N, d)``. codes: numbers of their groups.
        noise: of a new row; else of the law alone.

    Raises:
        InputError: the errors of its constants are not known together.
    """
    form, spread = _with_errors(law)
    values = [np.full(len(x), value) for value in form.values]
    if law.grouping is not None and codes is not None:
        table = np.vstack((law.grouping.values, np.full(len(law.varying), np.nan)))
        values[len(values) - len(law.varying) :] = table[codes].T
    rows = np.array(values).reshape(len(values), len(x))
    middle = form.outputs(x, rows)[:, 0]
    slopes = form.jacobian(x, rows)[:, 0]
    known = np.isfinite(middle) & np.isfinite(slopes).all(1)
    reach = spread.reach(
        np.where(known[:, None], slopes, 0.0),
        None if codes is None else np.maximum(codes, 0),
        noise=noise,
    )
    found = np.stack((middle - reach, middle + reach), 1)
    found[~known] = np.nan
    return found


def known(law: Law) -> bool:
    """Whether a formula has bands."""
    try:
        _with_errors(law)
    except InputError:
        return False
    return True


def _with_errors(law: Law) -> tuple[Parametric, Spread]:
    """The formula in its constants, in the order of their covariances."""
    spread = law.spread
    if law.task != "regression" or len(law.expressions) != 1:
        raise InputError("bands are of a formula of one number, not of classes or several targets")
    if spread is None:
        raise InputError("how well this formula is known was not kept with it: discover again")
    whole = parametrize(law.expressions, law.names)
    free = [c.value for c in law.constants if c.snapped is None]
    if sorted(whole.values) != sorted(free):
        raise InputError("the constants of this formula are not those that it was fitted with")
    places = {value: place for place, value in enumerate(whole.values)}
    symbols = tuple(whole.constants[places[value]] for value in free)
    letters = law.letters
    if len(set(free)) < len(free) or len(spread.covariances[0]) != len(free) + len(letters):
        raise InputError("the errors of this formula's constants are not known together")
    form = Parametric(
        whole.expressions, whole.inputs, (*symbols, *letters), (*free, *(0.0 for _ in letters))
    )
    return form, spread
