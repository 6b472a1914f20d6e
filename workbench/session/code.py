"""Python in the file of a session is foreign text: it is read by a grammar, and written anew.

A step is assignments of calls that the workbench knows, with literal arguments. What is anything else is
not repeated as code, but shown as a comment.
"""

import ast
import re
from dataclasses import dataclass

from workbench.kan.training.request import OPTIONS
from workbench.tables.preparation import Preparation

_VARIABLES = {"data", "model", "result", "formulas", "formula", "found"}
_PARTS = {"model", "network", "formulas", "best", "names", "target", "expressions"}
_METHODS: dict[str, set[str]] = {"merged": set(), "split": set()}
_FUNCTIONS: dict[str, set[str]] = {
    "Adam": {"learning_rate", "weight_decay", "batch_size"},
    "Edge": {"layer", "source", "target"},
    "KAN": {"seed", "dtype"},
    "compile_target": {"target"},
    "constants_and_lines": set(),
    "discover": {"effort", "seed", "functions", "refused", "grids", "training"},
    "eliminate": {"finest", "smoothness", "training", "seed"},
    "expand_depth": set(),
    "expand_width": {"sums", "products", "seed"},
    "fit": {"seed", *OPTIONS},
    "fix": set(),
    "formulas_from": {"network"},
    "law_of_groups": {"quick", "functions"},
    "lock": set(),
    "network_from": set(),
    "polished": {"network"},
    "prune_edges": {"threshold"},
    "remove_edges": set(),
    "remove_node": set(),
    "reopen": set(),
    "reshape": set(),
    "symbolify": {"seed", "functions", "allowed", "law"},
    "unfix": set(),
    "unlock": set(),
    "untrained": {"functions", "refused"},
    "without_part": {"network"},
}
"""What steps call, and the arguments that they name."""
_STOPPED = re.compile(r"lambda progress: progress\.step >= \d{1,9}")


@dataclass(frozen=True)
class Source:
    """Where the table of a session comes from, as values.

    Attributes:
        path: of its file, or "". example: whether it is ``example_table()``.
        saved: whether that is the file of a session, which holds it.
        target, seed: of its ``Dataset`` where there is no preparation.
        preparation: what was made of it. remark: what is known else, for people.
    """

    path: str = ""
    example: bool = False
    saved: bool = False
    target: str = ""
    seed: int = 0
    preparation: Preparation | None = None
    remark: str = ""

    @property
    def code(self) -> str:
        """Python that makes ``data``, or a comment that it was given."""
        return "\n".join(filter(None, (comment(self.remark), self._line)))

    def __bool__(self) -> bool:
        return self.example or bool(self.path)

    @property
    def _line(self) -> str:
        if not self:
            return UNKNOWN
        if self.saved:
            return f"data = Session.load({self.path!r}).data"
        reading = "example_table()" if self.example else f"read_table({self.path!r})"
        if self.preparation is not None:
            return f"data = {self.preparation.code(reading)}"
        return f"data = Dataset.from_frame({reading}, {self.target!r}, seed={self.seed})"


UNKNOWN = "# data: the Dataset of this session"


def comment(text: str) -> str:
    """Any text as lines of comment."""
    lines = ("".join(c if c.isprintable() else " " for c in line) for line in text.splitlines())
    return "\n".join(f"# {line}".rstrip() for line in lines)


def checked(text: str) -> str:
    """The code of a step, written anew where it is one of ours, else as a comment."""
    lines = text.split("\n")
    try:
        body = ast.parse("\n".join(line for line in lines if line[:1] != "#")).body
        if not all(map(_is_assignment, body)):
            return comment(text)
        made = [ast.unparse(statement) for statement in body]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return comment(text)
    return "\n".join([*made, *(comment(line[1:].strip()) for line in lines if line[:1] == "#")])


def _is_assignment(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return False
    target = node.targets[0]
    names = target.elts if isinstance(target, ast.Tuple) else [target]
    return all(isinstance(n, ast.Name) and n.id in _VARIABLES for n in names) and _is_known(
        node.value
    )


def _is_known(node: ast.expr | None) -> bool:
    """Whether an expression is made of literals, variables of a session and calls that it knows."""
    match node:
        case ast.Constant(value=value):
            return value is None or isinstance(value, bool | int | float | str)
        case ast.Name(id=name):
            return name in _VARIABLES
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)):
            return isinstance(value, int | float)
        case ast.Tuple(elts=entries) | ast.List(elts=entries):
            return all(map(_is_known, entries))
        case ast.Dict(keys=keys, values=values):
            return all(map(_is_known, (*keys, *values)))
        case ast.Subscript(value=value, slice=ast.Constant(value=int())):
            return _is_known(value)
        case ast.Attribute(value=ast.Name(id="torch"), attr=name):
            return name in ("float32", "float64")
        case ast.Attribute(value=value, attr=name):
            return name in _PARTS and _is_known(value)
        case ast.Call(func=function, args=arguments, keywords=options):
            allowed = _options(function)
            return (
                allowed is not None
                and all(map(_is_known, arguments))
                and all(_is_option(option, allowed) for option in options)
            )
    return False


def _options(function: ast.expr) -> set[str] | None:
    """Arguments that a known function names; None where it is not known."""
    match function:
        case ast.Name(id=name):
            return _FUNCTIONS.get(name)
        case ast.Attribute(value=value, attr=name) if _is_known(value):
            return _METHODS.get(name)
    return None


def _is_option(option: ast.keyword, allowed: set[str]) -> bool:
    if option.arg == "callback" and "solver" in allowed:
        return _STOPPED.fullmatch(ast.unparse(option.value)) is not None
    return option.arg in allowed and _is_known(option.value)
