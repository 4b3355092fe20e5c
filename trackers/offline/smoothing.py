"""Boxes of finished tracks, smoothed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.offline.config import RefineFrames
    from mtmc.trackers.offline.rows import Paths

    Array = NDArray[np.float64]


def smooth(paths: Paths, config: RefineFrames) -> Paths:
    """Tracks with positions and sizes smoothed by a Gaussian, run by run of adjacent frames."""
    if not len(paths):
        return paths
    breaks = np.flatnonzero((np.diff(paths.track) > 0) | (np.diff(paths.frames) > 1)) + 1
    values = paths.values.copy()
    for run in np.split(np.arange(len(paths)), breaks):
        values[run, :2] = _gaussian(values[run, :2], config.smooth_position)
        values[run, 2:] = _gaussian(values[run, 2:], config.smooth_size)
    return replace(paths, values=values)


def _gaussian(signal: Array, deviation: float) -> Array:
    pad = min(int(4 * deviation), len(signal) - 1)
    if deviation <= 0 or pad < 1:
        return signal
    # Mirrored through the end points, so that a straight line stays one.
    head = 2 * signal[0] - signal[pad:0:-1]
    tail = 2 * signal[-1] - signal[-2 : -pad - 2 : -1]
    smoothed: Array = gaussian_filter1d(np.concatenate([head, signal, tail]), deviation, axis=0)
    return smoothed[pad : pad + len(signal)]
