"""The constants of groups beside exported code: in a comment, and as a table that code looks them up in."""

import sympy

from workbench.common.labels import Label
from workbench.formulas.card import in_words
from workbench.formulas.constant import Constant
from workbench.formulas.export.header import plain
from workbench.formulas.groups import Groups

_SPECIAL = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    **{c: f"\\{c}" for c in "_%&#${}"},
}  # fmt: skip
_PYTHON = ("python", "torch", "jax")


def with_groups(text: str, groups: Groups, language: str, comment: tuple[str, str]) -> str:
    """Code with the constants of groups: for every language in comments, for some as a table, too."""
    begin, end = comment
    names = ", ".join(groups.letters)
    lines = [
        f"Arguments after the inputs: {names}, constants of each group of {plain(groups.by)}.",
        *(
            f"Group {plain(label)}: {_told(groups, place)}."
            for place, label in enumerate(groups.labels)
        ),
    ]
    head = "".join(f"{begin} {line}{end}\n" for line in lines)
    if language in _PYTHON:
        return head + text + _lookup(groups, "float")
    if language == "sympy":
        return head + text + _lookup(groups, "Float")
    if language == "latex":
        return head + text + "\n" + latex_table(groups)
    return head + text


def _told(groups: Groups, place: int) -> str:
    pairs = zip(groups.letters, groups.constants[place], strict=True)
    return ", ".join(f"{letter} = {plain(in_words(constant))}" for letter, constant in pairs)


def _lookup(groups: Groups, kind: str) -> str:
    """A dict from a group's name to its constants, by their names."""
    numbers = (
        "{"
        + ", ".join(f"{k!r}: {_number(v, kind)}" for k, v in zip(groups.letters, row, strict=True))
        + "}"
        for row in groups.values.tolist()
    )
    rows = [
        f"    {_literal(label)}: {row}," for label, row in zip(groups.labels, numbers, strict=True)
    ]
    return "\n".join(["", "", "GROUPS = {", *rows, "}", ""])


def _number(value: float, kind: str) -> str:
    return sympy.srepr(sympy.Float(value)) if kind == "Float" else repr(value)


def _literal(label: Label) -> str:
    """A label as Python writes it, in ASCII."""
    return ascii(label)


def latex_table(groups: Groups) -> str:
    """The constants of groups as a ``booktabs`` table, each with its standard error."""
    head = " & ".join([_in_latex(groups.by), *(f"${letter}$" for letter in groups.letters)])
    lines = [
        r"% needs \usepackage{booktabs}",
        rf"\begin{{tabular}}{{l{'r' * len(groups.letters)}}}",
        r"\toprule",
        rf"{head} \\",
        r"\midrule",
    ]
    for label, row in zip(groups.labels, groups.constants, strict=True):
        cells = [_with_error(constant) for constant in row]
        lines.append(rf"{' & '.join([_in_latex(label), *cells])} \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _with_error(constant: Constant) -> str:
    return _in_latex(in_words(constant)).replace("±", r"$\pm$")


def _in_latex(text: object) -> str:
    """Text that LaTeX shows as it is, in one line."""
    return "".join(_SPECIAL.get(c, c) for c in " ".join(plain(text).split()))
