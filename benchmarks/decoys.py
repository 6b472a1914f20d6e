"""Targets made from the knot table, to see whether a wrong law is stated without a word.

    python benchmarks/decoys.py [--rows 1500] [--seeds 3] [--only ratio ...] [--quick]

The inputs are those of the knots study, where the cusp's volume is half the longitude times the height of the
meridian. A discovery is *right* when it states the law, or that there is none; *open* when it states another
form and names those that it does not tell apart; *wrong* when it states another form without that sentence.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from command import Options
from measure import some, within
from tables import write

from case_studies.knots.study import KnotStudy
from workbench.kan.data import Dataset
from workbench.search.automatic import discover

Law = Callable[[dict[str, np.ndarray]], np.ndarray]

LAWS: dict[str, Law] = {
    "ratio": lambda c: c["volume"] * c["short_geodesic_real"] / c["longitudinal_translation"],
    "fraction": lambda c: (
        c["volume"]
        * c["meridional_translation_real"]
        / (c["meridional_translation_imag"] ** 2 + c["short_geodesic_real"] ** 2)
    ),
    "product": lambda c: c["volume"] * c["meridional_translation_real"],
}
NOTHING = ("shuffled", "permuted")
PERMUTED = ("longitudinal_translation", "meridional_translation_real")
SPREAD, NOISE, SAME = 3.0, 0.7, 0.999


def decoy(data: Dataset, name: str, seed: int) -> tuple[Dataset, np.ndarray]:
    """The table with another target, even numbers as signatures are, and the law's values without noise."""
    random = np.random.default_rng(seed)
    if name == "shuffled":
        order = random.permutation(len(data.targets))
        return replace(data, targets=data.targets[order]), np.zeros(len(order))
    if name == "permuted":
        inputs = data.inputs.clone()
        for column in map(data.names.index, PERMUTED):
            inputs[:, column] = inputs[random.permutation(len(inputs)), column]
        return replace(data, inputs=inputs), np.zeros(len(inputs))
    columns = dict(zip(data.names, data.inputs.numpy().T, strict=True))
    law = LAWS[name](columns)
    law = SPREAD * law / law.std()
    y = 2 * np.round((law + NOISE * random.standard_normal(len(law))) / 2)
    return replace(data, targets=torch.from_numpy(y)[:, None]), law


def judged(
    name: str, data: Dataset, law: np.ndarray, seed: int, seconds: int | None
) -> tuple[str, str]:
    """The verdict on one discovery, and its formula."""
    shape = (len(data.names), 2, 1)
    found = discover(
        data,
        effort="quick",
        widths=(shape,),
        grids=(5,),
        hidden=(),
        seed=seed,
        report=within(seconds),
    )
    formula = found.formula
    values = formula(data.inputs.numpy())
    if name in NOTHING:
        right = not formula.used
    else:
        right = bool(formula.used) and abs(np.corrcoef(values, law)[0, 1]) > SAME
    verdict = "right" if right else "open" if formula.rivals or not formula.used else "wrong"
    return verdict, str(formula)


def main() -> None:
    """Print and write the table."""
    parser = Options(__doc__, rows=(1500, 100), seeds=(3, 1), seconds=(None, 2))
    parser.add_argument("--only", nargs="+", default=[*LAWS, *NOTHING])
    options = parser.chosen(only=["product"])
    whole = KnotStudy().load()
    table = []
    for name in options.only:
        begun, verdicts = time.process_time(), []
        for seed in range(options.seeds):
            data, law = decoy(whole, name, seed)
            verdict, text = judged(name, some(data, options.rows, seed), law, seed, options.seconds)
            print(f"{name}, seed {seed}: {verdict}: {text}", flush=True)
            verdicts.append(verdict)
        seconds = (time.process_time() - begun) / options.seeds
        counts = [verdicts.count(v) for v in ("right", "open", "wrong")]
        table.append([name, options.rows, options.seeds, *counts, f"{seconds:.0f}"])
    write("decoys", ["target", "rows", "seeds", "right", "open", "wrong", "CPU s"], table)


if __name__ == "__main__":
    main()
