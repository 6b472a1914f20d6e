"""The versions of a session as a tree: go to any, name it, put two side by side."""

import traitlets

from workbench.errors import InputError
from workbench.kan.model import Edge
from workbench.session import Session, Version
from workbench.widgets.panel import Command, Panel, Said, index_in, text_in


class VersionTree(Panel):
    """Every state of a session; nothing that was undone is lost.

    The front end sends "go", "keep" with a name, "compare" with two numbers, "undo", "redo".

    Attributes:
        versions: see ``workbench.session.Version``.
        comparison: of two of them, or {}.
        state: a message, and whether the session is busy.
    """

    _view = traitlets.Unicode("versions").tag(sync=True)

    versions = traitlets.List(traitlets.Dict()).tag(sync=True)
    comparison = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session, self.kept = session, ""
        self._refresh()
        self._forget.append(session.listen(self._refresh))

    def _commands(self) -> dict[str, Command]:
        session = self.session
        return {
            "go": lambda said: session.go(index_in(said, "number")),
            "keep": lambda said: session.keep(text_in(said, "name")),
            "compare": self._compare,
            "close": lambda said: self.set_trait("comparison", {}),
            "undo": lambda said: session.undo(),
            "redo": lambda said: session.redo(),
        }

    def _refuse(self, sentence: str) -> None:
        with self._lock:
            self.state = {**self.state, "message": sentence, "error": True}

    def _refresh(self) -> None:
        session = self.session
        with self._lock, self.hold_sync():
            self.versions = [vars(version) for version in session.versions]
            self.comparison = {}
            self.state = {
                "unit": session.unit,
                "undo": session.undoable,
                "redo": session.redoable,
                "message": "",
                "error": False,
            }

    def _compare(self, said: Said) -> None:
        numbers = [index_in(said, "first"), index_in(said, "second")]
        if numbers[0] == numbers[1]:
            raise InputError("two different versions are needed to compare")
        found = self.session.compare(*numbers)
        with self._lock:
            self.comparison = {
                "first": _titled(found.first),
                "second": _titled(found.second),
                "only_first": [self._spelled(e) for e in found.only_first],
                "only_second": [self._spelled(e) for e in found.only_second],
                "renamed": [self._spelled(e) for e in found.renamed],
                "same_width": found.same_width,
                "difference": found.difference,
            }

    def _spelled(self, edge: Edge) -> str:
        names = self.session.data.names
        source = names[edge.source] if edge.layer == 0 else f"{edge.layer}.{edge.source}"
        return f"{source} → {edge.layer + 1}.{edge.target}"


def _titled(version: Version) -> dict[str, object]:
    return {**vars(version), "title": version.label or f"{version.number} {version.name}"}
