"""Which file a workbench keeps its session in, and how the same cell finds it again.

The name of a file ends in three keys: of the cell (or of a name that the user gave), of the table, and
one that is drawn for every discovery, so that no discovery ever writes into the file of another.
"""

import hashlib
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import pandas as pd
from IPython import get_ipython

from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.report.results import fingerprint
from workbench.session import Session
from workbench.session import saved as saved_sessions
from workbench.session.manifest import Manifest, described
from workbench.session.telling import title_of
from workbench.session.worker import DOING

LIVE: WeakValueDictionary[str, Session] = WeakValueDictionary()
"""Sessions of this kernel by their files: a cell that runs again shows the session that is there."""


def place_of(name: str) -> str:
    """Key of a name, else of the cell that runs; outside notebooks of the working folder."""
    if name:
        return _key("name", name)
    return _key(os.environ.get("JPY_SESSION_NAME") or os.getcwd(), _cell())


def table_key(table: pd.DataFrame | Dataset | Session) -> str:
    """Key of what a session is about."""
    if isinstance(table, Session):
        return _key(fingerprint(table.data), str(table.file))
    if isinstance(table, Dataset):
        return _key(fingerprint(table))
    rows = pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes()
    return _key(",".join(map(str, table.columns)), hashlib.sha256(rows).hexdigest())


def new_file(session: Session, place: str, table: str) -> Path | None:
    """A file of its own; None where the folder cannot be written."""
    key = f"{place}-{table}-{secrets.token_hex(4)}"
    return saved_sessions.file_for(title_of(session), key)


def owned(path: Path, place: str) -> bool:
    """Whether a file was begun at this place."""
    return path.parent == saved_sessions.folder() and f"-{place}-" in path.stem


def opened(path: Path) -> tuple[Session, str]:
    """The session of a file, of this kernel or from disk, and what to say of a restored one."""
    live = LIVE.get(str(path))
    if live is not None:
        return live, ""
    return Session.load(path), _restored(described(path))


def readable(path: Path) -> str:
    """A path for people, with ``~`` for their own folder."""
    try:
        return f"~/{path.resolve().relative_to(Path.home())}"
    except ValueError:
        return str(path)


def offer(path: Path) -> str:
    """What a file holds, in a sentence; "" where it cannot be read."""
    try:
        about = described(path)
        target, steps = about.data.target, len(about.steps)
        return f"Here you worked on {target} before: {steps} steps, saved on {_when(about)}."
    except InputError:
        return ""


def _restored(about: Manifest) -> str:
    running = about.running
    lost = f" Then {DOING.get(running, running)} was running: start it again." if running else ""
    return f"Restored from disk as it was on {_when(about)}.{lost}"


def _when(about: Manifest) -> str:
    return datetime.fromisoformat(about.saved).astimezone().strftime("%d %B, %H:%M")


def _cell() -> str:
    """The notebook's identifier of the cell that runs now, "" where there is none."""
    shell: Any = get_ipython()
    parent: Any = getattr(shell, "get_parent", dict)()
    about = parent.get("metadata") if isinstance(parent, dict) else None
    return str(about.get("cellId") or "") if isinstance(about, dict) else ""


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]
