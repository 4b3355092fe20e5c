"""What a camera and the association tell each other: plain arrays, which can cross a process."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from mtmc.tracking.tracklet import Mark
from mtmc.types import Doubles, Floats, Ints, Mask, TrackKey


def no_pairs() -> Ints:
    """``(0, 2)``."""
    return np.zeros((0, 2), np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class CameraStep:
    """What one camera tells of one moment.

    Args:
        camera: its name.
        frame: 1-based number of the frame.
        time: s.
        ids: ``(M,)`` of its tracks.
        boxes: ``(M, 4)`` px.
        scores: ``(M,)``.
        seen: ``(M,)``, False for those that are only predicted.
        people: ``(M,)`` whom a tracker over all cameras takes each for; 0 where it is the camera's
            own.
        floor: ``(M, 2)`` m, None without a calibration,
        covariances: ``(M, 2, 2)`` m²,
        position: ``(3,)`` m, of the camera; None where that is not known.
        crops: ``(K,)`` rows of the tracks that were embedded now,
        quality: ``(K,)`` of the crops,
        embeddings: ``(K, D)``.
        ended: ids of tracks that are not taken up again.
        renewed: ``(R, 2)`` ids of tracks, and the ids under which they go on from now on.
        merged: ``(P, 2)`` people of the tracker over all cameras, and who they turned out to be.
        kinds: ``(M,)`` what each is, by its place in ``View.kinds``; None where there is one kind.
        marks: what people have said of tracks, each with its row.
    """

    camera: str
    frame: int
    time: float
    ids: Ints
    boxes: Floats
    scores: Floats
    seen: Mask
    people: Ints
    floor: Doubles | None = None
    covariances: Doubles | None = None
    position: Doubles | None = None
    crops: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    quality: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    embeddings: Floats = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    ended: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    renewed: Ints = field(default_factory=no_pairs)
    merged: Ints = field(default_factory=no_pairs)
    kinds: Ints | None = None
    marks: Sequence[tuple[int, Mark]] = ()

    def of_kind(self, kind: int) -> CameraStep:
        """What it tells of the tracks of one kind; which have ended or go on as others, of all."""
        kinds = np.zeros(len(self.ids), np.int64) if self.kinds is None else self.kinds
        mine = kinds == kind
        place = np.cumsum(mine) - 1
        kept = mine[self.crops]
        located = self.floor is not None and self.covariances is not None
        return replace(
            self,
            ids=self.ids[mine],
            boxes=self.boxes[mine],
            scores=self.scores[mine],
            seen=self.seen[mine],
            people=self.people[mine],
            floor=self.floor[mine] if self.floor is not None and located else None,
            covariances=self.covariances[mine] if self.covariances is not None else None,
            crops=place[self.crops[kept]],
            quality=self.quality[kept],
            embeddings=self.embeddings[kept] if len(self.embeddings) else self.embeddings,
            kinds=kinds[mine],
            marks=[(int(place[row]), mark) for row, mark in self.marks if mine[row]],
        )


def empty_step(
    camera: str, frame: int = 0, time: float = 0.0, ended: Sequence[int] = ()
) -> CameraStep:
    """A moment at which a camera sees nobody, and knows of tracks that have ended."""
    ids, numbers, boxes = np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros((0, 4))
    return CameraStep(
        *(camera, frame, time, ids, boxes.astype(np.float32), numbers, np.zeros(0, bool), ids),
        ended=np.array(ended, np.int64),
    )


class Revision(NamedTuple):
    """Sightings of a track that are somebody else's than was said.

    Args:
        key: of the track, or one under which it went on later.
        global_id: whose they are.
        first: frame of the first,
        last: and of the last; infinite where whatever follows is theirs, too.
    """

    key: TrackKey
    global_id: int
    first: int
    last: float = math.inf


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What the association answers.

    Args:
        ids: global ids that were decided now, by track; what was decided of a track stays.
        renewed: tracks that are somebody else's than was said: they go on under another id.
        ended: tracks that are not to be taken up again.
        merged: ids that are given up, and under which one each person goes on. Should they be two
            after all, the id that was given up is given again, to the same person.
        closed: ids that are never given again, since nobody remembers their people.
        confidence: how probable it is that a track is the person's whose id it got, of ``ids`` and
            where that was weighed: 0..1, were it as probable as not beforehand.
        revised: who earlier sightings turned out to be; see ``Revising``.
    """

    ids: Mapping[TrackKey, int] = field(default_factory=dict)
    renewed: Sequence[TrackKey] = ()
    ended: Sequence[TrackKey] = ()
    merged: Mapping[int, int] = field(default_factory=dict)
    closed: Sequence[int] = ()
    confidence: Mapping[TrackKey, float] = field(default_factory=dict)
    revised: Sequence[Revision] = ()
