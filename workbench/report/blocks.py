"""What a report is made of; every text is plain, renderers escape it."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.formulas.formula import Formula


@dataclass(frozen=True)
class Text:
    """A paragraph; ``soft`` for a remark below something."""

    text: str
    soft: bool = False


@dataclass(frozen=True)
class Bullets:
    """Sentences below each other."""

    items: Sequence[str]


@dataclass(frozen=True)
class Table:
    """Cells by row; ``chosen`` is the number of the row that stands out; code columns hold code."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    chosen: int | None = None
    code: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Picture:
    """An SVG, its file name without ending, and what it shows."""

    name: str
    svg: str
    shows: str


@dataclass(frozen=True)
class Code:
    """A text to be copied; folded away below ``summary`` where there is one."""

    text: str
    language: str = ""
    summary: str = ""


@dataclass(frozen=True)
class Law:
    """The formula itself."""

    formula: Formula


@dataclass(frozen=True)
class Figures:
    """Numbers that matter, by name."""

    pairs: Sequence[tuple[str, str]]


Block = Text | Bullets | Table | Picture | Code | Law | Figures


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it; ``beside`` the section before it, where there is room."""

    title: str
    blocks: Sequence[Block]
    beside: bool = False


@dataclass(frozen=True)
class Report:
    """A whole report."""

    title: str
    question: str
    sections: Sequence[Section]

    @property
    def pictures(self) -> dict[str, str]:
        """SVG by file name."""
        blocks = [block for section in self.sections for block in section.blocks]
        return {f"{b.name}.svg": b.svg for b in blocks if isinstance(b, Picture)}
