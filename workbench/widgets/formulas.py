"""The table of formulas: from simple to accurate, each one inspected, verified, pinned, snapped, chosen."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import traitlets

from workbench.errors import InputError
from workbench.formulas.card import groups_cells, groups_head, remarks, with_error
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.network.targets import unknowns
from workbench.report.inspection import impacts, predictions, residuals, sensitivity, verify
from workbench.session import Frame, Session
from workbench.widgets.panel import Command, Panel, Said, index_in, text_in
from workbench.widgets.search_options import choose, described, listed, structure, understood

_MOST_ROWS = 80
_MOST_DOTS = 400
_MOST_GROUPS = 200


class FormulaTable(Panel):
    """The formulas of a session, accuracy against complexity.

    The front end sends commands: "search", "discover", "stop", "inspect", "close", "choose", "snap",
    "pin", "hold-part", "give-back", "against", "law", "start", "add", "blocks", "take", "refuse",
    "train". Numbers of the charts travel as little-endian float32.

    Attributes:
        rows: one for every formula: its figures, MathML, whether it is on the front, chosen, pinned.
        state: what the session does, and a message.
        detail: the formula that is inspected: constants with evidence, verification on held-out rows,
            sensitivity of every input, and what every node of it is worth.
        dots: true and predicted values of held-out rows.
        residuals: of training and held-out rows: against what, residual, and 1 where held out.
        against: the input that residuals are drawn against, or "" for the formula's own value.
        blocks: every building block. options: which are chosen, and for which edges.
        structure: what was seen in the table: a sentence, evidence, whether it is refused.
        answers: what is said at a field of the options: a sentence, and whether it is an error.
    """

    _view = traitlets.Unicode("formulas").tag(sync=True)

    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    detail = traitlets.Dict().tag(sync=True)
    dots = traitlets.Bytes(b"").tag(sync=True)

    residuals = traitlets.Bytes(b"").tag(sync=True)
    against = traitlets.Unicode("").tag(sync=True)
    blocks = traitlets.List(traitlets.Dict()).tag(sync=True)
    options = traitlets.Dict().tag(sync=True)
    structure = traitlets.List(traitlets.Dict()).tag(sync=True)
    answers = traitlets.Dict().tag(sync=True)

    def __init__(self, session: Session) -> None:
        super().__init__(blocks=listed())
        self.session, self.kept = session, ""
        self._held: tuple[int, int, str] | None = None  # version, formula it came from, its part
        self._shown: FormulaSet | None = None
        self._refresh()
        self._forget += [session.observe(self._follow), session.listen(self._refresh)]

    def _commands(self) -> dict[str, Command]:
        session = self.session
        return {
            "search": lambda said: session.symbolify(wait=False),
            "train": lambda said: session.start(),
            "discover": lambda said: session.discover("normal", wait=False),
            "stop": lambda said: session.stop(),
            "inspect": self._inspect,
            "close": lambda said: self._close(),
            "choose": lambda said: session.choose(index_in(said, "index")),
            "snap": lambda said: session.snap(index_in(said, "index")),
            "pin": lambda said: session.pin(index_in(said, "index")),
            "undo": lambda said: session.undo(),
            "hold-part": self._hold_part,
            "give-back": lambda said: self._give_back(),
            "against": self._draw_against,
            "blocks": lambda said: self._answer("blocks", lambda: self._choose_blocks(said)),
            "take": lambda said: self._answer("take", lambda: self._take(text_in(said, "text"))),
            "refuse": lambda said: session.refuse(text_in(said, "text")),
            "law": lambda said: self._answer("law", lambda: self._use_law(text_in(said, "text"))),
            "start": lambda said: self._answer("start", lambda: self._start(text_in(said, "text"))),
            "add": lambda said: self._answer("start", lambda: self._add(text_in(said, "text"))),
        }

    def _refuse(self, sentence: str) -> None:
        with self._lock:
            self._tell(sentence, error=True)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widget, and a table for readers without a kernel."""
        bundle = super()._repr_mimebundle_(**options)
        if bundle is None or not self.session.has_formulas:
            return bundle
        content, about = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**content, "text/html": self.session.formulas.frame().to_html(escape=True)}, about

    # From the session

    def _refresh(self) -> None:
        """After every step: other formulas, or another choice."""
        session = self.session
        found = session.formulas if session.has_formulas else None
        with self._lock, self.hold_sync():
            same = found is self._shown
            self._shown = found
            self.options = described(session)
            self.structure = structure(session)
            self.rows = self._listed(found, session.choice) if found is not None else []
            if not same:
                self._clear()
            self.answers = {}
            self._tell("")
        if found is not None and not same:
            self._show(session.choice)

    def _follow(self, frame: Frame) -> None:
        """The table fills while the search runs."""
        with self._lock, self.hold_sync():
            if frame.busy and frame.formulas is not None and not self.rows:
                self.rows = self._listed(frame.formulas, -1)
            if not frame.busy and not self.session.has_formulas:
                self.rows = []
            self._tell(frame.message, error=frame.status == "error")

    def _listed(self, formulas: FormulaSet, choice: int) -> list[dict[str, Any]]:
        front = {id(f) for f in formulas.pareto()}
        worth = [i for i, f in enumerate(formulas) if id(f) in front or i == choice]
        others = [i for i in range(len(formulas)) if i not in worth]
        chosen = sorted((worth + others)[:_MOST_ROWS])
        return [self._row(formulas[i], i, id(formulas[i]) in front, i == choice) for i in chosen]

    def _row(self, formula: Formula, index: int, front: bool, chosen: bool) -> dict[str, Any]:
        scores = formula.scores
        figure = "test_accuracy" if formula.task == "classification" else "test_r2"
        return {
            "index": index,
            "complexity": formula.complexity,
            "validation": _finite(scores.get("validation_loss")),
            "test": _finite(scores.get("test_loss")),
            "figure": _finite(scores.get(figure)),
            "text": str(formula),
            "mathml": formula.mathml,
            "front": front,
            "chosen": chosen,
            "pinned": formula.srepr in self.session.pinned,
        }

    def _tell(self, message: str, *, error: bool = False) -> None:
        session, frame = self.session, self.session.frame
        self.state = {
            "status": frame.status,
            "job": frame.job,
            "phase": frame.phase if frame.busy else "",
            "share": frame.share,
            "trained": session.trained,
            "unit": session.unit,
            "task": session.data.task,
            "target": session.data.target,
            "undo": session.undoable,
            "message": message,
            "error": error,
        }

    # From the front end

    def _inspect(self, said: Said) -> None:
        index = index_in(said, "index")
        if self._shown is None or not 0 <= index < len(self._shown):
            raise InputError("this formula is no longer in the table")
        self._show(index)

    def _show(self, index: int) -> None:
        session = self.session
        formula: Formula = session.formulas[index]
        data = session.data
        pairs = np.zeros((0, 2))
        if data.task == "regression" and len(data.test):
            pairs = predictions(formula, data)
            pairs = pairs[:: max(1, -(-len(pairs) // _MOST_DOTS))]
        about = {
            "index": index,
            "text": str(formula),
            "latex": formula.latex,
            "mathml": formula.mathml,
            "legend": list(formula.legend),
            "complexity": formula.complexity,
            "constants": _constants(formula),
            "groups": _groups(formula),
            "limits": list(formula.limits),
            "remarks": remarks(formula),
            "domain": [
                [
                    formula.written[name].text,
                    *map(float, formula.domain[name]),
                    formula.units.get(name, ""),
                ]
                for name in formula.used
                if name in formula.domain
            ],
            "verification": _plain(vars(verify(formula, session.model, data))),
            "sensitivity": [[n, _finite(v)] for n, v in sensitivity(formula, data).items()],
            "impacts": [_plain(vars(node)) for node in impacts(formula, data)],
            "loss": _finite(formula.scores.get("validation_loss")),
            "inputs": list(data.names),
            "held": self._held[2] if self._held and self._held[0] == session.history.place else "",
        }
        left = self._residuals(formula, self.against)
        with self._lock, self.hold_sync():
            self.detail = about
            self.dots = pairs.astype("<f4").tobytes()
            self.residuals = left

    def _close(self) -> None:
        with self._lock, self.hold_sync():
            self._clear()

    def _clear(self) -> None:
        self.detail, self.dots, self.residuals = {}, b"", b""

    def _residuals(self, formula: Formula, against: str) -> bytes:
        if self.session.data.task != "regression":
            return b""
        found = residuals(formula, self.session.data, against)
        table = np.stack((found.x, found.residual, found.held_out), 1)
        parts = [table[found.held_out == kind] for kind in (False, True)]
        thinned = [part[:: max(1, -(-len(part) // _MOST_DOTS))] for part in parts]
        return np.concatenate(thinned).astype("<f4").tobytes()

    def _draw_against(self, said: Said) -> None:
        """Residuals against another input."""
        against = text_in(said, "against")
        left = self._residuals(self.session.formulas[self.detail["index"]], against)
        with self._lock, self.hold_sync():
            self.against, self.residuals = against, left

    # Parts

    def _hold_part(self, said: Said) -> None:
        """A new formula in which a part is a constant."""
        index, place = index_in(said, "index"), index_in(said, "place")
        text = next((n["text"] for n in self.detail.get("impacts", ()) if n["place"] == place), "")
        with self._lock:
            self._tell("")
        self.session.hold_part(index, place)
        self._held = (self.session.history.place, index, text)
        self._show(self.session.choice)

    def _give_back(self) -> None:
        """The formula that the part was taken from."""
        held = self._held
        if held is None or held[0] != self.session.history.place:
            raise InputError("no part was made constant in the last step")
        self.session.undo()
        self._show(held[1])

    # Options

    def _answer(self, field: str, work: Callable[[], str]) -> None:
        """Obey, and say at the field what came of it; nothing is lost on an error."""
        try:
            sentence, error = work(), False
        except InputError as refusal:
            sentence, error = str(refusal), True
        with self._lock, self.hold_sync():
            self.answers = {**self.answers, field: [sentence, error]}
            self.options = described(self.session)

    def _choose_blocks(self, said: Said) -> str:
        choose(self.session, said)
        return ""

    def _use_law(self, text: str) -> str:
        data = self.session.data
        self.session.law(text)
        told = understood(unknowns(text, data.names, target=data.target))
        return f"The network has the shape of this law: {told} Train it next."

    def _take(self, sentence: str) -> str:
        self.session.take(sentence)
        return "The network has this structure: known parts are locked, the others are curves. Train it next."

    def _start(self, text: str) -> str:
        self.session.start_from(text)
        return "The network says this formula: train it to fit its numbers, or unfix edges on the Look page."

    def _add(self, text: str) -> str:
        self.session.add(text)
        return "The formula is in the table, with its numbers fitted."


def _groups(formula: Formula) -> list[list[str]]:
    """Constants of every group under the names of the columns, or nothing."""
    groups = formula.grouping
    if groups is None:
        return []
    cells = zip(groups.labels[:_MOST_GROUPS], groups_cells(groups), strict=False)
    return [[groups.by, *groups_head(groups)], *([str(label), *row] for label, row in cells)]


def _constants(formula: Formula) -> list[dict[str, Any]]:
    """Every number of a formula: what it is, and the evidence for an exact one."""
    return [
        {
            "text": c.snapped or with_error(c.value, c.sigma, c.digits),
            "evidence": c.evidence,
            "exact": c.snapped is not None,
        }
        for c in formula.constants
    ]


def _finite(value: float | None) -> float | None:
    """JSON knows no infinity."""
    return None if value is None or not math.isfinite(value) else float(value)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {k: _finite(v) if isinstance(v, float) else v for k, v in values.items()}
