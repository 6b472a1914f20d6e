"""What draws the widgets: one module and one style sheet, which a kernel sends once for all of them.

Every widget sends a stub of its own, which waits on the page for the view that it names. All of it is
built from ``frontend/widgets`` and committed; nothing is fetched.
"""

import hashlib
from pathlib import Path
from typing import ClassVar

import anywidget
import traitlets

_STATIC = Path(__file__).parent.parent / "static"
_MODULE, _STYLE = _STATIC / "widgets.js", _STATIC / "widgets.css"

# The text: anywidget would hold on to every widget whose module is a file.
STUB = (_STATIC / "stub.js").read_text(encoding="utf-8")
VERSION = hashlib.sha256(_MODULE.read_bytes()).hexdigest()[:16]
"""Tells modules apart that several kernels have sent to one page."""


class FrontEnd(anywidget.AnyWidget):
    """The module and the style sheet of all widgets. It has no view: to arrive is all it does."""

    _esm = _MODULE
    _css = _STYLE
    _sent: ClassVar["FrontEnd | None"] = None

    version = traitlets.Unicode(VERSION).tag(sync=True)

    @classmethod
    def of_this_kernel(cls) -> "FrontEnd":
        """The one that the page has; another where it was closed."""
        if cls._sent is None or cls._sent.comm is None:
            cls._sent = cls()
        return cls._sent
