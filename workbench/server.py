"""Jupyter Server routes: list the packaged notebooks, and copy one into the user's folder.

Copies go through the contents manager, so they respect its root folder, remote managers and hubs;
what exists is never overwritten. Nothing here imports torch.
"""

import json
from typing import Any

import tornado.web
from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join

from workbench import notebook_files
from workbench.errors import InputError

_NAMESPACE = "workbench"
_MOST_COPIES = 1000


class StudiesHandler(APIHandler):
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


class StudyHandler(APIHandler):
    """``POST workbench/studies/<name>``: the path of the user's copy, made when it is missing."""

    @tornado.web.authenticated
    async def post(self, name: str) -> None:
        """Copy the notebook into the folder in the body's ``folder``, the root by default."""
        try:
            text = notebook_files.content(name)
        except InputError as error:
            raise tornado.web.HTTPError(404, str(error)) from error
        body = self.get_json_body() or {}
        directory = body.get("folder", "")
        if not isinstance(directory, str):
            raise tornado.web.HTTPError(400, "folder must be a text")
        fresh = name == notebook_files.NEW_DISCOVERY
        path, created = await self._copy(f"{name}.ipynb", directory.strip("/"), text, fresh=fresh)
        self.set_status(201 if created else 200)
        self.finish(json.dumps({"path": path, "created": created}))

    async def _copy(self, file: str, directory: str, text: str, *, fresh: bool) -> tuple[str, bool]:
        """A study has one copy in a folder; a new discovery is a new file each time."""
        stem = file.removesuffix(".ipynb")
        for number in range(_MOST_COPIES):
            name = file if number == 0 else f"{stem}-{number}.ipynb"
            path = url_path_join(directory, name).strip("/")
            if not await ensure_async(self.contents_manager.file_exists(path)):
                model = {"type": "notebook", "format": "json", "content": json.loads(text)}
                await ensure_async(self.contents_manager.save(model, path))
                return path, True
            if not fresh:
                return path, False
        raise tornado.web.HTTPError(409, f"there are too many copies of {file}")


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "workbench.server"}]


def _load_jupyter_server_extension(server_app: Any) -> None:
    web_app = server_app.web_app
    base = web_app.settings["base_url"]
    web_app.add_handlers(
        ".*$",
        [
            (url_path_join(base, _NAMESPACE, "studies"), StudiesHandler),
            (url_path_join(base, _NAMESPACE, "studies", r"([a-z-]+)"), StudyHandler),
        ],
    )
