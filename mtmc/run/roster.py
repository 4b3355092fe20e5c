"""Cameras that come and go while a live run goes on, as their ``cameras.yaml`` has them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mtmc.calibration import Calibration, load_calibration
from mtmc.errors import UserError
from mtmc.sources import Camera, CameraReader, open_cameras
from mtmc.sources.cameras import listed_cameras, settled

if TYPE_CHECKING:
    from mtmc.run.config import RunConfig

log = logging.getLogger("mtmc")

LOOK_EVERY = 2.0  # seconds between two looks at whether the file has changed


@dataclass
class News:
    """What has changed.

    Args:
        joined: cameras that were added and are open, with their calibration, if they have one.
        left: names of those that were taken out.
    """

    joined: list[tuple[CameraReader, Calibration | None]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


class Roster:
    """Reads the file again when it changes, in a thread of its own, and opens what was added.

    What cannot join is said, and the run goes on as it was.

    Args:
        file: the ``cameras.yaml``.
        cameras: of the run so far.
        config: of the run.
        now: second 0 of the run's clock.
    """

    def __init__(
        self, file: Path, cameras: Sequence[Camera], config: RunConfig, now: datetime
    ) -> None:
        self._file, self._config, self._now = file, config, now
        self._known = {camera.name: camera for camera in cameras}  # also those that left
        self._here = set(self._known)
        self._news, self._lock = News(), threading.Lock()
        self._stamp = self._stat()
        self._closing = threading.Event()
        threading.Thread(target=self._work, daemon=True).start()

    def news(self) -> News:
        """What has changed since the last time; never waits."""
        with self._lock:
            news, self._news = self._news, News()
        return news

    def close(self) -> None:
        """Look no more."""
        self._closing.set()

    def _stat(self) -> tuple[int, int] | None:
        try:
            stat = self._file.stat()
        except OSError:  # an editor may be replacing it
            return None
        return stat.st_mtime_ns, stat.st_size

    def _work(self) -> None:
        before = self._stamp
        while not self._closing.wait(LOOK_EVERY):
            before, stamp = self._stat(), before
            if stamp is None or stamp == self._stamp or stamp != before:
                continue  # it is as it was, or is being written
            self._stamp = stamp
            try:
                cameras = {camera.name: camera for camera in listed_cameras(self._file)}
            except UserError as error:
                log.warning("%s; the run goes on with the cameras it has", error)
                continue
            left = sorted(self._here - cameras.keys())
            self._here -= set(left)
            with self._lock:
                self._news.left += left
            for camera in cameras.values():
                self._look_at(camera)

    def _look_at(self, camera: Camera) -> None:
        """Take in a camera that the file lists, if it is new."""
        name, known = camera.name, self._known.get(camera.name)
        if known is None:
            self._open(camera)
        elif name not in self._here:
            log.warning("camera %s: was part of this run; only under a new name it may join", name)
        elif known.uri != camera.uri:
            log.warning("camera %s: has another address; that counts from the next run on", name)

    def _open(self, camera: Camera) -> None:
        try:
            camera = settled(camera)
            if camera.kind != "live":
                raise UserError(f"camera {camera.name}: is not live, and only those join a run")
            model = self._calibration(camera.name)
            (reader,) = open_cameras([camera], self._config.sources, now=self._now)
        except UserError as error:
            log.warning("%s; the run goes on without it", error)
            return
        self._known[camera.name] = reader.camera
        self._here.add(camera.name)
        with self._lock:
            self._news.joined.append((reader, model))

    def _calibration(self, name: str) -> Calibration | None:
        """Of a new camera."""
        if self._config.calibration is None:
            return None
        path = Path(self._config.calibration)
        model = load_calibration(path, [*self._known, name], partial=True).get(name)
        if model is None:
            log.warning("camera %s: %s has nothing of it; it joins without places", name, path)
        elif self._config.tracker.cls.needs_floor:
            log.warning(
                "camera %s: tracker %s knows its cameras from the beginning; it joins without "
                "places", name, self._config.tracker.name,
            )  # fmt: skip
            model = None
        return model
