"""The steps of a session as a tree: going back and doing something else keeps the other branch."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from workbench.errors import InputError
from workbench.formulas.formula_set import FormulaSet
from workbench.kan.model import KAN
from workbench.kan.training.result import FitResult


@dataclass(frozen=True)
class Step:
    """A named state: the network after it, what is known of it, and the line of Python that did it.

    Attributes:
        name: for people. code: the line of Python. model: the network.
        fit: what a training did. formulas: what a search found. choice: index of the formula chosen.
        begins: whether the network owes nothing to the one before; ``trained``: whether its numbers
            are worth keeping all the same.
        law: with unknown parts that the network began as, as text, or "".
    """

    name: str
    code: str
    model: KAN
    fit: FitResult | None = None
    formulas: FormulaSet | None = None
    choice: int | None = None
    begins: bool = False
    trained: bool = False
    law: str = ""


@dataclass(frozen=True)
class Version:
    """A state of a session, for a list of them.

    Attributes:
        number: its index. parent: the state that it was made from, or None.
        name: of its step. label: the name that the user gave it, or "".
        edges: living edges. loss: on validation rows. formula: the one preferred there, or "".
        present: whether the session stands here. past: whether it leads here.
    """

    number: int
    parent: int | None
    name: str
    label: str
    edges: int
    loss: float
    formula: str
    present: bool
    past: bool


def formulas_of(path: Sequence[Step]) -> FormulaSet | None:
    """What the last search of a path of steps found."""
    return next((s.formulas for s in reversed(path) if s.formulas is not None), None)


def law_of(path: Sequence[Step]) -> str:
    """The law that the present network began as, or ""."""
    return next((s.law for s in reversed(path) if s.begins), "")


def chosen_among(formulas: FormulaSet, path: Sequence[Step]) -> int:
    """Index of the formula that was chosen since, else of the one that validation prefers."""
    for step in reversed(path):
        if step.choice is not None:
            return step.choice
        if step.formulas is not None:
            break
    return next(i for i, formula in enumerate(formulas) if formula is formulas.best)


class History:
    """A tree of steps and the place in it."""

    def __init__(self, first: Step) -> None:
        self.steps = [first]
        self.parents: list[int | None] = [None]
        self.labels: dict[int, str] = {}
        self.place = 0
        self._towards: dict[int, int] = {}

    @property
    def present(self) -> Step:
        return self.steps[self.place]

    @property
    def before(self) -> int | None:
        """The state that ``undo`` leads to."""
        return self.parents[self.place]

    @property
    def after(self) -> int | None:
        """The state that ``redo`` leads to: where the session stood last."""
        return self._towards.get(self.place)

    def path(self, number: int | None = None) -> tuple[int, ...]:
        """From the beginning to a state, the present one by default."""
        found = []
        at: int | None = self.place if number is None else number
        while at is not None:
            found.append(at)
            at = self.parents[at]
        return tuple(reversed(found))

    def add(self, step: Step) -> None:
        """A new state behind the present one."""
        self.steps.append(step)
        self.parents.append(self.place)
        self.go(len(self.steps) - 1)

    def go(self, number: int) -> None:
        """Stand at a state; redo leads along its branch from now on."""
        path = self.path(number)
        self._towards |= dict(pairwise(path))
        self.place = number

    def undo(self) -> None:
        if self.before is None:
            raise InputError("there is nothing to undo")
        self.go(self.before)

    def redo(self) -> None:
        if self.after is None:
            raise InputError("there is nothing to redo")
        self.go(self.after)

    def name(self, label: str) -> None:
        """Give the present state a name; it leaves the state that had it, and "" takes it away."""
        label = label.strip()
        self.labels = {n: t for n, t in self.labels.items() if t != label and n != self.place}
        if label:
            self.labels[self.place] = label

    def find(self, version: int | str) -> int:
        """The number of a state, by its number or its name.

        Raises:
            InputError: there is no such state.
        """
        if isinstance(version, str):
            known = {label: number for number, label in self.labels.items()}
            if version not in known:
                there = ", ".join(map(repr, known)) or "none yet"
                raise InputError(f"a version must have a name ({there}), got {version!r}")
            return known[version]
        if isinstance(version, bool) or not 0 <= version < len(self.steps):
            raise InputError(f"there are versions 0 to {len(self.steps) - 1}, got {version!r}")
        return version
