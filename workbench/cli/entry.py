"""From the arguments to an exit code."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from workbench import __version__
from workbench.cli import (
    boundary,
    compare,
    completion,
    data,
    discover,
    dynamics,
    export,
    lab,
    look,
    predict,
    relations,
    run,
    show,
    solve,
)
from workbench.cli.config import FILE, configure
from workbench.errors import InputError
from workbench.headless.terminal import BAD_INPUT, INTERRUPTED, Ended, say

_COMMANDS = (
    lab,
    run,
    discover,
    dynamics,
    compare,
    relations,
    boundary,
    look,
    predict,
    show,
    export,
    solve,
    data,
)
_NOT_READ = 1
_CONFIG = f"file of options (by default {FILE} in the current folder, where there is one)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    code = _answered(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        # The process ends with this answer: a signal while Python shuts down would give another one.
        for late in (signal.SIGINT, signal.SIGTERM):
            signal.signal(late, signal.SIG_IGN)
    return code


def parser() -> argparse.ArgumentParser:
    """All commands with their arguments."""
    return _parsers()[0]


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """The parser of everything, and those of the commands that can be configured."""
    whole = argparse.ArgumentParser(
        prog="workbench",
        description="Find the law in a table of data with Kolmogorov–Arnold networks.",
        epilog="workbench COMMAND --help has examples.",
    )
    whole.add_argument("--version", action="version", version=f"kan-workbench {__version__}")
    whole.add_argument("--config", metavar="FILE", help=_CONFIG)
    commands = whole.add_subparsers(required=True, metavar="command")
    for command in _COMMANDS:
        command.add(commands)
    configurable = dict(commands.choices)
    for own in configurable.values():
        own.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help=_CONFIG)
    completion.add(commands, parser)
    return whole, configurable


def _answered(arguments: Sequence[str]) -> int:
    """The exit code of a command; mistakes and interrupts are answered."""
    try:
        options = _options(arguments)
        code: int = options.command(options)
        sys.stdout.flush()
    except InputError as error:
        say(f"workbench: {error}", file=sys.stderr)
        return BAD_INPUT
    except (KeyboardInterrupt, Ended):
        say("workbench: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read has gone, as head does; Python would flush once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NOT_READ
    return code


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    """What the arguments say, and a file of options where they say nothing."""
    whole, parsers = _parsers()
    first = argparse.ArgumentParser(prog="workbench", add_help=False, allow_abbrev=False)
    first.add_argument("--config")
    first.add_argument("command", nargs="?")
    asked, rest = first.parse_known_args(arguments)
    if asked.command in parsers and not {"-h", "--help"} & set(rest):
        told = configure(asked.command, parsers, asked.config)
        if told:
            say(told, file=sys.stderr)
    options = whole.parse_args(arguments)
    if options.config != asked.config:
        raise InputError("--config must be written in full")
    return options
