"""The tracklets of all cameras, made of what these tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from mtmc.tracking.messages import CameraStep
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import TrackKey

LATELY = 2000  # runs and floor positions that are kept of somebody who does not go: minutes


class Memory:
    """What is remembered of all tracks; it belongs to whoever makes it.

    Args:
        keep: whether also those that ended are, and all of those that go on.
    """

    def __init__(self, keep: bool) -> None:
        self._keep = keep
        self._open: dict[str, dict[int, Tracklet]] = defaultdict(dict)
        self._ended: dict[str, list[Tracklet]] = defaultdict(list)

    def of(self, camera: str) -> list[Tracklet]:
        """All tracklets of a camera."""
        return [*self._ended[camera], *self._open[camera].values()]

    def open(self) -> list[Tracklet]:
        """Those of all cameras that may go on."""
        return [tracklet for known in self._open.values() for tracklet in known.values()]

    def take(self, step: CameraStep) -> list[Tracklet]:
        """Take in what a camera tells; returns the tracklets of its tracks."""
        known = self._open[step.camera]
        for track in step.ended.tolist():
            self._end(known.pop(track, None))
        for track, now in step.renewed.tolist():
            if tracklet := known.pop(track, None):
                known[now] = tracklet
                tracklet.key, tracklet.renewed = TrackKey(step.camera, now), False
        for person, other in step.merged.tolist():
            self._rename(step.camera, person, other)
        tracklets = []
        for row, track in enumerate(step.ids.tolist()):
            if track not in known:
                person = int(step.people[row]) or None
                key = TrackKey(step.camera, track)
                known[track] = Tracklet(key, step.time, step.time, person=person)
                if step.kinds is not None:
                    known[track].kind = int(step.kinds[row])
            tracklets.append(known[track])
            if step.seen[row]:
                self._see(known[track], step, row)
        for row, mark in step.marks:
            tracklets[row].marks += (mark,)
        _remember(tracklets, step)
        return tracklets

    def _see(self, tracklet: Tracklet, step: CameraStep, row: int) -> None:
        tracklet.see(step.frame, step.time)
        if step.floor is not None and step.covariances is not None:
            place = step.floor[row], step.covariances[row]
            tracklet.path.add(step.time, *place, step.position)
        if not self._keep:
            tracklet.let_go(LATELY)

    def _end(self, tracklet: Tracklet | None) -> None:
        if tracklet is None:
            return
        tracklet.gallery.settle()
        tracklet.closed = True
        if self._keep:
            self._ended[tracklet.key.camera].append(tracklet)

    def _rename(self, camera: str, person: int, other: int) -> None:
        """A person is another one; who is seen beside the other stays somebody else."""
        every = self.of(camera)
        there = [t for t in every if t.person == other]
        for tracklet in every:
            if tracklet.person == person and not any(tracklet.meets(t) for t in there):
                tracklet.person = other


def _remember(tracklets: Sequence[Tracklet], step: CameraStep) -> None:
    """What tracks look like now."""
    for position, row in enumerate(step.crops.tolist()):
        quality = float(step.quality[position])
        tracklets[row].gallery.add(step.embeddings[position], quality, step.time)
