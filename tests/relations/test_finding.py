"""Relations are found in tables that have them, and in no others."""

from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from workbench import find_relations
from workbench.errors import InputError
from workbench.relations import Relation, Relations


def found_in(table: Any, **options: Any) -> Relations:
    return find_relations(pd.DataFrame(table), formulas=False, **options)


def toy(seed: int, rows: int = 500, noise: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    x = random.uniform(-1, 1, (6, rows))
    x[2] = np.exp(np.sin(np.pi * x[0]) + x[1] ** 2)
    x[4] = x[3] ** 3
    for column in (2, 4):
        x[column] += noise * x[column].std() * random.standard_normal(rows)
    return pd.DataFrame({f"x{n + 1}": column for n, column in enumerate(x)})


def sets(relations: Any) -> set[frozenset[str]]:
    return {relation.columns for relation in relations}


TOY = {frozenset({"x1", "x2", "x3"}), frozenset({"x4", "x5"})}


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_both_laws_of_six_columns_are_found(noise: float) -> None:
    found = found_in(toy(11, noise=noise))
    assert sets(found) == TOY
    assert [relation.kind for relation in found] == ["duplicate", "law"]
    assert all(relation.misfit < 0.05 for relation in found)


def test_a_sphere_a_product_and_a_sum_of_a_product_are_found() -> None:
    random = np.random.default_rng(12)
    v = random.standard_normal((3, 500))
    x, y, z = v / np.linalg.norm(v, axis=0)
    a, b, c, d = random.standard_normal((4, 500))
    table = {"x": x, "y": y, "z": z, "a": a, "b": b, "ab": a * b, "c": c, "d": d, "s": a * c + d}
    assert sets(found_in(table)) == {
        frozenset("xyz"),
        frozenset({"a", "b", "ab"}),
        frozenset("acds"),
    }


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_found_in_noise(seed: int) -> None:
    random = np.random.default_rng(seed)
    drawn = (
        random.standard_normal(500),
        random.random(500),
        random.exponential(size=500),
        random.integers(0, 5, 500),
        random.standard_cauchy(500),
        random.choice(["a", "b", "c"], 500),
    )
    found = found_in({f"n{k}": x for k, x in enumerate(drawn)}, seed=seed)
    assert list(found) == []
    assert str(found) == "No relation was found."
    assert found.complete


def test_an_inequality_is_found_at_its_edge() -> None:
    random = np.random.default_rng(3)
    r = random.uniform(0.5, 2, 800)
    table = pd.DataFrame({"g": r * random.uniform(1, 2, 800), "r": r, "n": random.random(800)})
    edges = [relation for relation in found_in(table) if relation.kind == "inequality"]
    assert {relation.statement for relation in edges} == {"g <= 2*r", "r <= g"}
    assert all(relation.columns == {"g", "r"} for relation in edges)


def test_labels_that_follow_from_labels_are_told() -> None:
    random = np.random.default_rng(4)
    city = random.integers(0, 6, 300)
    table = {
        "city": np.array(list("abcdef"))[city],
        "code": city + 10,
        "land": np.array(list("XYZ"))[city // 2],
        "other": random.choice(["p", "q"], 300),
    }
    found = found_in(table)
    told = {(relation.kind, relation.columns) for relation in found}
    assert ("duplicate", frozenset({"city", "code"})) in told
    assert ("dependence", frozenset({"city", "land"})) in told
    assert all("other" not in relation.columns for relation in found)
    assert "land is the same for all rows with the same city" in str(found)


def test_a_law_has_its_formula() -> None:
    random = np.random.default_rng(5)
    b, c, n = random.uniform(0.5, 2, (3, 300))
    (found,) = find_relations(pd.DataFrame({"a": 2 * b / c, "b": b, "c": c, "n": n}))
    assert found.columns == set("abc")
    assert found.formula is not None
    assert found.formula.scores["test_r2"] > 1 - 1e-9
    assert str(found.formula) in str(found)


def test_the_graph_joins_columns_by_relations() -> None:
    graph = found_in(toy(13)).graph()
    assert nx.is_bipartite(graph)
    assert graph.nodes["x6"] == {"kind": "column"}
    assert set(graph[1]) == {"x1", "x2", "x3"}
    assert isinstance(graph.nodes[1]["relation"], Relation)


def test_gaps_and_still_columns_are_told() -> None:
    table = toy(14).assign(still=1.0, empty=np.nan)
    table.loc[:9, "x1"] = np.nan
    found = found_in(table)
    assert sets(found) == TOY
    assert any("'still'" in note for note in found.notes)
    assert any("'empty'" in note and "missing" in note for note in found.notes)
    assert any("490 of 500 rows" in note for note in found.notes)
    assert len(found.frame()) == 2


def test_it_ends_when_it_is_told_to() -> None:
    found = found_in(toy(15), stop=lambda: True)
    assert not found.complete


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        ({"a": np.arange(20.0), "b": np.arange(20.0)}, {}, "at least 50 rows"),
        ({"a": np.arange(90.0), "b": np.ones(90)}, {}, "at least two columns"),
        ({"a": np.arange(90.0), "b": np.arange(90.0)}, {"seconds": 0}, "seconds must be positive"),
    ],
)
def test_what_cannot_be_used_is_refused(table: Any, options: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        found_in(table, **options)
