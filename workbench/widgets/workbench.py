"""The whole workbench in one widget: from a table to a formula that can be published."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pandas as pd

from workbench.common.markup import element, join
from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.kan.config import Width
from workbench.kan.data import Dataset
from workbench.pictures.drawing import network_svg
from workbench.search.shapes import default_widths
from workbench.session import Frame, Session
from workbench.session import saved as saved_sessions
from workbench.session.autosave import Autosave
from workbench.session.code import Source
from workbench.session.telling import title_of
from workbench.widgets.data import DataForm
from workbench.widgets.exports import ExportPanel, ScriptView
from workbench.widgets.formulas import FormulaTable
from workbench.widgets.guide import PAGES, Guide, done, next_step
from workbench.widgets.keeping import (
    LIVE,
    new_file,
    offer,
    opened,
    owned,
    place_of,
    readable,
    table_key,
)
from workbench.widgets.network import NetworkView
from workbench.widgets.panel import Panel, take_down
from workbench.widgets.training import TrainingPanel
from workbench.widgets.versions import VersionTree


class Workbench(ipywidgets.VBox):
    """Guides from a table to a formula: Data, Train, Look, Simplify, Discover, Export, Script.

    Everything is done by ``session``, which can be used from other cells at the same time. Every step
    is written to disk, every discovery to a file of its own; after a kernel has died, the same cell
    brings its session back.

    Args:
        data: a path, a DataFrame, a Dataset or a Session; None asks for a file.
        target: column to be explained; with it a path or DataFrame is used at once.
        width: of the first network. settings: ``threads``, ``precision``, ``rate`` and ``seed`` of the
            session, see ``Session``.
        fresh: whether to begin anew although a session of this table was saved; that one stays.
        name: by which a session is found again in any notebook; by default the cell finds its own.
        folder: where files are looked for.
    """

    def __init__(
        self,
        data: str | Path | pd.DataFrame | Dataset | Session | None = None,
        target: str | None = None,
        *,
        width: Width | None = None,
        fresh: bool = False,
        name: str = "",
        folder: str | Path = ".",
        **settings: Any,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._session: Session | None = None
        self._width = width
        self._keeper: Autosave | None = None
        self._forget: list[Any] = []
        self._note = ""
        self._place = place_of(name)
        self._offered: Path | None = None
        self._networks: tuple[NetworkView, ...] = ()
        self._guide = Guide(self._commands())
        self._form: DataForm | None = None
        self._stack = ipywidgets.Stack()
        self._given = table_key(data) if isinstance(data, Session | Dataset) else ""
        if isinstance(data, Session):
            self._show(data, fresh=fresh)
        elif isinstance(data, Dataset):
            if fresh or not self._restore(self._given):
                self._take(Session(data, self._shape(data), **settings))
        else:
            self._form = DataForm(data, target, folder=folder)
            self._form.on_use(self._begin)
            has_table = self._form.frame is not None
            restored = has_table and not fresh and self._restore(self._table, target)
            if has_table and not restored and target is not None:
                note = self._note
                self._form.use()
                self._note = note or self._note
            if not has_table and not fresh:
                self._offer()
            self._form.observe(lambda _: self._update(), names=("table", "choice", "state"))
        self._fill()
        self.children = (self._guide, self._stack)
        self._link = ipywidgets.jslink((self._guide, "page"), (self._stack, "selected_index"))
        self._guide.observe(lambda _: self._update(), names="page")
        self._turn("Train" if self._session is not None else "Data")

    @property
    def session(self) -> Session:
        """The session behind the screen; an ``InputError`` before the data is settled."""
        if self._session is None:
            raise InputError("there is no session yet: choose a table and press “Use this data”")
        return self._session

    @property
    def formula(self) -> Formula | None:
        """The formula that was chosen, else the one that validation prefers; None before there is one."""
        session = self._session
        return session.formula if session is not None and session.has_formulas else None

    @property
    def script(self) -> str:
        """Python that repeats everything that was done; "" before the data is settled."""
        return self._session.to_script() if self._session is not None else ""

    @property
    def form(self) -> DataForm | None:
        """The data form; None where a Dataset or a Session was given."""
        return self._form

    def close(self) -> None:
        """Take the widget down; the session goes on."""
        self._let_go()
        for part in (self._link, self._guide, self._stack, *([self._form] if self._form else [])):
            take_down(part)
        super().close()
        self.layout.close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widget, and for readers without a kernel the network and the formula."""
        bundle = super()._repr_mimebundle_(**options)
        session = self._session
        if bundle is None or session is None:
            return bundle
        content, about = bundle if isinstance(bundle, tuple) else (bundle, {})
        formula = session.formula._repr_html_() if session.has_formulas else ""
        return {**content, "text/html": network_svg(session.graph()) + formula}, about

    # Sessions

    def _shape(self, data: Dataset) -> Width:
        return self._width or default_widths(data, "quick")[-1]

    @property
    def _table(self) -> str:
        """Key of what this workbench is about."""
        form = self._form
        return table_key(form.frame) if form is not None and form.frame is not None else self._given

    def _begin(self, data: Dataset) -> None:
        """The data is settled: a new session on it, in a file of its own; the ones before stay."""
        if self._session is not None:
            self._session.require_idle()
        form = self._form
        session = Session(
            data,
            self._shape(data),
            source=form.source if form is not None else "",
            preparation=form.preparation if form is not None else None,
            **self._settings,
        )
        self._offer(self._table)
        self._take(session)
        self._fill()
        self._turn("Train")

    def _offer(self, table: str = "") -> None:
        """Say what this cell has found before, if it has."""
        key = f"{self._place}-{table}" if table else self._place
        path = saved_sessions.latest(key)
        self._note = offer(path) if path is not None else ""
        self._offered = path if self._note else None

    def _resume(self) -> None:
        """Go on with what this cell has found before; the present session stays on disk."""
        if self._session is not None:
            self._session.require_idle()
        path = self._offered
        if path is None:
            raise InputError("there is no earlier session of this cell")
        session, note = opened(path)
        form = self._form
        if form is not None and form.frame is not None and session.preparation is not None:
            form.settle(session.preparation)
        self._offered, self._note = None, note
        self._take(session, path)
        self._fill()
        self._turn("Train")

    def _restore(self, table: str, target: str | None = None) -> bool:
        """Bring back the last session of this table and cell, from this kernel or from disk."""
        form = self._form
        for path in saved_sessions.kept(f"{self._place}-{table}"):
            try:
                session, note = opened(path)
            except InputError as error:
                self._note = f"A saved session could not be read. {error}"
                continue
            if form is not None:
                prepared = session.preparation
                if prepared is None or (target is not None and prepared.target != target):
                    continue
                form.settle(prepared)
            self._note = f"{self._note} {note}".strip()
            self._take(session, path)
            return True
        return False

    def _show(self, session: Session, *, fresh: bool) -> None:
        """A session that was given: the one of this kernel, else what this cell has made of it since."""
        if str(session.file) in LIVE:
            self._take(LIVE[str(session.file)], session.file)
        elif session.file is not None and owned(session.file, self._place):
            self._take(session, session.file)
        elif session.file is None or fresh or not self._restore(self._given):
            self._take(session)

    def _take(self, session: Session, path: Path | None = None) -> None:
        """Show a session, and keep it on disk from now on."""
        self._let_go()
        self._session = session
        path = path or new_file(session, self._place, self._table)
        if path is not None:
            LIVE[str(path)] = session
            self._keeper = Autosave(session, path)
            if not session.source:
                session.source = Source(str(path), saved=True)
                session.unsaved = True
            if session.unsaved:
                self._keeper.write()
        self._forget = [session.listen(self._update), session.observe(self._follow)]

    def _let_go(self) -> None:
        for forget in self._forget:
            forget()
        self._forget = []
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None

    # The screen

    def _fill(self) -> None:
        """One page for every step; panels of a session that was replaced are closed."""
        before, pages = self._stack.children, self._pages()
        for page in pages:
            page.layout.width = "100%"
        self._stack.children = pages
        for old in before:
            if old is not self._form:
                take_down(old)

    def _pages(self) -> tuple[ipywidgets.DOMWidget, ...]:
        data = self._form if self._form is not None else self._summary()
        session = self._session
        if session is None:
            self._networks = ()
            return (data, *(ipywidgets.HTML() for _ in PAGES[1:]))
        self.training = TrainingPanel(session)
        look, simplify = NetworkView(session, tools="look"), NetworkView(session, tools="simplify")
        self._networks = (look, simplify)
        self.versions = VersionTree(session)
        self.formulas = FormulaTable(session)
        self.exports = ExportPanel(session, live=False)
        return (
            data,
            self.training,
            look,
            ipywidgets.VBox([simplify, self.versions]),
            self.formulas,
            self.exports,
            ScriptView(session),
        )

    def _summary(self) -> ipywidgets.HTML:
        """The data page where a dataset was given ready-made."""
        data = self.session.data
        rows = ", ".join(f"{len(getattr(data, p))} {p}" for p in ("train", "validation", "test"))
        said = f"{title_of(self.session)}: {len(data.inputs)} rows ({rows})."
        return ipywidgets.HTML(join(*(element("p", text) for text in (said, *data.notes))))

    def _turn(self, page: str) -> None:
        self._guide.page = PAGES.index(page)
        self._stack.selected_index = self._guide.page
        self._update()

    def _follow(self, frame: Frame) -> None:
        changed = frame.status == "stopping" or frame.busy != self._guide.state.get("busy")
        if not frame.busy or changed or frame.job != "train":
            self._update()

    def _update(self) -> None:
        """After every step, and when a page is turned; on any thread."""
        session, form, guide = self._session, self._form, self._guide
        page = PAGES[guide.page]
        table = form is None or bool(form.table)
        used = session is not None and (not table or form is None or bool(form.state.get("used")))
        hint = next_step(page, session, table=table, used=used)
        marks = done(session, used=used)
        for view, name in zip(self._networks, ("Look", "Simplify"), strict=False):
            view.live = page == name
        frame = session.frame if session is not None else Frame()
        if self._networks:
            self.training.live = page == "Train"
            self.exports.live = page == "Export"
        saved = (
            ""
            if session is None
            else f"Not saved: {readable(saved_sessions.folder())} cannot be written"
        )
        if self._keeper is not None:
            saved = self._keeper.error or "Saved"
            if self._keeper.moved:
                self._note = (
                    "Another kernel has written the file of this session: this one goes on in a "
                    "file of its own."
                )
        pages: list[dict[str, object]] = [
            {"title": name, "done": marks[name], "open": session is not None or name == "Data"}
            for name in PAGES
        ]
        state: dict[str, object] = {
            "busy": frame.busy,
            "share": frame.share,
            "job": frame.job,
            "undo": session.undoable if session is not None else "",
            "redo": session.redoable if session is not None else "",
            "title": title_of(session) if session is not None else "",
            "note": self._note,
            "answer": ["Go on with it", "resume"] if self._offered else ["Start anew", "fresh"],
            "saved": saved,
            "message": frame.message if frame.status == "error" else "",
            "error": frame.status == "error",
        }
        guide.show(pages, hint, state)
        self._tell_where()

    def _tell_where(self) -> None:
        """Every panel knows the file that the work is in."""
        keeper = self._keeper
        kept = None if self._session is None else ""
        if keeper is not None and not keeper.error:
            kept = readable(keeper.path)
        for panel in (self._guide, *panels_in(self._stack)):
            panel.kept = kept

    def _commands(self) -> dict[str, Any]:
        return {
            "use": lambda said: self._form is not None and self._form.use(),
            "train-page": lambda said: self._turn("Train"),
            "train": self._start_training,
            "stop": lambda said: self.session.stop(),
            "look": lambda said: self._turn("Look"),
            "simplify": lambda said: self._turn("Simplify"),
            "prune": lambda said: self.session.prune(wait=False),
            "search": self._search,
            "export": lambda said: self._turn("Export"),
            "undo": lambda said: self.session.undo(),
            "redo": lambda said: self.session.redo(),
            "fresh": lambda said: self._fresh(),
            "resume": lambda said: self._resume(),
        }

    def _start_training(self, _: Any) -> None:
        self._turn("Train")
        self.session.start()

    def _search(self, _: Any) -> None:
        self._turn("Discover")
        self.session.symbolify(wait=False)

    def _fresh(self) -> None:
        """Begin anew on the same data; the session that was restored stays among its versions."""
        session = self.session
        self._note = ""
        session.rebuild(self._shape(session.data))
        self._turn("Train")


def panels_in(widget: ipywidgets.Widget) -> Iterator[Panel]:
    """The panels among a widget and its children."""
    if isinstance(widget, Panel):
        yield widget
    for child in getattr(widget, "children", ()):
        yield from panels_in(child)
