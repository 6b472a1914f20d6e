"""HTML, SVG, MathML and Markdown by construction: text is escaped unless it was made here.

No other module writes a tag; a test reads them all for it.
"""

import html
import re

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_VOID = {"meta"}
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>#$~|&!^@]|:(?=//)|(?<=www)\.|^[-+=]")
_NUMBERED = re.compile(r"^(\d+)([.)])")


class Markup(str):
    """Text that is markup; ``element`` and ``join`` are the only places that should make it.

    A notebook shows what it means, not its text.
    """

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(self)


def legal(text: object) -> str:
    """Text without the characters that XML 1.0 forbids, even as references."""
    return _ILLEGAL.sub("\ufffd", str(text))


def escape(text: object) -> Markup:
    """Text as markup that shows it; markup stays what it is."""
    return text if isinstance(text, Markup) else Markup(html.escape(legal(text)))


def join(*parts: object) -> Markup:
    """Parts one after the other, text among them escaped."""
    return Markup("".join(map(escape, parts)))


def element(name: str, /, *content: object, **attributes: object) -> Markup:
    """An element; attributes that are None are left out, and ``class_`` is ``class``.

    Args:
        name: of the element, chosen by the program. content: text, which is escaped, and markup.
        attributes: with ``_`` for ``-``; their values are escaped.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{given}>" + ("" if name in _VOID else f"{join(*content)}</{name}>"))


def in_markdown(text: object) -> str:
    """Text in one line that Markdown shows as it is."""
    line = _MARKDOWN.sub(r"\\\g<0>", " ".join(legal(text).split()))
    return _NUMBERED.sub(r"\1\\\2", line)
