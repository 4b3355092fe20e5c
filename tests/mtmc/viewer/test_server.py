"""Who may ask the viewer for what, and what it answers."""

import numpy as np
import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from mtmc.errors import UserError
from mtmc.results import Results
from mtmc.viewer.boxes import Boxes
from mtmc.viewer.guard import Guard
from mtmc.viewer.recorded import Recorded, recorded_application
from mtmc.viewer.server import Address, Served

HERE = "http://127.0.0.1:8000"


def client(app, base=HERE, **options):
    return TestClient(app, base_url=base, follow_redirects=False, **options)


@pytest.fixture(scope="module")
def asked(watched):
    return client(Guard(recorded_application(Recorded(Results.open(watched / "out")))))


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost:9", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:8000", 421),
        ("", 421),
    ],
)
def test_only_by_a_name_of_this_computer(asked, host, code):
    assert asked.get("/footage.json", headers={"host": host}).status_code == code


@pytest.mark.parametrize(
    ("origin", "code"),
    [(None, 403), ("http://evil.example", 403), ("null", 403), (HERE, 400)],
)
def test_other_pages_write_nothing(asked, origin, code):
    headers = {} if origin is None else {"origin": origin}
    answer = asked.post("/corrections", json={"do": "nothing"}, headers=headers)
    assert answer.status_code == code


def test_other_pages_show_nothing_of_it(asked):
    headers = asked.get("/footage.json").headers
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert asked.get("/footage.json", headers={"origin": "http://evil.example"}).status_code == 403


def test_from_elsewhere_it_takes_the_token():
    app = Guard(PlainTextResponse("in"), hosts=None, token="secret")
    there = client(app, "http://192.168.0.7:8000")
    assert there.get("/").status_code == 401
    assert there.get("/?token=wrong").status_code == 401
    answer = there.get("/?token=secret&at=3")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/?at=3"
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert "samesite=strict" in answer.headers["set-cookie"].lower()
    assert there.get("/").text == "in"  # by the cookie
    assert there.get("/", headers={"origin": "http://evil.example"}).status_code == 403


def test_only_loopback_goes_without_a_token():
    for host, token in (("127.0.0.1", False), ("::1", False), ("0.0.0.0", True)):
        served = Served(Address(host, 0))
        assert ("token=" in served.url) == bool(served.token) == token
        served.stop()


def test_a_port_that_is_taken_is_said():
    first = Served(Address(port=0))
    port = int(first.url.rsplit(":", 1)[1].strip("/"))
    with pytest.raises(UserError, match=f"--port {port}: cannot listen there"):
        Served(Address(port=port))
    first.stop()


@pytest.mark.parametrize(
    "path",
    [
        "/page/../server.py",
        "/page/%2e%2e/server.py",
        "/page/..%2fserver.py",
        "/page//etc/passwd",
        "/video/..%2f..%2fetc%2fpasswd",
        "/video/%2fetc%2fpasswd",
        "/video/out%2frun.json",
        "/crop/..%2fx/1/best",
        "/run.json",
        "/corrections.jsonl",
        "/boxes/-1",
        "/boxes/99999999",
    ],
)
def test_no_path_is_read_but_the_runs_own(asked, path):
    answer = asked.get(path)
    assert answer.status_code == 404
    assert b"root:" not in answer.content


def test_a_video_comes_in_the_parts_that_are_asked_for(asked, watched, monkeypatch):
    whole = (watched / "left.mp4").read_bytes()
    monkeypatch.setattr("mtmc.viewer.recorded.PIECE", 100)
    answer = asked.get("/video/left", headers={"range": "bytes=10-"})  # as browsers begin
    assert answer.content == whole[10:110]
    assert answer.headers["content-range"] == f"bytes 10-109/{len(whole)}"
    answer = asked.get("/video/left", headers={"range": "bytes=10-19"})
    assert answer.status_code == 206
    assert answer.content == whole[10:20]
    assert asked.get("/video/nobody").status_code == 404


def test_chunks_hold_every_box_of_the_table(asked, watched):
    results = Results.open(watched / "out")
    boxes = Boxes(results)
    boxes.seconds, boxes.count = 1.0, 3  # more than one chunk
    found = set()
    for number in range(boxes.count):
        content = boxes.chunk(number)
        cameras = int(np.frombuffer(content, "<i4", 1)[0])
        counts = np.frombuffer(content, "<i4", cameras, 4)
        size = int(counts.sum())
        columns = np.frombuffer(content, "<i4", 3 * size, 4 + 4 * cameras).reshape(3, size)
        sides = np.frombuffer(content, "<f4", 4 * size, 4 + 4 * cameras + 12 * size)
        cameras = np.repeat(list(results.cameras), counts).tolist()
        rows = zip(
            cameras, *columns.tolist(), *sides.reshape(4, size).round(2).tolist(), strict=True
        )
        found |= set(rows)
    table = results.table.select("camera", "frame", "global_id", "track_id", "x1", "y1", "x2", "y2")
    said = {(*row[:4], *(round(side, 2) for side in row[4:])) for row in table.iter_rows()}
    assert {row[:4] for row in found} == {row[:4] for row in said}
    assert len(found) == len(said)


def test_who_is_asked_for_is_found(asked):
    answer = asked.get("/search?person=1&in=right").json()
    assert answer["people"]
    tracks = [track for person in answer["people"] for track in person["tracks"]]
    assert {track["camera"] for track in tracks} == {"right"}
    assert all(0 <= person["probability"] <= 1 for person in answer["people"])
    origin = {"origin": HERE}
    assert "no picture" in asked.post("/search", content=b"GIF", headers=origin).json()["error"]
    assert "number" in asked.get("/search?person=x").json()["error"]
    crop = asked.get(f"/crop/{tracks[0]['camera']}/{tracks[0]['track']}/best")
    assert crop.headers["content-type"] == "image/jpeg"
    like = asked.post("/search", content=crop.content, headers=origin).json()["people"]
    assert like[0]["person"] == tracks[0]["person"]


def test_nobody_reaches_the_live_page_from_elsewhere():
    async def app(scope, receive, send):
        raise AssertionError("is not to be asked")

    for headers in ({}, {"origin": "http://evil.example"}):
        with (
            pytest.raises(WebSocketDisconnect),
            client(Guard(app)).websocket_connect("ws://127.0.0.1:8000/live", headers=headers),
        ):
            pass
