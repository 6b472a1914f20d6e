"""The session: a discovery that is kept in files and told as Python."""

from functools import cached_property
from pathlib import Path
from typing import Any, Self

from workbench.kan.config import Width
from workbench.kan.data import Dataset
from workbench.session import files, script
from workbench.session.code import Source
from workbench.session.saved import Stamp, stamp
from workbench.session.work import Work
from workbench.tables.reading import read_table


class Session(Work):
    """A table, a network and everything that was done to it; see ``Work`` for what can be done.

    Attributes:
        file: that it was last written to or read from. stamps: states of files that hold nothing but this
            session, by path.
    """

    file: Path | None = None

    @cached_property
    def stamps(self) -> dict[Path, Stamp | None]:
        return {}

    @classmethod
    def open(
        cls, path: str | Path, target: str, width: Width | None = None, **options: Any
    ) -> Self:
        """A session on a CSV, TSV, Parquet or Excel file."""
        seed = options.get("seed", 0)
        data = Dataset.from_frame(read_table(path), target, seed=seed)
        source = Source(str(path), target=target, seed=seed)
        return cls(data, width, source=source, **options)

    def to_script(self) -> str:
        """Python that repeats everything up to the present state, to the last digit."""
        return script.script(self.steps, self.source, self.threads, self.data.loss)

    def to_notebook(self, title: str = "") -> str:
        """The same as a notebook, a cell for every step; JSON text."""
        name = title or f"{self.data.target} from {', '.join(self.data.names)}"
        return script.notebook(self.steps, self.source, self.threads, name, self.data.loss)

    def save(self, path: str | Path) -> Path:
        """Write everything to a file: data, all versions, formulas; see ``workbench.session.files``."""
        self.unsaved = False  # what is done while it is written is not in it
        try:
            self.file = files.save(self, path)
        except BaseException:
            self.unsaved = True
            raise
        self.stamps[self.file] = stamp(self.file)
        return self.file

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a session that ``save`` wrote; nothing in the file is executed.

        Raises:
            InputError: the file is missing, damaged or of a newer version.
        """
        before = stamp(Path(path))
        session = files.load(path, cls)
        session.file = Path(path)
        session.stamps[session.file] = before
        session.unsaved = False
        return session
