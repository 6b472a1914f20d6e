"""The search for formulas: what it may use, what it found, what is preferred, and what is written by hand."""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Self

from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.parsing import quoted
from workbench.kan.model import Edge
from workbench.search.automatic import discover
from workbench.search.blocks import Blocks, blocks, in_order, usual
from workbench.search.discovery import Effort
from workbench.search.groups.discovering import law_of_groups
from workbench.search.structure.propose import Suggestion
from workbench.search.symbolic import symbolify
from workbench.search.untrained import untrained
from workbench.session import by_hand, steps
from workbench.session.history import Step, chosen_among, formulas_of, law_of
from workbench.session.stepping import Stepping


class Searching(Stepping):
    """The formulas of a session.

    Attributes:
        blocks: building blocks of all searches that name no others.
        pinned: ``srepr`` of formulas that stay at the top of the table.
        suggestions: structure that the last ``discover`` saw in the table.
        refused: sentences of suggestions that ``discover`` must not use.
    """

    blocks = Blocks()
    pinned: frozenset[str] = frozenset()
    suggestions: tuple[Suggestion, ...] = ()
    refused: frozenset[str] = frozenset()

    @property
    def formulas(self) -> FormulaSet:
        """What a search found; an ``InputError`` before it."""
        found = formulas_of(self.steps)
        if found is None:
            raise InputError("there is no formula yet: call symbolify() first")
        return found

    @property
    def formula(self) -> Formula:
        """The formula that was chosen, else the one that validation prefers."""
        return self.formulas[self.choice]

    @property
    def choice(self) -> int:
        """Index of ``formula`` in ``formulas``."""
        return chosen_among(self.formulas, self.steps)

    @property
    def has_formulas(self) -> bool:
        return formulas_of(self.steps) is not None

    def symbolify(
        self,
        *,
        functions: Collection[str] | None = None,
        allowed: Mapping[Edge, Collection[str]] | None = None,
        wait: bool = True,
    ) -> Self:
        """Find formulas for the present network, beside those that the table says by itself.

        Where the network began as a ``law``, the formulas have its form alone, or say that they have not.
        Of a table with groups they are laws for all of them, with constants that differ.

        Args:
            functions, allowed: building blocks on all edges and on single ones, see ``symbolify``; by
                default those that were chosen with ``allow``.
            wait: whether to block.
        """
        if functions is None and allowed is None:
            choice = self.blocks.over(self.model)
        else:
            choice = blocks(functions, allowed)
            choice.require_edges(self.model)

        law = law_of(self.steps)
        refused = tuple(sorted(self.refused))

        def work(tell: Callable[[str, float], bool]) -> Step | None:
            ended = tell("what the table says by itself", 0.0)
            if ended:
                return None

            def asked() -> bool:
                nonlocal ended
                ended = ended or tell("what the table says by itself", math.nan)
                return ended

            def show(formulas: FormulaSet) -> None:
                self.publish(replace(self.frame, formulas=formulas))

            simple = FormulaSet([])
            if not law and self.data.by is None:
                simple = untrained(
                    self.data, functions=choice.functions, refused=refused, stop=asked, found=show
                )
            if ended:
                return None
            if self.data.by is not None and not law:
                # Curves of a network are those of all rows: they say nothing of a group.
                found = law_of_groups(
                    self.data, quick=True, functions=choice.functions, tell=tell
                ).stamped(seed=self.seed)
                return steps.grouped(self.model, choice, found)

            def watch(done: int, total: int) -> bool:
                nonlocal ended
                ended = tell(f"{done} of {total} edges have names", done / (total + 1))
                return ended

            named = symbolify(
                self.model,
                self.data,
                functions=choice.functions,
                allowed=choice.edges,
                seed=self.seed,
                law=law or None,
                watch=watch,
            )
            found = simple.merged(named)
            made = ", ".join(step.name for step in self.steps)
            found = found.stamped(seed=self.seed, steps=made)
            return (
                None
                if ended
                else steps.symbolified(self.model, self.seed, choice, found, law, refused)
            )

        return self._work("symbolify", work, wait=wait)

    def discover(
        self,
        effort: Effort = "quick",
        *,
        functions: Collection[str] | None = None,
        wait: bool = True,
    ) -> Self:
        """Try several shapes, prune and name each, and keep the best: see ``workbench.discover``.

        The options of trainings count for all its networks; what none is given for it chooses itself.

        Args:
            functions: building blocks; by default those that were chosen with ``allow`` for all edges.
        """
        choice = blocks(functions).functions or self.blocks.functions
        refused = tuple(sorted(self.refused))
        training = steps.settings(self.options, self.data)

        def work(tell: Callable[[str, float], bool]) -> Step:
            found = discover(
                self.data,
                effort=effort,
                functions=choice,
                refused=refused,
                seed=self.seed,
                report=tell,
                training=training,
            )
            self.suggestions = found.suggestions
            return steps.discovered(found, self.seed, effort, choice, refused, training)

        return self._work("discover", work, wait=wait)

    # Choices

    def allow(self, functions: Collection[str] | None, edge: Edge | None = None) -> Self:
        """Choose the building blocks of further searches; the choice is saved with the session.

        Args:
            functions: their names; None are the usual ones, or for an edge those of all edges.
            edge: the only one that the choice is for.

        Raises:
            InputError: a name is no building block, or none is left.
        """
        names = None if functions is None else in_order(functions)
        if edge is None:
            made = Blocks(None if names == usual() else names, self.blocks.edges)
        else:
            others = {e: n for e, n in self.blocks.edges.items() if e != edge}
            made = Blocks(
                self.blocks.functions, others if names is None else {**others, edge: names}
            )
        return self._go(lambda: setattr(self, "blocks", made))

    def refuse(self, sentence: str) -> Self:
        """Keep a piece of structure out of further discoveries; twice lets it in again.

        Args:
            sentence: of one of ``suggestions``, or one that is refused.
        """
        if sentence not in self.refused:
            self._suggestion(sentence)
        refused = self.refused ^ {sentence}
        return self._go(lambda: setattr(self, "refused", refused))

    def take(self, sentence: str) -> Self:
        """Begin again with the network of a piece of structure, to be trained: see ``law``."""
        return self.law(f"{quoted(self.data.target)} = {self._suggestion(sentence).law}")

    def _suggestion(self, sentence: str) -> Suggestion:
        for suggestion in self.suggestions:
            if suggestion.sentence == sentence:
                return suggestion
        raise InputError(f"nobody suggested {sentence!r}: discover() suggests what it sees")

    def pin(self, index: int) -> Self:
        """Keep a formula at the top of the table, also after another search; twice lets it go."""
        steps.require_index(self.formulas, index)
        pinned = self.pinned ^ {self.formulas[index].srepr}
        return self._go(lambda: setattr(self, "pinned", pinned))

    def choose(self, index: int) -> Self:
        """Prefer the formula at ``index`` of ``formulas`` to the one that validation prefers."""
        return self._do(steps.chosen, self.formulas, index)

    def snap(self, index: int | None = None) -> Self:
        """Turn constants of a formula into exact numbers where the data does not notice.

        Args:
            index: of the formula, the preferred one by default.
        """
        place = self.choice if index is None else index
        return self._do(steps.snapped, self.data, self.formulas, place)

    def law(self, text: str) -> Self:
        """Begin again with the network of a law with unknown parts, see ``compile_target``."""
        return self._do(by_hand.law, self.data, text)

    def start_from(self, text: str) -> Self:
        """Begin again with the network of a formula, see ``network_from``; training goes on from it."""
        return self._do(by_hand.started, self.data, text)

    def add(self, text: str) -> Self:
        """Add a formula to those that were found, its numbers fitted, and choose it."""
        return self._do(by_hand.added, self.data, formulas_of(self.steps), text)

    def hold_part(self, index: int, place: int) -> Self:
        """Add a formula in which a part of another is a constant, fitted again, and choose it.

        Args:
            index: of the other formula. place: of the part, see ``search.parts.parts``.
        """
        return self._do(by_hand.without, self.data, self.formulas, index, place)
