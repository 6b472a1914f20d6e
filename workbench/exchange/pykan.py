"""Networks of pykan 0.2.8 (https://github.com/KindXiaoming/pykan): its checkpoints and its objects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from workbench.errors import InputError
from workbench.exchange import pykan_files as files
from workbench.exchange.building import build
from workbench.exchange.source import Layer, Source
from workbench.kan.checks import whole
from workbench.kan.config import KANConfig, frozen_arity, frozen_width
from workbench.kan.functions import FUNCTIONS
from workbench.kan.model import KAN

NAMES = {
    "x": "linear", "x^2": "square", "x^3": "cube", "x^4": "power_4", "x^5": "power_5",
    "1/x": "reciprocal", "1/x^2": "reciprocal_square", "1/x^3": "reciprocal_cube",
    "1/x^4": "reciprocal_power_4", "1/x^5": "reciprocal_power_5",
    "sqrt": "sqrt", "x^0.5": "sqrt", "x^1.5": "power_3_2",
    "1/sqrt(x)": "inverse_sqrt", "1/x^0.5": "inverse_sqrt",
    "sgn": "sign", "arctanh": "artanh", "0": "zero",
}  # fmt: skip
"""pykan's names of functions where ours are others."""
BASES = {
    "silu": "silu", "SiLU": "silu", "identity": "linear", "Identity": "linear", "zero": None,
}  # fmt: skip
"""Base functions, by pykan's words and by the classes of torch that it writes after ``prune_input``."""


def from_pykan(checkpoint: Any, grid_size: int | None = None) -> KAN:
    """A network of pykan 0.2.8 as a ``KAN``: curves, masks, fixed functions, products and affine numbers.

    Predictions are the same to 1e-6 of their range between the ends of pykan's grids and of the inputs
    that it saw last. Beyond them curves go on as straight lines, where pykan's splines fall to zero. pykan's
    grids are quantiles of its samples and ours are uniform, so ours are finer; a warning says what is
    left. An edge that is both a spline and a function becomes a curve, functions outside of their domain
    are finite numbers, not NaN. What ``model.input_id`` leaves out is no input here.

    Args:
        checkpoint: the ``path`` that ``model.saveckpt(path)`` was given, or a model of pykan. Files are
            read as data: no code in them is run, and pykan need not be installed.
        grid_size: intervals of every grid; by default as few as the accuracy takes.

    Raises:
        InputError: a file is missing, damaged or not pykan's; a function or base is unknown here (register
            it under its name first); layers have splines of different degrees.
    """
    if grid_size is not None:
        whole("grid_size", grid_size)
    if isinstance(checkpoint, str | PathLike):
        told, state, cached = _of_files(str(checkpoint))
    else:
        told, state, cached = _of_model(checkpoint)
    source = _source(told, state)
    if cached is not None and (cached.shape[1:] != (source.config.nodes(0),) or not len(cached)):
        cached = None
    return build(source, cached, grid_size)


@dataclass(frozen=True)
class _Told:
    """What pykan says beside the numbers; ``functions[l]`` are rows ``(out, in)`` of names."""

    width: Any
    arity: Any
    base: str
    symbolic: bool
    functions: Sequence[Sequence[Sequence[str]]]


_Read = tuple[_Told, Mapping[str, Tensor], np.ndarray | None]


def _of_files(path: str) -> _Read:
    settings = files.read_settings(Path(f"{path}_config.yml"))
    state = files.read_state(Path(f"{path}_state"))
    functions: list[list[list[str]]] = []
    while (mask := state.get(f"symbolic_fun.{len(functions)}.mask")) is not None:
        if mask.ndim != 2:
            raise InputError(f"{Path(path).name!r} has a mask of {mask.ndim} dimensions, not 2")
        name = f"symbolic.funs_name.{len(functions)}"
        functions.append(files.words(settings.get(name), name, (mask.shape[0], mask.shape[1])))
    told = _Told(
        width=files.nested(settings.get("width"), "width"),
        arity=files.nested(settings.get("mult_arity"), "mult_arity"),
        base=files.scalar(settings, "base_fun_name"),
        symbolic=files.scalar(settings, "symbolic_enabled").lower() != "false",
        functions=functions,
    )
    return told, state, files.read_cache(Path(f"{path}_cache_data"))


def _of_model(model: Any) -> _Read:
    """The same of an object in memory, which is left as it is."""
    if not all(hasattr(model, name) for name in ("act_fun", "symbolic_fun", "mult_arity", "width")):
        raise InputError(
            "a model of pykan, or the path of a checkpoint that it saved, is needed, "
            f"got {type(model).__name__}"
        )
    base = model.base_fun_name
    told = _Told(
        width=model.width,
        arity=model.mult_arity,
        base=base if isinstance(base, str) else type(base).__name__,
        symbolic=bool(model.symbolic_enabled),
        functions=[layer.funs_name for layer in model.symbolic_fun],
    )
    cached = model.cache_data
    state = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}
    return told, state, None if cached is None else cached.detach().cpu().double().numpy()


