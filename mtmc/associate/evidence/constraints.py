"""Which tracklets cannot be one person: those that one frame shows at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mtmc.tracking.tracklet import Tracklet
from mtmc.types import Ints


def conflicts(tracklets: Sequence[Tracklet]) -> sparse.csr_array:
    """All pairs that one frame shows at once.

    Args:
        tracklets: ``N``.

    Returns:
        ``(N, N)`` symmetric, True for these.
    """
    pairs = []
    first, last = _frames(tracklets)
    for rows in _by_camera(tracklets).values():
        rows.sort(key=lambda row: first[row])
        for position, a in enumerate(rows):
            for b in rows[position + 1 :]:
                if first[b] > last[a]:
                    break  # in order: no later one meets it either
                if tracklets[a].meets(tracklets[b]):
                    pairs += [(a, b), (b, a)]
    place = tuple(np.array(pairs, np.int64).reshape(-1, 2).T)
    shape = (len(tracklets), len(tracklets))
    return sparse.csr_array((np.ones(len(pairs), bool), place), shape=shape)


def simultaneous(tracklets: Sequence[Tracklet], apart: sparse.csr_array) -> list[NDArray[np.int64]]:
    """For each tracklet, camera by camera: it and those that meet it and are there as it begins."""
    first, last = _frames(tracklets)
    whose, other = apart.nonzero()
    cameras = np.unique([t.key.camera for t in tracklets], return_inverse=True)[1]
    there = cameras[whose] == cameras[other]
    there &= (first[other] <= first[whose]) & (first[whose] <= last[other])
    met: dict[int, list[int]] = defaultdict(list)
    for row, companion in zip(whose[there].tolist(), other[there].tolist(), strict=True):
        met[row].append(companion)
    order = [row for rows in _by_camera(tracklets).values() for row in rows]
    return [np.array(sorted([row, *met[row]]), np.int64) for row in order]


def _frames(tracklets: Sequence[Tracklet]) -> tuple[Ints, Ints]:
    """Each one's first and last frame, -1 where nothing was seen.

    Times would not do: those of pieces are sums that differ in the last bit.
    """
    first = [t.frames[0][0] if t.frames else -1 for t in tracklets]
    last = [t.frames[-1][1] if t.frames else -1 for t in tracklets]
    return np.array(first, np.int64), np.array(last, np.int64)


def _by_camera(tracklets: Sequence[Tracklet]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = defaultdict(list)
    for row, tracklet in enumerate(tracklets):
        rows[tracklet.key.camera].append(row)
    return rows
