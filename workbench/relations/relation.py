"""What is found among columns: relations, their sentences, and the graph that they make."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, overload

import networkx as nx
import pandas as pd

from workbench.formulas.formula import Formula

Kind = Literal["law", "duplicate", "inequality", "dependence"]
ORDER: tuple[Kind, ...] = ("duplicate", "law", "inequality", "dependence")

LAW, DEPENDENCE = 0.05, 0.5
"""Most misfit of a law, and of a dependence: shares of the variance."""


@dataclass(frozen=True)
class Relation:
    """One relation.

    Attributes:
        columns: the names that take part.
        kind: "duplicate" (a column is a monotone function of another), "law" (columns determine each
            other but for a small misfit), "inequality", or "dependence" (one is partly, or in steps,
            determined by the others).
        misfit: what is left unexplained on held-out rows, as a share of the variance of the column that is
            explained, or of a function of it; for inequalities the share of rows that break it.
        target: the column that the others explain; in an inequality the smaller side.
        formula: of the target, or of its square where its sign is not determined; None where none was
            found that holds.
        statement: the relation where it is no formula, such as ``"x <= 2*y"``.
    """

    columns: frozenset[str]
    kind: Kind
    misfit: float
    target: str
    formula: Formula | None = None
    statement: str = ""

    @property
    def nameable(self) -> bool:
        """Whether it may have a formula."""
        return self.kind in ("law", "duplicate") and not self.statement

    def __str__(self) -> str:
        if self.kind == "inequality":
            return f"{self.statement} (inequality, at its edge in many rows)"
        others = sorted(self.columns - {self.target})
        said = {
            "duplicate": f"{self.target} is a monotone function of {_and(others)}",
            "law": f"{self.target} is determined by {_and(others)}",
            "dependence": f"{self.target} depends on {_and(others)}",
        }[self.kind]
        text = self.statement or (str(self.formula) if self.formula else said)
        return f"{text} ({self.kind} of {_and(sorted(self.columns))}, misfit {self.misfit:.2g})"


@dataclass(frozen=True)
class Relations(Sequence[Relation]):
    """All relations of a table, the sharpest first.

    Attributes:
        found: the relations. columns: all names that were looked at.
        notes: what was left out, and why. seconds: wall time. complete: False when it was ended early.
    """

    found: tuple[Relation, ...]
    columns: tuple[str, ...]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    complete: bool = True

    @overload
    def __getitem__(self, index: int) -> Relation: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Relation, ...]: ...
    def __getitem__(self, index: int | slice) -> Relation | tuple[Relation, ...]:
        return self.found[index]

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[Relation]:
        return iter(self.found)

    def __str__(self) -> str:
        return "\n".join(map(str, self.found)) or "No relation was found."

    def frame(self) -> pd.DataFrame:
        """One row for each relation: kind, columns, target, misfit and what it says."""
        return pd.DataFrame(
            [
                (r.kind, ", ".join(sorted(r.columns)), r.target, r.misfit, str(r))
                for r in self.found
            ],
            columns=["kind", "columns", "target", "misfit", "relation"],
        )

    def graph(self) -> nx.Graph:
        """Columns and relations as nodes, an edge where a column takes part.

        Nodes of columns are their names with ``kind="column"``; relations are numbers from 0, with ``kind``,
        ``misfit``, ``label`` (the sentence) and ``relation``.
        """
        graph = nx.Graph()
        graph.add_nodes_from(self.columns, kind="column")
        for number, one in enumerate(self.found):
            graph.add_node(number, kind=one.kind, misfit=one.misfit, label=str(one), relation=one)
            graph.add_edges_from((number, name) for name in sorted(one.columns))
        return graph


def _and(names: Sequence[str]) -> str:
    return " and ".join((", ".join(names[:-1]), names[-1]) if len(names) > 1 else names)
