"""Corrections on their way through a run: told to the association, and held to afterwards."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from mtmc.associate.cuts.change import Change
from mtmc.associate.cuts.parts import Pieces
from mtmc.corrections.before import Before
from mtmc.corrections.boxes import NEAR, SAME, Boxes
from mtmc.corrections.facts import Facts, cuts_of, facts_of
from mtmc.corrections.log import Entry
from mtmc.corrections.owners import corrected
from mtmc.corrections.spot import Spot
from mtmc.trackers.geometry import pair_iou
from mtmc.tracking.messages import CameraStep
from mtmc.tracking.rows import ROW, Rows
from mtmc.tracking.tracklet import Mark, Tracklet
from mtmc.types import Mask, TrackKey

log = logging.getLogger("mtmc")


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
        self._named: list[tuple[TrackKey, str]] = []
        self._nobody: set[TrackKey] = set()
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
        facts = facts_of(Boxes(rows, self._cameras), self._entries)
        marks = _marks(facts)
        for tracklet in tracklets:
            mark = marks.get(tracklet.key)
            frames = sorted(facts.spots.get(tracklet.key, ()))
            tracklet.marks = tuple(replace(mark, frame=f) for f in frames) if mark else ()
        rows["track"][_of(rows, facts.nobody, self._cameras)] *= -1
        return [tracklet for tracklet in tracklets if tracklet.key not in facts.nobody]

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

    def held(self, rows: Rows, ids: Mapping[TrackKey, int]) -> dict[TrackKey, int]:
        """The global ids as was said, whatever the association made of it.

        Args:
            rows: of the run; their tracks are cut in place where it was said.
            ids: by track.
        """
        if not self._entries:
            return dict(ids)
        boxes = Boxes(rows, self._cameras)
        cuts = cuts_of(boxes, self._entries)
        boxes = boxes.cut(cuts)
        boxes.rename(rows)
        facts = facts_of(boxes, self._entries, cuts)
        result = corrected(boxes, ids, facts)
        for line in (*facts.said, *result.said):
            log.warning("%s", line)
        self._nobody, groups = facts.nobody, facts.groups
        self._named = [(groups[group][0], name) for group, name in facts.names.items() if name]
        return result.ids

    def of_nobody(self, rows: Rows) -> Mask:
        """Which rows are of tracks that were said to be nobody, after ``held``."""
        return _of(rows, self._nobody, self._cameras)

    def numbered(self, rows: Rows, ids: Mapping[TrackKey, int], known: int) -> dict[TrackKey, int]:
        """The ids with the numbers that most of each person's boxes had before corrections.

        Those up to ``known`` stay.
        """
        if self._before is None:
            return dict(ids)
        return self._before.numbered(Boxes(rows, self._cameras), ids, known)

    def names(self, ids: Mapping[TrackKey, int]) -> dict[int, str]:
        """The names by global id, after ``held``."""
        return {ids[key]: name for key, name in self._named if key in ids}


def _of(rows: Rows, keys: Collection[TrackKey], cameras: Sequence[str]) -> Mask:
    """Which rows are of some tracks."""
    found = np.zeros(len(rows), bool)
    for key in keys:
        found |= (rows["camera"] == cameras.index(key.camera)) & (rows["track"] == key.track_id)
    return found


def _marks(facts: Facts) -> dict[TrackKey, Mark]:
    """What is said of each track, but at which frame."""
    apart: dict[int, set[int]] = {}
    for one, other in facts.apart:
        apart.setdefault(one, set()).add(other)
        apart.setdefault(other, set()).add(one)
    return {
        key: Mark(person, apart=frozenset(apart.get(person, ())))
        for person, keys in facts.groups.items()
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
    marks = _marks(facts_of(Boxes(rows, cameras), entries))
    for number, spot in enumerate(spots, 1):
        mark = marks.get(TrackKey(spot.camera, number))
        if mark:
            result.setdefault(spot.camera, {}).setdefault(spot.frame, []).append((spot, mark))
    return result
