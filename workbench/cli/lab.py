"""``workbench lab``: JupyterLab on a guided study."""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from workbench.cli.options import new_command
from workbench.cli.registry import study_class
from workbench.errors import InputError
from workbench.headless.terminal import say

_EXAMPLES = """\
workbench lab
workbench lab --study localization --dir my-notebooks --port 9000 --no-browser"""


def add(commands: Any) -> None:
    """Name the arguments."""
    parser = new_command(commands, "lab", "open JupyterLab on a guided study", _EXAMPLES)
    parser.add_argument("--study", default="knots", help="study that opens (knots)")
    parser.add_argument(
        "--dir", default="workbench-files", metavar="DIR", help="folder of your notebooks"
    )
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("--no-browser", action="store_true")
    parser.set_defaults(command=lab)


def lab(options: argparse.Namespace) -> int:
    """Copy the study's notebook and open JupyterLab on it."""
    from workbench.studies.notebook_files import copy_notebook

    study = study_class(options.study)
    folder = Path(options.dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"a folder is needed, but {options.dir!r} cannot be one: {error}"
        ) from error
    notebook = copy_notebook(study.notebook, folder)
    # The command line of an environment may be called by its path, without being activated.
    bin_folder = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={folder.resolve()}",
        f"--port={options.port}",
        f"--LabApp.default_url=/lab/tree/{notebook.name}",
        *(["--no-browser"] if options.no_browser else []),
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    ]
    say(f"Your notebooks are in {folder}; stop with Ctrl-C.")
    try:
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603
    except KeyboardInterrupt:
        return 0
