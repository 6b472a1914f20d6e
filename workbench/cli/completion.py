"""``workbench completion``: what makes a shell complete commands, options and files."""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from workbench.cli.options import new_command

_EXAMPLES = """\
workbench completion bash > ~/.local/share/bash-completion/completions/workbench
workbench completion zsh > ~/.zfunc/_workbench
workbench completion tcsh > ~/.workbench.tcsh    # and: source ~/.workbench.tcsh"""


def add(commands: Any, whole: Callable[[], argparse.ArgumentParser]) -> None:
    """Name the arguments.

    Args:
        commands: of the whole parser. whole: makes that parser, to be completed.
    """
    parser = new_command(
        commands, "completion", "print what makes a shell complete commands", _EXAMPLES
    )
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"))
    parser.set_defaults(command=completion, whole=whole)


def completion(options: argparse.Namespace) -> int:
    """Print the script for the shell."""
    import shtab

    places = {"FILE": shtab.FILE, "DIR": shtab.DIRECTORY, "RESULTS": shtab.DIRECTORY}
    whole = options.whole()
    (commands,) = (a for a in whole._actions if isinstance(a, argparse._SubParsersAction))
    for parser in (whole, *commands.choices.values()):
        for action in parser._actions:
            if action.metavar in places:
                setattr(action, "complete", places[action.metavar])  # noqa: B010  # shtab's own
    sys.stdout.write(shtab.complete(whole, shell=options.shell) + "\n")
    return 0
