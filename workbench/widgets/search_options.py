"""What a search for formulas may use, and what its user knows already: the options of the table."""

from typing import Any

import sympy

from workbench.errors import InputError
from workbench.formulas.library import SYMPY
from workbench.formulas.parsing import quoted
from workbench.formulas.typesetting import expression_mathml
from workbench.kan.model import Edge
from workbench.network.graph import edge_label
from workbench.network.targets import Unknowns
from workbench.search.blocks import GROUPS, available, usual
from workbench.session import Session
from workbench.widgets.panel import Said

_OWN = "Your own"
_MOST_EDGES = 200


def choose(session: Session, said: Said) -> None:
    """Take the building blocks of a message; without names the usual ones, or those of all edges."""
    names, address = said.get("names"), said.get("edge")
    if names is not None and not isinstance(names, list):
        raise InputError(f"names must be a list, got {names!r}")
    session.allow(names, None if address is None else _edge(address))


def described(session: Session) -> dict[str, Any]:
    """What is chosen, and for which edges, for the front end."""
    edges = session.model.edges()[:_MOST_EDGES]
    choice = session.blocks.over(session.model)
    return {
        "chosen": list(choice.functions or usual()),
        "own": [[list(edge), list(names)] for edge, names in choice.edges.items()],
        "edges": [[list(e), edge_label(session.model, session.data, e)] for e in edges],
        "example": example(session),
    }


def structure(session: Session) -> list[dict[str, Any]]:
    """What was seen in the table, with its evidence in words, and what is refused of it.

    Closed forms are left out: they are in the table of formulas.
    """
    seen = [s for s in session.suggestions if s.kind != "formula"]
    known = {s.sentence for s in seen}
    return [
        {
            "sentence": s.sentence,
            "evidence": ", ".join(f"{n.replace('_', ' ')} {v:.2g}" for n, v in s.evidence.items()),
            "refused": s.sentence in session.refused,
            "usable": True,
        }
        for s in seen
    ] + [
        {"sentence": sentence, "evidence": "", "refused": True, "usable": False}
        for sentence in sorted(session.refused - known)
    ]


def listed() -> list[dict[str, Any]]:
    """Every building block by group, with what it costs."""
    group = {name: title for title, names in GROUPS.items() for name in names}
    x = sympy.Symbol("x", real=True)
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "group": group.get(name, _OWN),
            "cost": SYMPY[name].complexity,
            "mathml": expression_mathml(SYMPY[name].build(x)),
            "usual": name in usual(),
        }
        for name in available()
    ]
    order = [*GROUPS, _OWN]
    return sorted(found, key=lambda block: (order.index(block["group"]), block["cost"]))


def example(session: Session) -> str:
    """A law in the names of this table."""
    first, *others = map(quoted, session.data.names)
    parts = [f"f({first})", *([f"g({', '.join(others[:2])})"] if others else [])]
    return f"{quoted(session.data.target)} = {' + '.join(parts)}"


def understood(found: Unknowns) -> str:
    """What was taken for unknown in a law, in a sentence."""
    curves, numbers = found.curves, found.numbers
    words = [f"{_listing(curves)} {_be(curves, 'a curve', 'curves')} to be found"] if curves else []
    if numbers:
        words.append(
            f"{_listing(numbers)} {_be(numbers, 'no column, so a number', 'no columns, so numbers')} "
            "to be found"
        )
    return f"{'; '.join(words) or 'nothing is unknown'}."


def _listing(names: tuple[str, ...]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _be(names: tuple[str, ...], one: str, several: str) -> str:
    return f"is {one}" if len(names) == 1 else f"are {several}"


def _edge(address: Any) -> Edge:
    if not (
        isinstance(address, list) and len(address) == 3 and all(type(n) is int for n in address)
    ):
        raise InputError(f"an edge must be three whole numbers, got {address!r}")
    return Edge(*address)