def _source(told: _Told, state: Mapping[str, Tensor]) -> Source:
    if told.base not in BASES:
        raise InputError(
            f"the base function must be one of {', '.join(BASES)}, but this model has {told.base!r}"
        )
    layers = tuple(_layer(told, state, level) for level in range(len(told.functions)))
    degrees = {layer.degree for layer in layers}
    if len(degrees) != 1 or min(degrees) < 1:
        raise InputError(f"all layers must have splines of one degree, got {sorted(degrees)}")
    width = [entry[0] if _sums_only(entry) else entry for entry in _listed(told.width)]
    config = KANConfig(
        frozen_width(width),
        degree=degrees.pop(),
        arity=frozen_arity(told.arity),
        base=BASES[told.base],
    )
    _require_shapes(config, layers)
    return Source(config, layers)


def _listed(width: Any) -> list[Any]:
    if not isinstance(width, Sequence) or isinstance(width, str):
        raise InputError(f"the width must be a list of numbers of nodes, got {width!r}")
    return list(width)


def _sums_only(entry: Any) -> bool:
    return isinstance(entry, Sequence) and len(entry) == 2 and entry[1] == 0


def _layer(told: _Told, state: Mapping[str, Tensor], level: int) -> Layer:
    """One layer in our order of axes, with masks and scales multiplied in."""

    def numbers(name: str, dimensions: int) -> np.ndarray:
        tensor = state.get(name)
        if tensor is None or tensor.ndim != dimensions:
            raise InputError(f"the state must have a tensor {name!r} of {dimensions} dimensions")
        return tensor.double().numpy()

    spline, symbolic = f"act_fun.{level}.", f"symbolic_fun.{level}."
    mask = numbers(f"{spline}mask", 2).T
    scale, base = (numbers(f"{spline}scale_{name}", 2).T for name in ("sp", "base"))
    curves = numbers(f"{spline}coef", 3).transpose(1, 0, 2)
    weight = numbers(f"{symbolic}mask", 2) * told.symbolic
    affine = numbers(f"{symbolic}affine", 3)
    shapes = {mask.shape, scale.shape, base.shape, curves.shape[:2], weight.shape, affine.shape[:2]}
    if len(shapes) != 1 or affine.shape[2] != 4:
        raise InputError(f"the tensors of layer {level} do not belong together")
    return Layer(
        knots=numbers(f"{spline}grid", 2),
        curves=curves * (mask * scale)[..., None],
        base=base * mask,
        living=mask != 0,
        functions=_functions(told.functions[level], weight),
        affine=np.concatenate((affine[..., :2], affine[..., 2:] * weight[..., None]), -1),
        scale=numbers(f"subnode_scale_{level}", 1),
        shift=numbers(f"subnode_bias_{level}", 1),
        node_scale=numbers(f"node_scale_{level}", 1),
        node_shift=numbers(f"node_bias_{level}", 1),
    )


def _functions(names: Sequence[Sequence[str]], weight: np.ndarray) -> dict[tuple[int, int], str]:
    found = {}
    for target, source in np.argwhere(weight != 0).tolist():
        name = names[target][source]
        ours = NAMES.get(name, name)
        if ours not in FUNCTIONS:
            raise InputError(
                f"the edge from {source} to {target} is the function {name!r}, which is not known here: "
                "register it under this name first"
            )
        found[target, source] = ours
    return found


def _require_shapes(config: KANConfig, layers: Sequence[Layer]) -> None:
    if len(layers) != config.depth:
        raise InputError(
            f"a width of {config.width} needs {config.depth} layers, got {len(layers)}"
        )
    for level, layer in enumerate(layers):
        nodes, subnodes, after = (
            config.nodes(level),
            config.subnodes(level + 1),
            config.nodes(level + 1),
        )
        fits = (
            layer.curves.shape[:2] == (subnodes, nodes)
            and layer.knots.shape[0] == nodes
            and layer.scale.shape == layer.shift.shape == (subnodes,)
            and layer.node_scale.shape == layer.node_shift.shape == (after,)
        )
        if not fits:
            raise InputError(
                f"the tensors of layer {level} do not have the sizes of {config.width}"
            )
        if layer.grid_size < 1 or (np.diff(layer.knots, axis=1) < 0).any():
            raise InputError(f"the knots of layer {level} must be sorted, and at least two")
