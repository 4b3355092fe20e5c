"""Boxes of people whose feet are hidden, made as tall as the person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solveh_banded

from mtmc.trackers.offline.rows import Paths

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_HIDDEN = 0.75
_ABOVE = 0.98
_ROUNDS = 10


def make_whole(paths: Paths, headless: NDArray[np.bool_], period: float, longest: int) -> Paths:
    """Tracks whose boxes reach down to the feet, also where these are hidden.

    What stands in front hides feet, not heads: the box gets short and its top stays. How tall the
    person is there follows from before and after: the upper envelope of the track's heights.

    Args:
        paths: the tracks.
        headless: ``(M,)`` boxes that begin at the upper border of the image: not feet are missing.
        period: frames; what lasts shorter is no change of the person's height.
        longest: gap in frames that a track's height outlasts.
    """
    if not period or not len(paths):
        return paths
    new = np.diff(paths.track) > 0
    parts = np.append(0, np.cumsum(new | (np.diff(paths.frames) > longest + 1)))
    height = np.exp(upper_envelope(np.log(paths.values[:, 3]), paths.frames, parts, period))
    short = ~headless & (paths.values[:, 3] < _HIDDEN * height)
    values = paths.values.copy()
    values[short, 1] += 0.5 * (height - values[:, 3])[short]  # from the top down
    values[short, 3] = height[short]
    return Paths(paths.track, paths.frames, values, paths.scores, paths.source)


def upper_envelope(
    signal: Array, frames: NDArray[np.int64], parts: NDArray[np.int64], period: float
) -> Array:
    """A smooth line along the upper side of each part of a signal.

    Args:
        signal: ``(N,)``.
        frames: ``(N,)`` ascending within a part.
        parts: ``(N,)`` ascending from 0.
        period: frames; faster waves are taken for noise.

    Returns:
        ``(N,)``.

    Source:
        Eilers and Boelens, "Baseline Correction with Asymmetric Least Squares Smoothing", 2005.
    """
    first = np.searchsorted(parts, np.arange(parts[-1] + 1))
    last = np.append(first[1:], len(parts)) - 1
    length = frames[last] - frames[first] + 1
    start = np.cumsum(length) - length
    place = start[parts] + frames - frames[first][parts]  # on a line of all frames of all parts
    seen, value = np.zeros(length.sum()), np.zeros(length.sum())
    seen[place], value[place] = 1.0, signal
    stiffness = (period / (2 * np.pi)) ** 4 * _bending(length, start)
    weight, line = seen.copy(), value
    for _ in range(_ROUNDS):
        bands = stiffness.copy()
        bands[-1] += weight + 1e-9
        line = solveh_banded(bands, weight * value)
        before, weight = weight, seen * np.where(value > line, _ABOVE, 1 - _ABOVE)
        if np.array_equal(weight, before):
            break
    envelope: Array = line[place]
    return envelope


def _bending(length: NDArray[np.int64], start: NDArray[np.int64]) -> Array:
    """Bands ``(3, n)`` of the sum of squared second differences within each part."""
    total = int(length.sum())
    bands = np.zeros((3, total))
    within = np.ones(total, bool)
    for end in (1, 2):  # no difference begins in the last two frames of a part
        within[np.maximum(start + length - end, start)] = False
    at = np.flatnonzero(within)
    for shift, share in enumerate((1.0, 4.0, 1.0)):
        bands[2, at + shift] += share
    bands[1, at + 1] -= 2.0
    bands[1, at + 2] -= 2.0
    bands[0, at + 2] += 1.0
    return bands
