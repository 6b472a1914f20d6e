"""One discovery, step by step: jobs on a background thread, steps that can be undone, saved and repeated.

What belongs here: everything that a screen can do, so that a script can do it too. ``worker`` runs one
job at a time, ``editing`` is what a hand changes, ``steps`` and ``edits`` pair every operation with the
line of Python that repeats it, ``history`` keeps them as a tree, ``files`` writes a session to disk,
``saved`` lists what is there, ``script`` tells it again.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.session.differences import Difference
    from workbench.session.frames import Frame, Status, diagnosis, edge_curves
    from workbench.session.history import History, Step, Version
    from workbench.session.session import Session
    from workbench.session.steps import OPTIONS, loss_of
    from workbench.session.work import Preview

_MODULES = {
    "differences": ["Difference"],
    "frames": ["Frame", "Status", "diagnosis", "edge_curves"],
    "history": ["History", "Step", "Version"],
    "session": ["Session"],
    "steps": ["OPTIONS", "loss_of"],
    "work": ["Preview"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "OPTIONS",
    "Difference",
    "Frame",
    "History",
    "Preview",
    "Session",
    "Status",
    "Step",
    "Version",
    "diagnosis",
    "edge_curves",
    "loss_of",
]
