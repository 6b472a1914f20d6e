"""Units of measurement as texts: read, multiplied, written; and dimensionless groups of columns.

``kg*m/s^2``, ``km/h``, ``J/(mol K)``, ``m²`` and ``1`` are units. Their sizes are exponents of the seven base
units of the SI; values of conventional units are scipy's (CODATA).
"""

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import sympy
from scipy import constants as si

from workbench.errors import InputError
from workbench.formulas.parsing import quoted

BASE = ("kg", "m", "s", "A", "K", "mol", "cd")
_SAME_SIZE = 1e-9
_PREFIXES = {
    "Y": 1e24, "Z": 1e21, "E": 1e18, "P": 1e15, "T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3, "h": 1e2,
    "da": 1e1, "d": 1e-1, "c": 1e-2, "m": 1e-3, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "n": 1e-9,
    "p": 1e-12, "f": 1e-15, "a": 1e-18,
}  # fmt: skip
_COHERENT = {
    "g": "", "m": "m", "s": "s", "A": "A", "K": "K", "mol": "mol", "cd": "cd", "rad": "", "sr": "",
    "Hz": "s-1", "N": "kg m s-2", "Pa": "kg m-1 s-2", "J": "kg m2 s-2", "W": "kg m2 s-3", "C": "A s",
    "V": "kg m2 s-3 A-1", "F": "kg-1 m-2 s4 A2", "Ω": "kg m2 s-3 A-2", "ohm": "kg m2 s-3 A-2",
    "S": "kg-1 m-2 s3 A2", "Wb": "kg m2 s-2 A-1", "T": "kg s-2 A-1", "H": "kg m2 s-2 A-2", "lm": "cd",
    "lx": "cd m-2", "Bq": "s-1", "Gy": "m2 s-2", "Sv": "m2 s-2", "kat": "mol s-1",
}  # fmt: skip
_CONVENTIONAL = {
    "1": (1.0, ""), "%": (0.01, ""), "ppm": (1e-6, ""), "deg": (si.degree, ""), "°": (si.degree, ""),
    "min": (si.minute, "s"), "h": (si.hour, "s"), "d": (si.day, "s"), "day": (si.day, "s"),
    "yr": (si.Julian_year, "s"), "year": (si.Julian_year, "s"), "L": (1e-3, "m3"), "l": (1e-3, "m3"),
    "bar": (si.bar, "kg m-1 s-2"), "atm": (si.atm, "kg m-1 s-2"), "torr": (si.torr, "kg m-1 s-2"),
    "eV": (si.eV, "kg m2 s-2"), "cal": (si.calorie, "kg m2 s-2"), "u": (si.u, "kg"), "Da": (si.u, "kg"),
    "t": (1e3, "kg"), "lb": (si.lb, "kg"), "Å": (si.angstrom, "m"), "angstrom": (si.angstrom, "m"),
    "in": (si.inch, "m"), "ft": (si.foot, "m"), "mi": (si.mile, "m"), "au": (si.au, "m"),
    "ly": (si.light_year, "m"), "pc": (si.parsec, "m"), "ha": (1e4, "m2"),
}  # fmt: skip
_PREFIXED = (*_COHERENT, "eV", "L", "l", "bar", "cal", "u", "Da", "t", "pc")
_NAMED = ("N", "Pa", "J", "W", "C", "V", "F", "Ω", "Wb", "T", "H")
_OFFSET = ("°C", "degC", "°F", "degF")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_TOKEN = re.compile(
    r"\s*(?:(\*\*|[*/()^·⋅×])|([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|([^\s\d*/()^·⋅×+-]+))"
)


@dataclass(frozen=True)
class Unit:
    """A size and exponents of the base units ``BASE``.

    Attributes:
        size: in coherent SI units. powers: exponents. text: as it was written.
    """

    size: float = 1.0
    powers: tuple[Fraction, ...] = (Fraction(0),) * len(BASE)
    text: str = field(default="1", compare=False)

    @property
    def dimensionless(self) -> bool:
        return not any(self.powers)

    @property
    def is_one(self) -> bool:
        """Whether it is the pure number 1."""
        return self.dimensionless and abs(math.log(self.size)) < _SAME_SIZE

    def times(self, other: "Unit", power: Fraction | int = 1) -> "Unit":
        """The product with a power of another unit."""
        powers = tuple(a + power * b for a, b in zip(self.powers, other.powers, strict=True))
        return Unit(self.size * other.size ** float(power), powers, "")

    def __str__(self) -> str:
        """A named unit of the SI where there is one, else base units; with its size where that is not 1."""
        name = next((n for n in _NAMED if _known(n).powers == self.powers), None)
        text = name or monomial(dict(zip(BASE, self.powers, strict=True)))
        if abs(math.log(self.size)) < _SAME_SIZE:
            return text
        return f"{self.size:.6g}" + ("" if text == "1" else f" {text}")


