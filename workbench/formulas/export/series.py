"""A function that a language does not know, written in it as a Chebyshev series.

Few languages have the rarer functions of the table, and none a user's own. On the range that the
argument takes in the formula's domain a series gives the values of torch to rounding, in any language
that can add and multiply (or as smoothly as torch has them: the comparison with the formula tells);
beyond that range the code gives NaN.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev

from workbench.formulas.export.writer import Dialect, NotAvailableError, knows
from workbench.formulas.law import Law
from workbench.formulas.library import SYMPY, Entry, numeric, opaque_functions
from workbench.formulas.validity import span

_DEGREES = (8, 16, 32, 64, 128, 256)
_NEGLIGIBLE, _ACCURATE, _WORST = 4e-16, 1e-13, 1e-5
_WIDER = 0.02


@dataclass(frozen=True)
class Series:
    """A function on an interval: the sum of ``coefficients[k] T_k(t)``, t from -1 to 1 between the ends."""

    name: str
    low: float
    high: float
    coefficients: tuple[float, ...]


_CLENSHAW = {
    "c": """
static double NAME(double x)
{
    static const double c[] = {NUMBERS};
    double t = (2.0*x - SUM)/WIDTH, b = 0.0, after = 0.0;
    if (!(t >= -1.0 && t <= 1.0)) return NAN;
    for (int k = LAST; k > 0; k--) { double next = c[k] + 2.0*t*b - after; after = b; b = next; }
    return c[0] + t*b - after;
}
""",
    "fortran": """
  pure double precision function NAME(x) result(y)
    use, intrinsic :: ieee_arithmetic, only: ieee_value, ieee_quiet_nan
    double precision, intent(in) :: x
    double precision, parameter :: c(0:LAST) = [NUMBERS]
    double precision :: t, b, after, next
    integer :: k
    t = (2d0*x - SUM)/WIDTH
    b = 0d0
    after = 0d0
    do k = LAST, 1, -1
      next = c(k) + 2d0*t*b - after
      after = b
      b = next
    end do
    y = c(0) + t*b - after
    if (.not. abs(t) <= 1d0) y = ieee_value(y, ieee_quiet_nan)
  end function
""",
    "rust": """
fn NAME(x: f64) -> f64 {
    let c: [f64; COUNT] = [NUMBERS];
    let t = (2.0*x - (SUM))/WIDTH;
    if !(t >= -1.0 && t <= 1.0) { return f64::NAN; }
    let (mut b, mut after) = (0.0, 0.0);
    for k in (1..COUNT).rev() { let next = c[k] + 2.0*t*b - after; after = b; b = next; }
    c[0] + t*b - after
}
""",
    "julia": """
function NAME(x)
    c = [NUMBERS]
    t = (2x - (SUM))/WIDTH
    abs(t) <= 1 || return NaN
    b, after = 0.0, 0.0
    for k in COUNT:-1:2
        b, after = c[k] + 2t*b - after, b
    end
    c[1] + t*b - after
end
""",
    "r": """
NAME <- function(x) {
  c <- c(NUMBERS)
  t <- (2*x - (SUM))/WIDTH
  b <- 0
  after <- 0
  for (k in COUNT:2) {
    following <- c[k] + 2*t*b - after
    after <- b
    b <- following
  }
  ifelse(abs(t) <= 1, c[1] + t*b - after, NaN)
}
""",
    "matlab": """
function y = NAME(x)
  c = [NUMBERS];
  t = (2*x - (SUM))/WIDTH;
  b = 0*t;
  after = b;
  for k = COUNT:-1:2
    following = c(k) + 2*t.*b - after;
    after = b;
    b = following;
  end
  y = c(1) + t.*b - after;
  y(abs(t) > 1) = NaN;
end
""",
    "mathematica": """
NAME[x_] := With[{t = (2*x - (SUM))/WIDTH},
  If[Abs[t] <= 1, {NUMBERS} . Table[ChebyshevT[k, t], {k, 0, LAST}], Indeterminate]]
""",
    "javascript": """
