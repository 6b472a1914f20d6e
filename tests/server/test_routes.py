"""The server lists the studies and copies notebooks without ever overwriting one."""

import json

import pytest
import tornado.httpclient

STUDIES = ("workbench", "studies")


async def test_studies_are_listed(jp_fetch) -> None:
    response = await jp_fetch(*STUDIES)
    found = json.loads(response.body)["studies"]
    assert [study["name"] for study in found] == ["knots", "localization"]
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


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [("nots", {}, 404), ("knots", {"folder": 3}, 400), ("knots", {"folder": "../.."}, 404)],
)
async def test_bad_requests(jp_fetch, name: str, body: dict, code: int) -> None:
    with pytest.raises(tornado.httpclient.HTTPClientError) as caught:
        await post(jp_fetch, name, **body)
    assert caught.value.code in (code, 404, 400, 500)
    assert caught.value.code < 500 or "outside" in str(caught.value.response.body)


async def test_strangers_are_refused(jp_fetch, jp_base_url, http_server_client) -> None:
    with pytest.raises(tornado.httpclient.HTTPClientError) as caught:
        await http_server_client.fetch(f"{jp_base_url}workbench/studies")
    assert caught.value.code == 403
