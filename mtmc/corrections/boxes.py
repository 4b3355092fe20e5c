"""The boxes of a run, in which spots are found, and its tracks, which can be cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from mtmc.corrections.spot import Spot
from mtmc.trackers.geometry import pair_iou
from mtmc.tracking.rows import Rows
from mtmc.types import Ints, TrackKey

SAME = 0.5  # IoU from which on two boxes are of one person, as in MOTA
TOGETHER = 1.0  # seconds for which one camera may show a person twice: a body with two boxes
NEAR = 5  # frames by which a box may be off, where that very frame does not have it
ASKED = 16  # boxes of a track among which the clearest is looked for

Cuts = Iterable[tuple[TrackKey, int]]  # tracks, and at which frames each is somebody else's


class Boxes:
    """The boxes of all tracks of a run.

    Args:
        rows: of all cameras; those of no track are left out.
        cameras: their names, by number.

    Attributes:
        frames: ``(K,)`` of each track, in order.
        cut_into: the tracks that were cut, and what into; the first part has the name of the whole.
    """

    def __init__(self, rows: Rows, cameras: Sequence[str]) -> None:
        rows = rows[rows["track"] != 0]
        self._numbers = {name: number for number, name in enumerate(cameras)}
        self._rows = rows[np.lexsort((rows["track"], rows["frame"], rows["camera"]))]
        self._tracks = self._rows["track"].copy()
        self._starts = np.searchsorted(self._rows["camera"], np.arange(len(cameras) + 1))
        self.frames: dict[TrackKey, Ints] = {}
        self.cut_into: dict[TrackKey, list[TrackKey]] = {}
        for name in cameras:
            mine = self._of(name)
            order = np.argsort(self._tracks[mine], kind="stable")
            tracks, first = np.unique(self._tracks[mine][order], return_index=True)
            parts = np.split(self._rows["frame"][mine][order].astype(np.int64), first[1:])
            for track, frames in zip(tracks.tolist(), parts, strict=False):
                self.frames[TrackKey(name, track)] = frames

    def cut(self, cuts: Cuts) -> Boxes:
        """The same boxes with tracks that are cut at frames."""
        result = object.__new__(Boxes)
        result._numbers, result._rows, result._starts = self._numbers, self._rows, self._starts
        result._tracks, result.frames = self._tracks.copy(), dict(self.frames)
        result.cut_into = {}
        last: Counter[str] = Counter()
        for key in self.frames:
            last[key.camera] = max(last[key.camera], key.track_id)
        for key, frame in sorted(set(cuts)):
            parts = result.cut_into.get(key, [key])
            frames = result.frames[parts[-1]]
            if frames[0] < frame <= frames[-1]:
                last[key.camera] += 1
                new = TrackKey(key.camera, last[key.camera])
                result.cut_into[key] = [*parts, new]
                result._divide(parts[-1], frame, new)
        return result

    def _divide(self, key: TrackKey, frame: int, new: TrackKey) -> None:
        frames, mine = self.frames[key], self._of(key.camera)
        later = (self._rows["frame"][mine] >= frame) & (self._tracks[mine] == key.track_id)
        self._tracks[mine][later] = new.track_id
        self.frames[key], self.frames[new] = frames[frames < frame], frames[frames >= frame]

    def rename(self, rows: Rows) -> None:
        """Give the rows of tracks that were cut the names of the parts, in place."""
        for key, parts in self.cut_into.items():
            here = (rows["camera"] == self._numbers[key.camera]) & (rows["track"] == key.track_id)
            mine = np.flatnonzero(here)
            starts = [self.frames[part][0] for part in parts[1:]]
            place = np.searchsorted(starts, rows["frame"][mine], side="right")
            rows["track"][mine] = np.array([part.track_id for part in parts])[place]

    def find(self, spot: Spot) -> tuple[TrackKey, int] | None:
        """The track whose box a spot is on, and its frame; None where there is no such box."""
        if spot.camera not in self._numbers:
            return None
        for away in sorted(range(-NEAR, NEAR + 1), key=abs):
            here = self._at(spot.camera, spot.frame + away)
            boxes = self._rows["box"][here]
            if not len(boxes):
                continue
            overlap = pair_iou(np.broadcast_to(np.array(spot.box, np.float32), boxes.shape), boxes)
            if overlap.max() >= SAME:
                track = int(self._tracks[here][overlap.argmax()])
                return TrackKey(spot.camera, track), spot.frame + away
        return None

    def period(self, camera: str) -> float:
        """Seconds between two frames of a camera."""
        rows = self._rows[self._of(camera)]
        frames = int(rows["frame"][-1]) - int(rows["frame"][0]) if len(rows) else 0
        return float(rows["time"][-1] - rows["time"][0]) / frames if frames else 0.0

    def seconds(self, key: TrackKey) -> float:
        """For how long a track is seen."""
        return len(self.frames[key]) * self.period(key.camera)

    def both(self, a: TrackKey, b: TrackKey) -> tuple[int, int] | None:
        """The first and last frame in which one camera shows two tracks for more than a moment."""
        first, second = self.frames[a], self.frames[b]
        if a.camera != b.camera or first[0] > second[-1] or second[0] > first[-1]:
            return None
        both = np.intersect1d(first, second)
        if len(both) * self.period(a.camera) <= TOGETHER:
            return None
        return int(both[0]), int(both[-1])

    def spot(self, key: TrackKey, frame: int) -> Spot:
        """The box of a track in a frame that shows it."""
        return Spot.at(key.camera, frame, self._rows["box"][self._row(key, frame)])

    def time(self, key: TrackKey, frame: int) -> float:
        """When that was, s."""
        return float(self._rows["time"][self._row(key, frame)])

    def clearest(self, key: TrackKey) -> Spot:
        """A good box of a track: detected, with a high score, and from about its middle."""
        frames = self.frames[key]
        middle = frames[len(frames) // 4 : len(frames) - len(frames) // 4]
        few = middle[np.linspace(0, len(middle) - 1, min(len(middle), ASKED)).astype(int)]
        rows = self._rows[[self._row(key, frame) for frame in few.tolist()]]
        return self.spot(key, int(few[np.lexsort((rows["score"], rows["detected"]))[-1]]))

    def _row(self, key: TrackKey, frame: int) -> int:
        here = self._at(key.camera, frame)
        return int(here.start + np.flatnonzero(self._tracks[here] == key.track_id)[0])

    def _of(self, camera: str) -> slice:
        number = self._numbers[camera]
        return slice(int(self._starts[number]), int(self._starts[number + 1]))

    def _at(self, camera: str, frame: int) -> slice:
        mine = self._of(camera)
        first, last = np.searchsorted(self._rows["frame"][mine], [frame, frame + 1])
        return slice(mine.start + int(first), mine.start + int(last))
