"""The data form: which column is to be explained by which others, and what is wrong with them."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd
import traitlets

from workbench.common.writing import write_bytes
from workbench.errors import InputError
from workbench.kan.data import Dataset
from workbench.kan.kinds import KINDS, Kind
from workbench.session.code import Source
from workbench.tables.against import against
from workbench.tables.preparation import Preparation, columns_of, findings, suggested
from workbench.tables.reading import SUFFIXES, example_table, is_likely, read_table
from workbench.widgets.panel import Command, Panel, Said, text_in

_MOST_FILES = 60
_MOST_COLUMNS = 400
_FIRST_ROWS, _LONGEST = 6, 40
_TASKS = {"auto": None, "numbers": "regression", "classes": "classification"}


class DataForm(Panel):
    """A table and what is made of it.

    The front end sends "open" with a path, "upload" with a name and bytes, "choose" with what changed,
    "use", and "close" to choose another file.

    Args:
        table: a DataFrame, or the path of a file that ``read_table`` reads; None asks for one.
        target: column to be explained, the last one by default.
        folder: where files are offered from and dropped files are written to.

    Attributes:
        table: name, rows and columns of the table, or {}.
        columns: see ``workbench.tables.preparation.Column``.
        clouds: the target against other columns by their names: places of points, and a correlation.
        rows: the first rows, as text.
        choice: see ``Preparation``. findings: see ``Finding``.
        ready: rows of each part and names as they will be, or {}.
        files: tables in the folder. state: message, error, whether the choice is in use.
    """

    _view = traitlets.Unicode("data").tag(sync=True)

    table = traitlets.Dict().tag(sync=True)
    columns = traitlets.List(traitlets.Dict()).tag(sync=True)
    clouds = traitlets.Dict().tag(sync=True)
    rows = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    choice = traitlets.Dict().tag(sync=True)
    findings = traitlets.List(traitlets.Dict()).tag(sync=True)
    ready = traitlets.Dict().tag(sync=True)
    files = traitlets.List(traitlets.Unicode()).tag(sync=True)
    state = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        table: pd.DataFrame | str | Path | None = None,
        target: str | None = None,
        *,
        folder: str | Path = ".",
    ) -> None:
        super().__init__()
        self.frame: pd.DataFrame | None = None
        self.preparation: Preparation | None = None
        self.dataset: Dataset | None = None
        self._reading: Source | None = None
        self._folder = Path(folder)
        self._used: Preparation | None = None
        self._drawn: tuple[str, Mapping[str, Kind]] | None = None
        self._listeners: list[Callable[[Dataset], object]] = []
        self._tell("")
        if isinstance(table, pd.DataFrame):
            self._take(table, "table", target)
        elif table is not None:
            self.read(table, target)
        self._list_files()

    # For Python

    def read(self, path: str | Path, target: str | None = None) -> None:
        """Read a file; an ``InputError`` leaves what was there before."""
        path = Path(path)
        frame = read_table(path if path.is_absolute() else self._folder / path)
        self._take(frame, path.name, target)
        self._reading = Source(str(path))

    def take_example(self) -> None:
        """The table of an experiment with pendulums, for those who have none at hand."""
        self._take(example_table(), "pendulums", None)
        self._reading = Source(example=True)

    def change(self, **changed: Any) -> None:
        """Change the choice: ``target``, ``inputs``, ``log``, … as in ``Preparation``.

        A column that becomes the target, the groups or the errors is no input any more.
        """
        if self.preparation is None:
            raise InputError("a table is needed first: open one")
        try:
            chosen = replace(self.preparation, **changed)
        except TypeError as error:
            raise InputError(f"there is no such choice: {error}") from error
        if chosen.kinds != self.preparation.kinds:
            chosen = self._read_anew(chosen)
        self._choose(self._parted(self.preparation, chosen))

    def use(self) -> Dataset:
        """Settle on the choice and tell those who wait for it."""
        if self.dataset is None:
            raise InputError(self.state.get("message") or "a table is needed first: open one")
        self._used = self.preparation
        with self._lock:
            self._tell("")
        for listener in tuple(self._listeners):
            listener(self.dataset)
        return self.dataset

    def settle(self, preparation: Preparation) -> None:
        """Take a choice that is in use already."""
        self._choose(preparation)
        self._used = preparation
        with self._lock:
            self._tell("")

    def on_use(self, listener: Callable[[Dataset], object]) -> None:
        """Call ``listener`` with the dataset when it is settled."""
        self._listeners.append(listener)

    @property
    def source(self) -> Source | str:
        """Where the dataset comes from; "" where the table was given."""
        if self._reading is None or self.preparation is None:
            return ""
        return replace(self._reading, preparation=self.preparation)

    # From the front end

    def _commands(self) -> dict[str, Command]:
        return {
            "open": lambda said: self.read(text_in(said, "path")),
            "example": lambda said: self.take_example(),
            "upload": self._upload,
            "choose": self._changed,
            "use": lambda said: self.use(),
            "close": lambda said: self._close(),
        }

    def _refuse(self, sentence: str) -> None:
        with self._lock:
            self._tell(sentence, error=True)

    def _upload(self, said: Said) -> None:
        """A file that was dropped on the form is written beside the notebook, never over another."""
        name = Path(text_in(said, "name")).name
        if Path(name).suffix.lower() not in SUFFIXES:
            raise InputError(f"a table is a file of {', '.join(SUFFIXES)}: got {name!r}")
        if name.startswith("."):
            raise InputError(f"a table beside the notebook must not be a hidden file: got {name!r}")
        content = bytes(said["buffers"][0]) if said.get("buffers") else b""
        path = self._folder / name
        if _taken(path, content):
            digest = hashlib.sha256(content).hexdigest()[:6]
            path = path.with_stem(f"{path.stem}-{digest}")
        write_bytes(path, content)
        self.read(path.name)
        self._list_files()

    def _changed(self, said: Said) -> None:
        changed: dict[str, Any] = {}
        for key in ("target", "split", "groups", "by", "sigma", "weights"):
            if key in said:
                changed[key] = text_in(said, key)
        for key in ("inputs", "log", "standardise"):
            if key in said:
                changed[key] = _names(said[key])
        if "units" in said:
            changed["units"] = {str(k): str(v)[:40] for k, v in dict(said["units"]).items() if v}
        if "kinds" in said:
            changed["kinds"] = {str(k): _kind(v) for k, v in dict(said["kinds"]).items()}
        if "missing" in said:
            changed["missing"] = text_in(said, "missing")
        if "task" in said:
            changed["task"] = _TASKS.get(text_in(said, "task"))
        if "seed" in said:
            changed["seed"] = _seed(said["seed"])
        self.change(**changed)

    # Within

    def _take(self, frame: pd.DataFrame, name: str, target: str | None) -> None:
        if frame.shape[1] > _MOST_COLUMNS:
            raise InputError(
                f"{name!r} has {frame.shape[1]} columns, and this form shows up to "
                f"{_MOST_COLUMNS}: leave out those that cannot matter"
            )
        chosen = suggested(frame, target)
        self.frame, self._reading, self._used, self._drawn = frame, None, None, None
        self.preparation = None
        with self._lock, self.hold_sync():
            self.table = {"name": name, "rows": len(frame), "columns": frame.shape[1]}
            self.columns = [asdict(column) for column in columns_of(frame)]
            self.rows = _first_rows(frame)
        self._choose(chosen)

    def _read_anew(self, chosen: Preparation) -> Preparation:
        """Columns as they are read now; those that became useful are inputs, others no more."""
        if self.frame is None:
            return chosen
        before = {c["name"] for c in self.columns if not c["useless"]}
        columns = columns_of(self.frame, chosen.kinds)
        with self._lock:
            self.columns = [asdict(column) for column in columns]
        useful = [c.name for c in columns if not c.useless]
        new = {*chosen.inputs} | ({*useful} - before)
        return replace(chosen, inputs=tuple(name for name in useful if name in new))

    def _parted(self, before: Preparation, chosen: Preparation) -> Preparation:
        """What says something of the rows, and the target, are no inputs; what did so is one again."""
        taken = {chosen.target, *chosen.apart}
        back = {*before.apart} - taken - {*before.inputs}
        useful = [c["name"] for c in self.columns if not c["useless"]]
        inputs = [name for name in chosen.inputs if name not in taken]
        inputs += [name for name in useful if name in back and name not in inputs]
        if inputs == list(chosen.inputs):
            return chosen
        order = [column["name"] for column in self.columns]
        return replace(chosen, inputs=tuple(name for name in order if name in inputs))

    def _choose(self, chosen: Preparation) -> None:
        """Show what a choice makes of the table; one that makes nothing says why."""
        if self.frame is None:
            return
        self.preparation = chosen
        error = ""
        try:
            self.dataset = chosen.apply(self.frame)
        except InputError as refused:
            self.dataset, error = None, str(refused)
        with self._lock, self.hold_sync():
            if (chosen.target, chosen.kinds) != self._drawn:
                self.clouds = _clouds(self.frame, chosen)
                self._drawn = (chosen.target, chosen.kinds)
            self.choice = asdict(chosen)
            self.findings = self._found(chosen)
            self.ready = self._described()
            self._tell(error, error=bool(error))

    def _found(self, chosen: Preparation) -> list[dict[str, str]]:
        if self.frame is None:
            return []
        notes = self.dataset.notes if self.dataset is not None else ()
        found = [asdict(finding) for finding in findings(self.frame, chosen)]
        # What was dropped is among the findings, with reasons.
        told = [n for n in notes if "rows were dropped" not in n]
        kinds = ("warning" if n.startswith("Warning") else "note" for n in told)
        return found + [{"kind": kind, "text": n} for kind, n in zip(kinds, told, strict=True)]

    def _described(self) -> dict[str, Any]:
        data = self.dataset
        if data is None:
            return {}
        return {
            "train": len(data.train),
            "validation": len(data.validation),
            "test": len(data.test),
            "names": list(data.names),
            "target": data.target,
            "task": data.task,
            "classes": [str(label) for label in data.classes or ()],
            "groups": 0 if data.by is None else len(data.by.labels),
        }

    def _close(self) -> None:
        with self._lock, self.hold_sync():
            self.table = {}
            self._tell("")
        self._list_files()

    def _list_files(self) -> None:
        try:
            there = sorted(self._folder.iterdir())
        except OSError:
            there = []
        names = [p.name for p in there if is_likely(p.name) and p.is_file()]
        with self._lock:
            self.files = names[:_MOST_FILES]

    def _tell(self, message: str, *, error: bool = False) -> None:
        used = self._used is not None and self._used == self.preparation
        self.state = {"message": message, "error": error, "used": used}


def _taken(path: Path, content: bytes) -> bool:
    """Whether a file is something else, or nothing that can be read."""
    try:
        return path.exists() and path.read_bytes() != content
    except OSError:
        return True


def _clouds(frame: pd.DataFrame, chosen: Preparation) -> dict[str, Any]:
    return {
        found.name: {"x": found.x, "y": found.y, "correlation": found.correlation}
        for found in against(frame, chosen.target, chosen.kinds)
    }


def _first_rows(frame: pd.DataFrame) -> list[list[str]]:
    shown = frame.iloc[:_FIRST_ROWS, :_MOST_COLUMNS]
    return [
        ["" if pd.isna(v) else str(v)[:_LONGEST] for v in row] for row in shown.to_numpy(object)
    ]


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise InputError("columns are chosen by their names")
    return tuple(value)


def _kind(value: Any) -> Kind:
    kind = next((kind for kind in KINDS if kind == value), None)
    if kind is None:
        raise InputError(f"a column is one of {', '.join(KINDS)}, got {value!r}")
    return kind


def _seed(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise InputError(f"a seed is a whole number that is not negative, got {value!r}")
    return value
