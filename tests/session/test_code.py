"""Text of a file never becomes code: it is written anew by a grammar, or shown as a comment."""

import ast

import pytest

from workbench.session.code import Source, checked, comment
from workbench.tables.preparation import Preparation

OWN = [
    "# model: the network that this session was given",
    "model = KAN((2, 2, 1), seed=0, dtype=torch.float32)",
    "result = fit(model, data, seed=0, solver='adam', grids=(3, 6), callback=lambda progress: "
    "progress.step >= 12)\nmodel = result.model",
    "model = remove_edges(model, data.split('train')[0], [Edge(layer=0, source=1, target=0)])",
    "model = fix(model, Edge(layer=0, source=0, target=0), 'sin', (1.0, -0.5, 2.0, 0.0))",
    "formulas = constants_and_lines(data).merged(symbolify(model, data, seed=0, functions=('sin',), "
    "allowed={Edge(layer=0, source=0, target=0): ('exp',)}))\nformula = formulas.best",
    "formulas = untrained(data, functions=('sin',), refused=('y does not change with a',)).merged("
    "symbolify(model, data, seed=0, functions=('sin',)))\nformula = formulas.best",
    "found = discover(data, effort='quick', seed=0)\n"
    "model, formulas = (found.network, found.formulas)\nformula = formulas.best",
    "formulas = formulas.merged(polished([formulas[2].expressions], data, network=model))",
    "model = compile_target('y = a*f(x1)', data.names, target=data.target)",
    "model = eliminate(model, data).model",
    "model = eliminate(model, data, smoothness=0.01, finest=6).model",
    "found = discover(data, effort='quick', seed=0, grids=(3, 6))",
    "found = discover(data, seed=0, training={'grids': (3, 6), 'solver': 'adam', 'l1': (0.1, 0.0)})",
    "model = eliminate(model, data, seed=1, training={'starts': 4}).model",
]


@pytest.mark.parametrize("code", OWN)
def test_what_the_workbench_writes_stays_code(code: str) -> None:
    assert checked(code) == code


def test_a_remark_stays_a_comment() -> None:
    assert checked("model = reopen(model, Edge(layer=0, source=0, target=0))\n# by hand") == (
        "model = reopen(model, Edge(layer=0, source=0, target=0))\n# by hand"
    )


@pytest.mark.parametrize(
    "code",
    [
        "__import__('os').system('x')",
        "model = __import__('os').system('x')",
        "model = KAN(open('x'))",
        "model = data.names.__class__",
        "model = fit(model, data, callback=lambda progress: print(1))",
        "model = fit(model, data, callback=print)",
        "model = discover(data, out='/tmp')",
        "model = [x for x in data]",
        "model = KAN((2, 1), **data)",
        "import os",
        "KAN = 3",
        "data.names = 3",
        "model = torch.hub",
        "model = f'{data}'",
        "model = (lambda: 1)()",
        "if data: model = 1",
        "model = 1\n# x\rimport os",
        "model = 1 # \x0c\n\x0cimport os",
        "x = (" * 300,
        "def",
        "a\u2028import os",
    ],
)
def test_anything_else_is_shown_as_a_comment(code: str) -> None:
    found = checked(code)
    assert ast.parse(found).body == [] or "import" not in ast.unparse(ast.parse(found))
    if found != code:
        assert all(line.startswith("#") or line == "model = 1" for line in found.splitlines())


def test_every_line_of_a_comment_is_one() -> None:
    text = "a\nb\r\nc\rd\x0be\u2028f\x85g\0h"
    assert all(line.startswith("#") for line in comment(text).splitlines())
    assert ast.parse(comment(text)).body == []


def test_where_a_table_comes_from_is_written_of_values() -> None:
    evil = "t.csv'); import os #"
    assert Source(evil, target="y").code == (
        f"data = Dataset.from_frame(read_table({evil!r}), 'y', seed=0)"
    )
    made = Preparation("y", ("a",), units={"a": "m"})
    assert Source(example=True, preparation=made).code == (
        "data = Preparation(target='y', inputs=('a',), units={'a': 'm'}).apply(example_table())"
    )
    assert Source("s.kan", saved=True).code == "data = Session.load('s.kan').data"
    told = Source(remark="import os\nos.remove('x')").code
    assert told == "# import os\n# os.remove('x')\n# data: the Dataset of this session"
    assert not Source(remark="x")
