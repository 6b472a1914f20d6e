"""A form with constants for every group as one parametric expression: all evidence of fits is for it, too."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from sympy import Expr, Symbol

from workbench.formulas.parametric import Parametric, Snapped
from workbench.search.groups.joint import Joint


@dataclass(frozen=True)
class GroupedParametric(Parametric):
    """Expressions in inputs, shared constants, and letters that have a number of their own in every group.

    The last column of its rows is the number of the group. ``constants`` are the shared ones, then those of
    the first letter in all groups, and so on.

    Attributes:
        letters: symbols of what differs. groups: how many there are.
    """

    letters: tuple[Symbol, ...] = ()
    groups: int = 0

    @classmethod
    def of(cls, joint: Joint) -> Self:
        """The form of a fit to all groups."""
        form = joint.form
        shared = [k for k, differs in enumerate(joint.varying) if not differs]
        own = [k for k, differs in enumerate(joint.varying) if differs]
        letters = tuple(form.constants[k] for k in own)
        groups = len(joint.table)
        constants = tuple(form.constants[k] for k in shared)
        values = (*joint.table[0, shared].tolist(), *joint.table[:, own].T.ravel().tolist())
        return cls(
            form.expressions,
            form.inputs,
            (*constants, *_numbered(letters, groups)),
            values,
            letters=letters,
            groups=groups,
        )

    @property
    def shared(self) -> int:
        """How many constants are shared."""
        return len(self.constants) - len(self.letters) * self.groups

    @cached_property
    def _form(self) -> Parametric:
        symbols = (*self.constants[: self.shared], *self.letters)
        return Parametric(self.expressions, self.inputs, symbols, (0.0,) * len(symbols))

    def outputs(
        self, x: np.ndarray, values: Sequence[float] | np.ndarray | None = None
    ) -> np.ndarray:
        """See ``Parametric``; of rows ``(N, d + 1)``."""
        rows, _ = self._rows(x, self.values if values is None else values)
        return self._form.outputs(x[:, :-1], rows)

    def jacobian(self, x: np.ndarray, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """See ``Parametric``; of rows ``(N, d + 1)``."""
        rows, codes = self._rows(x, values)
        form = self._form.jacobian(x[:, :-1], rows)
        found = np.zeros((len(x), form.shape[1], len(self.constants)))
        found[..., : self.shared] = form[..., : self.shared]
        each = np.arange(len(x))
        for place in range(len(self.letters)):
            columns = self.shared + place * self.groups + codes
            found[each, :, columns] = form[..., self.shared + place]
        return found

    def _rows(
        self, x: np.ndarray, values: Sequence[float] | np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """What each row's constants are, shared and own, ``(k, N)``, and the numbers of groups."""
        numbers, codes = np.asarray(values, dtype=float), x[:, -1].astype(int)
        own = numbers[self.shared :].reshape(len(self.letters), self.groups)
        shared = np.repeat(numbers[: self.shared, None], len(x), axis=1)
        return np.concatenate((shared, own[:, codes])), codes

    def exactly(self, constant: Symbol, number: Expr) -> Self:
        """See ``Parametric``; of a shared constant. Letters stay."""
        expressions = tuple(e.xreplace({constant: number}) for e in self.expressions)
        used = set().union(*(e.free_symbols for e in expressions))
        kept = [
            place
            for place, symbol in enumerate(self.constants)
            if place >= self.shared or (symbol != constant and symbol in used)
        ]
        return replace(
            self,
            expressions=expressions,
            constants=tuple(self.constants[place] for place in kept),
            values=tuple(self.values[place] for place in kept),
            exact=(*self.exact, Snapped(constant, number)),
        )

    def substituted(self) -> tuple[Expr, ...]:
        """The expressions with the shared numbers put in; letters stay."""
        shared = self.constants[: self.shared]
        return Parametric(
            self.expressions, self.inputs, shared, self.values[: self.shared]
        ).substituted()


def _numbered(letters: Sequence[Symbol], groups: int) -> tuple[Symbol, ...]:
    return tuple(Symbol(f"{s.name}@{group}", real=True) for s in letters for group in range(groups))
