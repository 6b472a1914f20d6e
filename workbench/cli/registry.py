"""The packaged studies by their names."""

from importlib import import_module
from typing import TYPE_CHECKING

from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.studies.study import CaseStudy


def study_class(name: str) -> "CaseStudy":
    """The study of this name.

    Raises:
        InputError: there is none.
    """
    registry = import_module("case_studies").registry()
    if name not in registry:
        raise InputError(f"a study must be one of {', '.join(registry)}, got {name!r}")
    module, attribute = registry[name].split(":")
    study: CaseStudy = getattr(import_module(module), attribute)
    return study
