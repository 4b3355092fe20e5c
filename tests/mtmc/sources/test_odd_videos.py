"""What containers can say of their pictures: turned, covers, streams, where they begin, rates."""

import gc
import logging

import av
import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.sources import Camera, SourcesConfig, open_cameras
from mtmc.sources.rate import stated_rate
from tests.mtmc.conftest import block_frames, write_video
from tests.mtmc.sources.clips import (
    covered_video,
    cut_recording,
    longer_sound,
    marked_video,
    two_streams,
)


def read(camera):
    (reader,) = open_cameras([camera], SourcesConfig())
    reader.start()
    try:
        return reader, list(reader._frames)
    finally:
        reader.close()


# Where each matrix puts what is stored at the top left: its corner, in (rows, columns).
MATRICES = {
    (1, 0, 0, 1): lambda image: image,
    (0, 1, -1, 0): lambda image: np.rot90(image, -1),
    (-1, 0, 0, -1): lambda image: image[::-1, ::-1],
    (0, -1, 1, 0): np.rot90,
    (-1, 0, 0, 1): lambda image: image[:, ::-1],
    (1, 0, 0, -1): lambda image: image[::-1],
    (0, 1, 1, 0): lambda image: image.swapaxes(0, 1),
    (0, -1, -1, 0): lambda image: image[::-1, ::-1].swapaxes(0, 1),
}


@pytest.mark.parametrize("matrix", MATRICES)
def test_pictures_are_turned_and_mirrored_as_players_show_them(tmp_path, matrix):
    path, stored = marked_video(tmp_path / "a.mp4", matrix)
    reader, frames = read(Camera("a", str(path)))
    shown = MATRICES[matrix](stored)
    assert frames[0].pixels.shape == shown.shape
    assert reader.size == shown.shape[1::-1]
    assert np.abs(frames[0].pixels.astype(int) - shown).mean() < 6


def test_a_matrix_is_read_as_ffmpeg_reads_it(tmp_path):
    """PyAV tells rotations, which are FFmpeg's word; mirroring is not among them."""
    for matrix, turns in {(0, 1, -1, 0): -90, (0, -1, 1, 0): 90}.items():
        path, _ = marked_video(tmp_path / "a.mp4", matrix)
        with av.open(str(path)) as container:
            assert next(container.decode(video=0)).rotation == turns


@pytest.mark.parametrize("matrix", [(1, 0, 0, 1), (1, 0, 0, -1)])
def test_decoded_frames_go_at_once(tmp_path, matrix):
    """Not with the next garbage collection; the first frame of each reading may stay."""
    path, _ = marked_video(tmp_path / "a.mp4", matrix, count=6)
    gc.collect()
    gc.disable()
    try:
        count = len(read(Camera("a", str(path)))[1])
        left = [one for one in gc.get_objects() if type(one) is av.VideoFrame]
    finally:
        gc.enable()
    assert len(left) <= 2 < count


def test_a_cover_picture_is_no_video(tmp_path):
    reader, frames = read(Camera("a", str(covered_video(tmp_path / "a.mp4"))))
    assert len(frames) == 7
    assert reader.size == (160, 120)


def test_a_second_stream_of_pictures_is_named_and_can_be_chosen(tmp_path, caplog):
    path = str(two_streams(tmp_path / "a.mkv"))
    with caplog.at_level(logging.WARNING, "mtmc"):
        reader, frames = read(Camera("a", path))
    assert reader.size == (160, 120)
    assert len(caplog.messages) == 1
    assert "holds 2 streams of pictures, 0 (160x120), 1 (64x48)" in caplog.text
    caplog.clear()
    for number, size in ((0, (160, 120)), (1, (64, 48))):
        reader, frames = read(Camera("a", path, stream=number))
        assert (reader.size, len(frames)) == (size, 3)
        assert frames[0].pixels.shape[1::-1] == size
    assert not caplog.messages
    with pytest.raises(UserError, match=r"has no stream 2; it holds 0 \(160x120\), 1 \(64x48\)"):
        read(Camera("a", path, stream=2))


def test_time_0_is_where_the_data_begins_not_the_first_picture_that_can_be_decoded(
    tmp_path, caplog
):
    path = cut_recording(tmp_path / "cut.ts", gop=20, cut=5, fps=10)
    with caplog.at_level(logging.INFO, "mtmc"):
        _, frames = read(Camera("a", str(path)))
    assert frames[0].time == pytest.approx(1.5, abs=0.01)
    assert (frames[0].index, len(frames)) == (1, 40)
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert "its first picture comes 1.50 s after its data begins" in caplog.text
    _, frames = read(Camera("a", str(path), fps=10, offset=3))
    assert [frames[0].time, frames[10].time] == pytest.approx([4.5, 5.5], abs=0.01)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi", "mov"])
def test_an_ordinary_video_begins_at_0_and_nothing_is_said(tmp_path, caplog, suffix):
    path = write_video(tmp_path / f"a.{suffix}", block_frames(12))
    with caplog.at_level(logging.INFO, "mtmc"):
        reader, frames = read(Camera("a", str(path)))
    assert [frame.time for frame in frames] == pytest.approx(np.arange(12) / 10, abs=1e-3)
    assert reader.fps == pytest.approx(10)
    assert not caplog.messages


