"""Imports only point down the layers, and the package is cheap to import."""

import ast
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import networkx as nx
import pytest

import workbench

ROOT = Path(workbench.__file__).parent.parent

LAYERS = (
    ("errors", "lazy", "common"),
    ("kan",),
    ("kan.training",),
    ("formulas",),
    ("evidence",),
    ("network", "exchange", "tables", "pictures"),
    ("baselines",),
    ("search",),
    ("boundaries", "equations", "dynamics", "relations"),
    ("comparison", "estimators", "report", "studies"),
    ("headless", "session"),
    ("widgets",),
    ("server", "cli"),
    ("__main__",),
)
"""The house from the ground up; a module may import its own layer and those below."""

KAN_MAY_USE = {"torch", "numpy", "safetensors"}
ONLY_IN_WIDGETS = {"ipywidgets", "anywidget", "IPython", "traitlets"}


def layer_of(module: str) -> int | None:
    """The layer of the innermost room that a module lives in."""
    homes = {f"workbench.{name}": number for number, names in enumerate(LAYERS) for name in names}
    inside = [home for home in homes if f"{module}.".startswith(f"{home}.")]
    return homes[max(inside, key=len)] if inside else None


def modules() -> dict[str, Path]:
    paths = [p for p in sorted((ROOT / "workbench").rglob("*.py")) if "labextension" not in p.parts]
    named = {p.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."): p for p in paths}
    return {name.removesuffix(".__init__"): path for name, path in named.items()}


MODULES = modules()


def faces(path: Path) -> bool:
    """Whether a file only shows what lives in its room, by names that are imported when they are used."""
    return path.name == "__init__.py" and "lazily(" in path.read_text(encoding="utf-8")


def imports_of(source: str) -> set[str]:
    """Absolute names of all that a source text imports, at any depth and for types, too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def used_by(module: str, source: str) -> set[str]:
    """The package's modules that a module's source imports."""
    homes = set()
    for name in imports_of(source):
        while name and name not in MODULES:
            name = name.rpartition(".")[0]
        homes.add(name)
    return homes - {"", "workbench", module}


def upward(module: str, source: str) -> list[str]:
    """Imports of higher layers, and of case studies, in a module's source."""
    own = layer_of(module)
    above = {n for n in used_by(module, source) if own is not None and (layer_of(n) or 0) > own}
    studies = {n for n in imports_of(source) if n.split(".")[0] == "case_studies"}
    return sorted(above | studies)


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import each other, by whatever way round."""
    found = nx.strongly_connected_components(nx.DiGraph(graph))
    return [sorted(group) for group in found if len(group) > 1]


def import_graph() -> dict[str, set[str]]:
    texts = {n: p.read_text(encoding="utf-8") for n, p in MODULES.items() if not faces(p)}
    return {name: used_by(name, text) for name, text in texts.items()}


@pytest.mark.parametrize("module", [name for name, path in MODULES.items() if not faces(path)])
def test_imports_point_down(module: str) -> None:
    assert upward(module, MODULES[module].read_text(encoding="utf-8")) == []


def test_nothing_stands_loose() -> None:
    assert [name for name in MODULES if layer_of(name) is None] == ["workbench"]
    loose = {p.stem for p in (ROOT / "workbench").glob("*.py")}
    assert loose == {"__init__", "__main__", "errors", "lazy", "server"}


def test_no_circle_of_imports() -> None:
    assert circles(import_graph()) == []


@pytest.mark.parametrize(
    ("module", "added"),
    [
        ("workbench.kan.layer", "workbench.kan.model"),
        ("workbench.formulas.export.writer", "workbench.formulas.formula"),
        ("workbench.session.steps", "workbench.session.session"),
    ],
)
def test_a_circle_is_noticed(module: str, added: str) -> None:
    graph = import_graph()
    (circle,) = circles(graph | {module: {*graph[module], added}})
    assert {module, added} <= set(circle)


@pytest.mark.parametrize(
    ("module", "added"),
    [
        ("workbench.kan.model", "from workbench.network import graph"),
        ("workbench.kan.spline", "import workbench.session"),
        ("workbench.kan.data", "from workbench.kan.training.objective import target_scale"),
        ("workbench.formulas.formula", "def late():\n    from workbench.report import report"),
        ("workbench.session.session", "from workbench import widgets"),
        ("workbench.search.automatic", "from case_studies.knots import study"),
    ],
)
def test_an_upward_import_is_noticed(module: str, added: str) -> None:
    assert upward(module, MODULES[module].read_text(encoding="utf-8") + "\n" + added) != []


def test_the_model_needs_torch_and_numpy_alone() -> None:
    for module, path in MODULES.items():
        if module.startswith("workbench.kan"):
            others = {name.split(".")[0] for name in imports_of(path.read_text(encoding="utf-8"))}
            foreign = others - KAN_MAY_USE - set(sys.stdlib_module_names) - {"workbench"}
            assert foreign == set(), module


def test_only_the_widgets_know_the_screen() -> None:
    for module, path in MODULES.items():
        if not module.startswith("workbench.widgets"):
            names = {name.split(".")[0] for name in imports_of(path.read_text(encoding="utf-8"))}
            assert names & ONLY_IN_WIDGETS == set(), module


def test_one_place_makes_code_of_expressions() -> None:
    runs = {"lambdify", "sympify", "parse_expr", "eval", "exec", "autowrap", "ufuncify", "pickle"}
    for module, path in MODULES.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        called = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        called |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        allowed = {
            "workbench.formulas.evaluation": {"lambdify"},
            "workbench.formulas.library": {"sympify"},  # strict: of what a user's function returns
        }
        assert called & runs <= allowed.get(module, set()), module


def test_every_folder_says_what_belongs_there() -> None:
    rooms = {path.parent for path in MODULES.values()}
    for room in rooms:
        text = (room / "__init__.py").read_text(encoding="utf-8")
        assert len(ast.get_docstring(ast.parse(text)) or "") > 60, room


@pytest.mark.parametrize(
    "module",
    [
        "workbench",
        "workbench.cli",
        "workbench.server",
        "workbench.studies.notebook_files",
        "workbench.session.saved",
    ],
)
def test_neither_server_nor_command_line_pays_for_torch(module: str) -> None:
    program = f"import sys, {module}; print('torch' in sys.modules, 'sympy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]


def test_a_star_import_brings_the_public_names_and_no_more() -> None:
    program = "from workbench import *; print(*sorted(n for n in dir() if n[:2] != '__'))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == sorted(set(workbench.__all__) - {"__version__"})
    assert len(workbench.__all__) < 30
