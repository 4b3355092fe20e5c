"""What those who look for tracks that changed person find."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from mtmc.types import TrackKey


@dataclass(frozen=True, slots=True)
class Change:
    """A track is somebody else's from a moment on, or may be.

    Args:
        key: of the track.
        time: the moment, s.
        gain: log odds by which that is likelier than the next best, to cut elsewhere or not at all;
            infinite where nothing else is possible.
    """

    key: TrackKey
    time: float
    gain: float


def times_of(changes: Iterable[Change]) -> dict[TrackKey, list[float]]:
    """When each track changed, s, in order."""
    times: dict[TrackKey, set[float]] = defaultdict(set)
    for change in changes:
        times[change.key].add(change.time)
    return {key: sorted(each) for key, each in times.items()}
