"""Where a formula comes from: the data's hash, versions, the network's shape."""

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version

from workbench import __version__
from workbench.evidence.sample import objective
from workbench.kan.data import Dataset
from workbench.kan.model import KAN

_PACKAGES = ("torch", "numpy", "scipy", "sympy", "networkx", "pandas", "scikit-learn")
_FOLDED = "None left: the scaling of inputs and target is folded into the formula."


def fingerprint(data: Dataset) -> str:
    """A hash of inputs, targets and weights, to tell whether two results used the same table."""
    digest = hashlib.sha256(data.inputs.numpy().tobytes())
    digest.update(data.targets.numpy().tobytes())
    if data.weights is not None:
        digest.update(data.weights.numpy().tobytes())
    return digest.hexdigest()[:16]


def versions() -> dict[str, str]:
    """Versions of everything that a result depends on."""
    found = {"kan-workbench": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def origin(data: Dataset) -> dict[str, str]:
    """What a reader of an exported formula needs to find its data again, and what was done to them."""
    return {
        "data": f"sha256 {fingerprint(data)}",
        "rows": f"{len(data.train)} train, {len(data.validation)} validation, {len(data.test)} test",
        "objective": objective(data),
        "preprocessing": " ".join((_FOLDED, *data.notes)),
        "version": f"kan-workbench {__version__}",
    }


def topology(network: KAN) -> str:
    """Width and living edges of a network, in words."""
    return f"width {list(network.config.width)}, {len(network.edges())} edges"
