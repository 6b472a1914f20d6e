"""The server lists the studies and copies notebooks without ever overwriting one."""

import json
import zipfile

import nbformat
import pytest
import tornado.httpclient
from traitlets.config import Config

from workbench.server import TABLES, _look_after_kernels
from workbench.tables.reading import SUFFIXES

STUDIES = ("workbench", "studies")


async def test_studies_are_listed(jp_fetch) -> None:
    response = await jp_fetch(*STUDIES)
    found = json.loads(response.body)["studies"]
    assert [study["name"] for study in found] == [
        "tour",
        "equations",
        "knots",
        "localization",
    ]
    assert all(study["title"] and study["summary"] for study in found)


async def post(jp_fetch, name: str, **body: object) -> tuple[int, dict]:
    response = await jp_fetch(*STUDIES, name, method="POST", body=json.dumps(body))
    return response.code, json.loads(response.body)


async def test_a_copy_is_made_once_and_belongs_to_the_user(jp_fetch, jp_root_dir) -> None:
    assert await post(jp_fetch, "knots") == (201, {"path": "knots.ipynb", "created": True})
    mine = jp_root_dir / "knots.ipynb"
    assert json.loads(mine.read_text())["metadata"]["workbench"]["title"] == "Knot invariants"
    mine.write_text("my own notes")
    assert await post(jp_fetch, "knots") == (200, {"path": "knots.ipynb", "created": False})
    assert mine.read_text() == "my own notes"


async def test_copies_go_where_the_user_is(jp_fetch, jp_root_dir) -> None:
    (jp_root_dir / "my folder").mkdir()
    _, answer = await post(jp_fetch, "localization", folder="my folder")
    assert answer["path"] == "my folder/localization.ipynb"
    assert (jp_root_dir / "my folder" / "localization.ipynb").is_file()


async def test_a_new_discovery_is_a_new_file_each_time(jp_fetch) -> None:
    paths = [(await post(jp_fetch, "new-discovery"))[1]["path"] for _ in range(3)]
    assert paths == ["new-discovery.ipynb", "new-discovery-1.ipynb", "new-discovery-2.ipynb"]


async def test_a_new_discovery_has_the_settings(jp_fetch, jp_root_dir) -> None:
    settings = {"threads": 2, "rate": 5, "precision": "float32", "evil": 1}
    _, answer = await post(jp_fetch, "new-discovery", settings=settings)
    text = (jp_root_dir / answer["path"]).read_text()
    assert "Workbench(threads=2, rate=5, precision='float32')" in text
    _, answer = await post(jp_fetch, "new-discovery", settings={"precision": "x'\\n"})
    nbformat.validate(nbformat.read(jp_root_dir / answer["path"], as_version=4))
    assert "Workbench()" in (jp_root_dir / answer["path"]).read_text()


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [("nots", {}, 404), ("knots", {"folder": 3}, 400), ("knots", {"folder": "../.."}, 404)],
)
async def test_bad_requests(jp_fetch, name: str, body: dict, code: int) -> None:
    with pytest.raises(tornado.httpclient.HTTPClientError) as caught:
        await post(jp_fetch, name, **body)
    assert caught.value.code in (code, 404, 400, 500)
    assert caught.value.code < 500 or "outside" in str(caught.value.response.body)


@pytest.mark.parametrize(
    ("route", "method"),
    [
        ("studies", "GET"),
        ("studies/knots", "POST"),
        ("sessions", "GET"),
        ("sessions", "POST"),
        ("tables", "POST"),
    ],
)
async def test_strangers_are_refused(
    jp_fetch, jp_base_url, http_server_client, jp_root_dir, route: str, method: str
) -> None:
    (jp_root_dir / "t.csv").write_text("x,y\n1,2\n")
    body = json.dumps({"path": "t.csv"}) if method == "POST" else None
    # Nothing is wrong but who asks: without the cookie a request is refused before that counts.
    headers = {"Cookie": "_xsrf=mine", "X-XSRFToken": "mine"}
    with pytest.raises(tornado.httpclient.HTTPClientError) as caught:
        await http_server_client.fetch(
            f"{jp_base_url}workbench/{route}", method=method, body=body, headers=headers
        )
    assert caught.value.code == 403
    assert [path.name for path in jp_root_dir.iterdir()] == ["t.csv"]


@pytest.mark.parametrize("folder", [".hidden", "a/.hidden", "..", "gone", "a\0b", "\ud800"])
async def test_a_route_that_refuses_has_changed_nothing(jp_fetch, jp_root_dir, folder: str) -> None:
    (jp_root_dir / ".hidden").mkdir()
    (jp_root_dir / ".hidden" / "t.csv").write_text("x,y\n1,2\n")
    before = sorted(jp_root_dir.rglob("*"))
    for route, body in (
        (("studies", "knots"), {"folder": folder}),
        (("tables",), {"path": f"{folder}/t.csv"}),
    ):
        with pytest.raises(tornado.httpclient.HTTPClientError) as caught:
            await jp_fetch("workbench", *route, method="POST", body=json.dumps(body))
        assert caught.value.code in (400, 404)
    assert sorted(jp_root_dir.rglob("*")) == before


