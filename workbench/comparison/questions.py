"""The seven questions of "Should I use KANs or MLPs?" (arXiv 2404.19756, figure 6.1), with evidence.

They are no tree: each question stands alone, in one of three branches, and speaks for a family by its answer.
Later work and this project's own measurements confirm some leaves, qualify others and refute two.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx

Answer = bool | str

YES_NO: tuple[bool, bool] = (True, False)


@dataclass(frozen=True)
class Question:
    """One diamond of the chart.

    Attributes:
        name: the key of its answer. branch: "accuracy", "interpretability" or "efficiency".
        text: the question. leaves: by answer the family that the article draws there: "kan", "mlp", "either".
        weight: how much it counts here, from 0 (refuted) to 2 (confirmed).
        evidence_for, evidence_against: sentences on the leaf that is not "either", with their sources.
    """

    name: str
    branch: str
    text: str
    leaves: Mapping[Answer, str]
    weight: int
    evidence_for: str
    evidence_against: str


QUESTIONS = (
    Question(
        "compositional",
        "accuracy",
        "Has the target compositional structure: sums and nests of curves of few inputs?",
        {True: "kan", False: "either"},
        2,
        "On 15 special functions of two inputs a KAN has the smaller RMSE in all 15 here "
        "(benchmarks, table special); KANbeFair finds the same for symbolic formulas (arXiv 2407.16674).",
        "At equal parameters MLPs win KANbeFair's other tasks, and an MLP with spline activations "
        "matches the KAN (arXiv 2407.16674).",
    ),
    Question(
        "complicated",
        "accuracy",
        "Is the function complicated: far from a plane?",
        {True: "kan", False: "either"},
        0,
        "Splines refine: the error falls 16-fold with every doubling of the grid here, 5.4e-5 to 3.2e-6 "
        "from 12 to 24 intervals (benchmarks, table scaling), while MLPs level off (arXiv 2404.19756).",
        "With noise, or without compositional structure, nothing is left to refine: perceptrons do as "
        "well on the knots here (90.7 % with 121 parameters; KAN 90.5 % with 448: table knots).",
    ),
    Question(
        "continual",
        "accuracy",
        "Do parts of the domain come one after the other (continual learning)?",
        {True: "kan", False: "either"},
        0,
        "In one dimension, on a grid that does not move, five peaks shown in turn stay (arXiv 2404.19756).",
        "With classes that come in turn KANs forget more than MLPs (arXiv 2407.16674, 2511.12828).",
    ),
    Question(
        "dimension",
        "interpretability",
        "Is the dimension, the number of inputs that matter, high or low?",
        {"low": "kan", "high": "either"},
        1,
        "Few curves can be looked at and named.",
        "With many inputs the rows must pay for a curve on every edge, and nobody reads hundreds.",
    ),
    Question(
        "level",
        "interpretability",
        "Which level of understanding is wanted: quantitative (a formula) or qualitative?",
        {"quantitative": "kan", "qualitative": "either"},
        2,
        "Curves become symbols and constants are fitted to the rows: `discover` does it.",
        "Where structure is found without a network, as for many textbook laws, no KAN is needed.",
    ),
    Question(
        "small",
        "efficiency",
        "Is a small model wanted?",
        {True: "kan", False: "either"},
        1,
        "Where the structure is a KAN's, a hundred parameters reach what an MLP does not with a thousand "
        "(Poisson's equation, arXiv 2404.19756).",
        "Where it is not, the MLP is the smaller one: 121 against 448 parameters on the knots (table knots).",
    ),
    Question(
        "fast",
        "efficiency",
        "Is fast training wanted?",
        {True: "mlp", False: "either"},
        1,
        "KANs are usually ten times slower at equal parameters (arXiv 2404.19756; 17 to 85 times at equal "
        "operations in KANbeFair).",
        "Not this one: a layer here takes 1.1 to 1.5 times the time of an MLP's on coarse grids and less on "
        "fine ones (benchmarks, table layer).",
    ),
)
NAMED = {question.name: question for question in QUESTIONS}


def chart(answers: Mapping[str, Answer]) -> nx.DiGraph:
    """The chart: three branches, their questions, and a leaf for each answer.

    Nodes have ``kind`` ("branch", "question", "leaf"); questions have ``text``, ``answer`` (None where there
    is none), ``evidence_for`` and ``evidence_against``; leaves have ``family`` and ``taken``. Edges to leaves
    have ``answer``.
    """
    graph = nx.DiGraph()
    for question in QUESTIONS:
        graph.add_node(question.branch, kind="branch")
        given = answers.get(question.name)
        graph.add_node(
            question.name,
            kind="question",
            text=question.text,
            answer=given,
            evidence_for=question.evidence_for,
            evidence_against=question.evidence_against,
        )
        graph.add_edge(question.branch, question.name)
        for answer, family in question.leaves.items():
            leaf = f"{question.name}: {said(answer)}"
            graph.add_node(leaf, kind="leaf", family=family, taken=given == answer)
            graph.add_edge(question.name, leaf, answer=said(answer))
    return graph


def said(answer: Answer) -> str:
    """An answer in a word."""
    return (
        {True: "yes", False: "no"}.get(answer, str(answer)) if isinstance(answer, bool) else answer
    )
