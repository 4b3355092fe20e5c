"""Folders of images, and cameras of which there are only boxes."""

from __future__ import annotations

import configparser
import logging
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mtmc.errors import UserError
from mtmc.reid.text import read_text
from mtmc.sources.camera import FASTEST, MOST_FRAMES, SLOWEST, Camera, rate_fits, size_fits
from mtmc.sources.depth import Range, find_range
from mtmc.sources.pictures import Numbered, list_images, numbered
from mtmc.sources.source import Request
from mtmc.types import Frame, Image

log = logging.getLogger("mtmc")

DEFAULT_FPS = 30.0  # of image folders that do not say
LOOKS_AT_RANGE = 5  # pictures that tell the range of a camera with more than eight bits
# What OpenCV cannot read we report ourselves, once.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class ImageFolder:
    """The images of a folder by the numbers in their names, or else in their order from 1.

    Frame ``n`` was taken at ``(n - 1) / fps``, so a number that is missing is a gap in time. The
    rate of the numbers is that of ``cameras.yaml``, of MOTChallenge's ``seqinfo.ini``, or 30;
    ``fps`` is that of the pictures, which may be every fifth number.

    Raises:
        UserError: no image can be read, or there are no such frame rates.
    """

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        folder = Path(camera.uri)
        info = _SequenceInfo(camera, folder.parent / "seqinfo.ini")
        self._pictures = numbered(list(list_images(folder)), info.length)
        self._rate = camera.fps or info.fps or DEFAULT_FPS
        self.fps = max(self._rate / self._pictures.step, SLOWEST)
        self.total: int | None = len(self._pictures.paths)
        self._range: Range | None = None
        self._told = False
        first = next(filter(_is_read, map(_read_image, self._pictures.paths)), None)
        if first is None:
            raise UserError(
                f"camera {camera.name!r}: {folder}: none of its {self.total} pictures can be read"
            )
        self.size = (first.shape[1], first.shape[0])
        if not size_fits(*self.size):
            raise UserError(
                f"camera {camera.name!r}: {folder}: pictures of {first.shape[1]} x "
                f"{first.shape[0]} px; expected up to 65535 a side"
            )
        if first.dtype != np.uint8:
            self._range = self._find_range(first)
        self._tell(bool(camera.fps or info.fps), info.length)

    def _find_range(self, first: NDArray[Any]) -> Range:
        paths = self._pictures.paths
        some = [paths[n] for n in np.linspace(0, len(paths) - 1, LOOKS_AT_RANGE).astype(int)]
        others = [p for p in map(_read_image, some) if p is not None and p.dtype == first.dtype]
        found = find_range([first, *others])
        log.info(
            "camera %s: pictures of more than 8 bits; their values from %s are shown as 0 to 255",
            self._camera.name,
            found,
        )
        return found

    def _tell(self, known_rate: bool, length: int | None) -> None:
        """Say what was made of the names and of the rate, where it was not plain."""
        name, pictures = self._camera.name, self._pictures
        if pictures.left_out:
            log.warning(
                "camera %s: %d of %d pictures are left out, such as %s: they bear no number of "
                "their own; another camera's belong into another folder",
                name,
                len(pictures.left_out),
                len(pictures.left_out) + len(pictures.paths),
                pictures.left_out[0].name,
            )
        if not known_rate:
            log.info(
                "camera %s: pictures do not tell their frame rate; %g a second are assumed "
                "('fps' in cameras.yaml says otherwise)",
                name,
                DEFAULT_FPS,
            )
        if pictures.named and (what := _unlike_a_count(pictures, self._rate)):
            log.info("camera %s: numbered by the pictures' names, which %s", name, what)
        if pictures.beyond:
            log.info(
                "camera %s: pictures are counted from 1; %s",
                name,
                f"names go up to {pictures.beyond}, beyond seqLength {length}"
                if length
                else f"numbers such as {pictures.beyond} in the names are no frames'",
            )

    def frames(self, request: Request) -> Iterator[Frame]:
        """See ``Source``; an image that cannot be read is reported and left out.

        All are read, wanted for their pixels or not: only so the same ones are left out each time.
        """
        unread: list[str] = []
        wanted = slice(None, None, request.stride)
        try:
            for path, index in zip(
                self._pictures.paths[wanted], self._pictures.frames[wanted], strict=True
            ):
                image = self._read(path)
                if image is None:
                    unread.append(path.name)
                    continue
                time = (index - 1) / self._rate + self._camera.delay
                yield Frame(self._camera.name, index, time, image)
        finally:
            self._tell_unread(unread)

    def _tell_unread(self, names: list[str]) -> None:
        if not names or self._told:
            return
        self._told = True
        some = f"{names[0]} cannot be read and is"
        if len(names) > 1:
            some = f"{len(names)} pictures cannot be read, such as {names[0]}, and are"
        log.warning("camera %s: %s left out", self._camera.name, some)

    def _read(self, path: Path) -> Image | None:
        pixels = _read_image(path)
        if pixels is None or pixels.dtype == np.uint8:
            return pixels
        if self._range is None:  # the first was of eight bits
            self._range = self._find_range(pixels)
        return self._range.apply(pixels)


