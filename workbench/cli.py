"""The console script: ``workbench lab | run | discover | predict | look | data``.

Every command is a call of a public function; mistakes are answered in one sentence and exit code 2.
"""

import argparse
import math
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import __version__
from workbench.errors import InputError
from workbench.headless.terminal import Ended, ProgressLine, say

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pandas as pd

    from workbench.headless.running import Run
    from workbench.kan.data import Dataset
    from workbench.kan.kinds import Kind
    from workbench.search.discovery import Discovery
    from workbench.studies.study import CaseStudy

_BAD_INPUT = 2
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    code = _answered(_parser().parse_args(arguments))
    if arguments is None:
        # The process ends with this answer: a signal while Python shuts down would give another one.
        for late in (signal.SIGINT, signal.SIGTERM):
            signal.signal(late, signal.SIG_IGN)
    return code


def _answered(options: argparse.Namespace) -> int:
    """The exit code of a command; mistakes and interrupts are answered."""
    try:
        code: int = options.command(options)
    except InputError as error:
        say(f"workbench: {error}", file=sys.stderr)
        return _BAD_INPUT
    except (KeyboardInterrupt, Ended):
        say("workbench: interrupted", file=sys.stderr)
        return _INTERRUPTED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="workbench",
        description="Find the law in a table of data with Kolmogorov–Arnold networks.",
    )
    parser.add_argument("--version", action="version", version=f"kan-workbench {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    for add in (_add_lab, _add_run, _add_discover, _add_predict, _add_look, _add_data):
        add(commands)
    return parser


def _add_lab(commands: Any) -> None:
    lab = commands.add_parser("lab", help="open JupyterLab on a guided study")
    lab.add_argument("--study", default="knots", help="study that opens (knots)")
    lab.add_argument("--dir", default="workbench-files", help="folder of your notebooks")
    lab.add_argument("--port", type=int, default=8888)
    lab.add_argument("--no-browser", action="store_true")
    lab.set_defaults(command=_lab)


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="run a packaged study without a browser")
    run.add_argument("study", help="knots or localization")
    run.add_argument("--quick", action="store_true", help="less search, under a minute")
    _add_output(run)
    run.set_defaults(command=_run)


def _add_discover(commands: Any) -> None:
    discover = commands.add_parser("discover", help="find a formula in your own table")
    _add_table(discover)
    discover.add_argument("--target", required=True, help="column to be explained")
    discover.add_argument(
        "--inputs", nargs="+", metavar="COLUMN", help="columns to explain it with"
    )
    discover.add_argument(
        "--missing",
        choices=("drop", "median", "indicator"),
        default="drop",
        help="rows with gaps are dropped, or filled with medians, or that with an input for it",
    )
    discover.add_argument(
        "--split", choices=("random", "ordered"), help="which rows are held out: any, or the last"
    )
    discover.add_argument(
        "--groups", metavar="COLUMN", help="rows with the same value stay together in the split"
    )
    discover.add_argument(
        "--by", metavar="COLUMN", help="one law whose constants may differ between these groups"
    )
    discover.add_argument(
        "--sigma", metavar="COLUMN", help="standard errors of the target: rows count by 1/σ²"
    )
    discover.add_argument("--weights", metavar="COLUMN", help="how much every row counts")
    discover.add_argument(
        "--units", nargs="+", metavar="COLUMN=UNIT", default=[], help="such as v=m/s E=J n=1"
    )
    discover.add_argument(
        "--resamples",
        type=int,
        default=0,
        metavar="N",
        help="repeat the whole search on N resamples of the rows, to see how often the form returns",
    )
    discover.add_argument(
        "--cluster", metavar="ADDRESS", help="scheduler of a Dask cluster, such as tcp://host:8786"
    )
    discover.add_argument("--task", choices=("regression", "classification"))
    discover.add_argument(
        "--loss",
        choices=("squared", "huber"),
        default="auto",
        help="huber counts rows far off less (least squares, or cross-entropy for classes)",
    )
    discover.add_argument("--quick", action="store_true", help="less search")
    discover.add_argument(
        "--seconds", type=float, default=math.inf, metavar="S", help="wall time that it may take"
    )
    _add_output(discover)
    discover.set_defaults(command=_discover)


def _add_predict(commands: Any) -> None:
    predict = commands.add_parser("predict", help="apply what a discovery found to new rows")
    predict.add_argument("results", help="folder that discover --out wrote")
    predict.add_argument("file", help="a table with the same columns, in any order")
    predict.add_argument("--sheet", default="", help="of a workbook, or the table of a database")
    predict.add_argument("--out", required=True, metavar="FILE", help="predictions as CSV")
    predict.set_defaults(command=_predict, drop=[], keep=[])


