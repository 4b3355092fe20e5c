"""Where each track is heading at its end, and where it came from at its start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtmc.trackers import kalman
from mtmc.trackers.kalman import COVARIANCE, VALUE, VAR_VALUE, VAR_VELOCITY, VELOCITY
from mtmc.trackers.offline.config import MotionNoise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.offline.rows import Paths

    Array = NDArray[np.float64]

_UNKNOWN = 1e4  # variance of a place before anything was seen, in squared box heights


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """One end of every track.

    Args:
        frames: ``(N,)`` frame of the outermost box.
        state: ``(5, N, 2)`` Kalman state of the centre there, velocity pointing outwards.
        size: ``(N, 2)`` median width and height near the end.
    """

    frames: NDArray[np.int64]
    state: Array
    size: Array


def track_ends(paths: Paths, noise: MotionNoise, window: int, *, at_start: bool) -> Ends:
    """Filters the outermost boxes of every track outwards, all tracks at once.

    Args:
        paths: the tracks.
        noise: how people move.
        window: frames that count.
        at_start: the starts, filtered back in time, rather than the ends.
    """
    outermost = paths.first() if at_start else paths.last()
    frames = paths.frames[outermost]
    inwards = np.abs(paths.frames - frames[paths.track])
    near = np.flatnonzero(inwards < window)
    seen = np.full((window, len(frames), 2), np.nan)
    seen[window - 1 - inwards[near], paths.track[near]] = paths.values[near, :2]

    size = _medians(paths.values[near, 2:], paths.track[near], len(frames))
    scale = np.repeat(size[:, 1:] ** 2, 2, axis=1)
    state = kalman.start(paths.values[outermost, :2], _UNKNOWN * scale, noise.walking**2 * scale)
    for centres in seen:
        kalman.predict(state, noise.position**2 * scale, noise.velocity**2 * scale)
        here = np.flatnonzero(~np.isnan(centres[:, 0]))
        part = state[:, here]
        kalman.update(part, centres[here], noise.measured**2 * scale[here])
        state[:, here] = part
    return Ends(frames, state, size)


def _medians(values: Array, groups: NDArray[np.int64], count: int) -> Array:
    """``(count, C)`` of the rows of each group, of which none is empty."""
    first, last = (np.searchsorted(groups, np.arange(count), side) for side in ("left", "right"))
    columns = [column[np.lexsort((column, groups))] for column in values.T]
    middle = [0.5 * (c[(first + last - 1) // 2] + c[(first + last) // 2]) for c in columns]
    return np.column_stack(middle)


def carried(state: Array, gap: NDArray[np.integer], height: Array, noise: MotionNoise) -> Array:
    """States some frames later, in one step.

    Args:
        state: ``(5, N, 2)``.
        gap: ``(N,)`` frames.
        height: ``(N,)`` of the boxes.
        noise: how people move.

    Returns:
        ``(5, N, 2)``.
    """
    frames = np.asarray(gap, np.float64)[:, None]
    place, pace = ((share * height[:, None]) ** 2 for share in (noise.position, noise.velocity))
    later = state.copy()
    later[VALUE] += frames * state[VELOCITY]
    later[VAR_VALUE] += 2 * frames * state[COVARIANCE] + frames**2 * state[VAR_VELOCITY]
    later[VAR_VALUE] += frames * place + frames**3 / 3 * pace
    later[COVARIANCE] += frames * state[VAR_VELOCITY] + frames**2 / 2 * pace
    later[VAR_VELOCITY] += frames * pace
    return later