def raw_video(path, codec, form):
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height = 160, 120
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for image in block_frames(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    return path


def test_an_unknown_rate_is_said_and_one_in_the_pictures_themselves_is_taken(tmp_path, caplog):
    jpegs = raw_video(tmp_path / "a.mjpeg", "mjpeg", "mjpeg")
    with caplog.at_level(logging.INFO, "mtmc"):
        reader, _ = read(Camera("a", str(jpegs)))
    assert reader.fps == 25
    assert "does not tell its frame rate; 25 a second are assumed" in caplog.text
    caplog.clear()
    assert read(Camera("a", str(jpegs), fps=10))[1][-1].time == pytest.approx(0.4)
    reader, frames = read(Camera("a", str(raw_video(tmp_path / "a.h264", "libx264", "h264"))))
    assert reader.fps == 10
    assert frames[-1].time == pytest.approx(0.4)
    assert not caplog.messages


class Claims:
    """A container and its stream, as far as a rate is asked of them."""

    def __init__(self, rate, form="matroska,webm"):
        self.format = type("Format", (), {"name": form})
        self.average_rate = self.guessed_rate = rate
        self.codec_context = type("Codec", (), {"framerate": None})


@pytest.mark.parametrize("rate", [90000, 1e308, 1e-9, 0, None, 2001])
def test_a_rate_that_cannot_be_is_not_believed(rate):
    assert stated_rate(Claims(rate), Claims(rate)) is None
    assert stated_rate(Claims(25), Claims(25)) == 25
    assert stated_rate(Claims(25, "mpjpeg"), Claims(25, "mpjpeg")) is None


def test_timestamps_tell_the_rate_where_the_header_does_not(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("mtmc.sources.recording.stated_rate", lambda *_: None)
    path = str(write_video(tmp_path / "a.mkv", block_frames(8), fps=10))
    with caplog.at_level(logging.INFO, "mtmc"):
        assert read(Camera("a", path))[0].fps == pytest.approx(10)
    assert not caplog.messages
    times = [n * 2e-4 for n in range(8)]
    path = str(write_video(tmp_path / "b.mp4", block_frames(8), times=[t * 100 for t in times]))
    monkeypatch.setattr("mtmc.sources.recording.timed_rate", lambda *_: 5000.0)
    with pytest.raises(UserError, match="5000 frames per second by its timestamps; expected"):
        read(Camera("b", path))


def test_a_recording_in_parts_is_one_camera(tmp_path):
    first = write_video(tmp_path / "a.mp4", block_frames(5), fps=10)
    second = write_video(tmp_path / "b.mkv", block_frames(4, start=5), times=[0, 0.1, 0.3, 0.4])
    reader, frames = read(Camera("door", str(first), more=(str(second),)))
    assert [frame.index for frame in frames] == list(range(1, 10))
    expected = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 0.9]
    assert [frame.time for frame in frames] == pytest.approx(expected, abs=2e-3)
    assert reader.total in {9, 10}  # about, by the second one's duration
    _, frames = read(Camera("door", str(first), more=(str(second),), fps=4, offset=1))
    assert [frame.time for frame in frames] == pytest.approx(1 + np.arange(9) / 4)
    (tmp_path / "c.mp4").write_bytes(b"")
    with pytest.raises(UserError, match=r"camera 'door': .*c\.mp4: cannot be opened"):
        read(Camera("door", str(first), more=(str(tmp_path / "c.mp4"),)))


def test_a_clock_that_goes_on_from_part_to_part_tells_of_the_pause(tmp_path, caplog):
    parts = []
    for name, begin in (("a", 3.0), ("b", 5.5), ("c", 1.0)):
        path = tmp_path / f"{name}.ts"
        write_video(path, block_frames(10), codec="mpeg2video", fps=25)
        with av.open(str(path)) as source, av.open(str(tmp_path / f"{name}2.ts"), "w") as target:
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.dts is not None:
                    shift = int(begin / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = stream
                    target.mux(packet)
        parts.append(str(tmp_path / f"{name}2.ts"))
    with caplog.at_level(logging.INFO, "mtmc"):
        _, frames = read(Camera("door", parts[0], more=tuple(parts[1:])))
    times = np.array([frame.time for frame in frames])
    # The second goes on 2.5 s after the first began; the third has a clock of its own.
    assert times[[0, 10, 20]] == pytest.approx([0, 2.5, 2.9], abs=0.01)
    assert "begins 2.1 s after the part before ends" in caplog.text


@pytest.mark.parametrize("name", ["cam:1.mp4", "2026-01-31T10:15:00.mp4", "rtsp:x.mp4", "50%d.mp4"])
def test_a_name_is_no_protocol(tmp_path, monkeypatch, name):
    write_video(tmp_path / "a.mp4", block_frames(3)).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(read(Camera("a", name))[1]) == 3


def test_pictures_too_large_are_refused_before_they_are_decoded(tmp_path, monkeypatch):
    path = str(write_video(tmp_path / "a.mp4", block_frames(3)))
    monkeypatch.setattr("mtmc.sources.opening.LIMITS", {"max_pixels": "10000"})
    with pytest.raises(UserError, match="its pictures are larger than 100 megapixels, or damaged"):
        read(Camera("a", path))


def test_sixteen_bits_of_which_ten_are_used_are_seen(tmp_path, caplog):
    path = tmp_path / "thermal.mkv"
    grey = np.stack([image[:, :, 0] for image in block_frames(3)])
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "gray16le"
        for image in grey.astype(np.uint16) * 4:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="gray16le")))
        container.mux(stream.encode())
    with caplog.at_level(logging.INFO, "mtmc"):
        _, frames = read(Camera("a", str(path)))
    assert np.abs(frames[1].pixels[:, :, 1].astype(int) - grey[1]).max() <= 1
    assert "their values from 0 to 1023 are shown as 0 to 255" in caplog.text


@pytest.mark.parametrize("suffix", ["mkv", "mov", "avi"])
def test_sound_may_go_on_after_the_pictures(tmp_path, caplog, suffix):
    reader, frames = read(Camera("a", str(longer_sound(tmp_path / f"a.{suffix}"))))
    assert (reader.total, len(frames)) == (10, 10)
    assert not caplog.messages
