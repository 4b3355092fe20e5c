"""Opening videos, streams and webcams with PyAV, and what their frames look like."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.stream import Disposition

from mtmc.errors import UserError
from mtmc.reid.pictures import Range, find_range
from mtmc.sources.address import hide_credentials, is_url, is_webcam, password_hint
from mtmc.sources.camera import MOST_PIXELS, Camera
from mtmc.sources.orientation import Orientation
from mtmc.types import Image

log = logging.getLogger("mtmc")

PLAYLISTS = frozenset({"hls", "dash"})  # whose streams are one video in several sizes
OPEN_TIMEOUT = 10.0  # seconds to wait for a stream to open or to send
COVER = Disposition.attached_pic | Disposition.timed_thumbnails
DEEP_FORMATS = ("gray16", "rgb48", "bgr48", "gbrp16")  # whose sixteen bits need not be full
LIMITS = {"max_pixels": str(MOST_PIXELS)}
SYSTEMS_CAMERAS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}


def open_video(camera: Camera, uri: str | None = None) -> tuple[Any, Any]:
    """The container of a camera (or of a part of its recording) and its video stream.

    Raises:
        UserError: it cannot be opened or holds no video.
    """
    uri = uri or camera.uri
    where = f"camera {camera.name!r}: {hide_credentials(uri)}"
    container = _container(uri, where)
    streams = picture_streams(container)
    number = camera.stream or 0
    if number < len(streams):
        stream = streams[number]
        width, height = stream.codec_context.width, stream.codec_context.height
        if 0 < width * height <= int(LIMITS["max_pixels"]):
            stream.codec_context.options = LIMITS
            # A thread for each of some pictures holds all but one of them back.
            stream.thread_type = "SLICE" if camera.kind == "live" else "AUTO"
            return container, stream
        what = f"its pictures are larger than {MOST_PIXELS // 10**6} megapixels, or damaged"
    elif streams:
        what = f"has no stream {number}; it holds {_described(streams)}"
    else:
        what = "holds no video stream"
    container.close()
    raise UserError(f"{where}: {what}")


def _container(uri: str, where: str) -> Any:
    remote = is_url(uri)
    options = {**LIMITS, **({"rtsp_transport": "tcp"} if uri.lower().startswith("rtsp") else {})}
    device = SYSTEMS_CAMERAS.get(sys.platform) if is_webcam(uri) else None
    try:
        return av.open(
            _for_ffmpeg(uri) if remote or device else str(Path(uri).absolute()),
            format=device,
            options=options,
            timeout=OPEN_TIMEOUT if remote else None,
            metadata_errors="replace",
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        # Not str(error): it repeats the URL, password included.
        reason = getattr(error, "strerror", None) or type(error).__name__
        hint = password_hint(uri) if remote else ""
        raise UserError(f"{where}: cannot be opened as video ({reason}){hint}") from None


def _for_ffmpeg(url: str) -> str:
    # Which knows its protocols in small letters only.
    head, colon, rest = url.partition(":")
    return f"{head.lower()}{colon}{rest}"


def picture_streams(container: Any) -> list[Any]:
    """The video streams that are no cover or preview pictures."""
    return [s for s in container.streams.video if not s.disposition & COVER]


def tell_streams(camera: Camera, container: Any) -> None:
    """Warn of streams beside the one that is read, where it was not chosen."""
    streams = picture_streams(container)
    if len(streams) > 1 and camera.stream is None and container.format.name not in PLAYLISTS:
        log.warning(
            "camera %s: holds %d streams of pictures, %s; the first is read ('stream: 1' in "
            "cameras.yaml makes a camera of another, 'stream: 0' leaves out this warning)",
            camera.name,
            len(streams),
            _described(streams),
        )


def _described(streams: list[Any]) -> str:
    return ", ".join(
        f"{number} ({s.codec_context.width}x{s.codec_context.height})"
        for number, s in enumerate(streams)
    )


@dataclass
class Damage:
    """What was wrong with a file."""

    packets: int = 0
    broke_off: str | None = None


def decoded(container: Any, stream: Any, damage: Damage) -> Iterator[Any]:
    """Frames up to the end or to where the data breaks; damaged packets are left out."""
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.error.InvalidDataError:
                damage.packets += 1
    except av.error.FFmpegError as error:
        damage.broke_off = error.strerror


def is_video(path: Path) -> bool:
    """Whether FFmpeg finds a video in a file, whatever it is called."""
    try:
        container, stream = open_video(Camera(path.stem, str(path)))
        with container:
            single = container.format.name.endswith("_pipe")  # a picture
            return not single and next(container.decode(stream), None) is not None
    except (UserError, av.error.FFmpegError):
        return False


def never_ends(camera: Camera) -> bool:
    """Whether a web address is a stream without an end, such as MJPEG cameras send.

    Raises:
        UserError: it cannot be opened.
    """
    container, _ = open_video(camera)
    with container:
        playlist = container.format.name in PLAYLISTS
        return not container.duration and (playlist or container.size <= 0)


def to_image(
    frame: Any, orientation: Orientation, values: Range | None = None, scale: float = 1.0
) -> Image:
    """A frame ``(H, W, 3) uint8`` BGR as it is to be seen.

    Args:
        frame: of PyAV.
        orientation: of its stream.
        values: as ``range_of`` has them.
        scale: below 1, how small it may be made.
    """
    if values is None:
        smaller: dict[str, Any] = {}
        if scale < 1:
            width, height = (max(1, round(scale * side)) for side in (frame.width, frame.height))
            smaller = {"width": width, "height": height, "interpolation": "AREA"}
        image: Image = frame.to_ndarray(format="bgr24", **smaller)
    else:
        image = values.apply(_deep_pixels(frame))
    return orientation.upright(image, frame)


def _deep_pixels(frame: Any) -> Any:
    if frame.format.name.startswith("gray"):
        grey = frame.to_ndarray(format="gray16le")
        return np.repeat(grey[:, :, None], 3, axis=2)
    return frame.to_ndarray(format="bgr48le")


def range_of(frame: Any) -> Range | None:
    """The values of a video of 16 bits that uses only some of them."""
    if not frame.format.name.startswith(DEEP_FORMATS):
        return None
    found = find_range([_deep_pixels(frame)])
    return None if (found.low, found.high) == (0.0, 65535.0) else found
