"""Where sessions are kept, and what their files say of themselves; without torch, for the server too."""

import json
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import InputError

FORMAT = 1
MANIFEST = "session.json"
SUFFIX = ".kan"
_MOST_MANIFEST = 100_000_000

Stamp = tuple[int, int, int]
"""Inode, time in ns and size in bytes of a file."""


@dataclass(frozen=True)
class SavedSession:
    """A session that is kept: its file, what it explains by what, and when it was written.

    Attributes:
        path: of the file. title: for people. saved: time of writing, ISO 8601 in UTC.
        steps: how many states it holds.
    """

    path: str
    title: str
    saved: str
    steps: int


def folder() -> Path:
    """Where sessions are kept by themselves: ``$WORKBENCH_SESSIONS``, else among the user's data."""
    chosen = os.environ.get("WORKBENCH_SESSIONS")
    if chosen:
        return Path(chosen)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "kan-workbench" / "sessions"


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
    """What the folder holds, the latest first; files that cannot be read are left out."""
    place = folder()
    files = sorted(place.glob(f"*{SUFFIX}"), key=_written, reverse=True) if place.is_dir() else []
    found = []
    for file in files[:most]:
        try:
            about = described(file)
            names, target = about["data"]["names"], about["data"]["target"]
        except (InputError, KeyError, TypeError):
            continue
        title = f"{target} from {', '.join(names[:3])}{' …' if len(names) > 3 else ''}"
        found.append(SavedSession(str(file), title, about["saved"], len(about["steps"])))
    return found


def described(path: str | Path) -> dict[str, Any]:
    """What the file of a session says of itself, without its networks.

    Raises:
        InputError: the file is missing, damaged, of another program or of a newer version.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"a saved session is needed, but there is no file {str(path)!r}")
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(MANIFEST).file_size > _MOST_MANIFEST:
                raise InputError(f"{path.name!r} is not a session: its description is too long")
            about = json.loads(archive.read(MANIFEST))
    except (zipfile.BadZipFile, KeyError, OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path.name!r} is damaged or not a saved session: {error}") from error
    version = about.get("format") if isinstance(about, dict) else None
    if not isinstance(version, int):
        raise InputError(f"{path.name!r} was not written by this workbench")
    if version > FORMAT:
        raise InputError(
            f"{path.name!r} has format {version}, written by version {about.get('package', '?')} of "
            f"the workbench, and this version reads up to {FORMAT}: install a newer one"
        )
    return about


def _written(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
