r"""Systems :math:`x_i^{(o)} = \sum_k c_{ik}\,\theta_{ik}(x, u, t; a_{ik})` as functions of arrays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy
from sympy import Expr, Symbol

from workbench.formulas.evaluation import compiled


@dataclass(frozen=True)
class Term:
    """A function of the state that gets a factor.

    Attributes:
        expression: in the columns and in its own letters. letters: numbers inside of it that are fitted.
        values: those numbers, to start from. sizes: of changes of theirs that matter.
        plain: the same with fewer numbers inside, to be preferred.
        cost: what it costs beyond a product of the states, in units of the criterion.
    """

    expression: Expr
    letters: tuple[Symbol, ...] = ()
    values: tuple[float, ...] = ()
    sizes: tuple[float, ...] = ()
    plain: tuple["Term", ...] = ()
    cost: float = 0.0

    @property
    def text(self) -> str:
        """As a reader sees it."""
        names = {letter: Symbol(letter.name, real=True) for letter in self.letters}
        return str(self.expression.xreplace(names))

    @property
    def size(self) -> int:
        """Numbers that are fitted, its factor among them."""
        return 1 + len(self.letters)


@dataclass(frozen=True)
class System:
    """Terms of every equation.

    Attributes:
        symbols: of the state (in second order, of its velocities after it), of controls and of time.
        states: how many are measured. order: of the time derivative that the terms give.
        terms: of every equation.
    """

    symbols: tuple[Symbol, ...]
    states: int
    order: int
    terms: tuple[tuple[Term, ...], ...]

    @property
    def dimension(self) -> int:
        """Coordinates that are integrated."""
        return self.states * self.order

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of every term, equation after equation."""
        return tuple(term.size for own in self.terms for term in own)

    @property
    def every(self) -> list[tuple[int, Term]]:
        """All terms with the number of their equation, in the order of the numbers."""
        return [(place, term) for place, own in enumerate(self.terms) for term in own]

    @cached_property
    def letters(self) -> tuple[Symbol, ...]:
        """Symbols of all numbers: of each term its factor and then its letters."""
        return tuple(sympy.Dummy(f"c{k}", real=True) for k in range(sum(self.sizes)))

    def expressions(self, numbers: Sequence[float | Expr]) -> tuple[Expr, ...]:
        """The right sides with these numbers."""
        found = [sympy.Integer(0)] * len(self.terms)
        place = 0
        for equation, term in self.every:
            inner = dict(zip(term.letters, numbers[place + 1 : place + term.size], strict=True))
            inner = {k: v if isinstance(v, Expr) else sympy.Float(v) for k, v in inner.items()}
            factor = numbers[place]
            factor = factor if isinstance(factor, Expr) else sympy.Float(factor)
            found[equation] += factor * term.expression.xreplace(inner)
            place += term.size
        return tuple(found)

    @cached_property
    def _right_sides(self) -> Callable[..., list[np.ndarray]]:
        function: Callable[..., list[np.ndarray]] = compiled(
            list(self.expressions(self.letters)), (*self.symbols, *self.letters), shared=True
        )
        return function

    def rates(
        self, x: np.ndarray, inputs: Sequence[np.ndarray], numbers: Sequence[np.ndarray]
    ) -> np.ndarray:
        """Time derivative ``(D, ...)`` of what is integrated, at states ``x (D, ...)``.

        Args:
            x: states. inputs: controls and time, each of a shape that fits ``(...)``. numbers: likewise.
        """
        found = self._right_sides(*x, *inputs, *numbers)
        rates = np.empty_like(x)
        shift = self.states * (self.order - 1)
        rates[:shift] = x[len(x) - shift :]
        for place, value in enumerate(found):
            rates[shift + place] = value
        return rates


def columns_of(terms: Sequence[Term], symbols: Sequence[Symbol], points: np.ndarray) -> np.ndarray:
    """Values ``(n, terms)`` of terms at points ``(n, len(symbols))``, with the letters they start from."""
    letters = [s for term in terms for s in term.letters]
    values = [v for term in terms for v in term.values]
    function = compiled([term.expression for term in terms], (*symbols, *letters), shared=True)
    with np.errstate(all="ignore"):
        found = function(*points.T, *values)
    return np.stack([np.broadcast_to(np.asarray(f, dtype=float), len(points)) for f in found], 1)
