"""A real stream on this machine: MPEG-TS over TCP, sent by another process at its own pace."""

import json
import logging
import socket
import subprocess
import sys
import time
from dataclasses import asdict
from itertools import islice
from unittest.mock import patch

import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.run import run
from mtmc.sources import Camera, CameraReader, SourcesConfig, video
from mtmc.sources.opening import open_video
from mtmc.sources.source import Losses, Request
from mtmc.types import Frame
from tests.mtmc.conftest import block_frames, write_video

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
    assert record["cameras"]["door"]["losses"].keys() == asdict(Losses()).keys()
    assert "camera door: is gone" in caplog.text
    assert (tmp_path / "out" / "mosaic.mp4").stat().st_size > 1000
    assert json.loads((tmp_path / "out" / "run.json").read_text())["status"] == "complete"


def numbers(arrivals, fps=10.0):
    losses = Losses()
    counting = video._Arrivals("door", fps, losses)
    return [counting.number(time) for time in arrivals], losses


def test_frames_are_numbered_by_the_clock_however_they_come(caplog):
    regular = 100 + np.arange(30) / 10
    assert numbers(regular) == (list(range(1, 31)), Losses())
    bursts = 100 + np.repeat(np.arange(10) * 0.3, 3)
    assert numbers(bursts) == (list(range(1, 31)), Losses())
    assert caplog.text == ""
    away = [*regular, *(regular + 13), *(regular + 30)]
    found, losses = numbers(away)
    assert np.abs(np.array(found) - (np.array(away) - 100) * 10 - 1).max() <= 6
    assert (losses.drop_outs, losses.silent_seconds) == (2, pytest.approx(24.2, abs=0.1))
    assert [record.message for record in caplog.records] == [
        "camera door: sent nothing for 10 s, and goes on"
    ]


def test_a_slow_cameras_frames_are_no_drop_outs():
    found, losses = numbers(np.arange(20) * 4.0, fps=0.25)
    assert (found, losses) == (list(range(1, 21)), Losses())


def test_a_camera_that_comes_back_with_another_resolution(tmp_path, monkeypatch, caplog):
    sizes = [(160, 120), (320, 240), (160, 120), (320, 240)]
    files = [
        str(write_video(tmp_path / f"{number}.mp4", block_frames(3, size)))
        for number, size in enumerate(sizes)
    ]
    open_file = video._open

    def open_next(camera):
        if not files:
            raise UserError("gone")
        return open_file(Camera(camera.name, files.pop(0)))

    monkeypatch.setattr(video, "_open", open_next)
    monkeypatch.setattr(video, "RETRY_PAUSE", 0.0)
    losses = Losses()
    stream = video.LiveStream(Camera("door", "rtsp://x", "live"), 0.0, reconnect=0.1)
    frames = list(stream.frames(Request(losses=losses)))
    assert len(frames) == 12
    assert {frame.pixels.shape for frame in frames} == {(120, 160, 3)}
    assert np.abs(frames[4].pixels.astype(int) - frames[1].pixels).mean() < 60
    assert (losses.reconnects, losses.resizes) == (3, 3)
    told = "its pictures have become 320 x 240 px; they are brought to the 160 x 120 px"
    assert caplog.text.count(told) == 1


class Hasty:
    """A camera whose pictures come all at once, though it says that they took their time."""

    fps, size, total = 10.0, (4, 4), None

    def __init__(self, count):
        self.count = count

    def frames(self, request):
        for number in range(1, self.count + 1):
            yield Frame("door", number, number / self.fps, np.zeros((4, 4, 3), np.uint8))


def read(count, every, read_ahead=4):
    """What a consumer gets who takes a picture after each ``every`` that have come."""
    reader = CameraReader(Camera("door", "rtsp://x", "live"), Hasty(0), SourcesConfig())
    with patch("mtmc.sources.reader.READ_AHEAD", read_ahead):
        reader.start()
    frames, taken = reader._frames, []
    for frame in Hasty(count).frames(Request()):
        frames._put(frame)
        if frame.index % every == 0:
            taken.append(next(reader))
    return reader, taken


def test_dropped_pictures_are_counted_and_told_to_the_trackers(caplog):
    reader, taken = read(400, every=10)
    assert reader.losses.dropped == 400 - 40 - 3
    assert [frame.steps for frame in taken] == [1] + [10] * 39
    assert [record.message.split(";")[0] for record in caplog.records] == [
        "camera door: pictures come faster than they can be worked on, 90 % are dropped so far"
    ]


def test_a_few_dropped_pictures_are_not_worth_a_word(caplog):
    reader, taken = read(400, every=1)
    assert reader.losses == Losses()
    assert {frame.steps for frame in taken} == {1}
    assert caplog.text == ""


def test_a_picture_that_has_waited_while_newer_ones_came_is_dropped():
    _, taken = read(400, every=10, read_ahead=100)
    newest = np.arange(10, 401, 10) / Hasty.fps
    assert (newest - [frame.time for frame in taken] <= 0.5 + 1e-6).all()


@pytest.mark.parametrize(("kind", "late"), [("live", 0), ("video", 1)])
def test_the_decoder_holds_no_picture_of_a_live_camera_back(kind, late, tmp_path):
    write_video(tmp_path / "a.mp4", block_frames(6, people=1), codec="mpeg4")
    container, stream = open_video(Camera("a", str(tmp_path / "a.mp4"), kind))
    stream.codec_context.thread_count = 2  # wherever this runs
    with container:
        packets = list(islice(container.demux(stream), 4))
        assert sum(len(packet.decode()) for packet in packets) == 4 - late
