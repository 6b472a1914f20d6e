"""What a hand changes in a session: each is a step that undoes and that the script repeats."""

from collections.abc import Callable

import pytest
import torch

from tests.problems import PROBLEMS
from workbench.errors import InputError
from workbench.kan.model import KAN, Edge
from workbench.session import Session

DATA = PROBLEMS[0].dataset(200)
EDGE = Edge(0, 1, 0)


def session() -> Session:
    return Session(DATA, (2, 3, 1), source="DATA")


def repeated(session: Session) -> KAN:
    """What the script of a session makes; it is this test's own text."""
    told = session.to_script().replace("data = DATA\n", "")
    names = {"data": DATA}
    exec(compile(told, "script", "exec"), names)
    return names["model"]


EDITS: dict[str, Callable[[Session], Session]] = {
    "bend edge 0.1→1.0": lambda s: s.reshape(EDGE, [0.1, 1 / 3, -2.0, 1e-17, 0.5, 0.7]),
    "add edge 0.1→1.0": lambda s: s.remove(EDGE).reopen(EDGE),
    "add sum in layer 1": lambda s: s.add_node(1),
    "add product in layer 1": lambda s: s.add_node(1, "product"),
    "add layer after 0": lambda s: s.add_layer(0),
    "remove node 1.1": lambda s: s.remove_node(1, 1),
    "remove node 0.0": lambda s: s.remove_node(0, 0),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_a_step_that_undoes_and_repeats(name: str) -> None:
    made = EDITS[name](session())
    after = made.model
    assert made.undoable == name
    again = repeated(made)
    assert again.config == after.config
    assert again.edges() == after.edges()
    for mine, its in zip(again.state_dict().values(), after.state_dict().values(), strict=True):
        assert torch.equal(mine, its)
    before = made.undo().model
    assert before is not after
    assert made.redo().model is after


@pytest.mark.parametrize("kind", ["sum", "product"])
def test_a_new_node_and_a_new_layer_change_no_prediction_and_train(kind) -> None:
    made = session()
    before = made.model.predict(DATA.inputs)
    made.add_node(1, kind).add_layer(1)
    assert torch.allclose(made.model.predict(DATA.inputs), before, atol=1e-9)
    loss = made.loss()
    made.start(solver="adam", steps=20).wait()
    assert made.loss() < loss


def test_two_new_nodes_are_not_twins() -> None:
    layer = session().add_node(1).add_node(1).model.layer(0)
    assert not torch.allclose(layer.coefficients[3], layer.coefficients[4])


def test_a_node_goes_with_its_edges_and_its_mean_stays() -> None:
    made = session()
    before = made.model.predict(DATA.split("train")[0]).mean()
    made.remove_node(1, 2)
    assert [e for e in made.model.edges() if (e.layer, e.source) == (1, 2)] == []
    assert [e for e in made.model.edges() if (e.layer, e.target) == (0, 2)] == []
    assert made.model.predict(DATA.split("train")[0]).mean() == pytest.approx(float(before))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda s: s.reopen(EDGE), "is alive"),
        (lambda s: s.add_node(2), "must be a hidden layer"),
        (lambda s: s.add_node(1, "max"), "a sum or a product"),
        (lambda s: s.add_layer(7), "level must lie between"),
        (lambda s: s.remove_node(2, 0), "an input or hidden"),
        (lambda s: s.remove_node(1, 0).remove_node(1, 0), "has no edge"),
        (lambda s: [s.remove_node(1, n) for n in range(3)], "an output needs at least one edge"),
    ],
)
def test_what_cannot_be_edited_is_said(edit, said: str) -> None:
    with pytest.raises(InputError, match=said):
        edit(session())
