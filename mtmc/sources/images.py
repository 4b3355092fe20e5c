"""Folders of images, and cameras of which there are only boxes."""

from __future__ import annotations

import configparser
import logging
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from mtmc.errors import UserError
from mtmc.sources.cameras import Camera, list_images
from mtmc.sources.source import Request
from mtmc.types import Frame, Image

log = logging.getLogger("mtmc")

DEFAULT_FPS = 30.0  # of image folders that do not say


class ImageFolder:
    """The images of a folder in the order of their numbers, frame 1 being the first.

    The frame rate is that of ``cameras.yaml``, of MOTChallenge's ``seqinfo.ini``, or 30.

    Raises:
        UserError: the first image cannot be read.
    """

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._paths: list[Path] = list(list_images(Path(camera.uri)))
        self.fps = camera.fps or _seqinfo_fps(Path(camera.uri)) or DEFAULT_FPS
        self.total: int | None = len(self._paths)
        first = _read_image(self._paths[0])
        if first is None:
            raise UserError(f"camera {camera.name!r}: {self._paths[0]}: not a readable image")
        self.size = (first.shape[1], first.shape[0])

    def frames(self, request: Request) -> Iterator[Frame]:
        """See ``Source``; an image that cannot be read is reported and left out.

        All are read, wanted for their pixels or not: only so the same ones are left out each time.
        """
        for index, path in enumerate(self._paths, 1):
            if not request.wants(index):
                continue
            time = (index - 1) / self.fps + self._camera.offset
            image = _read_image(path)
            if image is None:
                log.warning(
                    "camera %s: %s cannot be read; frame %d is left out",
                    self._camera.name,
                    path.name,
                    index,
                )
                continue
            yield Frame(self._camera.name, index, time, image)


def _read_image(path: Path) -> Image | None:
    # imdecode, because imread cannot open every path on every system.
    try:
        return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        return None


def _seqinfo_fps(folder: Path) -> float | None:
    info = configparser.ConfigParser()
    try:
        info.read(folder.parent / "seqinfo.ini", encoding="utf-8")
        fps = info.getfloat("Sequence", "frameRate", fallback=0.0)
    except (configparser.Error, ValueError, UnicodeDecodeError):
        return None
    return fps if fps > 0 else None


class NoImages:
    """A camera of which only boxes are known: blank frames of the right size and time.

    Raises:
        UserError: ``cameras.yaml`` leaves out the frame rate, the size, or how many frames
            there are and no detection file tells.
    """

    def __init__(self, camera: Camera, frames: int | None) -> None:
        total = camera.frames or frames
        for key, value in (("fps", camera.fps), ("size", camera.size), ("frames", total)):
            if value is None:
                raise UserError(
                    f"camera {camera.name!r}: has no path or url, so cameras.yaml must give {key}"
                )
        assert camera.fps is not None
        assert camera.size is not None
        self._camera = camera
        self.fps = camera.fps
        self.size = camera.size
        self.total: int | None = total
        width, height = camera.size
        # One zero seen through strides of zero: a frame of any size costs nothing.
        self._image = np.broadcast_to(np.uint8(0), (height, width, 3))

    def frames(self, request: Request) -> Iterator[Frame]:
        """See ``Source``."""
        for index in range(1, (self.total or 0) + 1, request.stride):
            time = (index - 1) / self.fps + self._camera.offset
            yield Frame(self._camera.name, index, time, self._image)
