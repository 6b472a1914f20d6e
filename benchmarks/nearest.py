"""Which tests are near a change: those that mention what was changed, then what uses it, and so on.

Names stand for what they name, wherever they are written: no import is followed, nothing runs. A name with
an underscore stands for something of its own file.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

_WORD = re.compile(r"\w+")
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text))


def _definitions(path: Path) -> Iterator[tuple[str, str]]:
    """Name and text of what a file defines at its top."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if isinstance(node, _Definition):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            yield node.name, "\n".join(lines[first - 1 : node.end_lineno])


def _key(path: Path, word: str) -> str:
    return f"{path} {word}" if word.startswith("_") else word


@cache
def _users(root: Path) -> Mapping[str, set[str]]:
    """For every word of the package, the functions and classes whose text holds it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in root.rglob("*.py"):
        for name, text in _definitions(path):
            for word in _words(text):
                found[_key(path, word)].add(_key(path, name))
    return found


def _holds(node: ast.stmt, line: int) -> bool:
    first = [d.lineno for d in node.decorator_list] if isinstance(node, _Definition) else []
    return min([node.lineno, *first]) <= line <= (node.end_lineno or 0)


def _is_set(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def changed(path: Path, line: int) -> list[str]:
    """The function, class or constant that a line of a file belongs to, then what lies around it there."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    around = [n for n in ast.walk(tree) if isinstance(n, ast.stmt) and _holds(n, line)]
    assigned = [n.id for n in ast.walk(around[0]) if isinstance(n, ast.Name) and _is_set(n)]
    return [n.name for n in around if isinstance(n, _Definition)] or assigned


def distances(root: Path, path: Path, name: str) -> dict[str, int]:
    """How many steps of use lead from a name of a file to each function or class."""
    users = _users(root)
    found = {_key(path, name): 0}
    step = list(found)
    while step:
        reached = {user: found[name] + 1 for name in step for user in users.get(name, ())}
        step = [name for name in reached if name not in found]
        found |= {name: reached[name] for name in step}
    return {key.rpartition(" ")[2]: steps for key, steps in reversed(found.items())}


@cache
def tests(path: Path) -> Mapping[str, frozenset[str]]:
    """The words of each test of a file and of the helpers and fixtures in that file that it uses."""
    own = {name: _words(text) for name, text in _definitions(path)}

    def words(name: str) -> frozenset[str]:
        found, step = own[name], own[name]
        while step := frozenset().union(*(own[w] for w in step if w in own)) - found:
            found |= step
        return found

    return {name: words(name) for name in own if name.startswith("test_")}