async def test_a_table_gets_a_notebook_of_four_short_cells(jp_fetch, jp_root_dir) -> None:
    (jp_root_dir / "data").mkdir()
    (jp_root_dir / "data" / "a 'b'.csv").write_text("x,y\n1,2\n")
    settings = {"threads": 2, "precision": "float32", "rate": "fast", "evil": 1}
    body = json.dumps({"path": "data/a 'b'.csv", "settings": settings})
    response = await jp_fetch("workbench", "tables", method="POST", body=body)
    answer = json.loads(response.body)
    assert answer == {"path": "data/a 'b'-formula.ipynb", "created": True}
    notebook = nbformat.read(jp_root_dir / answer["path"], as_version=4)
    nbformat.validate(notebook)
    assert len(notebook.cells) == 4
    assert "Workbench(\"a 'b'.csv\", threads=2, precision='float32')" in notebook.cells[1].source
    again = json.loads((await jp_fetch("workbench", "tables", method="POST", body=body)).body)
    assert again == {**answer, "created": False}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"path": "notes.md"}, 400),
        ({"path": "gone.csv"}, 404),
        ({"path": 3}, 400),
        ({"path": "../../etc/passwd.csv"}, 404),
        ([], 400),
    ],
)
async def test_what_is_no_table_is_refused(jp_fetch, body: object, code: int) -> None:
    with pytest.raises(tornado.httpclient.HTTPClientError) as caught:
        await jp_fetch("workbench", "tables", method="POST", body=json.dumps(body))
    assert caught.value.code == code


async def test_saved_sessions_are_listed_and_opened(
    jp_fetch, jp_root_dir, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("WORKBENCH_SESSIONS", str(tmp_path / "kept"))
    assert json.loads((await jp_fetch("workbench", "sessions")).body) == {"sessions": []}
    (tmp_path / "kept").mkdir()
    step = {"name": "", "code": "", "model": 0, "begins": True, "trained": False}
    step |= {"choice": None, "formulas": None, "fit": None}
    data = {"names": ["a", "b"], "target": "y", "units": {}, "task": "regression"}
    about = {
        "format": 1, "saved": "2026-01-02T03:04:05+00:00", "steps": [step, step],
        "data": data | {"classes": None, "notes": []}, "running": "", "seed": 0, "threads": 1,
        "precision": "float64", "rate": 20.0, "source": "", "options": {}, "preparation": None,
        "parents": [None, 0], "labels": {}, "place": 1, "redo": None,
    }  # fmt: skip
    with zipfile.ZipFile(tmp_path / "kept" / "s.kan", "w") as archive:
        archive.writestr("session.json", json.dumps(about))
    (tmp_path / "kept" / "broken.kan").write_text("nothing")
    (tmp_path / "kept" / ".hidden.kan").write_text("nothing")
    listed = json.loads((await jp_fetch("workbench", "sessions")).body)["sessions"]
    (found,) = [session for session in listed if not session["problem"]]
    (broken,) = [session for session in listed if session["problem"]]
    assert broken["title"] == "broken.kan"
    assert "damaged or not a saved session" in broken["problem"]
    body = json.dumps({"path": broken["path"]})
    with pytest.raises(tornado.httpclient.HTTPClientError) as caught:
        await jp_fetch("workbench", "sessions", method="POST", body=body)
    assert caught.value.code == 400
    assert (found["title"], found["steps"]) == ("y from a, b", 2)
    body = json.dumps({"path": found["path"]})
    response = await jp_fetch("workbench", "sessions", method="POST", body=body)
    text = (jp_root_dir / json.loads(response.body)["path"]).read_text()
    assert "Session.load(" in text
    with pytest.raises(tornado.httpclient.HTTPClientError) as caught:
        await jp_fetch("workbench", "sessions", method="POST", body='{"path": "/etc/passwd"}')
    assert caught.value.code == 404


def test_the_server_opens_what_tables_are_read() -> None:
    assert set(TABLES) == set(SUFFIXES)


async def test_a_kernel_that_died_is_noticed_soon(jp_serverapp) -> None:
    assert jp_serverapp.config.KernelRestarter.time_to_dead == 1.0
    mine = Config({"KernelRestarter": {"time_to_dead": 9.0}})
    _look_after_kernels(mine)
    assert mine.KernelRestarter.time_to_dead == 9.0
