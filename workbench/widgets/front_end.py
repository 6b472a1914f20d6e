"""The files of the front end, as the widgets send them: one module and one style sheet each.

A module that a kernel sends to a page has no address, so it cannot import its neighbours: the line
that imports one is replaced by that file, once however many import it. So the names at the top of
all files of a widget have to differ. Nothing is built and nothing is fetched.
"""

import re
from functools import lru_cache
from pathlib import Path

_STATIC = Path(__file__).parent.parent / "static"
_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[\w./]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


@lru_cache
def module(name: str) -> str:
    """Text of an ES module with its neighbours inside."""
    return _joined((_STATIC / name).resolve(), set())


def _joined(file: Path, known: set[Path]) -> str:
    """A file behind those that it imports, without the ``known`` ones."""

    def neighbour(found: re.Match[str]) -> str:
        other = (file.parent / found[1]).resolve()
        if other in known:
            return ""
        known.add(other)
        return _EXPORT.sub("", _joined(other, known))

    return _IMPORT.sub(neighbour, file.read_text(encoding="utf-8"))


@lru_cache
def style(name: str) -> str:
    """Text of a style sheet behind the one that all widgets share."""
    return _read("shared.css") + _read(name)


def _read(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")
