"""A real stream on this machine: MPEG-TS over TCP, sent by another process at its own pace."""

import json
import logging
import socket
import subprocess
import sys
import time

import pytest

from mtmc.errors import UserError
from mtmc.run import run

SERVER = """
import sys, time
import av
from tests.mtmc.conftest import block_frames
with av.open(sys.argv[1], "w", format="mpegts") as container:
    stream = container.add_stream("mpeg2video", rate=25)
    stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
    for image in block_frames(int(sys.argv[2]), people=1):
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        time.sleep(0.04)
    container.mux(stream.encode())
"""


@pytest.fixture
def stream():
    """The URL of a stream of 60 frames."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"tcp://127.0.0.1:{port}"
    server = subprocess.Popen([sys.executable, "-c", SERVER, f"{url}?listen=1", "60"])
    yield url
    server.kill()
    server.wait()


def test_a_live_camera_is_followed_online_until_it_is_gone(stream, tmp_path, caplog):
    (tmp_path / "cameras.yaml").write_text(f"cameras:\n  - {{name: door, url: '{stream}'}}\n")
    settings = {
        "detector": {"name": "motion", "min_height": 0.3},
        "sources": {"reconnect": 0.5},
    }
    for attempt in range(40):  # until the server listens
        try:
            with caplog.at_level(logging.WARNING, "mtmc"):
                record = run(tmp_path, tmp_path / "out", settings)
            break
        except UserError:
            if attempt == 39:
                raise
            time.sleep(0.25)
    assert record["mode"] == "online"
    assert 10 < record["cameras"]["door"]["frames"] <= 60
    assert "camera door: is gone" in caplog.text
    assert (tmp_path / "out" / "mosaic.mp4").stat().st_size > 1000
    assert json.loads((tmp_path / "out" / "run.json").read_text())["status"] == "complete"
