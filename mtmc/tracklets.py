"""What is remembered of a track: when it was seen, what it looks like, where it walked."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mtmc.types import TrackKey

MAX_EMBEDDINGS = 16  # per tracklet
TICK = 0.2  # seconds between the floor positions that are kept

Floats = NDArray[np.float32]


class Gallery:
    """A bounded set of one person's embeddings that keeps what is good and different.

    When it is full, the two most similar members compete and the one of less quality goes.
    """

    def __init__(self, capacity: int = MAX_EMBEDDINGS) -> None:
        self._capacity = capacity
        self._rows: list[Floats] = []
        self._quality: list[float] = []

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def best_quality(self) -> float:
        """Of the best crop so far, 0 when there is none."""
        return max(self._quality, default=0.0)

    def add(self, embedding: Floats, quality: float) -> None:
        """Take in a unit vector ``(D,)`` of a crop of that quality in 0..1."""
        self._rows.append(np.asarray(embedding, np.float32))
        self._quality.append(max(float(quality), 1e-3))
        if len(self._rows) > self._capacity:
            similarity = np.stack(self._rows) @ np.stack(self._rows).T
            np.fill_diagonal(similarity, -np.inf)
            pair = np.unravel_index(int(similarity.argmax()), similarity.shape)
            worse = int(min(pair, key=lambda row: self._quality[row]))
            del self._rows[worse], self._quality[worse]

    def extend(self, other: Gallery) -> None:
        """Take in all members of another gallery."""
        for row, quality in zip(other._rows, other._quality, strict=True):
            self.add(row, quality)

    def settle(self) -> None:
        """Put one member in the place of all that has the same sum, to save memory."""
        if len(self) > 1:
            total = self.sum()
            length = float(np.linalg.norm(total))
            self._rows, self._quality = [total / max(length, 1e-9)], [length]

    def rows(self) -> Floats:
        """All members, ``(K, D)``."""
        return np.stack(self._rows) if self._rows else np.zeros((0, 0), np.float32)

    def sum(self) -> Floats:
        """The members' sum weighted by quality, ``(D,)``; its direction is their mean."""
        weights = np.asarray(self._quality, np.float32)
        total: Floats = weights @ self.rows()
        return total


@dataclass(slots=True)
class FloorPath:
    """Floor positions on the clock that all cameras share, one per tick at most."""

    ticks: list[int] = field(default_factory=list)
    points: list[tuple[float, float]] = field(default_factory=list)
    variances: list[float] = field(default_factory=list)

    def add(self, time: float, point: NDArray[np.floating], variance: float) -> None:
        """Take in a position ``(2,)`` m with its variance m² at ``time`` s."""
        tick = int(np.floor(time / TICK))
        if np.isfinite(point).all() and np.isfinite(variance) and tick not in self.ticks[-1:]:
            self.ticks.append(tick)
            self.points.append((float(point[0]), float(point[1])))
            self.variances.append(float(variance))


@dataclass(slots=True, eq=False)
class Tracklet:
    """One person seen by one camera without a break, as far as the tracker could tell.

    Args:
        key: camera and track id.
        frames: ``[first, last]`` frame of each run in which it was seen without a gap.
        start: time of the first sighting, s.
        end: time of the last one, s.
        hits: sightings.
        gallery: embeddings of its best crops.
        path: where it was on the floor, empty without a calibration.
        embedded_at: time of the last crop, s.
        closed: whether it has ended for good; if its track is seen again, that is a new tracklet.
        person: the id that a tracker over all cameras gave it, the same in each; None where each
            camera has its own tracker.
    """

    key: TrackKey
    start: float
    end: float
    frames: list[list[int]] = field(default_factory=list)
    hits: int = 0
    gallery: Gallery = field(default_factory=Gallery)
    path: FloorPath = field(default_factory=FloorPath)
    embedded_at: float = -np.inf
    closed: bool = False
    person: int | None = None

    def see(self, frame: int, time: float) -> None:
        """Note a sighting."""
        if self.frames and self.frames[-1][1] == frame - 1:
            self.frames[-1][1] = frame
        else:
            self.frames.append([frame, frame])
        self.end = time
        self.hits += 1

    def meets(self, other: Tracklet) -> bool:
        """Whether one frame shows both: then they are two people."""
        if self.key.camera != other.key.camera:
            return False
        if self.end < other.start or other.end < self.start:
            return False
        mine, theirs = 0, 0
        while mine < len(self.frames) and theirs < len(other.frames):
            if self.frames[mine][1] < other.frames[theirs][0]:
                mine += 1
            elif other.frames[theirs][1] < self.frames[mine][0]:
                theirs += 1
            else:
                return True
        return False
