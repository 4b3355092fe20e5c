"""What a zone tells the directory: plain arrays, which can cross a process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mtmc.tracking.messages import no_pairs
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import Doubles, Floats, Ints, Mask, TrackKey


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
    again: Ints = field(default_factory=no_pairs)
    merged: Ints = field(default_factory=no_pairs)
    sample: Sequence[Tracklet] = ()


ABOUT = ("zone", "number", "time", "tracks", "ended", "sample")
ROWS = ("stays", "starts", "ends", "entries", "exits", "there", "sums", "totals", "again", "merged")


def pack(reports: Sequence[Report]) -> dict[Any, Any]:
    """Many reports as few arrays, which take less time on their way."""
    packed: dict[Any, Any] = {name: [getattr(r, name) for r in reports] for name in ABOUT}
    dim = max((report.sums.shape[1] for report in reports), default=0)
    for name in ROWS:
        parts = [getattr(report, name) for report in reports]
        packed["lengths", name] = [len(part) for part in parts]
        if name == "sums":
            parts = [
                part if part.shape[1] else np.zeros((len(part), dim), np.float32) for part in parts
            ]
        packed[name] = np.concatenate(parts) if parts else None
    return packed


def unpack(packed: Mapping[Any, Any]) -> list[Report]:
    """What ``pack`` was given."""
    if not packed["zone"]:
        return []
    columns: dict[str, Any] = {name: packed[name] for name in ABOUT}
    for name in ROWS:
        ends = np.cumsum(packed["lengths", name]).tolist()
        rows = packed[name]
        columns[name] = [rows[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    names = list(columns)
    return [Report(**dict(zip(names, v, strict=True))) for v in zip(*columns.values(), strict=True)]
