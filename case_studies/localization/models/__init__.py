"""Models of localization, each a Hamiltonian with its parameters, refusals and known law."""

from case_studies.localization.models.cells import FLAT_BAND, PAIRING
from case_studies.localization.models.chains import (
    AUBRY_ANDRE,
    GENERALIZED,
    GENERALIZED_2,
    MOSAIC_2,
    MOSAIC_3,
    SLOWLY_VARYING,
)
from case_studies.localization.models.disorder import CUBIC, LLOYD, RANDOM, SQUARE
from case_studies.localization.models.lattice import Lattice
from case_studies.localization.models.modified import MODIFIED
from case_studies.localization.models.nonhermitian import GAIN_LOSS
from workbench.errors import InputError

EDGES: dict[str, Lattice] = {
    lattice.name: lattice
    for lattice in (
        AUBRY_ANDRE, MOSAIC_2, MOSAIC_3, GENERALIZED, GENERALIZED_2, MODIFIED, PAIRING, FLAT_BAND, GAIN_LOSS,
    )
}  # fmt: skip
"""Those whose edge is known exactly and whose exponents can be measured."""

MODELS: dict[str, Lattice] = EDGES | {
    lattice.name: lattice for lattice in (SLOWLY_VARYING, RANDOM, LLOYD, SQUARE, CUBIC)
}


def model(name: str) -> Lattice:
    """The model of a name.

    Raises:
        InputError: there is none.
    """
    if name not in MODELS:
        raise InputError(f"a model must be one of {', '.join(MODELS)}, got {name!r}")
    return MODELS[name]
