"""Advice: measured where data can answer, by answers alone too; it says what would change it."""

import time
from xml.etree import ElementTree as ET

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from workbench import advise
from workbench.comparison.advising import advice_of
from workbench.comparison.landmarks import landmarks
from workbench.comparison.questions import QUESTIONS
from workbench.errors import InputError
from workbench.kan.data import Dataset

RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(-1, 1, (300, 2))
NOISE = 0.1 * RANDOM.standard_normal(300)


@pytest.fixture(scope="module")
def curved():
    return advise(Dataset.from_arrays(X, np.sin(4 * X[:, 0]) + np.abs(X[:, 1]) + NOISE))


def test_a_sum_of_curves_asks_for_a_kan(curved) -> None:
    assert curved.family == "kan"
    assert curved.answers["compositional"] is True
    assert curved.answers["complicated"] is True
    assert curved.answers["dimension"] == "low"
    assert curved.errors["curves"] == pytest.approx(0.1, rel=0.3)
    assert curved.errors["curves"] < curved.errors["line"] < curved.errors["mean"]
    assert "Take a KAN." in str(curved)


def test_a_plane_asks_for_a_line_and_noise_for_the_mean() -> None:
    for y in (X @ [1.0, -2.0] + NOISE, NOISE):
        found = advise(Dataset.from_arrays(X, y))
        assert found.family == "linear"
        assert found.answers["complicated"] is False


def test_what_is_asked_for_decides_among_models_that_are_as_good() -> None:
    found = landmarks(Dataset.from_arrays(X, X[:, 0] + NOISE))
    assert advice_of(found, {"level": "quantitative"}).family == "kan"
    assert advice_of(found, {"level": "qualitative"}).family == "linear"
    assert any("Quantitative: a KAN" in sentence for sentence in advice_of(found, {}).would_change)


def test_data_outweigh_a_wish(curved) -> None:
    """A perceptron that is plainly worse is not advised for being fast."""
    data = Dataset.from_arrays(X, np.sin(9 * X).sum(1))
    assert advise(data, {"fast": True}).family == "kan"


@pytest.mark.parametrize(
    ("answers", "family"),
    [
        ({"compositional": True}, "kan"),
        ({"compositional": False}, "either"),
        ({"fast": True}, "mlp"),
        ({"fast": True, "level": "quantitative"}, "kan"),
        ({"fast": True, "small": True}, "either"),
        ({"fast": True, "dimension": "high", "level": "quantitative"}, "mlp"),
        ({"continual": True, "complicated": True}, "either"),  # two leaves that later work refutes
    ],
)
def test_answers_alone_are_enough(answers, family) -> None:
    found = advise(answers)
    assert found.family == family
    assert found.answers == answers
    assert len(found.reasons) == len(answers)


def test_reasons_give_evidence_for_and_against() -> None:
    (reason,) = advise({"continual": True}).reasons
    assert "For it: " in reason
    assert "KANs forget more than MLPs" in reason
    assert "counts for nothing" in reason


def test_what_would_change_the_advice_does_change_it() -> None:
    said = advise({"fast": True}).would_change
    assert any("level of understanding" in sentence for sentence in said)
    assert advise({"fast": True, "level": "quantitative"}).family == "kan"


def test_the_chart_is_that_of_seven_independent_questions(curved) -> None:
    graph = curved.chart()
    kinds = nx.get_node_attributes(graph, "kind")
    assert sorted(kinds.values()).count("question") == len(QUESTIONS) == 7
    assert list(kinds.values()).count("branch") == 3
    assert nx.is_directed_acyclic_graph(graph)
    for question in QUESTIONS:
        (branch,) = graph.predecessors(question.name)
        assert kinds[branch] == "branch"
        leaves = list(graph.successors(question.name))
        assert {graph.nodes[leaf]["family"] for leaf in leaves} <= {"kan", "mlp", "either"}
        assert question.evidence_for
        assert question.evidence_against
    taken = [n for n, d in graph.nodes(data=True) if d.get("taken")]
    assert taken == ["compositional: yes", "complicated: yes", "dimension: low"]


def test_it_is_shown_as_a_page_without_markup_of_users(curved) -> None:
    assert ET.fromstring(curved._repr_html_()).tag == "div"
    assert "Take a KAN" in curved._repr_html_()


def test_classes_several_targets_and_tables_are_advised_on() -> None:
    ring = np.where((X[:, :2] ** 2).sum(1) + 0.3 * NOISE > 0.5, "out", "in")
    frame = pd.DataFrame(X, columns=["a", "b"]).assign(kind=ring)
    assert advise(frame, target="kind").family in ("kan", "either", "mlp")
    pair = Dataset.from_arrays(X, np.stack((X[:, 0], X[:, 1] - X[:, 0]), 1) + NOISE[:, None])
    assert advise(pair).family == "linear"


def test_test_rows_are_not_looked_at() -> None:
    data = Dataset.from_arrays(X, np.sin(3 * X[:, 0]) + NOISE)
    used = landmarks(data).data
    seen = set(used.train.tolist()) | set(used.validation.tolist())
    assert seen == set(data.train.tolist()) | set(data.validation.tolist())
    assert not set(used.train.tolist()) & set(used.validation.tolist())


def test_the_same_seed_gives_the_same_advice_in_seconds() -> None:
    x = RANDOM.uniform(-1, 1, (1000, 10))
    data = Dataset.from_arrays(x, np.sin(3 * x[:, 0]) + x[:, 1] * x[:, 2])
    begun = time.process_time()
    assert advise(data, seed=1).family == "kan"
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({"colour": True},), "a question is one of compositional, .*, got 'colour'"),
        (({"fast": "yes"},), "the answer to 'fast' is True or False, got 'yes'"),
        (({"level": True},), "'quantitative' or 'qualitative', got True"),
        ((), "needs data or at least one answer"),
        (({},), "needs data or at least one answer"),
        ((pd.DataFrame({"a": [1.0]}),), "needs target="),
    ],
)
def test_bad_requests_are_refused_in_words(arguments, message: str) -> None:
    with pytest.raises(InputError, match=message):
        advise(*arguments)
