"""The face of a guided case study: a question, data, and a discovery that can be told to anyone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from workbench.baselines import Baseline
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.search.discovery import Discovery, Keep, Report


@dataclass(frozen=True)
class StudyResult:
    """What a study found.

    Attributes:
        discovery: networks, formulas and training.
        accuracy: held-out figures of network and formula by name, e.g. "network", "formula".
        baselines: peers on the same split, the study's own rules among them.
        findings: sentences that say what was found, and what it does not show.
        seed, seconds: as run.
    """

    discovery: Discovery
    accuracy: Mapping[str, float]
    baselines: tuple[Baseline, ...]
    findings: tuple[str, ...]
    seed: int
    seconds: float
    extras: Mapping[str, Any] = field(default_factory=dict)

    @property
    def formula(self) -> Formula:
        return self.discovery.formula

    @property
    def formulas(self) -> FormulaSet:
        return self.discovery.formulas

    @property
    def importance(self) -> Mapping[str, float]:
        return self.discovery.importance

    @property
    def model(self) -> KAN:
        return self.discovery.network


class CaseStudy(Protocol):
    """A packaged discovery; ``case_studies.registry()`` says where each one lives.

    Attributes:
        name: on the command line. title, question: for people.
        notebook: file name of its notebook.
    """

    name: str
    title: str
    question: str
    notebook: str

    def load(self, *, quick: bool = False, seed: int = 0) -> Dataset:
        """The study's data with its split."""
        ...

    def run(
        self,
        *,
        quick: bool = False,
        seed: int = 0,
        report: Report | None = None,
        keep: Keep | None = None,
    ) -> StudyResult:
        """The whole study, headless; what is found on the way goes to ``keep``."""
        ...
