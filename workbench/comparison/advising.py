"""``advise``: the questions of the chart, measured where data can answer, and what they speak for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import networkx as nx

from workbench.common.markup import Markup, element
from workbench.comparison.comparing import dataset_of
from workbench.comparison.landmarks import Landmarks, landmarks
from workbench.comparison.questions import NAMED, Answer, chart, said
from workbench.comparison.run import NAMES
from workbench.errors import InputError
from workbench.kan.checks import seed_of
from workbench.search.groups.discovering import one_hot

Family = Literal["kan", "mlp", "either", "boosting", "linear"]

_FEWEST = 20
_CLOSE, _SIMPLER = 0.5, 2.0
"""Standard errors within which two models are taken for equally good; and within which a simpler one, or one
that is asked for, is enough: the best of several is partly the luckiest of them."""
_CURVE, _ROWS_PER_PARAMETER, _NODES = 6, 3, 4
_MOST = 0.9
_WORDS = {
    "mean": "the mean", "line": "a line", "curves": "a sum of curves", "kan": "a small KAN",
    "mlp": "a small MLP", "boosting": "boosting",
}  # fmt: skip


@dataclass(frozen=True)
class Advice:
    """Which family to train, and why.

    Attributes:
        family: "kan", "mlp", "either", "boosting" or "linear".
        reasons: sentences with figures. would_change: what would change the advice.
        answers: to the questions of the chart, by name: those given, and those that were measured.
        errors: of the cheap models that were measured, by name: RMSE or mean cross-entropy.
    """

    family: Family
    reasons: tuple[str, ...]
    would_change: tuple[str, ...]
    answers: Mapping[str, Answer]
    errors: Mapping[str, float] = field(default_factory=dict)

    def chart(self) -> nx.DiGraph:
        """The seven questions with their answers, leaves and evidence; see ``questions.chart``."""
        return chart(self.answers)

    @property
    def headline(self) -> str:
        """The advice in a sentence."""
        name = NAMES.get(self.family, "")
        return (
            "Either a KAN or an MLP will do."
            if self.family == "either"
            else f"Take {_article(name)}."
        )

    def __str__(self) -> str:
        changes = [f"- {sentence}" for sentence in self.would_change]
        return "\n".join([self.headline, *self.reasons, "What would change this:", *changes])

    def _repr_html_(self) -> Markup:
        reasons = element("ul", *(element("li", sentence) for sentence in self.reasons))
        changes = element("ul", *(element("li", sentence) for sentence in self.would_change))
        rows = [
            element("tr", element("td", NAMED[name].text), element("td", said(answer)))
            for name, answer in self.answers.items()
        ]
        return element(
            "div",
            element("p", element("strong", self.headline)),
            reasons,
            element("table", *rows),
            element("p", "What would change this:"),
            changes,
        )


def advise(
    data: Any = None,
    answers: Mapping[str, Answer] | None = None,
    *,
    target: str | None = None,
    seed: int = 0,
) -> Advice:
    """Say whether a KAN, an MLP, boosting or a line suits a table, or a purpose, before training in earnest.

    What data can answer is measured by cheap models, in seconds, on rows that are no test rows; answers that
    are given go before. ``compare`` measures the families themselves.

    Args:
        data: a ``Dataset``, a table or the path of a file; or the answers, where there is no data.
        answers: to some of the questions "compositional", "complicated", "continual", "small", "fast" (True
            or False), "dimension" ("low" or "high"), "level" ("quantitative", a formula, or "qualitative").
        target: name of the target column; not of a ``Dataset``.
        seed: of the parting of rows and of random starts.

    Raises:
        InputError: an answer is none, or the table has too few rows.
    """
    if isinstance(data, Mapping) and target is None and answers is None:
        data, answers = None, data
    given = _checked(answers or {})
    if data is None:
        if not given:
            raise InputError("advice needs data or at least one answer")
        return _by_answers(given)
    table = one_hot(dataset_of(data, target))
    rows = len(table.train) + len(table.validation)
    if rows < _FEWEST or table.loss == "poisson":
        raise InputError(
            f"advice is measured by squares or by classes on at least {_FEWEST} rows, got {rows}"
        )
    return advice_of(landmarks(table, seed_of(seed)), given)


def advice_of(found: Landmarks, given: Mapping[str, Answer]) -> Advice:
    """What landmarks and answers speak for; see ``advise``."""
    return _by_data(found, {**_measured(found), **given}, given)


def _checked(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    for name, answer in answers.items():
        if name not in NAMED:
            raise InputError(f"a question is one of {', '.join(NAMED)}, got {name!r}")
        if not isinstance(answer, bool | str) or answer not in NAMED[name].leaves:
            known = " or ".join(repr(leaf) for leaf in NAMED[name].leaves)
            raise InputError(f"the answer to {name!r} is {known}, got {answer!r}")
    return dict(answers)


def _measured(found: Landmarks) -> dict[str, Answer]:
    """Answers that the landmarks give."""
    data = found.data
    networks = [name for name in ("curves", "kan") if name in found.losses]
    others = [name for name in ("mlp", "boosting") if name in found.losses]
    structured = any(not _behind(found, name, others) for name in networks)
    curves = len(data.names) * _NODES * _CURVE * data.outputs
    return {
        "compositional": structured and not _plain(found),
        "complicated": not _plain(found) and found.share("line") < _MOST,
        "dimension": "low" if curves * _ROWS_PER_PARAMETER <= 2 * len(data.train) else "high",
    }


def _behind(found: Landmarks, name: str, others: list[str]) -> bool:
    """Whether one of the others is ahead."""
    return any(_ahead(found, other, name) for other in others)


def _ahead(found: Landmarks, first: str, second: str, errors: float = _CLOSE) -> bool:
    gap = found.margin(first, second)
    return gap.difference > errors * gap.standard_error


def _plain(found: Landmarks) -> bool:
    """Whether nothing is ahead of the line, or of the mean."""
    simple = found.of_families().get("linear", "mean")
    return not any(_ahead(found, name, simple, _SIMPLER) for name in found.losses)


def _by_data(found: Landmarks, answers: dict[str, Answer], given: Mapping[str, Answer]) -> Advice:
    best = found.of_families()
    first = next(iter(best))
    near = [family for family, name in best.items() if not _ahead(found, best[first], name)]
    possible = [f for f, name in best.items() if not _ahead(found, best[first], name, _SIMPLER)]
    summed = "curves" in found.losses and not _ahead(found, found.best, "curves", _SIMPLER)
    family = _preferred(near, possible, given, summed=summed)
    shown = sorted(found.losses, key=found.error)
    reasons = [
        f"On {len(found.data.validation)} rows that they had not seen, cheap models err by "
        + ", ".join(f"{found.error(name):.3g} ({_WORDS[name]})" for name in shown)
        + ".",
        _told_nearness(found, best, first, near),
        f"The best of them leaves {found.left:.2g} of the spread's square; a line explains "
        f"{found.share('line'):.0%} of what it explains, a sum of curves {found.share('curves'):.0%}."
        if {"line", "curves"} <= set(found.losses)
        else f"The best of them leaves {found.left:.2g} of the spread's square.",
    ]
    reasons += [_evidence(name, answer) for name, answer in given.items()]
    errors = {name: found.error(name) for name in shown}
    return Advice(
        family, tuple(reasons), _changes(family, possible, answers, given), answers, errors
    )


def _told_nearness(found: Landmarks, best: Mapping[str, str], first: str, near: list[str]) -> str:
    others = [family for family in best if family != first]
    if len(near) > 1:
        names = " and ".join(_article(NAMES[family]) for family in near)
        return f"As good as the best, within {_CLOSE:g} standard errors, are {names}."
    if not others:
        return f"Only {_article(NAMES[first])} could be measured."
    gap = found.margin(best[first], best[others[0]])
    return (
        f"{_sentence(_WORDS[best[first]])} is ahead of {_WORDS[best[others[0]]]} by {gap.difference:.2g} ± "
        f"{gap.standard_error:.1g}."
    )


def _preferred(
    near: list[str], possible: list[str], given: Mapping[str, Answer], *, summed: bool
) -> Family:
    """What was asked for, where it is possible; else the simplest of what is about as good.

    A sum of curves, a KAN without hidden nodes, is simpler than a perceptron.

    Args:
        near, possible: families within ``_CLOSE`` and ``_SIMPLER`` standard errors of the best.
        given: answers. summed: whether a sum of curves is possible.
    """
    wish = _wished(given)
    if wish in possible:
        return wish
    if "linear" in possible:
        return "linear"
    if summed:
        return "kan"
    networks = [family for family in near if family in ("kan", "mlp")]
    if len(networks) == 1:
        return "kan" if networks == ["kan"] else "mlp"
    return "either" if networks else "boosting"


def _wished(given: Mapping[str, Answer]) -> Family | None:
    """The family that the answers speak for by their weights; None where none does, or both alike."""
    votes = {"kan": 0, "mlp": 0}
    for name, answer in given.items():
        leaf = NAMED[name].leaves[answer]
        if leaf in votes:
            votes[leaf] += NAMED[name].weight
    if given.get("dimension") == "high" and "compositional" not in given:
        votes["kan"] = 0
    if votes["kan"] == votes["mlp"]:
        return None
    return "kan" if votes["kan"] > votes["mlp"] else "mlp"


def _by_answers(given: dict[str, Answer]) -> Advice:
    family: Family = _wished(given) or "either"
    reasons = tuple(_evidence(name, answer) for name, answer in given.items())
    return Advice(family, reasons, _changes(family, ["kan", "mlp"], given, given), given)


def _evidence(name: str, answer: Answer) -> str:
    """What an answer speaks for, with what is known for and against it."""
    question = NAMED[name]
    leaf = question.leaves[answer]
    if leaf == "either":
        return f"{question.text} {said(answer).capitalize()}: either is fine."
    weight = {0: "counts for nothing here", 1: "counts", 2: "counts twice"}[question.weight]
    return (
        f"{question.text} {said(answer).capitalize()}: {NAMES[leaf]}, which {weight}. "
        f"For it: {question.evidence_for} Against it: {question.evidence_against}"
    )


def _changes(
    family: Family, possible: list[str], answers: Mapping[str, Answer], given: Mapping[str, Answer]
) -> tuple[str, ...]:
    """What would change the advice."""
    told = []
    for name, question in NAMED.items():
        for answer in question.leaves:
            wish = _wished({**given, name: answer})
            if given.get(name) == answer or wish in (None, family, _wished(given)):
                continue
            if wish in possible:
                told.append(
                    f"{question.text} {said(answer).capitalize()}: {_article(NAMES[wish])}."
                )
    if len(possible) > 1 and answers is not given:
        told.append("More rows would tell apart what is about as good now.")
    if not told:
        told.append("Other data alone: no answer outweighs what was measured.")
    return tuple(told)


def _article(name: str) -> str:
    return name if name == "boosting" else f"{'an' if name == 'MLP' else 'a'} {name}"


def _sentence(text: str) -> str:
    """With a capital letter at its beginning."""
    return text[:1].upper() + text[1:]
