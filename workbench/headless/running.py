"""A search from the command line: its findings outlive whatever ends it.

What was found is on disk before it is printed, and is written anew whenever there is more. Report, pictures
and exports follow, and only the last file to be written says that the run is complete.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from textwrap import shorten
from typing import Any

from workbench.common.writing import scratch
from workbench.errors import InputError
from workbench.formulas.formula import Formula
from workbench.headless.answer import attempt_lines, law_lines, lines
from workbench.headless.terminal import COMPLETE, INTERRUPTED, Ended, ProgressLine, say
from workbench.report.results import FIRST, set_aside, write_first, write_json, write_rest
from workbench.search.discovery import Discovery

_WIDTH = 160

Figures = Mapping[str, Any]


@dataclass
class Run:
    """One search and what it leaves.

    Attributes:
        progress: whom the search reports to. title, question: for the report.
        tell: figures of a discovery, see ``workbench.report.results.summary``.
        out: folder for results, "" for none. figures: JSON file, "" for none.
        say: takes a sentence for the user. How much is said is the progress line's ``detail``.
    """

    progress: ProgressLine
    tell: Callable[[Discovery], Figures]
    title: str
    question: str = ""
    out: str = ""
    figures: str = ""
    say: Callable[[str], None] = say
    _kept: Discovery | None = field(default=None, init=False)
    _trouble: InputError | None = field(default=None, init=False)
    _shown: str = field(default="", init=False)

    def keep(self, found: Discovery) -> None:
        """Write what has been found so far; see ``workbench.search.discovery.Keep``."""
        if self._kept is None and self.out:
            set_aside(self.out)
        self._kept = replace(found, complete=False)
        self._write_first(self._kept, self.tell(self._kept))
        self._show(found.formula)

    def _show(self, formula: Formula) -> None:
        """The best formula so far, whenever it is another one, and what it leaves."""
        text = str(formula).replace("\n", "; ")
        if text == self._shown:
            return
        self._shown = text
        text = shorten(text, _WIDTH, placeholder=" …")
        least, mean = (formula.scores.get(name) for name in ("expected_loss", "mean_loss"))
        if formula.task == "regression" and least is not None and mean:
            text += f", which leaves {least / mean:.2g} of the spread"
        self.progress.tell(f"Best so far: {text}")

    def through(self, search: Callable[[], tuple[Discovery, Figures]]) -> int:
        """Search, write and show; returns the exit code.

        Raises:
            Ended: before anything had been found.
            InputError: results cannot be written; they were shown.
        """
        try:
            found, about = search()
        except Ended:
            if self._kept is None:
                raise
            found, about = self._kept, self.tell(self._kept)
        self.progress.rest()
        self._write_first(found, about)
        try:
            for line in self._answer(found, about):
                self.say(line)
            complete = self._write_rest(found, about) and found.complete
        except Ended:
            complete = self._skipped()
        if self._trouble is not None:
            raise self._trouble
        if complete:
            self._write_figures(about)
        return COMPLETE if complete else INTERRUPTED

    def _answer(self, found: Discovery, about: Figures) -> Iterator[str]:
        """What is printed of the result."""
        if self.progress.detail == "quiet":
            yield from law_lines(found.formula)
            return
        if self.progress.detail == "verbose":
            yield from attempt_lines(found)
        yield from lines(found, about)

    def _mention(self, text: str) -> None:
        """Say what is no result."""
        if self.progress.detail != "quiet":
            self.say(text)

    def _write_first(self, found: Discovery, about: Figures) -> None:
        """Formula, model and figures; a disk that is full ends no search."""
        about = {**about, "complete": False}
        self._trouble = None
        with self.progress.holding():
            try:
                if self.out:
                    write_first(self.out, found, about)
                if self.figures:
                    write_json(self.figures, about)
            except InputError as error:
                self._trouble = error

    def _write_figures(self, about: Figures) -> None:
        for path in (self.out and f"{self.out}/{FIRST[-1]}", self.figures):
            if path:
                write_json(path, about)

    def _write_rest(self, found: Discovery, about: Figures) -> bool:
        if not self.out or self._trouble is not None:
            return True
        self._mention(f"Written to {self.out}: {', '.join(FIRST)}")
        if self.progress.hurried:
            return self._skipped()
        try:
            with scratch(self.out):
                files = write_rest(self.out, found, about, title=self.title, question=self.question)
        except InputError as error:
            raise InputError(f"{error}; {', '.join(FIRST)} are in {self.out!r}") from error
        self._mention(f"Written to {self.out}: {', '.join(f.name for f in files)}")
        return True

    def _skipped(self) -> bool:
        if self.out:
            self._mention(
                f"Skipped: report, pictures and exports. {', '.join(FIRST)} are in {self.out}."
            )
        return False
