"""Every operation of a session, beside the line of Python that repeats it.

Each function takes a network and gives a ``Step``; nothing here knows the session.
"""

from collections.abc import Mapping
from typing import Any, Literal

import torch

from workbench.errors import InputError
from workbench.evidence.sample import Sample
from workbench.formulas.formula import Formula
from workbench.formulas.formula_set import FormulaSet
from workbench.kan.config import Width
from workbench.kan.data import Dataset, Part
from workbench.kan.losses import chosen_loss
from workbench.kan.model import KAN, Edge
from workbench.kan.training.request import OPTIONS as OPTIONS
from workbench.kan.training.request import require_options
from workbench.kan.training.result import FitResult
from workbench.network.elimination import Elimination
from workbench.network.pruning import prune_edges
from workbench.search.blocks import Blocks, Functions
from workbench.search.discovery import Discovery, Effort
from workbench.search.polish import polished
from workbench.session.history import Step

Precision = Literal["float64", "float32"]


def checked(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a training, or an ``InputError`` that names the one that is unknown."""
    require_options(options)
    loss = options.get("loss", "auto")
    if not isinstance(loss, str):
        raise InputError(
            "a session names its loss, so that it can be saved and repeated: give 'squared', 'huber' "
            f"or 'poisson', got {loss!r}"
        )
    return dict(options)


def onward(model: KAN, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options with which a training goes on from a network: its grid, doubled up to the finest."""
    if "grids" not in options:
        return {"starts": 1}
    grids = [model.layer(0).grid_size]
    while 2 * grids[-1] <= max(options["grids"]):
        grids.append(2 * grids[-1])
    return {"starts": 1, "grids": tuple(grids)}


def settings(options: Mapping[str, Any], data: Dataset) -> dict[str, Any]:
    """What every button that trains takes of the options: all but the loss, which ``data`` has.

    Raises:
        InputError: they ask for another loss than that of the data.
    """
    same = {"auto", data.loss, "squared" if data.loss == "auto" else "auto"}
    if options.get("loss", "auto") not in same:
        raise InputError(
            "a session has one loss for networks and formulas: open another with "
            f"loss={options['loss']!r}"
        )
    return {name: value for name, value in options.items() if name != "loss"}


def loss_unit(data: Dataset) -> str:
    """What losses of networks on this table are measured in."""
    if data.task == "classification":
        return "cross-entropy"
    return {"huber": "Huber RMSE", "poisson": "poisson loss"}.get(data.loss, "RMSE")


def new_network(data: Dataset, width: Width, seed: int, precision: Precision = "float64") -> Step:
    """A network of random curves; its width must fit the data."""
    if precision not in ("float64", "float32"):
        raise InputError(f"a precision must be float64 or float32, got {precision!r}")
    shape = tuple(entry if isinstance(entry, int) else tuple(entry) for entry in width)
    model = KAN(shape, seed=seed, dtype=getattr(torch, precision))
    require_fitting(model, data)
    said = "" if precision == "float64" else f", dtype=torch.{precision}"
    return Step("new network", f"model = KAN({shape!r}, seed={seed}{said})", model, begins=True)


def given_network(data: Dataset, model: KAN) -> Step:
    """A network that came from elsewhere."""
    require_fitting(model, data)
    code = "# model: the network that this session was given"
    return Step("given network", code, model, begins=True, trained=True)


def require_fitting(model: KAN, data: Dataset) -> None:
    """An ``InputError`` where a network has other inputs or outputs than a table."""
    if model.in_features != len(data.names) or model.out_features != data.outputs:
        raise InputError(
            f"the data needs a width from {len(data.names)} inputs to {data.outputs} outputs, "
            f"got {model.config.width}"
        )


def trained(result: FitResult, seed: int, options: Mapping[str, Any]) -> Step:
    """What a training left; one that was stopped says at which iteration, so that it repeats."""
    said = "".join(f", {name}={value!r}" for name, value in options.items())
    if result.stopped == "stopped":
        said += f", callback=lambda progress: progress.step >= {result.history[-1].step}"
    code = f"result = fit(model, data, seed={seed}{said})\nmodel = result.model"
    return Step("train", code, result.model, fit=result)


def pruned_by_score(model: KAN, data: Dataset, threshold: float) -> Step:
    """Weak edges go."""
    code = f"model = prune_edges(model, data, threshold={threshold!r})"
    after = prune_edges(model, data, threshold=threshold)
    return Step(f"prune below {threshold:g}", code, after)


def pruned_by_refit(found: Elimination, seed: int, training: Mapping[str, Any]) -> Step:
    """What refit tests leave, with the options of trainings that they were given."""
    code = f"model = eliminate(model, data, seed={seed}{_training(training)}).model"
    return Step("prune", code, found.model)


def _training(options: Mapping[str, Any]) -> str:
    """Options of trainings as an argument."""
    return f", training={dict(options)!r}" if options else ""


def symbolified(
    model: KAN,
    seed: int,
    choice: Blocks,
    formulas: FormulaSet,
    law: str = "",
    refused: tuple[str, ...] = (),
) -> Step:
    """What a search for symbols found: formulas of a law, or beside what the table says by itself."""
    functions = "" if choice.functions is None else f", functions={choice.functions!r}"
    but = f", refused={refused!r}" if refused else ""
    said = functions
    said += f", allowed={dict(choice.edges)!r}" if choice.edges else ""
    said += f", law={law!r}" if law else ""
    named = f"symbolify(model, data, seed={seed}{said})"
    made = named if law else f"untrained(data{functions}{but}).merged({named})"
    code = f"formulas = {made}\nformula = formulas.best"
    return Step("find formulas", code, model, formulas=formulas)


def grouped(model: KAN, choice: Blocks, formulas: FormulaSet) -> Step:
    """Laws for all groups of a table, with constants that differ between them."""
    said = "" if choice.functions is None else f", functions={choice.functions!r}"
    code = f"formulas = law_of_groups(data, quick=True{said})\nformula = formulas.best"
    return Step("find formulas", code, model, formulas=formulas)


def discovered(
    found: Discovery,
    seed: int,
    effort: Effort,
    functions: Functions | None = None,
    refused: tuple[str, ...] = (),
    training: Mapping[str, Any] | None = None,
) -> Step:
    """What the whole way without a question found, with the options of trainings that it was given."""
    said = "" if functions is None else f", functions={functions!r}"
    said += f", refused={refused!r}" if refused else ""
    said += _training(training or {})
    code = (
        f"found = discover(data, effort={effort!r}, seed={seed}{said})\n"
        "model, formulas = found.network, found.formulas\nformula = formulas.best"
    )
    if not found.complete:
        code += "\n# It was ended early by hand: run to its end it may find more."
    return Step(
        "discover", code, found.network, fit=found.fit, formulas=found.formulas, begins=True
    )


def chosen(model: KAN, formulas: FormulaSet, index: int) -> Step:
    """A formula that is preferred to the one that validation prefers."""
    require_index(formulas, index)
    code = f"formula = formulas[{index}]"
    return Step(f"choose formula {index}", code, model, choice=index)


def snapped(model: KAN, data: Dataset, formulas: FormulaSet, index: int) -> Step:
    """The same formulas, and one of them with the exact numbers that its constants may be."""
    require_index(formulas, index)
    require_shared(formulas[index], "numbers that differ between groups are not snapped")
    found = polished([formulas[index].expressions], data, network=model)
    exact = min(found, key=_free)
    if _free(exact) >= _free(formulas[index]):
        raise InputError("no constant of this formula is close enough to an exact number")
    merged = formulas.merged(found)
    place = next(i for i, f in enumerate(merged) if f.expressions == exact.expressions)
    code = (
        f"formulas = formulas.merged(polished([formulas[{index}].expressions], data, "
        f"network=model))\nformula = formulas[{place}]"
    )
    return Step("snap constants", code, model, formulas=merged, choice=place)


def _free(formula: Formula) -> int:
    """Constants that are no exact numbers."""
    return sum(constant.snapped is None for constant in formula.constants)


def require_index(formulas: FormulaSet, index: int) -> None:
    """An ``InputError`` where a set has no formula at ``index``."""
    if isinstance(index, bool) or not 0 <= index < len(formulas):
        raise InputError(
            f"a formula's index must lie between 0 and {len(formulas) - 1}, got {index}"
        )


def require_shared(formula: Formula, why: str) -> None:
    """An ``InputError`` that says why where a formula has constants of its own for each group."""
    if formula.varying:
        raise InputError(f"{why}: this formula has {', '.join(formula.varying)} for each group")


def living(model: KAN, edge: Edge) -> None:
    """An ``InputError`` where the edge is not one of the network's."""
    if edge not in model.edges():
        raise InputError(f"{edge} is not a living edge of the network")


def loss_of(model: KAN, data: Dataset, part: Part = "validation") -> float:
    """RMSE in the target's units, or the mean loss; of training rows where ``part`` is empty."""
    part = part if len(data.split(part)[0]) else "train"
    x, y = data.split(part)
    with torch.no_grad():
        values = model(x.to(model.output_scale)).to(x)
    if data.loss == "poisson":  # the values are logarithms of rates, which no formula says
        return float(chosen_loss(data.loss, y).value(values[None], y, data.row_weights(part)))
    return Sample.of(data, part).error(values.numpy())
