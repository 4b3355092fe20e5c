"""Small videos of moving blocks, written on the spot."""

from fractions import Fraction

import av
import numpy as np
import pytest

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


@pytest.fixture
def two_cameras(tmp_path):
    """A folder with two videos of the same two people."""
    folder = tmp_path / "videos"
    folder.mkdir()
    return write_two_cameras(folder)
