"""What the file of a session says of itself, ``session.json``: its schema, and reading it from the archive.

The archive is a ZIP whose members are stored as they are, so nothing in a small file unpacks to a large
one. Nothing here imports torch.
"""

import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from workbench.common.schema import (
    Label,
    Meta,
    Name,
    Number,
    Struct,
    Text,
    read,
    require,
    require_names,
)
from workbench.errors import InputError, in_one_line
from workbench.kan.training.records import SavedRecord

FORMAT = 1
MANIFEST = "session.json"
_MOST_BYTES, _MOST_STEPS, _MOST_FORMULAS, _MOST_LABELS = 50_000_000, 10_000, 1_000, 10_000
_Place = Annotated[int, Meta(ge=0)]
_Failures = (
    zipfile.BadZipFile,
    OSError,
    ValueError,
    KeyError,
    RuntimeError,
    EOFError,
    struct.error,
)
Option = (
    None | bool | int | float | str | list[int | float | str] | dict[str, dict[str, int | float]]
)
"""An argument of a training."""


class Fit(Struct):
    """What a training did, see ``workbench.kan.training.result.FitResult``."""

    solver: Text
    stopped: Text
    train_loss: Number
    validation_loss: Number
    success_share: Number
    seconds: float
    warnings: list[Text]
    history: Annotated[list[SavedRecord], Meta(min_length=1)]


class Step(Struct):
    """A state: ``model`` is the number of its network, ``formulas`` how many were found."""

    name: Text
    code: Text
    model: _Place
    begins: bool
    trained: bool
    choice: Annotated[int, Meta(ge=0, le=_MOST_FORMULAS)] | None
    formulas: Annotated[int, Meta(ge=0, le=_MOST_FORMULAS)] | None
    fit: Fit | None
    law: Text = ""


class By(Struct):
    """The groups that a law has constants for; a tensor says which rows are whose."""

    column: Name
    labels: Annotated[list[Label], Meta(min_length=1, max_length=_MOST_LABELS)]


class Data(Struct):
    """What the tensors of a table do not say."""

    names: Annotated[tuple[Name, ...], Meta(min_length=1)]
    target: Name
    units: dict[Name, Text]
    task: Literal["regression", "classification"]
    classes: Annotated[list[Label], Meta(min_length=2, max_length=_MOST_LABELS)] | None
    notes: tuple[Text, ...]
    loss: Literal["auto", "squared", "huber", "poisson"] = "auto"
    by: By | None = None


class Blocks(Struct):
    """Building blocks of all edges and of single ones."""

    functions: list[Name] | None = None
    edges: tuple[tuple[tuple[int, int, int], list[Name]], ...] = ()


class Suggestion(Struct):
    """A piece of structure."""

    kind: Text
    sentence: Text
    evidence: dict[Name, Number]
    law: Text


class Table(Struct):
    """Where the table was read, see ``workbench.session.code.Source``."""

    path: Text = ""
    example: bool = False
    saved: bool = False
    target: Text = ""
    seed: int = 0


class Manifest(Struct):
    """All of it. ``source`` is what older files say in words of where the table came from."""

    format: int
    saved: Text
    running: Literal["", "train", "prune", "symbolify", "discover"]
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    threads: Annotated[int, Meta(ge=1, le=1024)]
    precision: Literal["float64", "float32"]
    rate: Annotated[float, Meta(ge=1, le=30)]
    source: Text
    options: dict[Name, Option]
    preparation: msgspec.Raw
    data: Data
    steps: Annotated[list[Step], Meta(min_length=1, max_length=_MOST_STEPS)]
    parents: list[_Place | None]
    labels: dict[str, Text]
    place: _Place
    redo: _Place | None
    package: Text = ""
    blocks: Blocks = msgspec.field(default_factory=Blocks)
    pinned: frozenset[Text] = frozenset()
    refused: frozenset[Text] = frozenset()
    suggestions: tuple[Suggestion, ...] = ()
    table: Table | None = None


class _Version(Struct):
    format: int
    package: Text = ""


@contextmanager
def archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive of a session; every failure within is one sentence.

    Raises:
        InputError: the file is missing, damaged or larger inside than outside.
    """
    if not path.is_file():
        raise InputError(f"a saved session is needed, but there is no file {str(path)!r}")
    try:
        with zipfile.ZipFile(path) as opened:
            members = opened.infolist()
            stored = all(m.compress_type == zipfile.ZIP_STORED for m in members)
            inside = sum(m.file_size for m in members)
            if not stored or inside > path.stat().st_size:
                raise InputError(f"{path.name!r} is not a session: its members are packed")
            yield opened
    except InputError:
        raise
    except _Failures as error:
        raise InputError(
            f"{path.name!r} is damaged or not a saved session: {in_one_line(error)}"
        ) from error


def described(path: str | Path) -> Manifest:
    """What the file of a session says of itself, without its networks.

    Raises:
        InputError: the file is missing, damaged, of another program or of a newer version.
    """
    path = Path(path)
    with archive(path) as opened:
        content = opened.read(MANIFEST)
    what = repr(path.name)
    try:
        version = read(content, _Version, what, most=_MOST_BYTES)
    except InputError as error:
        raise InputError(f"{what} was not written by this workbench: {error}") from error
    if version.format > FORMAT:
        raise InputError(
            f"{what} has format {version.format}, written by version {version.package or '?'} of "
            f"the workbench, and this version reads up to {FORMAT}: install a newer one"
        )
    about = read(content, Manifest, what, most=_MOST_BYTES)
    _require_consistent(about, what)
    return about


def _require_consistent(about: Manifest, what: str) -> None:
    """What the parts of a session must have in common."""
    require(_is_time(about.saved), what, "it does not say when it was saved")
    require_names([*about.data.names, about.data.target], what)
    count = len(about.steps)
    parents = about.parents
    require(len(parents) == count and parents[0] is None, what, "its steps are no tree")
    tree = all(p is not None and p < n for n, p in enumerate(parents[1:], start=1))
    require(tree, what, "its steps are no tree")
    require(about.steps[0].begins, what, "its first step is no beginning")
    require(all(step.model < count for step in about.steps), what, "a network is missing")
    for place in (about.place, about.redo or 0, *_numbers(about.labels, what)):
        require(place < count, what, f"there are versions 0 to {count - 1}, got {place}")


def _is_time(text: str) -> bool:
    try:
        return 1980 < datetime.fromisoformat(text).year < 9000
    except ValueError:
        return False


def _numbers(labels: dict[str, str], what: str) -> list[int]:
    require(all(n.isdecimal() and len(n) < 9 for n in labels), what, "a label has no version")
    return [int(number) for number in labels]