function NAME(x) {
  const c = [NUMBERS];
  const t = (2*x - (SUM))/WIDTH;
  if (!(Math.abs(t) <= 1)) return NaN;
  let b = 0, after = 0;
  for (let k = LAST; k > 0; k--) [b, after] = [c[k] + 2*t*b - after, b];
  return c[0] + t*b - after;
}
""",
}  # fmt: skip
_CLENSHAW |= {
    language: f"""
def NAME(x):
    c = [NUMBERS]
    t = (2*x - (SUM))/WIDTH
    b, after = 0*t, 0*t
    for coefficient in reversed(c[1:]):
        b, after = coefficient + 2*t*b - after, b
    return {module}.where({module}.abs(t) <= 1, c[0] + t*b - after, {module}.nan)

"""
    for language, module in (("python", "np"), ("jax", "jnp"), ("torch", "torch"), ("sympy", "np"))
}


def own_functions(formula: Law, dialect: Dialect, language: str) -> tuple[Dialect, str]:
    """The dialect with the functions of the formula that it lacks, and the code that defines them.

    Raises:
        NotAvailableError: a function cannot be written in the language.
    """
    functions, helpers = {}, ""
    for entry in SYMPY.values():
        if entry.head is None or not any(e.has(entry.head) for e in formula.expressions):
            continue
        if knows(dialect, entry.head) or (
            language == "sympy" and entry.name not in opaque_functions()
        ):
            continue
        template = entry.code.get(language)
        if template is None and language in _CLENSHAW:
            template = (
                f"{entry.name}Series" if language == "mathematica" else f"{entry.name}_series"
            )
            helpers += _written(_series(formula, entry, template), dialect, language)
        if template is not None:
            functions[entry.head.__name__] = template
    if not functions:
        return dialect, ""
    reserved = dialect.reserved | set(functions.values())
    return replace(
        dialect, functions={**dialect.functions, **functions}, reserved=reserved
    ), helpers


def _written(series: Series, dialect: Dialect, language: str) -> str:
    folds = {"fortran": " &\n      ", "r": "\n    ", "matlab": " ...\n    "}
    comma = f",{folds.get(language, chr(10) + '        ')}"
    numbers = comma.join(dialect.number(c) for c in series.coefficients)
    count = len(series.coefficients)
    text = _CLENSHAW[language]
    for mark, value in (
        ("NAME", series.name),
        ("NUMBERS", numbers),
        ("SUM", dialect.number(series.low + series.high)),
        ("WIDTH", dialect.number(series.high - series.low)),
        ("COUNT", str(count)),
        ("LAST", str(count - 1)),
    ):
        text = text.replace(mark, value)
    return text


def _series(formula: Law, entry: Entry, name: str) -> Series:
    arguments = {a for e in formula.expressions for a in e.atoms(entry.head)}
    spans = [span(a.args[0], formula.domain) for a in arguments]
    low, high = min(s[0] for s in spans), max(s[1] for s in spans)
    reach = _WIDER * max(high - low, 1e-9)
    low, high = max(low - reach, entry.domain[0]), min(high + reach, entry.domain[1])
    if not (np.isfinite([low, high]).all() and low < high):
        raise NotAvailableError(f"not available: the argument of {entry.name} has no finite range")

    known = numeric(entry.value)

    def values(t: Any) -> Any:
        return known(low + (t + 1) / 2 * (high - low))

    between = np.linspace(-1, 1, 1001)
    true = values(between)
    size = float(np.abs(true).max()) or 1.0
    tried: dict[float, np.ndarray] = {}
    for degree in _DEGREES:
        found = chebyshev.chebinterpolate(values, degree)
        error = float(np.abs(chebyshev.chebval(between, found) - true).max()) / size
        tried.setdefault(error, found)
        if error <= _ACCURATE:
            break
    least = min(tried)
    if not least <= _WORST:
        raise NotAvailableError(
            f"not available: {entry.name} is not smooth enough for a series on "
            f"{low:.4g} … {high:.4g}"
        )
    # What torch computes may itself be rough in the seventh digit: higher degrees would follow that.
    chosen = next(found for error, found in tried.items() if error <= 2 * least)
    kept = np.flatnonzero(np.abs(chosen) > _NEGLIGIBLE * size)
    return Series(name, low, high, tuple(chosen[: max(kept.max(initial=1), 1) + 1].tolist()))
