"""Tracklets cut into parts, each a tracklet of its own."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from mtmc.associate.cuts.change import Change, times_of
from mtmc.tracking.tracklet import TICK, Tracklet
from mtmc.types import TrackKey

TIE = 1e-6  # of the time from frame to frame: differences of times are not exact


def parts(tracklet: Tracklet, times: Sequence[float]) -> list[Tracklet]:
    """The parts of a tracklet between some moments.

    Args:
        tracklet: the whole.
        times: of the cuts, s, in order; what is seen at that very time comes after the cut.

    Returns:
        Those parts in which it was seen, each under the key of the whole.
    """
    crops, ticks = tracklet.gallery.times(), np.array(tracklet.path.ticks) * TICK
    found = []
    for start, end in pairwise([-math.inf, *times, math.inf]):
        runs = [
            piece
            for run in zip(tracklet.frames, tracklet.times, strict=True)
            if (piece := _within(*run, start, end))
        ]
        if not runs:
            continue
        frames, moments = ([list(run) for run in column] for column in zip(*runs, strict=True))
        part = Tracklet(tracklet.key, moments[0][0], moments[-1][1], frames, moments)
        part.hits = sum(last - first + 1 for first, last in frames)
        part.gallery = tracklet.gallery.part((start <= crops) & (crops < end))
        part.path = tracklet.path.part(np.flatnonzero((start <= ticks) & (ticks < end)))
        part.person, part.kind = tracklet.person, tracklet.kind
        ends = frames[0][0], frames[-1][1]
        part.marks = tuple(m for m in tracklet.marks if ends[0] <= m.frame <= ends[1])
        found.append(part)
    return found


def _within(
    frames: Sequence[int], times: Sequence[float], start: float, end: float
) -> tuple[Sequence[int], Sequence[float]] | None:
    """What of a run lies between two moments: its first and last frame and their times."""
    total = frames[1] - frames[0] + 1
    step = (times[1] - times[0]) / max(total - 1, 1)

    def earlier(moment: float) -> int:
        """How many of its frames are."""
        if moment <= times[0] or moment > times[1]:
            return 0 if moment <= times[0] else total
        return min(math.ceil((moment - times[0]) / step - TIE), total)

    skipped, stop = earlier(start), earlier(end)
    if skipped >= stop:
        return None
    first = times[0] + skipped * step
    last = times[1] if stop == total else times[0] + (stop - 1) * step
    return (frames[0] + skipped, frames[0] + stop - 1), (first, last)


class Pieces:
    """Tracklets, and what they are cut into; the first piece of each keeps its key."""

    def __init__(self, tracklets: Iterable[Tracklet]) -> None:
        self._of = {tracklet.key: [tracklet] for tracklet in tracklets}
        self._last: Counter[str] = Counter()  # track id of each camera
        for camera, track in self._of:
            self._last[camera] = max(self._last[camera], track)

    def now(self) -> list[Tracklet]:
        """All pieces, in the order of their start."""
        every = [piece for pieces in self._of.values() for piece in pieces]
        return sorted(every, key=lambda piece: (piece.start, piece.key))

    def cut(self, changes: Iterable[Change]) -> None:
        """Cut the pieces that changed."""
        times = times_of(changes)
        for pieces in self._of.values():
            pieces[:] = [p for piece in pieces for p in self._cut(piece, times.get(piece.key, ()))]

    def of_those_cut(self) -> dict[TrackKey, list[Tracklet]]:
        """The pieces, in order of time, of each tracklet that was cut."""
        return {key: pieces for key, pieces in self._of.items() if len(pieces) > 1}

    def _cut(self, piece: Tracklet, times: Sequence[float]) -> list[Tracklet]:
        if not times:
            return [piece]
        first, *others = parts(piece, times)
        for other in others:
            self._last[piece.key.camera] += 1
            other.key = TrackKey(piece.key.camera, self._last[piece.key.camera])
        return [first, *others]
