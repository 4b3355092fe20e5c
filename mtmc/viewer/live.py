"""An online run as it goes on, for browsers that look on: they never make it wait."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from mtmc.outputs.mosaic import Labels
from mtmc.run import Listener
from mtmc.run.parts import Progress
from mtmc.sources import CameraReader
from mtmc.tracking.camera import Sighting
from mtmc.types import Frame, TrackKey
from mtmc.viewer.scene import palette

RATE = 6.0  # messages a second to a browser, at most
WIDEST = 640  # px of a picture that is sent
QUALITY = 70  # of its JPEG
REVISIONS = 50  # that are remembered


@dataclass(frozen=True)
class _View:
    """The latest of a camera."""

    number: int
    frame: Frame
    labels: Labels


class LiveView(Listener):
    """Keeps what an online run saw last; ``message`` is what a browser is sent of it.

    The run only leaves its latest pictures here, as they are. They are made smaller and encoded in
    the server's threads, and only where somebody looks on.

    Args:
        listener: hears of the run, too.
        begun: is called once the cameras are open, and there is something to look at.

    Attributes:
        cameras: ``(width, height)`` px by name, once they are open.
        ended: whether the run is over.
    """

    looks = True

    def __init__(
        self, listener: Listener | None = None, begun: Callable[[], object] = lambda: None
    ) -> None:
        self._next, self._begun = listener or Listener(), begun
        self._lock = threading.Lock()
        self._views: dict[str, _View] = {}
        self._jpegs: dict[str, tuple[int, bytes]] = {}  # by camera, of which number
        self._said: dict[TrackKey, int] = {}  # who tracks that go on under another id were said
        self._ids: dict[TrackKey, int] = {}
        self._revised: deque[dict[str, Any]] = deque(maxlen=REVISIONS)
        self._number = 0
        self._people, self._time = 0, 0.0
        self._zero: str | None = None
        self.cameras: dict[str, tuple[int, int]] = {}
        self.ended = False

    def begin(self, cameras: Sequence[CameraReader]) -> None:
        """See ``Listener``."""
        self._next.begin(cameras)
        self.cameras = {camera.name: camera.size for camera in cameras}
        self._zero = next((camera.zero.isoformat() for camera in cameras if camera.zero), None)
        self._begun()

    def step(self, progress: Progress) -> None:
        """See ``Listener``."""
        self._next.step(progress)
        self._people = progress.people

    def video(self, done: int, total: int) -> None:
        """See ``Listener``."""
        self._next.video(done, total)

    def seen(
        self,
        sightings: Sequence[Sighting],
        labels: Mapping[str, Labels],
        decided: Mapping[TrackKey, int],
    ) -> None:
        """See ``Listener``."""
        with self._lock:
            self._number += 1
            for sighting in sightings:
                frame = sighting.frame
                if frame.image is not None:  # one that was added shows on a new page
                    height, width = frame.image.shape[:2]
                    self.cameras.setdefault(frame.camera, (width, height))
                self._views[frame.camera] = _View(self._number, frame, labels[frame.camera])
                self._time = max(self._time, frame.time)
                for old, new in sighting.step.renewed.tolist():
                    person = self._ids.pop(TrackKey(frame.camera, old), None)
                    if person is not None:
                        self._said[TrackKey(frame.camera, new)] = person
                for old in sighting.step.ended.tolist():
                    self._ids.pop(TrackKey(frame.camera, old), None)
            for key, person in decided.items():
                self._note(key, self._said.pop(key, self._ids.get(key)), person)
                self._ids[key] = person

    def _note(self, key: TrackKey, before: int | None, person: int) -> None:
        if before not in (None, person):
            about = {"time": round(self._time, 2), "camera": key.camera, "track": key.track_id}
            self._revised.append({**about, "was": before, "person": person})

    def scene(self) -> dict[str, Any]:
        """What the page begins with; see ``mtmc.viewer``."""
        return {
            "name": "live",
            "clock": {"start": 0.0, "end": 0.0, "zero": self._zero},
            "palette": palette(),
            "cameras": [{"name": name, "size": size} for name, size in self.cameras.items()],
            "people": [],
            "tracks": {"person": []},
            "crops": {"person": []},
        }

    def message(self, since: int) -> tuple[int, bytes | None]:
        """What is new: its number, and a message; None where nothing is.

        A message is the length of a JSON text (``uint32``, little-endian), the text, and the
        JPEGs of the cameras in it, one after the other.

        Args:
            since: number of the last message.
        """
        with self._lock:
            number, views = self._number, dict(self._views)
            about = {"time": self._time, "people": self._people, "revised": list(self._revised)}
        if number <= since and not self.ended:
            return since, None
        new = {name: view for name, view in views.items() if view.number > since}
        pictures = [self._jpeg(name, view) for name, view in new.items()]
        cameras = {
            name: {**_plain(view), "bytes": len(jpeg)}
            for (name, view), jpeg in zip(new.items(), pictures, strict=True)
        }
        text = json.dumps({**about, "ended": self.ended, "cameras": cameras}).encode()
        return number, b"".join([len(text).to_bytes(4, "little"), text, *pictures])

    def _jpeg(self, name: str, view: _View) -> bytes:
        """A view's picture, encoded once for all who look on."""
        number, jpeg = self._jpegs.get(name, (0, b""))
        if number != view.number and view.frame.image is not None:
            image = view.frame.image
            share = min(1.0, WIDEST / image.shape[1])
            size = max(1, round(image.shape[1] * share)), max(1, round(image.shape[0] * share))
            small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            flags = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
            jpeg = cv2.imencode(".jpg", small, flags)[1].tobytes()
            self._jpegs[name] = view.number, jpeg
        return jpeg


def _plain(view: _View) -> dict[str, Any]:
    boxes, people, seen = view.labels
    rows = np.column_stack([people, np.round(boxes, 1), seen]).tolist() if len(people) else []
    return {"frame": view.frame.index, "time": round(view.frame.time, 3), "boxes": rows}
