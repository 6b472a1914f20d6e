"""Options from ``workbench.toml``, in place of the defaults: the command line wins.

Keys are the long options, with dashes or underscores; those above all tables are for every command that
has them, those of ``[discover]`` for this one. The file is data: its values are plain, and whatever it sets
is said. One that only happens to lie in the current folder may not send the table to another machine.
"""

import argparse
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.errors import InputError, in_one_line

FILE = "workbench.toml"
_MOST = 100_000
_ASKED_ALONE = ("cluster",)
_NEVER = ("config",)

Commands = Mapping[str, argparse.ArgumentParser]


def configure(command: str, parsers: Commands, asked: str | None) -> str:
    """Make what a file says the defaults of a command; returns a sentence on it, or "".

    Args:
        command: that is to run. parsers: of all commands.
        asked: the file that ``--config`` names; None takes ``workbench.toml`` where there is one.

    Raises:
        InputError: the file cannot be read, or has an unknown key or a value of the wrong kind.
    """
    path = Path(FILE if asked is None else asked)
    if asked is None and not path.is_file():
        return ""
    chosen = {}
    for owner, key, value in _entries(path, _read(path), parsers):
        where = f"{key!r} in {str(path)!r}" + (f" [{owner}]" if owner else "")
        among = [owner] if owner else list(parsers)
        actions = {name: a for name in among if (a := _action(parsers[name], key)) is not None}
        if not actions:
            raise InputError(f"{where} is no option of {owner or 'any command'}: see --help")
        if asked is None and key in _ASKED_ALONE:
            raise InputError(
                f"{where} sends the table to another machine: name the file with --config if it may"
            )
        for name, action in actions.items():
            checked = _checked(action, value, where)
            if name == command:
                chosen[action] = (key, value, checked)
    parser = parsers[command]
    for action, (_, _, checked) in chosen.items():
        parser.set_defaults(**checked)
        action.required = False
    told = ", ".join(f"{key} = {value!r}" for key, value, _ in chosen.values())
    return f"From {str(path)!r}, unless the command line says otherwise: {told}" if told else ""


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST + 1)
    except (OSError, ValueError) as error:  # ValueError: no file can be called so
        raise InputError(f"the options in {str(path)!r} cannot be read: {error}") from error
    if len(content) > _MOST:
        raise InputError(f"{str(path)!r} is too long: options take at most {_MOST} bytes")
    try:
        return tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{str(path)!r} is not TOML: {in_one_line(error)}") from error


def _entries(
    path: Path, content: dict[str, Any], parsers: Commands
) -> Iterator[tuple[str, str, Any]]:
    """Command ("" for all), key and value of all entries; those of one command come last, and win."""
    tables = {name: value for name, value in content.items() if isinstance(value, dict)}
    for key, value in content.items():
        if key not in tables:
            yield "", key.replace("_", "-"), value
    for name, table in tables.items():
        if name not in parsers:
            raise InputError(
                f"[{name}] in {str(path)!r} is no command: there are {', '.join(parsers)}"
            )
        for key, value in table.items():
            yield name, key.replace("_", "-"), value


def _action(parser: argparse.ArgumentParser, key: str) -> argparse.Action | None:
    """The option that a key names."""
    named = (a for a in parser._actions if a.option_strings[:1] == [f"--{key}"])
    return next(named, None) if key not in _NEVER else None


def _checked(action: argparse.Action, value: Any, where: str) -> dict[str, Any]:
    """The defaults that follow from a value."""
    right, wanted = _fits(action, value)
    if not right:
        raise InputError(f"{where} must be {wanted}, got {value!r}")
    if isinstance(action, argparse.BooleanOptionalAction):
        return {action.dest: value}
    if action.nargs == 0:
        return {action.dest: action.const} if value else {}
    return {action.dest: float(value) if action.type is float else value}


def _fits(action: argparse.Action, value: Any) -> tuple[bool, str]:
    """Whether an option can have a value, and in words what it can have."""
    if action.nargs == 0:
        return isinstance(value, bool), "true or false"
    if action.nargs == "+":
        choices = action.choices
        right = isinstance(value, list) and value and all(_is_among(v, choices) for v in value)
        return bool(right), f"a list of {_named(choices)}"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if action.type is int:
        return number and isinstance(value, int), "a whole number"
    if action.type is float:
        return number, "a number"
    return _is_among(value, action.choices), _named(action.choices, one=True)


def _is_among(value: Any, choices: Any) -> bool:
    return isinstance(value, str) and (choices is None or value in choices)


def _named(choices: Any, *, one: bool = False) -> str:
    if choices is None:
        return "text in quotation marks" if one else "texts in quotation marks"
    return f"{'one of ' if one else ''}{', '.join(choices)}"
