"""Tracks that overlap for a moment as a tracker hands a person over from one to the other."""

from __future__ import annotations

from collections.abc import Sequence

from scipy import sparse

from mtmc.associate.constraints import conflicts
from mtmc.associate.evidence import EvidenceConfig, Scale, appearance, looks_of
from mtmc.associate.split import Cuts
from mtmc.tracklets import Tracklet

MOST_SHARE = 0.25  # of either track's sightings in the overlap


def find_handovers(
    tracklets: Sequence[Tracklet], scale: Scale, config: EvidenceConfig, longest: float
) -> Cuts:
    """Where to cut off what of a track overlaps with another one of the same person.

    A frame that shows two tracks proves two people; but a track often has a tail on nobody, or on a
    part of the body, while the next one has begun. Two tracks that look like one person and meet
    so shortly are taken for such; the overlap is cut off the one seen less, and what is left of
    both may be one person.

    Args:
        tracklets: with the frames in which they were seen.
        scale: what distances mean.
        config: how appearance is weighed; half of its limit is enough.
        longest: overlap, s.

    Returns:
        The times in s, in order, of each track that is cut.
    """
    first, second = sparse.triu(conflicts(tracklets)).nonzero()
    looks = looks_of(tracklets, scale)
    cuts: dict[int, set[float]] = {}
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        less, more = sorted((a, b), key=lambda row: (tracklets[row].hits, tracklets[row].key))
        span = _overlap(tracklets[less], tracklets[more], longest)
        one, two = looks[[less]], looks[[more]]
        if span and appearance(one, two, scale, config)[0, 0] >= config.appearance_limit / 2:
            cuts.setdefault(less, set()).update(span)
    return {tracklets[row].key: sorted(times) for row, times in cuts.items()}


def _overlap(track: Tracklet, other: Tracklet, longest: float) -> list[float]:
    """Where a track's overlap with another begins and ends, s; nothing where it is too long."""
    frames = [
        (max(a[0], b[0]), min(a[1], b[1]))
        for a in track.frames
        for b in other.frames
        if max(a[0], b[0]) <= min(a[1], b[1])
    ]
    start, end = frames[0][0], frames[-1][1]
    begun, ended = track.frames[0][0], track.frames[-1][1]
    step = (track.end - track.start) / max(ended - begun, 1)  # seconds per frame
    count = end - start + 1
    if count * step > longest or count > MOST_SHARE * min(track.hits, other.hits):
        return []
    times = []
    if start > begun:
        times.append(track.start + (start - begun - 0.5) * step)
    if end < ended:
        times.append(track.start + (end - begun + 0.5) * step)
    return times
