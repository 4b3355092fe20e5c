"""The crops of a run: small pictures of every tracklet, with their embeddings."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mtmc.errors import UserError
from mtmc.types import Floats, Image, TrackKey

KEPT = 6  # crops of a tracklet

SCHEMA = """
CREATE TABLE IF NOT EXISTS crops (
    camera TEXT, track_id INTEGER, frame INTEGER, time REAL, quality REAL,
    x1 REAL, y1 REAL, x2 REAL, y2 REAL, jpeg BLOB, embedding BLOB,
    PRIMARY KEY (camera, track_id, frame)
) WITHOUT ROWID;
"""
COLUMNS = "camera, track_id, frame, time, quality, x1, y1, x2, y2, jpeg, embedding"


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """One moment of one tracklet.

    Args:
        key: camera and track id.
        frame: 1-based number in the camera's video.
        time: s, on the clock all cameras share.
        quality: how much of a person it shows, 0..1; see ``crop_quality``.
        box: ``(4,)`` px of the video, ``x1, y1, x2, y2``.
        jpeg: the picture, at most 256 px tall; empty where pictures were not wanted.
        embedding: ``(D,)`` unit vector, empty where nobody described it.
    """

    key: TrackKey
    frame: int
    time: float
    quality: float
    box: Floats
    jpeg: bytes
    embedding: Floats

    @property
    def image(self) -> Image:
        """``(H, W, 3) uint8`` BGR."""
        return np.asarray(cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), cv2.IMREAD_COLOR))

    def row(self) -> tuple[object, ...]:
        """As SQLite keeps it."""
        box, vector = map(float, self.box), self.embedding.astype(np.float16)
        return (*self.key, self.frame, self.time, self.quality, *box, self.jpeg, vector.tobytes())

    @classmethod
    def of(cls, row: Sequence[object]) -> Crop:
        """Of what ``row`` said."""
        camera, track, frame, time, quality, *box, jpeg, raw = row
        vector = np.frombuffer(raw, np.float16).astype(np.float32)  # type: ignore[call-overload]
        norm = max(float(np.linalg.norm(vector)), 1e-9)
        key = TrackKey(str(camera), int(track))  # type: ignore[call-overload]
        place = np.array(box, np.float32)
        return cls(key, int(frame), float(time), float(quality), place, bytes(jpeg), vector / norm)  # type: ignore[call-overload, arg-type]


def thinned(crops: Iterable[Crop], most: int = KEPT) -> list[Crop]:
    """At most so many of one person's crops, in order of time: the best of different moments.

    Of the two that are nearest in time the worse one goes, until few enough are left.
    """
    kept = sorted(crops, key=lambda crop: crop.frame)
    while len(kept) > most:
        kept.pop(worse([crop.time for crop in kept], [crop.quality for crop in kept]))
    return kept


def worse(times: Sequence[float], qualities: Sequence[float]) -> int:
    """Which is the worse of the two moments nearest in time, of at least two in order."""
    first = int(np.argmin(np.diff(times)))
    return first + (qualities[first] >= qualities[first + 1])


class Crops:
    """The crops of a run, read when they are asked for.

    Args:
        path: the SQLite file; see ``COLUMNS``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, *keys: TrackKey) -> list[Crop]:
        """Those of some tracklets, in order of their time.

        Raises:
            UserError: the file is damaged.
        """
        where = "WHERE camera=? AND track_id=?"
        found = [crop for key in keys for crop in self._select(where, tuple(key))]
        return sorted(found, key=lambda crop: (crop.time, crop.key))

    def __iter__(self) -> Iterator[Crop]:
        """All, by camera, track and frame."""
        return self._select("ORDER BY camera, track_id, frame", ())

    def _select(self, where: str, values: tuple[object, ...]) -> Iterator[Crop]:
        try:
            with closing(
                sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)
            ) as db:
                for row in db.execute(f"SELECT {COLUMNS} FROM crops {where}", values):
                    yield Crop.of(row)
        except (sqlite3.Error, TypeError, ValueError) as error:
            raise UserError(
                f"{self._path}: not the crops of a run ({error}); run `mtmc run` again"
            ) from error
