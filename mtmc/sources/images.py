"""Folders of images, and cameras of which there are only boxes."""

from __future__ import annotations

import configparser
import logging
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from mtmc.errors import UserError
from mtmc.reid.pictures import PictureReader
from mtmc.reid.text import read_text
from mtmc.sources.camera import FASTEST, MOST_FRAMES, SLOWEST, Camera, rate_fits, size_fits
from mtmc.sources.pictures import Numbered, list_images, numbered
from mtmc.sources.source import Request
from mtmc.types import Frame

log = logging.getLogger("mtmc")

DEFAULT_FPS = 30.0  # of image folders that do not say


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
        self._reader = PictureReader(f"camera {camera.name}", self._pictures.paths, log)
        self._told = False
        read = map(self._reader.read, self._pictures.paths)
        first = next((picture for picture in read if picture is not None), None)
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
        self._tell(bool(camera.fps or info.fps), info.length)

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
                image = self._reader.read(path)
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
