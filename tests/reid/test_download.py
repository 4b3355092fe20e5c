"""Fetching from a server on this machine: whole, in pieces, elsewhere, or not at all."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mtmc.reid.download import download
from mtmc.reid.errors import ReidError

CONTENT = bytes(range(256)) * 1200  # several chunks
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(BaseHTTPRequestHandler):
    """/file has it with ranges, /whole without; /cut ends early, /other is another file."""

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Range")))
        content = CONTENT[::-1] if self.path == "/other" else CONTENT
        if self.path == "/longer":
            content = CONTENT + CONTENT
        start = self.headers.get("Range")
        start = int(start.removeprefix("bytes=").removesuffix("-")) if start else 0
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/file")
        elif self.path == "/empty" and start:
            self.send_response(416)
        elif self.path in {"/file", "/whole", "/cut", "/other", "/longer", "/empty"}:
            start = 0 if self.path == "/whole" else start
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            end = len(content) // 2 if self.path == "/cut" else None
            self.wfile.write(content[start:end])
            return
        else:
            self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def running():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def fetch(running, tmp_path):
    """Fetch from paths of the server; gives what is asked of it and what then lies there."""
    target = tmp_path / "new" / "net.onnx"

    def call(*paths, part=None):
        running.asked.clear()
        if part is not None:
            target.parent.mkdir(exist_ok=True)
            target.with_name("net.onnx.part").write_bytes(part)
        base = f"http://127.0.0.1:{running.server_port}"
        seen = []
        try:
            download([base + path for path in paths], target, len(CONTENT), SHA256, seen.append)
        finally:
            call.left = sorted(path.name for path in target.parent.iterdir())
        assert target.read_bytes() == CONTENT
        assert call.left == ["net.onnx"]
        assert seen[-1:] in ([], [len(CONTENT)])
        return list(running.asked)

    return call


def test_a_file_is_fetched_once(fetch):
    assert fetch("/file") == [("/file", None)]
    assert fetch("/file") == []


@pytest.mark.parametrize("path", ["/file", "/whole"])
def test_it_goes_on_where_it_stopped_with_a_server_that_can(fetch, path):
    assert fetch(path, part=CONTENT[:1000]) == [(path, "bytes=1000-")]


def test_a_whole_part_asks_nobody(fetch):
    assert fetch("/file", part=CONTENT) == []


@pytest.mark.parametrize("part", [b"x" * 1000, CONTENT + b"x", CONTENT[::-1]])
def test_a_part_of_something_else_is_fetched_anew(fetch, part):
    assert fetch("/file", part=part)[-1] == ("/file", None)


def test_a_server_that_has_no_more_begins_anew(fetch):
    assert fetch("/empty", part=CONTENT[:5]) == [("/empty", "bytes=5-"), ("/empty", None)]


def test_a_redirect_is_followed(fetch):
    assert [path for path, _ in fetch("/moved")] == ["/moved", "/file"]


@pytest.mark.parametrize("first", ["/gone", "/other", "/longer", "/cut"])
def test_the_next_address_is_tried_and_goes_on_with_what_is_there(fetch, first):
    (_, last) = fetch(first, "/file")[-1]
    assert last == (f"bytes={len(CONTENT) // 2}-" if first == "/cut" else None)


@pytest.mark.parametrize(
    ("path", "message", "left"),
    [
        ("/gone", "404", []),
        ("/other", "gave another file", []),
        ("/longer", "gave another file", []),
        ("/cut", r"ended after \d+ of \d+ bytes.*is kept, the same command", ["net.onnx.part"]),
    ],
)
def test_what_is_not_the_file_is_refused_in_one_line(fetch, path, message, left):
    with pytest.raises(ReidError, match=message) as error:
        fetch(path)
    assert "\n" not in str(error.value)
    assert fetch.left == left


def test_nobody_there_is_one_line(tmp_path):
    with pytest.raises(ReidError, match="refused"):
        download(["http://127.0.0.1:9/x"], tmp_path / "x", 3, SHA256)
