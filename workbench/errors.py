"""What is said to a user in a sentence: bad input, and predictions that no data supports."""

import sysconfig
import traceback
import warnings
from pathlib import Path


class InputError(ValueError):
    """Input that cannot be used: says what is required, what was given and what to do."""

    def _render_traceback_(self) -> list[str]:
        """For notebooks: the line of the reader's own code and the sentence, not what happened within."""
        libraries = {Path(__file__).parent, Path(sysconfig.get_path("purelib"))}
        frames = traceback.extract_tb(self.__traceback__)
        own = [frame for frame in frames if not libraries & set(Path(frame.filename).parents)]
        where = [f"----> {frame.lineno} {frame.line}" for frame in own]
        return [*where, f"{type(self).__name__}: {self}"]


class MissingValueWarning(UserWarning):
    """Rows have no prediction, because a value is missing or a formula is undefined there."""


def warn_missing(missing: int, rows: int, *, stacklevel: int = 3) -> None:
    """Say how many rows have no prediction; nothing where all have one."""
    if missing:
        text = (
            f"{missing} of {rows} rows have no prediction: an input is missing, or the formula has "
            "no value there"
        )
        warnings.warn(text, MissingValueWarning, stacklevel=stacklevel)


def in_one_line(error: Exception) -> str:
    """What another library says of a failure, short."""
    return " ".join(str(error).split())[:300] or type(error).__name__


class ExtrapolationWarning(UserWarning):
    """Rows lie outside the range of the training data, where curves go on as straight lines."""
