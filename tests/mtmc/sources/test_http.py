"""Cameras over HTTP: endless ones are live, and how fast they send is measured."""

import http.server
import logging
import threading
import time

import cv2
import pytest

from mtmc.sources import SourcesConfig, find_cameras, open_cameras
from mtmc.sources.rate import heard_rate
from tests.mtmc.conftest import block_frames, write_video

PAUSE = 0.1  # s between pictures


class Handler(http.server.BaseHTTPRequestHandler):
    """``/camera`` sends JPEGs for ever, others the video, with or without its length."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path != "/camera":
            data = self.server.video.read_bytes()
            self.send_response(200)
            if self.path == "/video.ts":
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
        try:
            while True:
                for image in block_frames(20):
                    jpeg = cv2.imencode(".jpg", image)[1].tobytes()
                    self.wfile.write(head % len(jpeg) + jpeg + b"\r\n")
                    time.sleep(PAUSE)
        except OSError:
            pass


@pytest.fixture
def url(tmp_path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.video = write_video(tmp_path / "a.ts", block_frames(20), codec="mpeg2video", fps=25)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://joe:S3cretPw@127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_what_never_ends_is_live_and_said_to_be(url, caplog):
    with caplog.at_level(logging.INFO, "mtmc"):
        kinds = {c.name: c.kind for c in find_cameras([f"{url}/camera", f"{url}/video.ts"])}
        assert kinds == {"camera": "live", "video": "video"}
        assert [c.kind for c in find_cameras(f"{url}/unsized.ts")] == ["live"]
    assert len(caplog.messages) == 2
    assert "camera camera: http://127.0.0.1" in caplog.text
    assert "has no end, so it is taken for live; 'live: false'" in caplog.text
    assert "S3cretPw" not in caplog.text


def test_a_stream_that_does_not_tell_its_rate_is_measured(url, caplog):
    with caplog.at_level(logging.INFO, "mtmc"):
        (reader,) = open_cameras(find_cameras(f"{url}/camera"), SourcesConfig())
    assert 6 < reader.fps < 11
    assert reader.live
    assert "does not tell its frame rate" in caplog.text
    assert "a second are measured" in caplog.text
    reader.start()
    first = next(reader)
    frame = next(reader)
    reader.close()
    assert frame.index > first.index
    assert frame.time > first.time


def test_a_rate_is_heard_in_a_while_or_not_at_all(monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr("mtmc.sources.rate.time.monotonic", lambda: next(clock) / 4)
    assert heard_rate(iter(range(50))) == pytest.approx(4, abs=1.4)
    assert heard_rate(iter([1])) is None
    assert heard_rate(iter([])) is None
