"""``workbench run``: a packaged study without a browser."""

import argparse
import math
from typing import TYPE_CHECKING, Any

from workbench.cli.options import (
    add_detail,
    add_output,
    add_quick,
    check_output,
    mention,
    new_command,
    places,
    set_threads,
)
from workbench.cli.registry import study_class
from workbench.errors import InputError
from workbench.headless.terminal import COMPLETE, INTERRUPTED, ProgressLine, say

if TYPE_CHECKING:
    from workbench.search.discovery import Discovery
    from workbench.studies.study import CaseStudy

_EXAMPLES = """\
workbench run knots --quick
workbench run localization --out results --seed 1
workbench run localization --lattice mine.py --out results"""
_LATTICE = (
    "localization: a Python file of your own, which is run; it defines hamiltonian(sites, phi, **parameters) "
    "and parameters = {name: (low, high)}"
)


def add(commands: Any) -> None:
    """Name the arguments."""
    parser = new_command(commands, "run", "run a packaged study without a browser", _EXAMPLES)
    parser.add_argument("study", help="knots or localization")
    parser.add_argument("--lattice", metavar="FILE", help=_LATTICE)
    add_quick(parser, "less search, under a minute; a lattice of your own is always measured whole")
    add_output(parser)
    add_detail(parser, verbose=True)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Run the study; Ctrl-C keeps what was found."""
    study = study_class(options.study)
    with ProgressLine(detail=options.detail).catching_interrupts() as progress:
        if options.lattice is not None:
            return _edge_of_lattice(study, options, progress)
        return _searched(study, options, progress)


def _edge_of_lattice(
    study: "CaseStudy", options: argparse.Namespace, progress: ProgressLine
) -> int:
    """The mobility edge of a lattice of the user's own."""
    if not hasattr(study, "lattice"):
        raise InputError(f"--lattice is for the study of localization, not of {study.name}")
    check_output(options)
    from workbench.boundaries import discover_boundary
    from workbench.headless.edges import edge_figures, edge_lines, write_edge
    from workbench.report.results import write_json

    def measured(phase: str, share: float) -> bool:
        return progress(phase, math.nan)  # each phase begins at 0 again

    lattice = study.lattice(options.lattice, measured)
    found = discover_boundary(
        lattice, seed=options.seed, report=progress, stop=lambda: progress.interrupted
    )
    progress.rest()
    for line in edge_lines(found):
        say(line)
    about = {"study": study.name, "lattice": options.lattice, "seed": options.seed}
    about |= edge_figures(found)
    if options.out:
        write_edge(options.out, found, about)
        mention(f"Written to {options.out}", options)
    if options.json:
        write_json(options.json, about)
    return COMPLETE if found.complete else INTERRUPTED


def _searched(study: "CaseStudy", options: argparse.Namespace, progress: ProgressLine) -> int:
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

    check_output(options)
    set_threads(options.threads)
    mention(f"{study.title}: {study.question}", options)
    outcome = Run(progress, tell, study.title, study.question, **places(options))
    return outcome.through(search)
