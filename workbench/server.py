"""Jupyter Server routes: list and copy the packaged notebooks, list sessions, open a table.

Files go through the contents manager, so they respect its root folder, remote managers and hubs; what
exists is never overwritten. Nothing here imports torch.
"""

import json
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

import tornado.web
from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join

from workbench.common.schema import require_text
from workbench.errors import InputError
from workbench.session import saved as saved_sessions
from workbench.studies import notebook_files

_NAMESPACE = "workbench"
_MOST_COPIES = 1000
TABLES = (
    ".csv", ".tsv", ".txt", ".dat", ".tab", ".data", ".asc", ".psv", ".parquet", ".pq", ".feather", ".arrow",
    ".ipc", ".xlsx", ".xlsm", ".xls", ".ods", ".json", ".jsonl", ".ndjson", ".sqlite", ".sqlite3", ".db",
    ".mat", ".h5", ".hdf5", ".hdf", ".he5", ".nc", ".nc4", ".cdf", ".fits", ".fit", ".fts",
    ".gz", ".bz2", ".xz", ".zip",
)  # fmt: skip
"""Files that can be opened; ``workbench.tables.reading`` reads them, which the server does not import."""


class _Handler(APIHandler):
    """What the routes share: a body that is an object, and notebooks that are written once."""

    def body(self) -> dict[str, Any]:
        found = self.get_json_body() or {}
        if not isinstance(found, dict):
            raise tornado.web.HTTPError(400, "an object is needed")
        return found

    def text(self, body: dict[str, Any], name: str) -> str:
        value = body.get(name, "")
        if not isinstance(value, str):
            raise tornado.web.HTTPError(400, f"{name} must be a text")
        try:
            require_text(value)
        except InputError as error:
            raise tornado.web.HTTPError(400, str(error)) from error
        return value

    def visible(self, path: str) -> str:
        """A path of the contents, without hidden parts: those are neither read nor written."""
        parts = [part for part in path.split("/") if part]
        if any(part.startswith(".") for part in parts):
            raise tornado.web.HTTPError(404, "hidden files are not opened here")
        return "/".join(parts)

    def settings_in(self, body: dict[str, Any]) -> dict[str, Any]:
        """Settings of a session, as they were sent."""
        found = body.get("settings")
        return found if isinstance(found, dict) else {}

    async def put(self, file: str, directory: str, text: str, *, fresh: bool) -> None:
        """Write a notebook and answer with its path.

        Args:
            file: name of the notebook. directory: where. text: its content.
            fresh: whether each call makes a new file; else one that is there is left as it is.
        """
        directory = self.visible(directory)
        if not await ensure_async(self.contents_manager.dir_exists(directory)):
            raise tornado.web.HTTPError(404, f"there is no folder {directory!r}")
        stem = self.visible(file).removesuffix(".ipynb")
        for number in range(_MOST_COPIES):
            name = file if number == 0 else f"{stem}-{number}.ipynb"
            path = url_path_join(directory, name).strip("/")
            if not await ensure_async(self.contents_manager.file_exists(path)):
                model = {"type": "notebook", "format": "json", "content": json.loads(text)}
                await ensure_async(self.contents_manager.save(model, path))
                return self.answer(path, created=True)
            if not fresh:
                return self.answer(path, created=False)
        raise tornado.web.HTTPError(409, f"there are too many copies of {file}")

    def answer(self, path: str, *, created: bool) -> None:
        self.set_status(201 if created else 200)
        self.finish(json.dumps({"path": path, "created": created}))


class StudiesHandler(_Handler):
    """``GET workbench/studies``: name, title and summary of every packaged notebook."""

    @tornado.web.authenticated
    def get(self) -> None:
        """Answer with ``{"studies": [...]}``."""
        studies = [
            {"name": info.name, "title": info.title, "summary": info.summary}
            for info in notebook_files.available()
            if info.name != notebook_files.NEW_DISCOVERY
        ]
        self.finish(json.dumps({"studies": studies}))


class StudyHandler(_Handler):
    """``POST workbench/studies/<name>``: the path of the user's copy, made when it is missing."""

    @tornado.web.authenticated
    async def post(self, name: str) -> None:
        """Copy it into the body's ``folder``, the root by default; ``settings`` are a new session's."""
        body = self.body()
        try:
            text = notebook_files.content(name, self.settings_in(body))
        except InputError as error:
            raise tornado.web.HTTPError(404, str(error)) from error
        directory = self.text(body, "folder").strip("/")
        fresh = name == notebook_files.NEW_DISCOVERY
        await self.put(f"{name}.ipynb", directory, text, fresh=fresh)


class SessionsHandler(_Handler):
    """``workbench/sessions``: what was saved by itself, and a notebook to go on with it."""

    @tornado.web.authenticated
    def get(self) -> None:
        """Answer with ``{"sessions": [...]}``, the latest first."""
        found = [asdict(session) for session in saved_sessions.recent()]
        self.finish(json.dumps({"sessions": found}))

    @tornado.web.authenticated
    async def post(self) -> None:
        """Make a notebook in ``folder`` that loads the session of ``path``, one that is listed."""
        body = self.body()
        wanted = self.text(body, "path")
        session = next((s for s in saved_sessions.recent() if s.path == wanted), None)
        if session is None:
            raise tornado.web.HTTPError(404, "there is no such session any more")
        if session.problem:
            raise tornado.web.HTTPError(400, session.problem)
        text = notebook_files.for_session(session.path, session.title)
        directory = self.text(body, "folder").strip("/")
        await self.put(f"{Path(session.path).stem}.ipynb", directory, text, fresh=False)


class TableHandler(_Handler):
    """``POST workbench/tables``: a notebook that opens a table in the workbench."""

    @tornado.web.authenticated
    async def post(self) -> None:
        """Make it beside the table of ``path``; ``settings`` are those of its session."""
        body = self.body()
        path = PurePosixPath(self.visible(self.text(body, "path")))
        if path.suffix.lower() not in TABLES:
            raise tornado.web.HTTPError(
                400, f"a table is a file of {', '.join(TABLES)}: got {path.name!r}"
            )
        if not await ensure_async(self.contents_manager.file_exists(str(path))):
            raise tornado.web.HTTPError(404, f"there is no file {str(path)!r}")
        text = notebook_files.for_table(path.name, self.settings_in(body))
        directory = "" if str(path.parent) == "." else str(path.parent)
        await self.put(f"{path.stem}-formula.ipynb", directory, text, fresh=False)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "workbench.server"}]


def _look_after_kernels(config: Any) -> None:
    """Have a kernel that died noticed within a second, not three, so that panels can say it soon."""
    if "time_to_dead" not in config.KernelRestarter:
        config.KernelRestarter.time_to_dead = 1.0


def _load_jupyter_server_extension(server_app: Any) -> None:
    _look_after_kernels(server_app.config)
    web_app = server_app.web_app
    base = web_app.settings["base_url"]
    routes = [
        (("studies",), StudiesHandler),
        (("studies", r"([a-z-]+)"), StudyHandler),
        (("sessions",), SessionsHandler),
        (("tables",), TableHandler),
    ]
    web_app.add_handlers(
        ".*$", [(url_path_join(base, _NAMESPACE, *parts), handler) for parts, handler in routes]
    )