def _unlike_a_count(pictures: Numbered, rate: float) -> str:
    """What is worth telling of frame numbers that are not 1, 2, 3, ..."""
    told, frames, step = [], pictures.frames, pictures.step
    if frames[0] > 1:
        told.append(f"begin with {frames[0]}, at {(frames[0] - 1) / rate:.2f} s")
    if step > 1:
        told.append(f"go in steps of {step}, so there are {rate / step:g} a second")
    holes = [(a, b) for a, b in pairwise(frames) if b > a + step]
    if holes:
        missing = sum((b - a - 1) // step for a, b in holes)
        told.append(f"leave out {missing}, the first {holes[0][0] + step}")
    return ", and ".join(told)


def _is_read(image: object) -> bool:
    return image is not None


def _read_image(path: Path) -> NDArray[Any] | None:
    """``(H, W, 3)`` BGR of whatever type the file has; None if it cannot be read."""
    # imdecode, because imread cannot open every path on every system.
    try:
        data = np.fromfile(path, np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        if image is None:  # of 32 or 64 bits
            image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    except (OSError, cv2.error):
        return None
    if image is None or (image.ndim == 3 and image.shape[2] not in (1, 3, 4)):
        return None
    colours = np.atleast_3d(image)[:, :, :3]
    return np.repeat(colours, 3, axis=2) if colours.shape[2] == 1 else np.ascontiguousarray(colours)


class _SequenceInfo:
    """``fps`` and ``length`` of MOTChallenge's ``seqinfo.ini``, None where it does not say.

    Raises:
        UserError: the frame rate is none that can be followed.
    """

    def __init__(self, camera: Camera, path: Path) -> None:
        self.fps: float | None = None
        self.length: int | None = None
        self._camera, self._path = camera, path
        if not path.is_file():
            return
        keys = self._keys()
        try:
            fps = float(keys["framerate"])
        except (KeyError, ValueError):
            fps = 0.0
        if fps > 0:
            self.fps = self._checked(fps)
        elif not camera.fps:
            self._warn("frameRate cannot be read, or is none")
        length = keys.get("seqlength", "")
        self.length = int(length) if length.isdecimal() and len(length) < 10 else None

    def _keys(self) -> dict[str, str]:
        parser = configparser.ConfigParser(
            interpolation=None, strict=False, inline_comment_prefixes=(";", "#")
        )
        try:
            parser.read_string(read_text(self._path))
        except (configparser.Error, UnicodeDecodeError, OSError):
            return {}
        sections = {name.lower(): name for name in parser.sections()}
        return dict(parser[sections["sequence"]]) if "sequence" in sections else {}

    def _checked(self, fps: float) -> float | None:
        if rate_fits(fps) or self._camera.fps:
            return fps
        raise UserError(
            f"camera {self._camera.name!r}: {self._path}: frameRate {fps:g}; expected from "
            f"{SLOWEST:.5f} to {FASTEST:g}"
        )

    def _warn(self, what: str) -> None:
        log.warning(
            "camera %s: %s: %s; expected [Sequence] with frameRate=25, say",
            self._camera.name,
            self._path,
            what,
        )


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
        if total is not None and total > MOST_FRAMES:
            raise UserError(
                f"camera {camera.name!r}: its detections go up to frame {total}; expected at most "
                f"{MOST_FRAMES}, or how many 'frames' there are in cameras.yaml"
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
            time = (index - 1) / self.fps + self._camera.delay
            yield Frame(self._camera.name, index, time, self._image)