def _add_look(commands: Any) -> None:
    look = commands.add_parser("look", help="show what a table holds and what would be made of it")
    _add_table(look)
    look.add_argument(
        "--target", help="column to be explained: shows the inputs that there would be"
    )
    look.set_defaults(command=_look)


def _add_table(parser: argparse.ArgumentParser) -> None:
    kinds = "text, Parquet, Excel, JSON, SQLite, MATLAB, HDF5, NetCDF, FITS, packed or not"
    parser.add_argument("file", help=f"a table: {kinds}")
    parser.add_argument("--sheet", default="", help="of a workbook, or the table of a database")
    parser.add_argument("--drop", nargs="+", metavar="COLUMN", default=[], help="columns to ignore")
    parser.add_argument(
        "--column",
        nargs="+",
        metavar="COLUMN=KIND",
        default=[],
        help="number, category, 'ordered category', yes/no, date, text or identifier",
    )
    parser.add_argument(
        "--keep",
        nargs="+",
        metavar="COLUMN",
        default=[],
        help="columns to read as the file has them",
    )


def _add_data(commands: Any) -> None:
    data = commands.add_parser("data", help="build a study's data again")
    data.add_argument("study", choices=("knots",))
    data.add_argument("--crossings", type=int, default=10, help="3 to 14 (10)")
    data.add_argument("--out", default="knots.parquet", help="Parquet file (knots.parquet)")
    data.set_defaults(command=_data)


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--out", metavar="DIR", help="write report, exports, picture and model")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--threads", type=int, default=0, help="threads and processes at a time (all cores)"
    )


def _lab(options: argparse.Namespace) -> int:
    from workbench.studies.notebook_files import copy_notebook

    study = _study_class(options.study)
    folder = Path(options.dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"a folder is needed, but {options.dir!r} cannot be one: {error}"
        ) from error
    notebook = copy_notebook(study.notebook, folder)
    # The command line of an environment may be called by its path, without being activated.
    bin_folder = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={folder.resolve()}",
        f"--port={options.port}",
        f"--LabApp.default_url=/lab/tree/{notebook.name}",
        *(["--no-browser"] if options.no_browser else []),
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    ]
    say(f"Your notebooks are in {folder}; stop with Ctrl-C.")
    try:
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603
    except KeyboardInterrupt:
        return 0


def _run(options: argparse.Namespace) -> int:
    study = _study_class(options.study)
    with ProgressLine().catching_interrupts() as progress:
        return _study_run(study, options, progress)


def _study_run(study: "CaseStudy", options: argparse.Namespace, progress: ProgressLine) -> int:
    from workbench.headless.running import Run
    from workbench.report.results import summary

    def tell(found: "Discovery", **figures: Any) -> dict[str, Any]:
        return {"study": study.name, **summary(found, seed=options.seed, **figures)}

    def search() -> tuple["Discovery", dict[str, Any]]:
        result = study.run(
            quick=options.quick, seed=options.seed, report=progress, keep=outcome.keep
        )
        return result.discovery, tell(
            result.discovery,
            accuracy=result.accuracy,
            baselines=result.baselines,
            findings=result.findings,
            seconds=result.seconds,
        )

    _check_output(options)
    _set_threads(options.threads)
    say(f"{study.title}: {study.question}")
    outcome = Run(progress, tell, study.title, study.question, **_places(options))
    return outcome.through(search)


def _discover(options: argparse.Namespace) -> int:
    with ProgressLine().catching_interrupts() as progress:
        return _table_run(options, progress)


def _table_run(options: argparse.Namespace, progress: ProgressLine) -> int:
    data = _table(options)
    from workbench.common.cluster import cluster
    from workbench.headless.running import Run
    from workbench.report.results import summary
    from workbench.search.automatic import discover

    _check_output(options)
    _set_threads(options.threads)
    for note in data.notes:
        say(note)
    say(
        f"{data.task.capitalize()} of {data.target!r} on {len(data.names)} inputs, "
        f"{len(data.inputs)} rows."
    )
    file = Path(options.file).name

    def tell(found: "Discovery") -> dict[str, Any]:
        return summary(found, seed=options.seed, file=file)

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
        return found, tell(found)

    outcome = Run(progress, tell, f"{data.target} from {file}", **_places(options))
    with cluster(options.cluster) if options.cluster else nullcontext() as executor:
        return outcome.through(search)


def _table(options: argparse.Namespace) -> "Dataset":
    """The columns that were asked for; a file that cannot be read is said before torch is loaded."""
    table = _read(options)
    from workbench.kan.data import Dataset
    from workbench.tables.preparation import cautions

    columns = [str(name) for name in table.columns]
    data = Dataset.from_frame(
        table,
        options.target,
        inputs=options.inputs,
        columns=_kinds(options.column, columns),
        missing=options.missing,
        task=options.task,
        units=_units(options.units, columns) if options.units else None,
        split=options.split,
        groups=options.groups,
        by=options.by,
        sigma=options.sigma,
        weights=options.weights,
        seed=options.seed,
    ).judged_by(options.loss)
    return replace(data, notes=(*data.notes, *cautions(table, data)))


