"""What a zone tells the directory: plain arrays, which can cross a process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mtmc.tracking.tracklet import Tracklet
from mtmc.types import Doubles, Floats, Ints, Mask, TrackKey


def _no_pairs() -> Ints:
    return np.zeros((0, 2), np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """The stays of people in a zone of which there is something new.

    Somebody whom no camera of the zone sees any more has left; who comes back begins a new stay.

    Args:
        zone: its name.
        number: 1, 2, 3, ... over its reports.
        time: s.
        stays: ``(P,)`` their numbers in the zone.
        starts: ``(P,)`` when each person was first seen, s,
        ends: ``(P,)`` and last.
        entries: ``(P,)`` places of the cameras that saw them first in the list of all cameras,
        exits: ``(P,)`` and last.
        there: ``(P,)`` whether a camera may still see them.
        sums: ``(P, D)`` embeddings summed by crop quality, zeros where nothing is known,
        totals: ``(P, 2)`` sum of the qualities and of their squares.
        tracks: new tracks, each with the stay that it is of.
        ended: tracks that no camera sees any more, likewise.
        again: ``(A, 2)`` stays, and earlier ones of whom the zone takes for the same person.
        merged: ``(M, 2)`` stays, and those which they turned out to be part of.
        sample: some tracklets, from which it is learned what distances mean.
    """

    zone: str
    number: int
    time: float
    stays: Ints
    starts: Doubles
    ends: Doubles
    entries: Ints
    exits: Ints
    there: Mask
    sums: Floats
    totals: Doubles
    tracks: Sequence[tuple[int, TrackKey]] = ()
    ended: Sequence[tuple[int, TrackKey]] = ()
    again: Ints = field(default_factory=_no_pairs)
    merged: Ints = field(default_factory=_no_pairs)
    sample: Sequence[Tracklet] = ()
