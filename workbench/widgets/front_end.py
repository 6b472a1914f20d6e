"""The files of the front end, as the widgets send them: one module and one style sheet each.

A module that a kernel sends to a page has no address, so it cannot import its neighbours: the line
that imports one, such as ``shared.js``, is replaced by that file. Nothing is built and nothing is fetched.
"""

import re
from functools import lru_cache
from pathlib import Path

_STATIC = Path(__file__).parent.parent / "static"
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


@lru_cache
def module(name: str) -> str:
    """Text of an ES module with its neighbours inside, each of them once."""
    inside: set[str] = set()

    def inlined(name: str) -> str:
        inside.add(name)
        return _IMPORT.sub(
            lambda found: "" if found[1] in inside else _EXPORT.sub("", inlined(found[1])),
            _read(name),
        )

    return inlined(name)


@lru_cache
def style(name: str) -> str:
    """Text of a style sheet behind the one that all widgets share."""
    return _read("shared.css") + _read(name)


def _read(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")
