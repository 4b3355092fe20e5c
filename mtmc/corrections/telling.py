"""Corrections on their way into a run: they are told to the association.

What was said is held to when the written tables are corrected (``mtmc.run.correct``): the rows here
lack the boxes that are filled in later, which somebody may have pointed at.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mtmc.associate.cuts.change import Change
from mtmc.associate.cuts.parts import Pieces
from mtmc.corrections.before import Before
from mtmc.corrections.boxes import NEAR, SAME, Boxes
from mtmc.corrections.log import Entry
from mtmc.corrections.reading import Reading, cuts_of
from mtmc.corrections.spot import Spot
from mtmc.trackers.geometry import pair_iou
from mtmc.tracking.messages import CameraStep
from mtmc.tracking.rows import ROW, Rows
from mtmc.tracking.tracklet import Mark, Tracklet
from mtmc.types import Mask, TrackKey


class Telling:
    """Tells a run what was said of its people.

    Args:
        entries: the corrections, in order.
        cameras: names, by number.
        before: the run before the corrections, whose ids go on.
    """

    def __init__(
        self, entries: Sequence[Entry], cameras: Sequence[str], before: Before | None = None
    ) -> None:
        self._entries, self._cameras, self._before = entries, cameras, before
        self._waiting = _marks_by_frame(entries, cameras) if entries else {}

    def cut(self, rows: Rows, tracklets: Sequence[Tracklet]) -> Pieces:
        """The tracklets of a finished run, cut where it was said that they change person."""
        pieces = Pieces(tracklets)
        if self._entries:
            known = {tracklet.key: tracklet for tracklet in tracklets}
            cuts = cuts_of(Boxes(rows, self._cameras), self._entries)
            pieces.cut(
                Change(key, known[key].before(frame), math.inf)
                for key, frame in cuts
                if key in known
            )
        return pieces

    def mark(self, rows: Rows, tracklets: Sequence[Tracklet]) -> list[Tracklet]:
        """Put on each tracklet what was said of it; returns those that show somebody.

        Args:
            rows: of the run, cut as ``tracklets`` are; tracks of nobody get a number below 0 in
                place, so that no later cut gives theirs to somebody.
            tracklets: of the run; changed in place.
        """
        if not self._entries:
            return list(tracklets)
        reading = _read(Boxes(rows, self._cameras), self._entries)
        marks = _marks(reading)
        for tracklet in tracklets:
            mark = marks.get(tracklet.key)
            frames = sorted(reading.spots.get(tracklet.key, ()))
            tracklet.marks = tuple(replace(mark, frame=f) for f in frames) if mark else ()
        nobody = reading.nobody
        rows["track"][_of(rows, nobody, self._cameras)] *= -1
        return [tracklet for tracklet in tracklets if tracklet.key not in nobody]

    def marked(self, step: CameraStep) -> CameraStep:
        """What a camera tells of one moment, and what was said of its tracks.

        What is said of a box that nobody has there, the next frames that have it are told.
        """
        waiting = self._waiting.get(step.camera)
        if not waiting or not len(step.ids):
            return step
        marks = []
        for frame in range(step.frame - NEAR, step.frame + 1):
            for spot, mark in list(waiting.get(frame, ())):
                box = np.broadcast_to(np.array(spot.box, np.float32), step.boxes.shape)
                overlap = np.where(step.seen, pair_iou(box, step.boxes.astype(np.float32)), 0)
                if overlap.max() >= SAME:
                    marks.append((int(overlap.argmax()), replace(mark, frame=step.frame)))
                    waiting[frame].remove((spot, mark))
        return replace(step, marks=marks) if marks else step

    def doubled(self, rows: Rows, people: NDArray[np.int64]) -> Mask:
        """Which rows show a person whom another, better one shows in the same frame.

        Args:
            rows: of the run.
            people: whom each shows, 0 for nobody.
        """
        if not self._entries:
            return np.zeros(len(rows), bool)
        order = np.lexsort((-rows["score"], ~rows["detected"]))
        where = np.stack([rows["camera"], rows["frame"], people], axis=1)[order]
        _, first = np.unique(where, axis=0, return_index=True)
        found = people > 0
        found[order[first]] = False
        return found

    def numbered(self, rows: Rows, ids: Mapping[TrackKey, int], known: int) -> dict[TrackKey, int]:
        """The ids with the numbers that most of each person's boxes had before corrections.

        Those up to ``known`` stay.
        """
        if self._before is None:
            return dict(ids)
        return self._before.numbered(Boxes(rows, self._cameras), ids, known)


def _of(rows: Rows, keys: Collection[TrackKey], cameras: Sequence[str]) -> Mask:
    """Which rows are of some tracks."""
    found = np.zeros(len(rows), bool)
    for key in keys:
        found |= (rows["camera"] == cameras.index(key.camera)) & (rows["track"] == key.track_id)
    return found


def _read(boxes: Boxes, entries: Sequence[Entry]) -> Reading:
    reading = Reading(boxes, entries)
    reading.take(entries)
    return reading


def _marks(reading: Reading) -> dict[TrackKey, Mark]:
    """What is said of each track, but at which frame."""
    apart: dict[int, set[int]] = {}
    for one, other in reading.apart:
        apart.setdefault(one, set()).add(other)
        apart.setdefault(other, set()).add(one)
    return {
        key: Mark(person, apart=frozenset(apart.get(person, ())))
        for person, keys in reading.groups.items()
        for key in keys
    }


Waiting = dict[str, dict[int, list[tuple[Spot, Mark]]]]


def _marks_by_frame(entries: Sequence[Entry], cameras: Sequence[str]) -> Waiting:
    """What is said of each box, by camera and frame, before any track is known.

    Each box is taken for a track of its own.
    """
    spots = list(dict.fromkeys(s for entry in entries for s in entry.correction.spots()))
    spots = [spot for spot in spots if spot.camera in cameras]
    rows = np.zeros(len(spots), ROW)
    rows["camera"] = [cameras.index(spot.camera) for spot in spots]
    rows["frame"], rows["track"] = [s.frame for s in spots], np.arange(1, len(spots) + 1)
    rows["box"] = np.array([spot.box for spot in spots]).reshape(-1, 4)
    result: Waiting = {}
    marks = _marks(_read(Boxes(rows, cameras), entries))
    for number, spot in enumerate(spots, 1):
        mark = marks.get(TrackKey(spot.camera, number))
        if mark:
            result.setdefault(spot.camera, {}).setdefault(spot.frame, []).append((spot, mark))
    return result
