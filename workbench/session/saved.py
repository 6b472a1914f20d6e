"""Where sessions are kept, and which there are; without torch, for the server too."""

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from platformdirs import user_data_path

from workbench.errors import InputError
from workbench.session.manifest import described

SUFFIX = ".kan"

Stamp = tuple[int, int, int]
"""Inode, time in ns and size in bytes of a file."""


@dataclass(frozen=True)
class SavedSession:
    """A session that is kept: its file, what it explains by what, and when it was written.

    Attributes:
        path: of the file. title: for people; of one that cannot be opened the file's name.
        saved: time of writing, ISO 8601 in UTC.
        steps: how many states it holds. problem: why it cannot be opened, or "".
    """

    path: str
    title: str
    saved: str
    steps: int
    problem: str = ""


def folder() -> Path:
    """Where sessions are kept by themselves: ``$WORKBENCH_SESSIONS``, else among the user's data."""
    chosen = os.environ.get("WORKBENCH_SESSIONS")
    return Path(chosen) if chosen else user_data_path("kan-workbench", appauthor=False) / "sessions"


def file_for(title: str, key: str) -> Path | None:
    """A file in the folder, made from words and a key; None where the folder cannot be written."""
    place = folder()
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    stem = re.sub(r"[^\w.-]+", "-", title).strip("-.")[:60] or "session"
    return place / f"{stem}-{key}{SUFFIX}" if os.access(place, os.W_OK) else None


def latest(key: str) -> Path | None:
    """The file in the folder whose key begins with ``key`` that was written last."""
    return next(iter(kept(key)), None)


def kept(key: str) -> list[Path]:
    """Files in the folder whose keys begin with ``key``, the one that was written last first."""
    place = folder()
    files = place.glob(f"*-{key}-*{SUFFIX}") if place.is_dir() else ()
    return sorted((f for f in files if not f.name.startswith(".")), key=_written, reverse=True)


def stamp(path: Path) -> Stamp | None:
    """What changes when anyone writes a file; None where there is none."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_ino, about.st_mtime_ns, about.st_size


def recent(most: int = 20) -> list[SavedSession]:
    """What the folder holds, the latest first; a file that cannot be read says why."""
    place = folder()
    files = place.glob(f"*{SUFFIX}") if place.is_dir() else ()
    shown = sorted((f for f in files if not f.name.startswith(".")), key=_written, reverse=True)
    return [_entry(file) for file in shown[:most]]


def _entry(file: Path) -> SavedSession:
    try:
        about = described(file)
    except InputError as error:
        written = datetime.fromtimestamp(_written(file), UTC).isoformat(timespec="seconds")
        return SavedSession(str(file), file.name, written, 0, str(error))
    names, target = about.data.names, about.data.target
    title = f"{target} from {', '.join(names[:3])}{' …' if len(names) > 3 else ''}"
    return SavedSession(str(file), title, about.saved, len(about.steps))


def _written(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
