"""How columns are written in a formula: each told from all others, and from all that is no column.

One function decides for a whole set of names. A name that reads as a number, an operation, a constant or
a function, or that looks like another name of the set, stands in quotation marks (in text that can be
typed again, in backquotes); every other one is written as it is.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from workbench.common.markup import Markup, element
from workbench.formulas.parsing import escaped, is_plain, quoted

LONGEST = 32
"""Characters of a name in mathematics; of a longer one the middle is left out."""

_LOWER = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon "
    "phi chi psi omega"
)
_UPPER = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
_GREEK = dict(zip(_LOWER.split(), "αβγδεζηθικλμνξπρστυφχψω", strict=True)) | dict(
    zip(_UPPER.split(), "ΓΔΘΛΞΠΣΥΦΨΩ", strict=True)
)
"""Those that TeX has a command for."""
_ALIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеорсухѕіјΑΒΕΖΗΙΚΜΝΟΡΤΧο", "ABESIJKMHOPCTYXaeopcyxsijABEZHIKMNOPTXo"
)
"""Letters of other scripts that look like Latin ones."""
_MATHEMATICS = {"e", "i", "π", "J0", "J1"}
"""What stands for a constant or a function in LaTeX and MathML, as a reader sees it."""
_TEX = {
    "\\": r"\backslash ", "~": r"\sim ", "^": r"\hat{}", "`": r"\grave{}", " ": r"\ ",
    "*": r"\ast ", "“": r"\text{“}", "”": r"\text{”}", **{c: c for c in "()="},
    **{c: f"\\{c}" for c in "_%&#${}"},
}  # fmt: skip


@dataclass(frozen=True)
class Written:
    """One name in every medium.

    Attributes:
        name: of the column. text: as it can be typed. latex: in mathematics. mathml: an element.
        shown: what a reader sees of it in mathematics, as plain text.
        letter: whether it is one letter, with or without an index, so that factors need no sign.
    """

    name: str
    text: str
    latex: str
    mathml: Markup
    shown: str
    letter: bool

    @property
    def plain(self) -> bool:
        """Whether it is written as it is everywhere."""
        return self.shown == self.text == self.name


def write_names(
    names: Iterable[str],
    targets: Iterable[str] = (),
    *,
    functions: Collection[str] = (),
    longest: int = LONGEST,
) -> dict[str, Written]:
    """How every name of a set is written; no two are written alike in any medium.

    Args:
        names: of inputs. targets: what stands left of a formula.
        functions: further words that are taken. longest: name in mathematics, in characters.
    """
    left = tuple(targets)
    every = tuple(dict.fromkeys((*names, *left)))
    alike = Counter(map(_skeleton, every))
    looks = Counter(map(_look, every))
    inside = quotations(every, longest)
    found = {}
    for name in every:
        free = name not in functions and len(name) <= longest
        typed = alike[_skeleton(name)] == 1 and name not in functions
        found[name] = _written(
            name,
            quoted(name, exact=not typed, left=name in left),
            free and looks[_look(name)] == 1,
            inside[name],
        )
    return found


def quotations(texts: Sequence[str], longest: int = LONGEST) -> dict[str, str]:
    """What stands between quotation marks for each of some texts: in one line, short, and distinct."""
    alike = Counter(map(_skeleton, texts))
    short = {t: shortened(escaped(t, exact=alike[_skeleton(t)] > 1), longest) for t in texts}
    again = Counter(short.values())
    return {
        t: f"{s} …{place}" if again[s] > 1 else s
        for place, (t, s) in enumerate(short.items(), start=1)
    }


def write_labels(labels: Sequence[object]) -> list[tuple[str, str]]:
    """Labels of classes as text and in mathematics: as they are, or quoted where they would mislead."""
    texts = [str(label) for label in labels]
    inside = quotations(texts)
    easy = [t == inside[t] and t == t.strip() and not re.search(r"[()='`]|^$", t) for t in texts]
    return [
        (t, t) if plain else (f"`{escaped(t)}`", f"“{inside[t]}”")
        for t, plain in zip(texts, easy, strict=True)
    ]


def _written(name: str, text: str, unique: bool, inside: str) -> Written:
    parts = _indexed(name)
    if not unique or not is_plain(name) or _look(name) in _MATHEMATICS:
        shown = f"“{inside}”"
        return Written(name, text, f"{{{upright(shown)}}}", element("mtext", shown), shown, False)
    letter = parts is not None and len(parts[0]) == 1
    return Written(name, text, _latex(name, parts), _mathml(name, parts), name, letter)


def _latex(name: str, parts: tuple[str, str] | None) -> str:
    """x1 and greek names as mathematics, everything else upright."""
    if parts is None:
        return upright(name)
    stem = parts[0] if len(parts[0]) == 1 else f"\\{parts[0]}"
    return f"{stem}_{{{parts[1]}}}" if parts[1] else stem


def _mathml(name: str, parts: tuple[str, str] | None) -> Markup:
    """x1 with an index, everything else as it is written."""
    if parts is None or len(parts[0]) > 1 or not parts[1]:
        return element("mi", name)
    return element("msub", element("mi", parts[0]), element("mn", parts[1]))


def upright(text: str) -> str:
    r"""A text in ``\mathrm``: letters and digits, and nothing that TeX or Markdown would read."""
    return rf"\mathrm{{{''.join(map(_tex, text))}}}"


def _tex(c: str) -> str:
    return _TEX.get(c) or (f"{{{c}}}" if c.isascii() and not c.isalnum() else c)


def _indexed(name: str) -> tuple[str, str] | None:
    """A letter or greek name and its index; None for any other name."""
    match = re.fullmatch(r"([A-Za-z]+)(?:_?([0-9]+))?", name)
    if match is None or not (len(match[1]) == 1 or match[1] in _GREEK):
        return None
    return match[1], match[2] or ""


def _look(name: str) -> str:
    """What is seen of a name in mathematics: an index with or without underscore, alpha as α."""
    stem, index = _indexed(name) or (name, "")
    return _skeleton(_GREEK.get(stem, stem) + index)


def _skeleton(name: str) -> str:
    """What names have in common that cannot be told apart by eye."""
    seen = unicodedata.normalize("NFKC", name).translate(_ALIKE)
    return " ".join("".join(c if c.isprintable() else " " for c in seen).split())


def shortened(text: str, longest: int = 26) -> str:
    """A long name with its middle left out."""
    if len(text) <= longest:
        return text
    half = (longest - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def told_apart(names: Sequence[str], longest: int = 26) -> list[str]:
    """Long names in short; where ``shortened`` leaves out what tells them apart, what surrounds that."""
    short = [shortened(name, longest) for name in names]

    def cut(name: str, usual: str) -> str:
        twins = [n for n, s in zip(names, short, strict=True) if s == usual and n != name]
        if not twins:
            return usual
        differs = [
            next((i for i in range(len(twin)) if name[i : i + 1] != twin[i]), len(twin))
            for twin in twins
        ]
        start = max(0, min(differs) - longest // 2)
        end = start + longest - 2
        return f"{'…' * (start > 0)}{name[start:end]}{'…' * (end < len(name))}"

    return [cut(name, usual) for name, usual in zip(names, short, strict=True)]
