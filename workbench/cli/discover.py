"""``workbench discover``: a formula for a table of one's own."""

import argparse
import os
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbench.cli.options import (
    add_columns,
    add_detail,
    add_output,
    add_quick,
    add_sample,
    add_seconds,
    add_table,
    check_output,
    mention,
    new_command,
    places,
    set_threads,
)
from workbench.cli.tables import kinds_of, name_of, read, sample, units_of
from workbench.headless.terminal import ProgressLine

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pandas as pd

    from workbench.headless.running import Run
    from workbench.kan.data import Dataset
    from workbench.search.discovery import Discovery

_EXAMPLES = """\
workbench discover data.csv --target y --out results
workbench discover data.csv --target E --units v=m/s E=J m=kg --quick
workbench discover data.xlsx --sheet 2024 --target y --by material --sigma y_err
workbench discover huge.parquet --target y --rows 5000 --quiet
zcat data.csv.gz | workbench discover - --target y"""


def add(commands: Any) -> None:
    """Name the arguments."""
    parser = new_command(commands, "discover", "find a formula in your own table", _EXAMPLES)
    add_table(parser)
    parser.add_argument("--target", required=True, metavar="COLUMN", help="column to be explained")
    parser.add_argument("--inputs", nargs="+", metavar="COLUMN", help="columns to explain it with")
    parser.add_argument(
        "--missing",
        choices=("drop", "median", "indicator"),
        default="drop",
        help="rows with gaps are dropped, or filled with medians, or that with an input for it",
    )
    parser.add_argument(
        "--split", choices=("random", "ordered"), help="which rows are held out: any, or the last"
    )
    parser.add_argument(
        "--groups", metavar="COLUMN", help="rows with the same value stay together in the split"
    )
    parser.add_argument(
        "--by", metavar="COLUMN", help="one law whose constants may differ between these groups"
    )
    parser.add_argument(
        "--sigma", metavar="COLUMN", help="standard errors of the target: rows count by 1/σ²"
    )
    parser.add_argument("--weights", metavar="COLUMN", help="how much every row counts")
    add_columns(parser, "--units", "COLUMN=UNIT", "such as v=m/s E=J n=1")
    parser.add_argument(
        "--resamples",
        type=int,
        default=0,
        metavar="N",
        help="repeat the whole search on N resamples of the rows, to see how often the form returns",
    )
    parser.add_argument(
        "--cluster", metavar="ADDRESS", help="scheduler of a Dask cluster, such as tcp://host:8786"
    )
    parser.add_argument("--task", choices=("regression", "classification"))
    parser.add_argument(
        "--loss",
        choices=("squared", "huber"),
        default="auto",
        help="huber counts rows far off less (least squares, or cross-entropy for classes)",
    )
    add_quick(parser, "less search")
    add_seconds(parser)
    add_output(parser)
    add_sample(parser)
    add_detail(parser, verbose=True)
    parser.set_defaults(command=discover)


def discover(options: argparse.Namespace) -> int:
    """Search; Ctrl-C keeps what was found."""
    with ProgressLine(detail=options.detail).catching_interrupts() as progress:
        return _searched(options, progress)


def _searched(options: argparse.Namespace, progress: ProgressLine) -> int:
    table, rest = sample(read(options), options, (options.target, options.by))
    data = _dataset(table, options)
    from workbench.common.cluster import cluster
    from workbench.headless.running import Run
    from workbench.report.results import summary
    from workbench.search.automatic import discover

    check_output(options)
    set_threads(options.threads)
    for note in data.notes:
        mention(note, options)
    mention(
        f"{data.task.capitalize()} of {data.target!r} on {len(data.names)} inputs, "
        f"{len(data.inputs)} rows.",
        options,
    )
    file = name_of(options)

    def tell(found: "Discovery", *findings: str) -> dict[str, Any]:
        return summary(found, seed=options.seed, file=file, findings=findings)

    def search() -> tuple["Discovery", dict[str, Any]]:
        found = discover(
            data,
            effort="quick" if options.quick else "normal",
            seed=options.seed,
            seconds=options.seconds,
            report=progress,
            keep=outcome.keep,
            executor=executor,
            workers=options.threads or None,
        )
        if options.resamples and found.complete:
            found = _repeated(found, options, outcome, executor)
        return found, tell(found, *([_judged(found, rest)] if len(rest) else []))

    outcome = Run(progress, tell, f"{data.target} from {file}", **places(options))
    with cluster(options.cluster) if options.cluster else nullcontext() as executor:
        return outcome.through(search)


def _dataset(table: "pd.DataFrame", options: argparse.Namespace) -> "Dataset":
    """The columns that were asked for; a file that cannot be read is said before torch is loaded."""
    from workbench.kan.data import Dataset
    from workbench.tables.preparation import cautions

    columns = [str(name) for name in table.columns]
    data = Dataset.from_frame(
        table,
        options.target,
        inputs=options.inputs,
        columns=kinds_of(options.column, columns),
        missing=options.missing,
        task=options.task,
        units=units_of(options.units, columns) if options.units else None,
        split=options.split,
        groups=options.groups,
        by=options.by,
        sigma=options.sigma,
        weights=options.weights,
        seed=options.seed,
    ).judged_by(options.loss)
    return replace(data, notes=(*data.notes, *cautions(table, data)))


def _judged(found: "Discovery", rest: "pd.DataFrame") -> str:
    """What the rows outside the sample say of the formula."""
    from workbench.headless.judging import judged
    from workbench.report.loading import Results
    from workbench.report.recipe import recipe_of

    return judged(Results(found.formula, found.network, recipe_of(found.data)), rest)


def _repeated(
    found: "Discovery", options: argparse.Namespace, outcome: "Run", executor: "Executor | None"
) -> "Discovery":
    """The discovery with what searches on resampled rows say of its formulas."""
    from workbench.common.workers import workers
    from workbench.search.resampling import recurrence

    outcome.progress(f"{options.resamples} searches on resampled rows", 0.0)
    count = min(options.threads or os.cpu_count() or 1, options.resamples)
    with workers(count) if executor is None else nullcontext(executor) as pool:
        again = recurrence(
            found.data,
            resamples=options.resamples,
            seed=options.seed,
            executor=pool,
            report=outcome.progress,
        )
    formulas = again.scored(found.formulas) if again.resamples else found.formulas
    return replace(found, formulas=formulas, complete=again.resamples == options.resamples)
