"""What finished tracks get at last: gaps filled, boxes smoothed, both ends continued."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mtmc.trackers.kalman import VELOCITY
from mtmc.trackers.offline.ends import track_ends
from mtmc.trackers.offline.link import motion_evidence, size_evidence
from mtmc.trackers.offline.rows import Paths, cut, join

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.offline.config import RefineFrames

    Array = NDArray[np.float64]


def fill_likely(paths: Paths, config: RefineFrames) -> Paths:
    """Tracks with straight lines across short gaps, and across long ones where motion agrees.

    Who comes back elsewhere, or from elsewhere, did not walk straight from there to here.
    """
    pieces = cut(paths, config.cut_gap)
    whose = paths.track[pieces.first()]
    before = np.flatnonzero(np.diff(whose) == 0)
    ends = track_ends(pieces, config.noise, config.link_window, at_start=False)
    starts = track_ends(pieces, config.noise, config.link_window, at_start=True)
    pairs = before, before + 1
    evidence = motion_evidence(ends, starts, pairs, config.noise)
    evidence += size_evidence(ends, starts, pairs)
    new = np.ones(len(whose), bool)
    new[before[evidence > config.link_evidence] + 1] = False
    chain = np.cumsum(new) - 1
    filled = fill(replace(pieces, track=chain[pieces.track]), config.fill_gap)
    return replace(filled, track=whose[new][filled.track])


def fill(paths: Paths, longest: int) -> Paths:
    """Tracks with straight lines across gaps of up to ``longest`` frames."""
    gap = np.where(np.diff(paths.track) == 0, np.diff(paths.frames), 1)
    before = np.flatnonzero((gap > 1) & (gap <= longest + 1))
    count = gap[before] - 1
    row = np.repeat(before, count)
    step = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + 1
    share = step / np.repeat(count + 1, count)

    def between(column: Array) -> Array:
        weight = share.reshape(-1, *[1] * (column.ndim - 1))
        line: Array = column[row] + weight * (column[row + 1] - column[row])
        return line

    filled = Paths(
        paths.track[row],
        paths.frames[row] + step,
        between(paths.values),
        between(paths.scores),
        np.full(len(row), -1),
    )
    return join([paths, filled])


def extend(paths: Paths, config: RefineFrames, last_frame: int) -> Paths:
    """Tracks continued a few frames at both ends, at the speed they have there."""
    if not config.extend or not len(paths):
        return paths
    parts = [paths]
    for at_start in (False, True):
        ends = track_ends(paths, config.noise, config.link_window, at_start=at_start)
        outermost = paths.first() if at_start else paths.last()
        for step in range(1, config.extend + 1):
            values = paths.values[outermost].copy()
            values[:, :2] += step * ends.state[VELOCITY]
            frames = ends.frames + (-step if at_start else step)
            inside = (frames >= 1) & (frames <= last_frame)
            parts.append(
                Paths(
                    paths.track[outermost][inside],
                    frames[inside],
                    values[inside],
                    paths.scores[outermost][inside],
                    np.full(int(inside.sum()), -1),
                )
            )
    return join(parts)


def smooth(paths: Paths, config: RefineFrames) -> Paths:
    """Tracks with positions and sizes smoothed by a Gaussian, run by run of adjacent frames."""
    if not len(paths):
        return paths
    breaks = np.flatnonzero((np.diff(paths.track) > 0) | (np.diff(paths.frames) > 1)) + 1
    values = paths.values.copy()
    for run in np.split(np.arange(len(paths)), breaks):
        values[run, :2] = _gaussian(values[run, :2], config.smooth_position)
        values[run, 2:] = _gaussian(values[run, 2:], config.smooth_size)
    return Paths(paths.track, paths.frames, values, paths.scores, paths.source)


def _gaussian(signal: Array, deviation: float) -> Array:
    pad = min(int(4 * deviation), len(signal) - 1)
    if deviation <= 0 or pad < 1:
        return signal
    # Mirrored through the end points, so that a straight line stays one.
    head = 2 * signal[0] - signal[pad:0:-1]
    tail = 2 * signal[-1] - signal[-2 : -pad - 2 : -1]
    smoothed: Array = gaussian_filter1d(np.concatenate([head, signal, tail]), deviation, axis=0)
    return smoothed[pad : pad + len(signal)]
