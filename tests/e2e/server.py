"""A JupyterLab or Notebook 7 of one's own, with the extension of this checkout, and the browser for it."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
EXTENSION = "kan-workbench-labextension"
PATIENCE = 90
APPS = {"lab": "jupyterlab", "notebook": "notebook"}


class Lab(NamedTuple):
    """A running server, the folder that it serves and the folder of saved sessions."""

    url: str
    token: str
    folder: Path
    sessions: Path

    def end_kernels(self) -> None:
        """A kernel with torch takes half a gigabyte for as long as its server runs."""
        for session in json.loads(self._answer("GET", "/api/sessions")):
            self._answer("DELETE", f"/api/sessions/{session['id']}")

    def _answer(self, method: str, path: str) -> bytes:
        request = urllib.request.Request(f"{self.url}{path}", method=method)
        request.add_header("Authorization", f"token {self.token}")
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read()


def chromium() -> str | None:
    names = (
        os.environ.get("WORKBENCH_CHROME", ""),
        "chromium",
        "chromium-browser",
        "google-chrome",
    )
    return next((found for name in names if name and (found := shutil.which(name))), None)


@contextmanager
def running_lab(home: Path, folder: Path, app: str = "lab") -> Iterator[Lab]:
    """Start "lab" or "notebook", Jupyter Notebook 7, as a server in a home of its own; the extension
    that it shows is the checkout's, not the installed copy."""
    extensions = home / "extensions"
    extensions.mkdir()
    (extensions / EXTENSION).symlink_to(ROOT / "workbench" / "labextension")
    sessions = home / "sessions"
    quiet = home / ".jupyter/lab/user-settings/@jupyterlab/apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(8)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "XDG"))}
    environment = kept | {
        "HOME": str(home),
        "JUPYTER_TOKEN": token,
        "JUPYTER_PLATFORM_DIRS": "0",
        "WORKBENCH_SESSIONS": str(sessions),
    }
    with (home / "log.txt").open("w") as log:
        server = subprocess.Popen(
            [
                sys.executable, "-m", APPS[app], "--no-browser", f"--port={port}", "--allow-root",
                "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}",
                f"--LabApp.extra_labextensions_path={extensions}",
                "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None",
                "--JupyterNotebookApp.expose_app_in_browser=True",
                f"--JupyterNotebookApp.extra_labextensions_path={extensions}",
            ],
            env=environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_for(f"{url}/api/status?token={token}", server, home / "log.txt")
            yield Lab(url, token, folder, sessions)
        finally:
            server.terminate()
            server.wait(30)


def _wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError(
                    f"the server did not start:\n{log.read_text()[-3000:]}"
                ) from None
            time.sleep(0.2)