def _read(options: argparse.Namespace) -> "pd.DataFrame":
    from workbench.tables.reading import read_table

    table = read_table(options.file, sheet=options.sheet, keep=options.keep)
    missing = [name for name in options.drop if name not in table.columns]
    if missing:
        raise InputError(f"only columns can be dropped, but there is no {missing[0]!r}")
    return table.drop(columns=options.drop)


def _kinds(pairs: Sequence[str], columns: Sequence[str]) -> "dict[str, Kind]":
    """Kinds by column from ``COLUMN=KIND``."""
    from workbench.kan.kinds import KINDS

    kinds: dict[str, Kind] = {}
    for pair in pairs:
        name, sign, said = pair.rpartition("=")
        kind = next((kind for kind in KINDS if kind == said.strip()), None)
        if not sign or name not in columns or kind is None:
            raise InputError(
                f"--column needs COLUMN=KIND with a column among {', '.join(columns)} and one of "
                f"{', '.join(KINDS)}, got {pair!r}"
            )
        kinds[name] = kind
    return kinds


def _predict(options: argparse.Namespace) -> int:
    table = _read(options)
    _check_parent(options.out, "the file of predictions")
    from workbench.common.writing import write_text
    from workbench.report.loading import load

    found = load(options.results).table(table)
    write_text(options.out, found.to_csv(index=False))
    for note in table.attrs["notes"]:
        say(note)
    for word in ("missing", "extrapolated", "no value"):
        count = int(found["remark"].str.startswith(word).sum())
        if count:
            say(f"{count} of {len(found)} rows: {word}, see the column 'remark'.")
    say(f"{len(found)} rows in {options.out}: {', '.join(found.columns)}")
    return 0


def _look(options: argparse.Namespace) -> int:
    table = _read(options)
    from workbench.headless.looking import lines

    kinds = _kinds(options.column, [str(name) for name in table.columns])
    for line in lines(table, kinds, options.target):
        say(line)
    return 0


def _places(options: argparse.Namespace) -> dict[str, Any]:
    """Where results are to be written."""
    return {"out": options.out or "", "figures": options.json or ""}


def _units(pairs: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """Units by column from ``COLUMN=UNIT``, each of them one that can be read."""
    from workbench.formulas.units import parse_all

    units = {}
    for pair in pairs:
        name, sign, unit = pair.rpartition("=")
        if not sign or name not in columns:
            raise InputError(
                f"--units needs COLUMN=UNIT with a column among {', '.join(columns)}, got {pair!r}"
            )
        units[name] = unit
    parse_all(units)
    return units


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


def _data(options: argparse.Namespace) -> int:

    build = import_module("case_studies.knots.build").build_table
    _check_parent(options.out, "the table")
    with ProgressLine().catching_interrupts() as progress:
        try:
            table = build(options.crossings, options.out, progress=progress)
        except KeyboardInterrupt:
            progress.clear()
            say("Stopped; the same command goes on from here.", file=sys.stderr)
            return _INTERRUPTED
    dropped = table.attrs.get("dropped", {})
    say(f"{len(table)} hyperbolic knots in {options.out}")
    if dropped:
        say(f"{len(dropped)} left out: " + "; ".join(f"{k} ({v})" for k, v in dropped.items()))
    return 0


def _study_class(name: str) -> "CaseStudy":
    registry = import_module("case_studies").registry()
    if name not in registry:
        raise InputError(f"a study must be one of {', '.join(registry)}, got {name!r}")
    module, attribute = registry[name].split(":")
    study: CaseStudy = getattr(import_module(module), attribute)
    return study


def _set_threads(count: int) -> None:
    import torch

    torch.set_num_threads(count if count > 0 else max(1, os.cpu_count() or 1))


def _check_output(options: argparse.Namespace) -> None:
    """Before the work, so that a result is never lost for want of a folder."""
    if options.json:
        _check_parent(options.json, "the JSON file")
    if options.out:
        from workbench.common.writing import remove_leftovers
        from workbench.report.results import check_folder

        remove_leftovers(check_folder(options.out))


def _check_parent(path: str, what: str) -> None:
    parent = Path(path).resolve().parent
    if not parent.is_dir() or not os.access(parent, os.W_OK) or Path(path).is_dir():
        raise InputError(f"{what} needs a folder that can be written, got {path!r}")


if __name__ == "__main__":
    sys.exit(main())
