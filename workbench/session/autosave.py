"""A session that writes itself to disk after every step, so that it outlives its kernel."""

import secrets
from pathlib import Path

from workbench.errors import InputError
from workbench.session.frames import Frame
from workbench.session.saved import stamp
from workbench.session.session import Session


class Autosave:
    """Keeps the file of a session up to date; a file that somebody else has written is left alone.

    Attributes:
        path: the file. error: why the last writing failed, or "".
        moved: whether another kernel has written the file, so that this session went on in another.
    """

    def __init__(self, session: Session, path: str | Path) -> None:
        self.session, self.path, self.error = session, Path(path), ""
        self.moved = False
        self._busy = False
        self._forget = (session.listen(self._step), session.observe(self._follow))

    def write(self) -> None:
        """Write the session now; a failure is kept in ``error``, because work must go on."""
        if not self._mine():
            self.path, self.moved = beside(self.path), True
        try:
            self.session.save(self.path)
            self.error = ""
        except (InputError, OSError) as error:
            self.error = f"The session could not be saved: {error}"

    def close(self) -> None:
        """Stop following; the file stays."""
        for forget in self._forget:
            forget()

    def _mine(self) -> bool:
        """Whether nobody but this session has written the file."""
        return stamp(self.path) in (None, self.session.stamps.get(self.path))

    def _step(self) -> None:
        """The step that a job makes is written with its last frame, which comes next."""
        if not self.session.frame.busy:
            self.write()

    def _follow(self, frame: Frame) -> None:
        """The file says whether a job is running: if it still says so when it is read, it was lost."""
        if frame.busy != self._busy:
            self._busy = frame.busy
            self.write()


def beside(path: Path) -> Path:
    """A name that no file has: the same words and key with another ending."""
    words = path.stem.rpartition("-")[0] or path.stem
    return path.with_stem(f"{words}-{secrets.token_hex(4)}")