def parse(text: str) -> Unit:
    """The unit that a text names.

    Raises:
        InputError: the text is no unit, one with an offset such as °C, or one whose size no float can hold.
    """
    try:
        unit, rest = _product(_tokens(text), text)
    except ArithmeticError as error:
        raise InputError(f"the size of a unit must be finite and above 0, got {text!r}") from error
    if rest:
        raise InputError(
            f"a unit such as 'kg*m/s^2' is needed, got {text!r}: {rest[0]!r} is too much"
        )
    if not 0 < unit.size < math.inf:
        raise InputError(f"the size of a unit must be finite and above 0, got {text!r}")
    return Unit(unit.size, unit.powers, text.strip() or "1")


def parse_all(units: Mapping[str, str]) -> dict[str, Unit]:
    """Units of columns; an ``InputError`` names the column whose unit cannot be read.

    An empty text stands for an unknown unit and is left out.
    """
    found = {}
    for name, text in units.items():
        if not text.strip():
            continue
        try:
            found[name] = parse(text)
        except InputError as error:
            raise InputError(f"the unit of {name!r}: {error}") from error
    return found


def _tokens(text: str) -> list[str]:
    spaced = re.sub(r"([⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+)", lambda m: "^" + m[1].translate(_SUPERSCRIPTS), text)
    spaced = re.sub(r"\b([^\W\d_]+)([-+]?\d+)\b", r"\1^\2", spaced)  # as in m s-1
    found, place = [], 0
    while place < len(spaced.rstrip()):
        match = _TOKEN.match(spaced, place)
        if match is None:
            raise InputError(f"a unit such as 'kg*m/s^2' is needed, got {text!r}")
        found.append(match[0].strip())
        place = match.end()
    return found


def _product(tokens: list[str], text: str) -> tuple[Unit, list[str]]:
    """Factors one after the other, with * or a space between them, or /."""
    unit, rest = Unit(), tokens
    power = 1
    if not rest:
        return unit, rest
    while rest and rest[0] != ")":
        factor, rest = _factor(rest, text)
        unit = unit.times(factor, power)
        power = 1
        if rest and rest[0] in ("*", "/", "·", "⋅", "×"):
            power = -1 if rest[0] == "/" else 1
            rest = rest[1:]
            if not rest:
                raise InputError(
                    f"a unit such as 'kg*m/s^2' is needed, got {text!r}: it ends early"
                )
    return unit, rest


def _factor(tokens: list[str], text: str) -> tuple[Unit, list[str]]:
    first, rest = tokens[0], tokens[1:]
    if first == "(":
        unit, rest = _product(rest, text)
        if not rest:
            raise InputError(f"the unit {text!r} lacks a closing bracket")
        rest = rest[1:]
    elif re.match(r"[-+\d]", first):
        if float(first) <= 0:
            raise InputError(f"the size of a unit must be above 0, got {text!r}")
        unit = Unit(float(first))
    elif re.match(r"[*/^·⋅×)]", first):
        raise InputError(
            f"a unit such as 'kg*m/s^2' is needed, got {text!r}: {first!r} is misplaced"
        )
    else:
        unit = _known(first)
    if rest and rest[0] in ("^", "**"):
        exponent, rest = _exponent(rest[1:], text)
        unit = Unit().times(unit, exponent)
    return unit, rest


