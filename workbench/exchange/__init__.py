"""Networks of other libraries, read into ours without running any of their code.

What another library's file or object says becomes a ``Source`` (``source.py``), and this a ``KAN``
(``building.py``); a reader of one library is one file.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.exchange.pykan import from_pykan

_MODULES = {
    "pykan": ["from_pykan"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "from_pykan",
]
