"""What is remembered of a track: when it was seen, what it looks like, where it walked."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mtmc.tracking.gallery import Gallery
from mtmc.types import TrackKey

TICK = 0.2  # seconds between the floor positions that are kept


@dataclass(slots=True)
class FloorPath:
    """Floor positions on the clock that all cameras share, one per tick at most.

    Args:
        ticks: when.
        points: ``(x, y)`` m.
        covariances: ``(xx, xy, yy)`` m².
        rays: ``(x, y)`` direction on the floor in which the camera looks at the place, unit length;
            zeros where it is not known.
    """

    ticks: list[int] = field(default_factory=list)
    points: list[tuple[float, float]] = field(default_factory=list)
    covariances: list[tuple[float, float, float]] = field(default_factory=list)
    rays: list[tuple[float, float]] = field(default_factory=list)

    def add(
        self,
        time: float,
        point: NDArray[np.floating],
        covariance: NDArray[np.floating],
        camera: NDArray[np.floating] | None = None,
    ) -> None:
        """Take in a position.

        Args:
            time: s.
            point: ``(2,)`` m.
            covariance: ``(2, 2)`` m².
            camera: ``(3,)`` where the camera stands, m, None where that is not known.
        """
        tick = int(np.floor(time / TICK + 1e-6))  # 0.6 / 0.2 is a little less than 3
        known = np.isfinite(point).all() and np.isfinite(covariance).all()
        if not known or tick in self.ticks[-1:]:
            return
        ray = np.zeros(2) if camera is None else np.asarray(point) - camera[:2]
        ray = ray / max(float(np.hypot(*ray)), 1e-9)
        (xx, xy), (_, yy) = covariance.tolist()
        self.ticks.append(tick)
        self.points.append((float(point[0]), float(point[1])))
        self.covariances.append((xx, xy, yy))
        self.rays.append((float(ray[0]), float(ray[1])))

    def part(self, rows: slice | NDArray[np.integer]) -> FloorPath:
        """The positions of some rows."""
        chosen = range(len(self.ticks))[rows] if isinstance(rows, slice) else rows.tolist()
        return FloorPath(
            [self.ticks[row] for row in chosen],
            [self.points[row] for row in chosen],
            [self.covariances[row] for row in chosen],
            [self.rays[row] for row in chosen],
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """What somebody has said of whom a track shows.

    Args:
        person: whoever is the same has the same number.
        frame: at which that was said.
        apart: numbers of those whom it does not show.
        known: whether it is somebody whose looks are known from before: two such are never one.
    """

    person: int
    frame: int = 0
    apart: frozenset[int] = frozenset()
    known: bool = False


@dataclass(slots=True, eq=False)
class Tracklet:
    """One person seen by one camera without a break, as far as the tracker could tell.

    It belongs to the ``Memory`` it is in, and to whoever made that; others leave it as it is.

    Args:
        key: camera and track id.
        frames: ``[first, last]`` frame of each run in which it was seen without a gap.
        times: ``[first, last]`` of each run, s; in between, frames come evenly.
        start: time of the first sighting, s.
        end: time of the last one, s.
        hits: sightings.
        gallery: embeddings of its best crops.
        path: where it was on the floor, empty without a calibration.
        closed: whether it has ended for good; if its track is seen again, that is a new tracklet.
        kind: what it is, by its place in ``View.kinds``.
        person: the id that a tracker over all cameras gave it, the same in each; None where each
            camera has its own tracker.
        renewed: whether it is somebody else's than was said, so that it is to go on under another
            key; it has it as soon as the camera says so.
        marks: what people have said of it, in the order of their frames.
    """

    key: TrackKey
    start: float
    end: float
    frames: list[list[int]] = field(default_factory=list)
    times: list[list[float]] = field(default_factory=list)
    hits: int = 0
    gallery: Gallery = field(default_factory=Gallery)
    path: FloorPath = field(default_factory=FloorPath)
    closed: bool = False
    kind: int = 0
    person: int | None = None
    renewed: bool = False
    marks: tuple[Mark, ...] = ()

    def see(self, frame: int, time: float) -> None:
        """Note a sighting."""
        if self.frames and self.frames[-1][1] == frame - 1:
            self.frames[-1][1], self.times[-1][1] = frame, time
        else:
            self.frames.append([frame, frame])
            self.times.append([time, time])
        self.end = time
        self.hits += 1

    def keep(self, part: Tracklet) -> None:
        """Know no more than a part of itself does."""
        self.start, self.end, self.hits = part.start, part.end, part.hits
        self.frames, self.times = part.frames, part.times
        self.gallery, self.path, self.marks = part.gallery, part.path, part.marks

    def before(self, frame: int) -> float:
        """A moment, s, between the last sighting before a frame and the first one from it on."""
        last, following = -np.inf, np.inf
        for (a, b), (start, end) in zip(self.frames, self.times, strict=True):
            step = (end - start) / max(b - a, 1)
            if a < frame:
                last = start + (min(b, frame - 1) - a) * step
            if b >= frame:
                following = start + (max(a, frame) - a) * step
                break
        return 0.5 * (last + following)

    def let_go(self, kept: int) -> None:
        """Forget the oldest runs and floor positions, when there are many more than ``kept``."""
        if len(self.frames) > 1.25 * kept:
            del self.frames[:-kept], self.times[:-kept]
        if len(self.path.ticks) > 1.25 * kept:
            self.path = self.path.part(slice(-kept, None))

    def meets(self, other: Tracklet) -> bool:
        """Whether one frame shows both: then they are two people.

        Frames tell; the times of pieces are sums that differ in the last bit.
        """
        if self.key.camera != other.key.camera:
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


def by_start(tracklet: Tracklet) -> tuple[float, TrackKey]:
    """What tracklets are sorted by, so that the order in which they came does not matter."""
    return tracklet.start, tracklet.key