def _exponent(tokens: list[str], text: str) -> tuple[Fraction, list[str]]:
    """A number, or a fraction in brackets."""
    joined = "".join(tokens[:5])
    number = r"([-+]?\d+(?:\.\d+)?)"
    match = re.match(rf"\(([-+]?\d+)/(\d+)\)|\({number}\)|{number}", joined)
    if match is None:
        raise InputError(f"an exponent must be a number such as 2 or (1/2), got {text!r}")
    left, taken = len(match[0]), 0
    while left > 0:
        left -= len(tokens[taken])
        taken += 1
    if match[1]:
        return Fraction(int(match[1]), int(match[2])), tokens[taken:]
    return Fraction(match[3] or match[4]), tokens[taken:]


def _known(name: str) -> Unit:
    if name in _OFFSET:
        raise InputError(
            f"{name} has an offset and is no unit that can be multiplied: convert to K"
        )
    plain = _simple(name)
    if plain is not None:
        return plain
    for prefix, size in _PREFIXES.items():
        stem = name.removeprefix(prefix)
        if stem != name and stem in _PREFIXED:
            unit = _simple(stem)
            if unit is not None:
                return Unit(unit.size * size, unit.powers, name)
    close = difflib.get_close_matches(
        name, [*_COHERENT, *_CONVENTIONAL, "kg", "km", "cm", "mm", "ms"], 1
    )
    hint = f"did you mean {close[0]!r}?" if close else "write it in SI units, or leave it out"
    raise InputError(f"there is no unit {name!r}: {hint}")


def _simple(name: str) -> Unit | None:
    if name == "g":
        return Unit(1e-3, _powers("kg"), name)
    if name in _COHERENT:
        return Unit(1.0, _powers(_COHERENT[name]), name)
    if name in _CONVENTIONAL:
        size, base = _CONVENTIONAL[name]
        return Unit(size, _powers(base), name)
    return None


def _powers(text: str) -> tuple[Fraction, ...]:
    """Of a list such as ``kg m2 s-2``."""
    found = dict.fromkeys(BASE, Fraction(0))
    for word in text.split():
        match = re.fullmatch(r"([A-Za-z]+)(-?\d*)", word)
        if match:
            found[match[1]] += Fraction(match[2] or 1)
    return tuple(found.values())


def monomial(powers: Mapping[str, Fraction]) -> str:
    """A product of powers as text: ``kg*m/s^2``; names that are not simple stand in brackets."""
    above = [_power(n, p) for n, p in powers.items() if p > 0]
    below = [_power(n, -p) for n, p in powers.items() if p < 0]
    top = "*".join(above) or "1"
    if not below:
        return top
    return f"{top}/{below[0]}" if len(below) == 1 else f"{top}/({'*'.join(below)})"


def _power(name: str, power: Fraction) -> str:
    simple = re.fullmatch(r"[^\s*/()^·]+", name)
    stem = name if simple or (power == 1 and "/" not in name) else f"({name})"
    if power == 1:
        return stem
    return f"{stem}^{power}" if power.denominator == 1 else f"{stem}^({power})"


def dimensionless_groups(
    units: Mapping[str, str], target: str | None = None
) -> tuple[dict[str, int], ...]:
    """Products of powers of columns without a dimension, by Buckingham's theorem.

    Args:
        units: of columns; those that are not listed take no part.
        target: a column that only the last group holds, if any can.

    Returns:
        Exponents by column, one mapping a group: a basis of the null space of the matrix of
        dimensions, whole numbers without a common factor.
    """
    parsed = parse_all(units)
    names = [n for n in parsed if n != target] + ([target] if target in parsed else [])
    table = sympy.Matrix(
        [[sympy.Rational(p.numerator, p.denominator) for p in parsed[n].powers] for n in names]
    ).T
    groups = []
    for vector in table.nullspace() if names else []:
        scale = sympy.ilcm(*(v.q for v in vector))
        whole = [int(v * scale) for v in vector]
        common = math.gcd(*whole)
        lead = whole[-1] if whole[-1] and names[-1] == target else next(v for v in whole if v)
        sign = 1 if lead > 0 else -1
        groups.append({n: sign * w // common for n, w in zip(names, whole, strict=True) if w})
    return tuple(sorted(groups, key=lambda g: target in g))


def spelled(groups: Sequence[Mapping[str, int]]) -> list[str]:
    """Groups as texts, such as ``v^2/(g*L)``, with columns as they stand in a formula."""
    return [monomial({quoted(n): Fraction(p) for n, p in group.items()}) for group in groups]
