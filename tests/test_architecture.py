"""Imports only point down the layers, and the package is cheap to import."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import workbench

ROOT = Path(workbench.__file__).parent.parent

LAYERS = (
    (
        "workbench.errors",
        "workbench.lazy",
        "workbench.markup",
        "workbench.schema",
        "workbench.workers",
        "workbench.writing",
    ),
    ("workbench.kan",),
    ("workbench.discovery",),
    (
        "workbench.baselines",
        "workbench.estimators",
        "workbench.manifest",
        "workbench.preparation",
        "workbench.saved_sessions",
        "workbench.tables",
        "workbench.terminal",
    ),
    ("workbench.automatic", "workbench.inspection"),
    ("workbench.resampling",),
    ("workbench.report",),
    ("workbench.results", "workbench.study"),
    ("workbench.headless",),
    ("workbench.session",),
    ("workbench.widgets",),
    ("workbench.notebook_files",),
    ("workbench.server",),
    ("workbench.cli",),
)
"""From the bottom to the top; a module may import its own layer and those below."""

KAN_MAY_USE = {"torch", "numpy", "safetensors"}
ONLY_IN_WIDGETS = {"ipywidgets", "anywidget", "IPython", "traitlets"}


def layer_of(module: str) -> int | None:
    for number, names in enumerate(LAYERS):
        if any(module == name or module.startswith(f"{name}.") for name in names):
            return number
    return None


def imports_of(source: str) -> set[str]:
    """Absolute names of all modules that a source text imports, at any depth."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def upward(module: str, source: str) -> list[str]:
    """Imports of higher layers, and of case studies, in a module's source."""
    own = layer_of(module)
    if own is None:
        return []
    return sorted(
        name
        for name in imports_of(source)
        if ((layer := layer_of(name)) is not None and layer > own)
        or name.split(".")[0] == "case_studies"
    )


def modules() -> list[tuple[str, Path]]:
    paths = [p for p in sorted((ROOT / "workbench").rglob("*.py")) if "labextension" not in p.parts]
    named = ((p.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."), p) for p in paths)
    return [(name.removesuffix(".__init__"), path) for name, path in named]


@pytest.mark.parametrize(
    ("module", "path"), modules(), ids=lambda v: v if isinstance(v, str) else ""
)
def test_imports_point_down(module: str, path: Path) -> None:
    assert upward(module, path.read_text(encoding="utf-8")) == []


def test_every_module_has_a_layer() -> None:
    assert [name for name, _ in modules() if layer_of(name) is None and name != "workbench"] == []


@pytest.mark.parametrize(
    ("module", "added"),
    [
        ("workbench.kan.model", "from workbench.discovery import graph"),
        ("workbench.kan.spline", "import workbench.session"),
        (
            "workbench.discovery.formula",
            "def late():\n    from workbench.report import report",
        ),
        ("workbench.session.session", "from workbench import widgets"),
        ("workbench.automatic", "from case_studies.knots import study"),
    ],
)
def test_an_upward_import_is_noticed(module: str, added: str) -> None:
    path = dict(modules())[module]
    assert upward(module, path.read_text(encoding="utf-8") + "\n" + added) != []


def test_the_model_needs_torch_and_numpy_alone() -> None:
    for module, path in modules():
        if module.startswith("workbench.kan"):
            others = {name.split(".")[0] for name in imports_of(path.read_text(encoding="utf-8"))}
            foreign = others - KAN_MAY_USE - set(sys.stdlib_module_names) - {"workbench"}
            assert foreign == set(), module


def test_only_the_widgets_know_the_screen() -> None:
    for module, path in modules():
        if not module.startswith("workbench.widgets"):
            names = {name.split(".")[0] for name in imports_of(path.read_text(encoding="utf-8"))}
            assert names & ONLY_IN_WIDGETS == set(), module


def test_one_place_makes_code_of_expressions() -> None:
    runs = {"lambdify", "sympify", "parse_expr", "eval", "exec", "autowrap", "ufuncify", "pickle"}
    for module, path in modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        called = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        called |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        allowed = {
            "workbench.discovery.evaluation": {"lambdify"},
            "workbench.discovery.library": {"sympify"},  # strict: of what a user's function returns
        }
        assert called & runs <= allowed.get(module, set()), module


def test_every_folder_says_what_belongs_there() -> None:
    for package in ("kan", "discovery", "widgets", "kan/solvers"):
        text = (ROOT / "workbench" / package / "__init__.py").read_text(encoding="utf-8")
        assert len(ast.get_docstring(ast.parse(text)) or "") > 60, package


@pytest.mark.parametrize(
    "module",
    ["workbench", "workbench.server", "workbench.notebook_files", "workbench.saved_sessions"],
)
def test_the_server_never_pays_for_torch(module: str) -> None:
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
