"""Taking the results away: the formula in every language, report, notebook, script, model, session."""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import traitlets

from workbench.errors import InputError
from workbench.formulas.export import LANGUAGES, export
from workbench.formulas.formula import Formula
from workbench.kan import checkpoint
from workbench.pictures.drawing import network_svg
from workbench.session import Session
from workbench.session.telling import report, title_of
from workbench.widgets.panel import Command, Panel, Said, text_in

_NAMES = {
    "latex": "LaTeX",
    "mathml": "MathML",
    "excel": "Excel",
    "sympy": "SymPy",
    "python": "Python",
    "numpy": "NumPy",
    "torch": "PyTorch",
    "jax": "JAX",
    "c": "C",
    "cpp": "C++",
    "julia": "Julia",
    "r": "R",
    "matlab": "MATLAB",
    "mathematica": "Mathematica",
    "fortran": "Fortran",
    "rust": "Rust",
    "javascript": "JavaScript",
}


class ExportPanel(Panel):
    """Shows the formula in a language and saves files through the browser.

    The front end sends "show" with a language and "save" with a kind; files come back as custom
    messages ``{"type": "file", "name": ...}`` with their bytes.

    Attributes:
        languages: pairs of key and name. files: what else can be saved: kind, title, sentence, ready.
        shown: the code of one language, its file name and how it was checked.
        state: whether there is a formula, what is being prepared, a message.
    """

    _view = traitlets.Unicode("exports").tag(sync=True)

    languages = traitlets.List().tag(sync=True)
    files = traitlets.List(traitlets.Dict()).tag(sync=True)
    shown = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)

    def __init__(self, session: Session, *, live: bool = True) -> None:
        super().__init__(languages=[[key, _NAMES.get(key, key.title())] for key in LANGUAGES])
        self.session, self.kept = session, ""
        self._language = "latex"
        self._written: Formula | None = None
        self._live = live
        self._refresh()
        self._forget.append(session.listen(self._refresh))

    def _commands(self) -> dict[str, Command]:
        return {"show": self._show, "save": self._save}

    def _refuse(self, sentence: str) -> None:
        with self._lock:
            self._tell(sentence, error=True)

    @property
    def live(self) -> bool:
        """Whether code is written as soon as there is another formula; it takes a second."""
        return self._live

    @live.setter
    def live(self, on: bool) -> None:
        self._live = on
        self._keep_up()

    @property
    def stem(self) -> str:
        """The beginning of all file names."""
        return re.sub(r"[^\w-]+", "-", self.session.data.target).strip("-") or "formula"

    def _refresh(self) -> None:
        """After every step the formula may be another."""
        has, trained = self.session.has_formulas, self.session.trained
        listed = [
            {"kind": kind, "title": title, "about": about, "ready": ready}
            for kind, title, about, ready in (
                ("report", "Report", "One HTML page with the law, its errors and pictures", has),
                ("notebook", "Notebook", "Every step as a cell that can be run", True),
                ("script", "Script", "The same as one Python file", True),
                ("model", "Model", "The network, as safetensors", trained),
                ("picture", "Picture", "The network as SVG", True),
                ("formula", "Formula", "The formula as JSON, for Formula.load", has),
                ("session", "Session", "Data, all versions and formulas, for Session.load", True),
            )
        ]
        with self._lock, self.hold_sync():
            self.files = listed
            self._tell("")
            if not has or self._written is not self.session.formula:
                self.shown = {}
        self._keep_up()

    def _keep_up(self) -> None:
        if self._live and self.session.has_formulas and self._written is not self.session.formula:
            self._written = self.session.formula
            self._aside(lambda: self._write(self._language))

    def _tell(self, message: str, *, error: bool = False, busy: str = "") -> None:
        has = self.session.has_formulas
        self.state = {
            "formula": self.session.formula.mathml if has else "",
            "legend": list(self.session.formula.legend) if has else [],
            "message": message,
            "error": error,
            "busy": busy,
        }

    def _show(self, said: Said) -> None:
        self._language = text_in(said, "language")
        if self._language not in LANGUAGES:
            raise InputError(f"there is no language {self._language!r}")
        with self._lock:
            self._tell("", busy=self._language)
        self._aside(lambda: self._write(self._language))

    def _write(self, language: str) -> None:
        """Some languages are compiled and run to check them, which takes a second."""
        formula = self.session.formula
        found = export(formula, language, name=f"{self.stem}-formula")
        checked = "" if found.error is None else f"run and compared: agrees to {found.error:.1e}"
        with self._lock, self.hold_sync():
            if language != self._language or formula is not self.session.formula:
                return
            self._tell("")
            self.shown = {
                "language": language,
                "text": found.text,
                "name": found.filename,
                "checked": checked,
                "note": found.note,
                "companions": [list(file) for file in found.companions],
            }

    def _save(self, said: Said) -> None:
        kind = text_in(said, "kind")
        session, stem = self.session, self.stem
        makers: dict[str, tuple[str, Callable[[], bytes]]] = {
            "report": (f"{stem}-report.html", lambda: report(session).encode()),
            "notebook": (f"{stem}.ipynb", lambda: self._notebook().encode()),
            "script": (f"{stem}.py", lambda: session.to_script().encode()),
            "model": (f"{stem}-model.safetensors", lambda: _written(self._model)),
            "picture": (f"{stem}-network.svg", lambda: network_svg(session.graph()).encode()),
            "formula": (f"{stem}-formula.json", lambda: _written(session.formula.save)),
            "session": (f"{stem}.kan", lambda: _written(session.save)),
        }
        if kind not in makers:
            raise InputError(f"there is no file of the kind {kind!r}")
        name, make = makers[kind]

        def deliver() -> None:
            content = make()
            with self._lock:
                self._tell("")
                self.send({"type": "file", "name": name}, [content])

        with self._lock:
            self._tell("", busy=kind)
        self._aside(deliver)

    def _notebook(self) -> str:
        return self.session.to_notebook(title_of(self.session))

    def _model(self, path: Path) -> None:
        data = self.session.data
        checkpoint.save(
            self.session.model, path, names=data.names, target=data.target, units=data.units
        )


def _written(write: Callable[[Path], Any]) -> bytes:
    """What a function writes into a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        write(path)
        return path.read_bytes()


class ScriptView(Panel):
    """The Python of everything that was done so far.

    Attributes:
        text: the script. name: of the file that it is saved as.
    """

    _view = traitlets.Unicode("script").tag(sync=True)

    text = traitlets.Unicode("").tag(sync=True)
    name = traitlets.Unicode("").tag(sync=True)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session, self.kept = session, ""
        self._refresh()
        self._forget.append(session.listen(self._refresh))

    def _refresh(self) -> None:
        stem = re.sub(r"[^\w-]+", "-", self.session.data.target).strip("-") or "session"
        with self._lock, self.hold_sync():
            self.text, self.name = self.session.to_script(), f"{stem}.py"
