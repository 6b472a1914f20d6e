"""Steps on laws and formulas that the scientist writes or changes by hand."""

from workbench.formulas.formula_set import FormulaSet
from workbench.formulas.typesetting import rounded
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.network.targets import compile_target
from workbench.search.parts import parts, without_part
from workbench.search.starting import formulas_from, network_from
from workbench.search.written import require_law
from workbench.session.history import Step
from workbench.session.steps import require_index, require_shared

_LONGEST = 40


def law(model: KAN, data: Dataset, text: str) -> Step:
    """The network of a law of which a part is unknown, to be trained."""
    require_law(text, data)
    made = compile_target(text, data.names, target=data.target)
    code = f"model = compile_target({text!r}, data.names, target=data.target)"
    return Step(f"law {_short(text)}", code, made, begins=True, law=text)


def started(model: KAN, data: Dataset, text: str) -> Step:
    """The network of a formula; training goes on from its numbers."""
    code = f"model = network_from({text!r}, data)"
    return Step(
        f"start from {_short(text)}", code, network_from(text, data), begins=True, trained=True
    )


def added(model: KAN, data: Dataset, formulas: FormulaSet | None, text: str) -> Step:
    """A formula beside those that were found, or as the first."""
    found = formulas_from(text, data, network=model)
    made = f"formulas_from({text!r}, data, network=model)"
    return _chosen(f"add {_short(text)}", made, model, formulas, found)


def without(model: KAN, data: Dataset, formulas: FormulaSet, index: int, place: int) -> Step:
    """A formula with a constant for one of its parts, fitted again, beside the others."""
    require_index(formulas, index)
    require_shared(formulas[index], "parts of a law by groups are not held constant")
    found = without_part(formulas[index], place, data, network=model)
    part = formulas[index].in_text(rounded(parts(formulas[index])[place].expression, 3))
    made = f"without_part(formulas[{index}], {place}, data, network=model)"
    return _chosen(f"hold {_short(part)} constant", made, model, formulas, found)


def _chosen(
    name: str, made: str, model: KAN, formulas: FormulaSet | None, found: FormulaSet
) -> Step:
    """New formulas beside the others, the best of them chosen."""
    merged = found if formulas is None else formulas.merged(found)
    place = next(i for i, f in enumerate(merged) if f.expressions == found.best.expressions)
    code = made if formulas is None else f"formulas.merged({made})"
    code = f"formulas = {code}\nformula = formulas[{place}]"
    return Step(name, code, model, formulas=merged, choice=place)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
