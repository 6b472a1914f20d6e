"""What a scientist changes by hand: edges and nodes; each change is a step that can be undone."""

from collections.abc import Sequence
from typing import Self

from workbench.kan.model import Edge
from workbench.session import edits
from workbench.session.edits import NodeKind
from workbench.session.stepping import Stepping


class Editing(Stepping):
    """The steps of a session that a hand makes. None waits, and none trains."""

    def fix(self, edge: Edge, name: str, affine: tuple[float, float, float, float]) -> Self:
        """Lock an edge to c·f(a·x + b) + d with ``affine = (a, b, c, d)``."""
        return self._do(edits.fixed, edge, name, affine)

    def unfix(self, edge: Edge) -> Self:
        """Turn a fixed edge back into a spline."""
        return self._do(edits.unfixed, edge)

    def reshape(self, edge: Edge, coefficients: Sequence[float]) -> Self:
        """Bend an edge: ``grid_size + degree`` coefficients, with a base one more, ``scale_base``."""
        return self._do(edits.reshaped, edge, coefficients)

    def hold(self, edge: Edge) -> Self:
        """Keep an edge as it is through any training."""
        return self._do(edits.held, edge)

    def release(self, edge: Edge) -> Self:
        """Let training move a held edge again."""
        return self._do(edits.released, edge)

    def remove(self, edge: Edge) -> Self:
        """Take one edge out of the network."""
        return self._do(edits.without, self.data, edge)

    def reopen(self, edge: Edge) -> Self:
        """Bring a pruned edge back; it is a zero curve until it is trained."""
        return self._do(edits.reopened, edge)

    def add_node(self, level: int, kind: NodeKind = "sum") -> Self:
        """One more node in a hidden layer; the function stays the same until it is trained.

        Args:
            level: layer of nodes, from 1 to ``depth - 1``.
            kind: "sum", or "product" of two factors.
        """
        return self._do(edits.wider, level, kind, self.seed)

    def add_layer(self, level: int) -> Self:
        """A layer of identities after a layer of nodes, from 0 (inputs); the function stays the same."""
        return self._do(edits.deeper, level)

    def remove_node(self, level: int, node: int) -> Self:
        """Take a hidden node out of the network, or an input out of use.

        Args:
            level: layer of nodes, from 0 (inputs) to ``depth - 1``.
            node: number in its layer, products after sums.
        """
        return self._do(edits.without_node, self.data, level, node)
