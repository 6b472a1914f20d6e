"""Accuracy of the signature on held-out knots: rules, multilayer perceptrons and networks, one split.

    python benchmarks/knots.py [--seeds 3] [--quick]

Everything runs in this process on one thread; the table replaces the one in benchmarks/README.md.
"""

import time
from statistics import mean

from measure import options, some
from tables import put

from case_studies.knots.study import accuracy, as_classifier, dataset, slope_rule
from case_studies.knots.table import load_table
from workbench.baselines import baselines_of
from workbench.kan.data import Dataset
from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit

CUSP = (
    "longitudinal_translation",
    "meridional_translation_real",
    "meridional_translation_imag",
)
NETWORKS = (
    ("KAN [3, 3, 1]", CUSP, (3,), (8,)),
    ("KAN [13, 1, 1]", None, (1,), (5,)),
    ("KAN [13, 2, 1]", None, (2,), (5,)),
    ("KAN [13, 4, 1]", None, (4,), (5,)),
)
PERCEPTRONS = ((8,), (16,), (300, 300, 300))

Row = tuple[str, int, int, float, float]


def network_row(
    name: str, data: Dataset, hidden: tuple[int, ...], grids: tuple[int, ...], seed: int
) -> Row:
    begun = time.perf_counter()
    model = KAN((len(data.names), *hidden, 1), seed=seed)
    model = fit(model, data, grids=grids, starts=16, seed=seed).model
    seconds = time.perf_counter() - begun
    share = accuracy(data, lambda x: model(x)[:, 0])
    return name, len(data.names), model.parameter_count, share, seconds


def peer_rows(data: Dataset, seed: int, most: int | None) -> list[Row]:
    peers = [slope_rule(data)]
    peers += [
        as_classifier(b, data) for b in baselines_of(data, hidden=PERCEPTRONS[:most], seed=seed)
    ]
    count = {"majority": 0, "slope rule": 3}
    return [
        (b.name, count.get(b.name, len(data.names)), b.parameters, b.accuracy or 0.0, b.seconds)
        for b in peers
    ]


def table(rows: list[Row]) -> str:
    lines = [
        "| model | inputs | parameters | accuracy | least | seconds |",
        "|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(row[0] for row in rows):
        same = [row for row in rows if row[0] == name]
        shares = [row[3] for row in same]
        seconds = mean(row[4] for row in same)
        lines.append(
            f"| {name} | {same[0][1] or '–'} | {same[0][2]} | {mean(shares):.1%} "
            f"| {min(shares):.1%} | {seconds:.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    chosen = options(__doc__, seeds=(3, 1), rows=(None, 300), most=(None, 1))
    everything = dataset(load_table(13))
    if chosen.rows is not None:
        everything = some(everything, chosen.rows, seed=0)
    rows: list[Row] = []
    for seed in range(chosen.seeds):
        rows += peer_rows(everything, seed, chosen.most)
        for name, inputs, hidden, grids in NETWORKS[: chosen.most]:
            data = everything if inputs is None else everything.select(inputs)
            rows.append(network_row(name, data, hidden, grids, seed))
    text = table(rows)
    put("knots", text)


if __name__ == "__main__":
    main()
