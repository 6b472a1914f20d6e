"""The console script ``workbench``: one file a command, each a call of public functions.

A command's file has ``add``, which names its arguments, and the command itself, which imports what it needs
when it runs: so help, completion and mistakes never wait for torch. Mistakes are answered in one sentence and
exit code 2.
"""

from workbench.cli.entry import main

__all__ = ["main"]
