"""Does pruning find the smallest network that says the same? Train wide, eliminate, count edges.

python benchmarks/sparsity.py [--quick]
"""

from collections import Counter
from dataclasses import dataclass

from measure import Clock, middle, options, rmse, short
from problems import SPARSE, SparseProblem
from tables import write

from workbench.kan.model import KAN
from workbench.kan.training.fitting import fit
from workbench.network.elimination import eliminate


@dataclass(frozen=True)
class Found:
    """What elimination chose: living edges, error to the noise-free truth in its std, CPU seconds."""

    edges: int
    error: float
    fit_seconds: float
    seconds: float


def search(case: SparseProblem, seed: int) -> Found:
    data = case.problem.dataset(case.rows, seed, noise=case.noise)
    clock = Clock()
    model = fit(KAN(case.start, seed=seed), data, seed=seed).model
    trained = clock.seconds
    small = eliminate(model, data).model
    seconds = clock.seconds
    error = rmse(small, data) / float(data.split("test")[1].std())
    return Found(len(small.edges()), error, trained, seconds)


def row(case: SparseProblem, seeds: int) -> list[str]:
    found = [search(case, seed) for seed in range(seeds)]
    print(case.problem.name, case.noise, [(f.edges, short(f.error)) for f in found], flush=True)
    counts = Counter(f.edges for f in found)
    others = ", ".join(
        f"{n}× {edges}" for edges, n in sorted(counts.items()) if edges != case.edges
    )
    return [
        case.problem.name,
        f"{case.noise:.0%}",
        str(list(case.start)),
        str(case.edges),
        f"{counts[case.edges]}/{seeds}",
        others or "–",
        middle([f.error for f in found]),
        middle([f.fit_seconds for f in found]),
        middle([f.seconds for f in found]),
    ]


def main() -> None:
    chosen = options(__doc__, seeds=(10, 1), most=(None, 1))
    header = [
        "function", "noise", "start", "least edges", "found", "else", "error / std y", "s of fit",
        "s in all",
    ]  # fmt: skip
    write("sparsity", header, [row(case, chosen.seeds) for case in SPARSE[: chosen.most]])


if __name__ == "__main__":
    main()
