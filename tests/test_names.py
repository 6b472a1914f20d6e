"""What users import: lazily, and with a docstring that says how to use it."""

import dataclasses
import inspect
import re
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

ROOMS = (
    "baselines", "boundaries", "comparison", "dynamics", "equations", "evidence", "exchange", "formulas",
    "kan", "network", "pictures", "relations", "search",
)  # fmt: skip
PACKAGES = ("workbench", *(f"workbench.{room}" for room in ROOMS))
NAMES = [
    (package, name)
    for package in PACKAGES
    for name in import_module(package).__all__
    if name != "__version__"
]


def public(package: str, name: str) -> Any:
    return getattr(import_module(package), name)


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_are_listed_and_found_when_asked_for(package: str) -> None:
    module = import_module(package)
    assert set(module.__all__) <= set(dir(module))
    assert all(getattr(module, name) is not None for name in module.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = module.nothing


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_is_cheap(package: str) -> None:
    program = f"import sys, {package}; print('torch' in sys.modules, 'sympy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]


def first_line(text: str) -> str:
    """The summary, which may go on to a second line."""
    return text.split("\n\n")[0].rstrip()


@pytest.mark.parametrize(("package", "name"), [n for n in NAMES if inspect.isfunction(public(*n))])
def test_functions_say_what_they_take_and_what_they_refuse(package: str, name: str) -> None:
    function = public(package, name)
    text = inspect.getdoc(function) or ""
    signature = inspect.signature(function)
    assert first_line(text).endswith(".")
    assert signature.return_annotation is not signature.empty
    if len(signature.parameters) > 2:
        said = set(re.findall(r"\w+", text))
        assert set(list(signature.parameters)[1:]) - said == set()
    if any(p.kind is p.KEYWORD_ONLY for p in signature.parameters.values()):
        assert "Args:" in text
    if "raise InputError" in inspect.getsource(function):
        assert "Raises:" in text


@pytest.mark.parametrize(("package", "name"), [n for n in NAMES if inspect.isclass(public(*n))])
def test_classes_say_what_they_hold(package: str, name: str) -> None:
    found = public(package, name)
    text = inspect.getdoc(found) or ""
    assert first_line(text).endswith(".")
    if dataclasses.is_dataclass(found):
        assert set(inspect.get_annotations(found)) - set(re.findall(r"\w+", text)) == set()


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_no_name_is_that_of_a_module_which_would_hide_it(package: str, name: str) -> None:
    assert find_spec(f"{package}.{name}") is None
    assert not inspect.ismodule(public(package, name))
