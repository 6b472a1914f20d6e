"""The head of the workbench: where the scientist is, what is done, and what comes next."""

from collections.abc import Mapping
from dataclasses import dataclass

import traitlets

from workbench.session import Session
from workbench.widgets.panel import Command, Panel

PAGES = ("Data", "Train", "Look", "Simplify", "Discover", "Export", "Script")


class Guide(Panel):
    """Steps, the next thing to do, undo and redo, and what was saved.

    Only the front end and the kernel's own thread write ``page``; so a page can be turned while a cell
    runs.

    Attributes:
        page: number of the page. pages: title of each, whether it is done and whether it is open.
        hint: what comes next: a sentence, and the label of a button with its command, or "".
        state: what runs, what can be undone, a note, a message.
    """

    _view = traitlets.Unicode("guide").tag(sync=True)

    page = traitlets.Int(0).tag(sync=True)
    pages = traitlets.List(traitlets.Dict()).tag(sync=True)
    hint = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)

    def __init__(self, commands: Mapping[str, Command]) -> None:
        self._given = dict(commands)
        super().__init__()

    def show(self, pages: list[dict[str, object]], hint: "Hint", state: dict[str, object]) -> None:
        """Replace what is shown, in one message; on any thread."""
        with self._lock, self.hold_sync():
            self.pages, self.hint, self.state = pages, vars(hint), state

    def _commands(self) -> dict[str, Command]:
        return self._given

    def _refuse(self, sentence: str) -> None:
        with self._lock:
            self.state = {**self.state, "message": sentence, "error": True}


@dataclass(frozen=True)
class Hint:
    """The next thing to do: a sentence; where there is one, a button and the command behind it."""

    text: str
    label: str = ""
    command: str = ""


def next_step(page: str, session: Session | None, *, table: bool, used: bool) -> Hint:
    """What a scientist does next on a page.

    Args:
        page: one of ``PAGES``. session: None before the data is settled.
        table: whether there is a table. used: whether the choice of columns is in use.
    """
    if page == "Data" or session is None:
        return _about_data(table=table, used=used)
    if session.frame.busy:
        return _about_job(session)
    if page == "Script":
        return Hint("This Python repeats everything that was done, to the last digit.")
    if not session.trained:
        return _untrained(page)
    if page == "Train":
        return Hint("Trained. See what the network has learned.", "Look at the curves", "look")
    if page == "Look":
        return Hint(
            "Hover over an edge for its curve; click it for what it may be, a node or + to change it.",
            "Make it simpler",
            "simplify",
        )
    if page == "Simplify":
        return _about_simplifying(session)
    return _about_formulas(page, session)


def _about_data(*, table: bool, used: bool) -> Hint:
    if not table:
        return Hint("Start with a table: drop a file below, or choose one from this folder.")
    if not used:
        text = "Choose the column that is to be explained, and those that may explain it."
        return Hint(text, "Use this data", "use")
    return Hint("The data is settled.", "Train a network", "train-page")


def _about_job(session: Session) -> Hint:
    if session.status == "stopping":
        return Hint("Stopping after the present iteration.")
    if session.frame.job == "train":
        return Hint("The network is learning. Stop keeps the best one so far.", "Stop", "stop")
    return Hint(f"Working: {session.frame.phase}.", "Stop", "stop")


def _untrained(page: str) -> Hint:
    if page == "Train":
        text = "Train the network: it learns one curve for every edge, from your rows alone."
        return Hint(text, "Train", "train")
    return Hint("First the network has to be trained.", "Train it", "train")


def _about_simplifying(session: Session) -> Hint:
    simpler = any(s.name.startswith(("prune", "discover", "remove", "fix")) for s in session.steps)
    if not simpler:
        text = "Remove the edges that the data does not need: each one is tested by a refit."
        return Hint(text, "Simplify by itself", "prune")
    edges = len(session.model.edges())
    return Hint(f"{edges} edges are left. Turn them into symbols.", "Find formulas", "search")


def _about_formulas(page: str, session: Session) -> Hint:
    if not session.has_formulas:
        return Hint("Turn the curves into symbols.", "Find formulas", "search")
    if page == "Discover":
        return Hint("Choose the formula that you believe, then take it away.", "Export", "export")
    return Hint("Copy or save the formula, a report, or the whole session.")


def done(session: Session | None, *, used: bool) -> dict[str, bool]:
    """Which pages have been dealt with."""
    steps = session.steps if session is not None else ()
    simpler = any(s.name.startswith(("prune", "discover", "remove", "fix")) for s in steps)
    has = session is not None and session.has_formulas
    return {
        "Data": used,
        "Train": session is not None and session.trained,
        "Look": False,
        "Simplify": simpler,
        "Discover": has,
        "Export": False,
        "Script": False,
    }
