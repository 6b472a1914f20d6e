"""The table of formulas: from simple to accurate, each one inspected, verified, pinned, snapped, chosen."""

import math
from typing import Any

import numpy as np
import traitlets

from workbench.discovery.card import with_error
from workbench.discovery.formula import Formula, FormulaSet
from workbench.errors import InputError
from workbench.inspection import impacts, predictions, sensitivity, verify
from workbench.session import Frame, Session
from workbench.widgets.front_end import module, style
from workbench.widgets.panel import Command, Panel, Said, index_in

_MOST_ROWS = 80
_MOST_DOTS = 400


class FormulaTable(Panel):
    """The formulas of a session, accuracy against complexity.

    The front end sends commands: "search", "discover", "stop", "inspect", "close", "choose", "snap",
    "pin". Pairs of true and predicted values travel as little-endian float32.

    Attributes:
        rows: one for every formula: its figures, MathML, whether it is on the front, chosen, pinned.
        state: what the session does, and a message.
        detail: the formula that is inspected: constants with evidence, verification on held-out rows,
            sensitivity of every input, and what every node of it is worth.
        dots: true and predicted values of held-out rows.
    """

    _esm = module("formulas.js")
    _css = style("formulas.css")

    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    detail = traitlets.Dict().tag(sync=True)
    dots = traitlets.Bytes(b"").tag(sync=True)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._pinned: set[str] = set()
        self._shown: FormulaSet | None = None
        self._refresh()
        self._forget += [session.observe(self._follow), session.listen(self._refresh)]

    def _commands(self) -> dict[str, Command]:
        session = self.session
        return {
            "search": lambda said: session.symbolify(wait=False),
            "discover": lambda said: session.discover("normal", wait=False),
            "stop": lambda said: session.stop(),
            "inspect": self._inspect,
            "close": lambda said: self._close(),
            "choose": lambda said: session.choose(index_in(said, "index")),
            "snap": lambda said: session.snap(index_in(said, "index")),
            "pin": self._pin,
            "undo": lambda said: session.undo(),
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
            self.rows = self._listed(found, session.choice) if found is not None else []
            if not same:
                self.detail, self.dots = {}, b""
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
            "pinned": formula.srepr in self._pinned,
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
            "complexity": formula.complexity,
            "constants": _constants(formula),
            "limits": list(formula.limits),
            "domain": [
                [name, *map(float, formula.domain[name]), formula.units.get(name, "")]
                for name in formula.used
                if name in formula.domain
            ],
            "verification": _plain(vars(verify(formula, session.model, data))),
            "sensitivity": [[n, _finite(v)] for n, v in sensitivity(formula, data).items()],
            "impacts": [_plain(vars(node)) for node in impacts(formula, data)],
            "loss": _finite(formula.scores.get("validation_loss")),
        }
        with self._lock, self.hold_sync():
            self.detail = about
            self.dots = pairs.astype("<f4").tobytes()

    def _close(self) -> None:
        with self._lock, self.hold_sync():
            self.detail, self.dots = {}, b""

    def _pin(self, said: Said) -> None:
        """Keep a formula at the top of the table, also after another search."""
        formula = self.session.formulas[index_in(said, "index")]
        self._pinned ^= {formula.srepr}
        with self._lock:
            self.rows = self._listed(self.session.formulas, self.session.choice)


def _constants(formula: Formula) -> list[dict[str, Any]]:
    """Every number of a formula: what it is, and the evidence for an exact one."""
    return [
        {
            "text": c.snapped or with_error(c.value, c.sigma),
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
