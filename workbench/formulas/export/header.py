"""The comment at the head of every export: what it is, how far it was checked, where it comes from."""

import re
from dataclasses import dataclass

from workbench.formulas.card import TRIVIAL, in_words
from workbench.formulas.export.execution import Program
from workbench.formulas.law import Law
from workbench.formulas.parsing import escaped

_MOST_CONSTANTS = 20
_ENDING = re.compile(r"\*/|\*\)|/\*|\(\*|--|(?:\\|\?\?/)$")
"""What begins or ends a comment in one of the languages, or carries C's to the next line."""


@dataclass(frozen=True)
class Artefact:
    """Code as it was written, the program that runs it, and further files as (filename, text).

    ``rounded`` tells whether it has the printed digits of the formula's numbers, not all.
    """

    text: str
    program: Program
    companions: tuple[tuple[str, str], ...] = ()
    rounded: bool = False


def plain(text: object) -> str:
    """One line of text that ends no comment; of what would, one sign is written as its code."""
    line = "".join(c if c.isprintable() else escaped(c) for c in str(text))[:300]
    return _ENDING.sub(lambda m: m[0][:-1] + f"\\x{ord(m[0][-1]):02x}", line)


def docstring(text: object) -> str:
    """The same between the quotation marks of a docstring."""
    return plain(text).replace("\\", r"\\").replace('"', r"\"")


def with_header(
    text: str,
    formula: Law,
    comment: tuple[str, str],
    error: float | None,
    note: str,
    *,
    rounded: bool = False,
) -> str:
    """``text`` below its comment; ``comment`` is what a comment line begins and ends with."""
    lines = [f"Formula for {plain(', '.join(formula.left_sides))}, by KAN Workbench."]
    if error is not None:
        lines.append(f"Executed and compared with the formula: maximal relative error {error:.1e}.")
    else:
        lines.append(plain(note))
    moved = formula.scores.get("printing_error") if rounded else None
    if moved is not None:
        lines.append(
            f"Its rounded numbers move no training row by more than {moved:.2g} of the noise."
        )
    for key, name in enumerate(formula.names):
        low, high = formula.domain.get(name, (float("-inf"), float("inf")))
        unit = formula.units.get(name)
        known = f" {plain(unit)}" if unit else ""
        lines.append(f"Input {key + 1}: {plain(name)}, fitted from {low:.6g} to {high:.6g}{known}.")
    target = formula.units.get(formula.target)
    lines += [f"Output: {plain(formula.target)}, in {plain(target)}."] if target else []
    constants = [c for c in formula.constants if c.snapped not in TRIVIAL]
    lines += [f"Constant: {plain(in_words(c))}." for c in constants[:_MOST_CONSTANTS]]
    lines += [f"{plain(k)}: {plain(v)}" for k, v in formula.provenance.items()]
    begin, end = comment
    return "".join(f"{begin} {line}{end}\n" for line in lines) + text
