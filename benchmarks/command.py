"""Command line of a benchmark: its options, and what has to be installed for it."""

import argparse
import sys
from importlib.metadata import PackageNotFoundError, distribution
from typing import NoReturn

QUICK = "--quick"
NOT_RUN = 77
"""Exit code of a script that lacks what it needs here; test suites take it for "skipped"."""


class Options(argparse.ArgumentParser):
    """Options of a benchmark: ``--quick``, and others that it gives smaller values.

    Args:
        description: of the script.
        numbers: values of whole numbers by name of the option: in a full run, and in a quick one.
    """

    def __init__(self, description: str | None, **numbers: tuple[int | None, int]) -> None:
        layout = argparse.RawDescriptionHelpFormatter
        super().__init__(description=description, formatter_class=layout, allow_abbrev=False)
        self.add_argument(
            QUICK,
            action="store_true",
            help="runs all code on very little; its figures are no figures",
        )
        self._quick: dict[str, object] = {}
        for name, (full, quick) in numbers.items():
            told = f"{'no limit' if full is None else full}; {quick} with {QUICK}"
            self.add_argument(f"--{name}", type=int, default=full, help=told)
            self._quick[name] = quick

    def chosen(self, **quick: object) -> argparse.Namespace:
        """What is asked for; ``quick`` are further values of a quick run."""
        if QUICK in sys.argv:
            self.set_defaults(**self._quick, **quick)
        return self.parse_args()


def installed(package: str) -> bool:
    """Whether a peer is there; a sentence says so where it is not.

    Asked by the name that pip knows: modules of the same name may lie beside the script.
    """
    try:
        distribution(package)
    except PackageNotFoundError:
        print(f"{package} is not installed, so it is left out.")
        return False
    return True


def not_run(why: str) -> NoReturn:
    """End a script that cannot run here."""
    print(f"Not run: {why}.")
    sys.exit(NOT_RUN)
