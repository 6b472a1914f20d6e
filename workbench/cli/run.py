"""``workbench run``: a packaged study without a browser."""

import argparse
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
from workbench.headless.terminal import ProgressLine

if TYPE_CHECKING:
    from workbench.search.discovery import Discovery
    from workbench.studies.study import CaseStudy

_EXAMPLES = """\
workbench run knots --quick
workbench run localization --out results --seed 1"""


def add(commands: Any) -> None:
    """Name the arguments."""
    parser = new_command(commands, "run", "run a packaged study without a browser", _EXAMPLES)
    parser.add_argument("study", help="knots or localization")
    add_quick(parser, "less search, under a minute")
    add_output(parser)
    add_detail(parser, verbose=True)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Run the study; Ctrl-C keeps what was found."""
    study = study_class(options.study)
    with ProgressLine(detail=options.detail).catching_interrupts() as progress:
        return _searched(study, options, progress)


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
