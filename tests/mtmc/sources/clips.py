"""Small videos with something odd about them."""

import struct

import av
import cv2
import numpy as np

from tests.mtmc.conftest import block_frames, write_video


def box(kind, payload):
    """A box of an MP4 file."""
    return struct.pack(">I", 8 + len(payload)) + kind + payload


def marked_video(path, matrix, count=2, codec="libx264"):
    """An MP4 whose left upper quarter is dark, shown by a display matrix ``(a, b, c, d)``."""
    images = []
    for image in block_frames(count, people=1):
        image[:60, :80] //= 4
        images.append(image)
    write_video(path, images, codec=codec)
    data = bytearray(path.read_bytes())
    at = data.find(b"tkhd") + 4 + 40  # the matrix of a version 0 track header
    a, b, c, d = matrix
    moved = (160 if a < 0 else 120 if c < 0 else 0, 120 if d < 0 else 160 if b < 0 else 0)
    numbers = (a << 16, b << 16, 0, c << 16, d << 16, 0, moved[0] << 16, moved[1] << 16, 1 << 30)
    data[at : at + 36] = struct.pack(">9i", *numbers)
    path.write_bytes(data)
    return path, images[0]


def covered_video(path, count=7):
    """An MP4 with a cover picture whose box comes before the tracks."""
    write_video(path, block_frames(count))
    data = path.read_bytes()
    jpeg = cv2.imencode(".jpg", np.full((64, 64, 3), 90, np.uint8))[1].tobytes()
    cover = box(b"covr", box(b"data", struct.pack(">II", 13, 0) + jpeg))
    handler = box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    tags = box(b"udta", box(b"meta", bytes(4) + handler + box(b"ilst", cover)))
    at = data.find(b"moov") - 4  # last in the file, so nothing else moves
    size, header = (struct.unpack(">I", data[n : n + 4])[0] for n in (at, at + 8))
    moov = data[at + 8 : at + 8 + header] + tags + data[at + 8 + header : at + size]
    path.write_bytes(data[:at] + box(b"moov", moov) + data[at + size :])
    return path


def longer_sound(path, count=10, seconds=3.0):
    """A video at 10 frames a second with sound that goes on after its pictures."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("pcm_s16le", rate=8000)
        image = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="bgr24")
        for _ in range(count):
            image.pts = None
            container.mux(stream.encode(image))
        container.mux(stream.encode())
        quiet = np.zeros((1, int(8000 * seconds)), np.int16)
        samples = av.AudioFrame.from_ndarray(quiet, format="s16", layout="mono")
        samples.rate = 8000
        container.mux(sound.encode(samples))
        container.mux(sound.encode())
    return path


def two_streams(path, sizes=((160, 120), (64, 48))):
    """A video with one stream of pictures after the other."""
    with av.open(str(path), "w") as container:
        streams = []
        for width, height in sizes:
            stream = container.add_stream("mpeg4", rate=10)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            streams.append(stream)
        for _ in range(3):
            for stream in streams:
                image = np.full((stream.height, stream.width, 3), 90, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        for stream in streams:
            container.mux(stream.encode())
    return path


def cut_recording(path, gop=20, count=60, cut=5, fps=10):
    """MPEG-TS that begins ``cut`` frames into a group of pictures."""
    options = {"g": str(gop), "keyint_min": str(gop), "sc_threshold": "0", "bf": "0"}
    whole = path.with_name("whole-" + path.name)
    with av.open(str(whole), "w", format="mpegts") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.options = {"x264-params": "log-level=none", **options}
        for image in block_frames(count):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    with av.open(str(whole)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    path.write_bytes(whole.read_bytes()[packets[cut].pos // 188 * 188 :])
    whole.unlink()
    return path
