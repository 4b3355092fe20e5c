"""Small videos of moving blocks, written on the spot."""

from fractions import Fraction

import av
import numpy as np
import pytest

from mtmc import cli

SETTINGS = {"detector": {"name": "motfile"}, "reid": "color", "output": {"video": False}}
COLORS = ((40, 40, 230), (230, 160, 30), (60, 200, 60))


def block_frames(count, size=(160, 120), people=2, start=0):
    """Static grey scene in which upright blocks of different colours walk to the right."""
    width, height = size
    background = np.full((height, width, 3), 128, np.uint8)
    background += np.random.default_rng(0).integers(0, 8, background.shape, dtype=np.uint8)
    for index in range(start, start + count):
        image = background.copy()
        for person in range(people):
            x = 5 + 2 * index + 45 * person
            y = 30 + 12 * person
            image[y : y + 60, x : x + 22] = COLORS[person]
        yield image


def write_video(path, frames, fps=10, codec="libx264", times=None):
    """Write BGR frames; ``times`` in seconds makes the frame rate variable."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "12"} if codec == "libx264" else {}
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for index, image in enumerate(frames):
            if index == 0:
                stream.width, stream.height = image.shape[1], image.shape[0]
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            if times is not None:
                frame.pts, frame.time_base = round(times[index] * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_two_cameras(folder):
    """Two videos of the same two people."""
    for name in ("left", "right"):
        write_video(folder / f"{name}.mp4", block_frames(24))
    return folder


def write_detections(folder, names=("left", "right"), frames=24):
    """Where the blocks of ``block_frames`` are."""
    (folder / "det").mkdir()
    lines = [
        f"{i + 1},-1,{5 + 2 * i + 45 * person},{30 + 12 * person},22,60,0.9,-1,-1,-1"
        for i in range(frames)
        for person in range(2)
    ]
    for name in names:
        (folder / "det" / f"{name}.txt").write_text("\n".join(lines) + "\n")


def write_scene(folder):
    """Two videos of the same two people, and where these are."""
    write_two_cameras(folder)
    write_detections(folder)
    return folder


@pytest.fixture
def two_cameras(tmp_path):
    """A folder with two videos of the same two people."""
    folder = tmp_path / "videos"
    folder.mkdir()
    return write_two_cameras(folder)


@pytest.fixture
def scene(two_cameras):
    """The same, with where they are."""
    write_detections(two_cameras)
    return two_cameras


@pytest.fixture
def here(monkeypatch, capsys):
    """Calls the command line in this process: its exit code, and what it wrote to both streams."""

    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["mtmc", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code or 0, *capsys.readouterr()

    return call
