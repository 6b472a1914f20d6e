"""A formula in other languages. Every export is executed in a process of its own and compared.

One file per family of languages writes code, from the expression alone; ``execution`` runs it. Column
names reach code only as identifiers that were checked, or as text in comments.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from workbench.errors import InputError
from workbench.formulas.export import compiled, documents, numerical, python
from workbench.formulas.export.execution import Children, Program, compare
from workbench.formulas.export.header import Artefact, with_header
from workbench.formulas.export.tables import with_groups
from workbench.formulas.export.writer import NotAvailableError, identifiers
from workbench.formulas.law import Law

__all__ = ["ESSENTIAL", "LANGUAGES", "Export", "export", "export_all", "identifiers"]

_WRITERS = {**documents.WRITERS, **python.WRITERS, **compiled.WRITERS, **numerical.WRITERS}
LANGUAGES = tuple(_WRITERS)
"""Every language that a formula can be written in."""
ESSENTIAL = ("latex", "sympy", "python", "c")
"""What every discovery leaves in its folder; the others are written when they are asked for."""


@dataclass(frozen=True)
class Export:
    """A formula in one language.

    Attributes:
        language: one of ``LANGUAGES``. text: the code. filename: a name that fits it.
        error: the largest difference between executed code and formula, relative to the largest
            value; None where it was not executed.
        note: why it was not executed or cannot be written, or "".
        companions: further files that belong to it, as (filename, text).
    """

    language: str
    text: str
    filename: str
    error: float | None = None
    note: str = ""
    companions: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.text


def export(formula: Law, language: str, *, name: str = "formula") -> Export:
    """Write ``formula`` in ``language``, run the result and compare it with the formula.

    Constants that differ between groups are arguments after the inputs; their numbers stand beside the code.

    Args:
        formula: what to write.
        language: one of ``LANGUAGES``.
        name: stem of the file name.

    Raises:
        InputError: the language is not known.
    """
    if language not in LANGUAGES:
        raise InputError(f"a language must be one of {', '.join(LANGUAGES)}, got {language!r}")
    return _exported(formula, language, name, Children())


def _exported(formula: Law, language: str, name: str, children: Children) -> Export:
    write, suffix, comment = _WRITERS[language]
    groups, formula = formula.grouping, formula.as_function()
    try:
        artefact = write(formula)
    except NotAvailableError as missing:
        artefact = Artefact("", Program((), {}, skipped=str(missing)))
    error, note = compare(formula, artefact.program, children)
    text = with_header(artefact.text, formula, comment, error, note, rounded=artefact.rounded)
    if groups is not None:
        text = with_groups(text, groups, language, comment)
    files = tuple(
        (f, with_header(t, formula, comment, error, note)) for f, t in artefact.companions
    )
    return Export(language, text, f"{name}{suffix}", error, note, files)


def export_all(
    formula: Law, *, name: str = "formula", languages: Sequence[str] = LANGUAGES
) -> tuple[Export, ...]:
    """The formula in several languages, checked two at a time."""
    # Where this is broken off, running programs are ended first: threads cannot be.
    with ThreadPoolExecutor(2) as pool, Children() as children:
        jobs = [pool.submit(_exported, formula, lang, name, children) for lang in languages]
        return tuple(job.result() for job in jobs)
