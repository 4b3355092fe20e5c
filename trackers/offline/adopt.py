"""Detections that no track took, taken up by the tracks they fit, with the future known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtmc.trackers import kalman
from mtmc.trackers.assignment import match
from mtmc.trackers.geometry import iou, pair_iou
from mtmc.trackers.kalman import VALUE, VAR_VALUE
from mtmc.trackers.offline.config import MotionNoise
from mtmc.trackers.offline.ends import Ends, carried, track_ends
from mtmc.trackers.offline.rows import Paths, join, mean_looks
from mtmc.trackers.offline.whole import HIDDEN, reaching_down

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.offline.config import RefineFrames

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

_GATE = 9.0  # squared standard deviations per coordinate
LEAST_SEEN = 0.5  # share of a person's height that a detection must show
_SIZE_GAIN = 0.3  # of a detection's size in that of the track


def adopt(
    paths: Paths,
    free: Paths,
    config: RefineFrames,
    embeddings: NDArray[np.float32] | None = None,
) -> Paths:
    """Tracks that go on over detections nobody took, before they begin, after they end and in gaps.

    A track is born of a sure detection and lost with the last it can be matched to; known is then
    where it came from and where it went. From each of its ends, a filter goes on outwards frame by
    frame, first all of them back in time, then all forward, and takes the detection that overlaps
    its prediction; of several tracks and detections the best assignment. In a gap it must also fit
    where the track is on the other side. It stops where nothing has fitted for `adopt_gap` frames.
    A detection that shows the upper part of a person is made whole.

    Args:
        paths: the tracks.
        free: what no track took; only frames, values, scores and sources count.
        config: of the refinement.
        embeddings: by source, unit rows or NaN; None where there are none.

    Returns:
        The tracks with what they took, every detection once and one in each frame at most.
    """
    if not config.adopt_gap or not len(paths) or not len(free):
        return paths
    free = free.select(np.argsort(free.frames, kind="stable"))
    runs = _Runs.of(paths)
    back = _Front.of(paths, runs, config, at_start=True)
    forth = _Front.of(paths, runs, config, at_start=False)
    pool = _Pool(free, paths, config, embeddings)
    taken = [paths, *_go(back, forth, pool)]
    forth.until[:-1] = np.where(runs.same, back.frames[1:], forth.until[:-1])
    return join([*taken, *_go(forth, back, pool)])


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """Stretches of adjacent frames in which a track was seen.

    Args:
        first: ``(N,)`` row of each one's first box.
        last: ``(N,)`` row of its last box.
        same: ``(N - 1,)`` whether the next one is of the same track.
    """

    first: NDArray[np.intp]
    last: NDArray[np.intp]
    same: NDArray[np.bool_]

    @classmethod
    def of(cls, paths: Paths) -> _Runs:
        """The runs of all tracks, in order of track and frame."""
        breaks = np.flatnonzero((np.diff(paths.track) > 0) | (np.diff(paths.frames) > 1))
        first, last = np.append(0, breaks + 1), np.append(breaks, len(paths) - 1)
        return cls(first, last, paths.track[last[:-1]] == paths.track[first[1:]])


@dataclass(slots=True, eq=False)
class _Front:
    """How far the runs have been followed in one direction of time.

    Args:
        sign: of the direction.
        tracks: ``(N,)``.
        frames: ``(N,)`` frame of each one's outermost box.
        until: ``(N,)`` first frame that is not free: of the next run, or far away.
        beyond: ``(N,)`` the run across the gap, -1 where there is none.
        state: ``(5, N, 2)`` Kalman state of the centre at that frame, velocity pointing outwards.
        size: ``(N, 2)`` width and height.
    """

    sign: int
    tracks: Ints
    frames: Ints
    until: Ints
    beyond: Ints
    state: Array
    size: Array

    @classmethod
    def of(cls, paths: Paths, runs: _Runs, config: RefineFrames, *, at_start: bool) -> _Front:
        """The starts or the ends of all runs."""
        outer = runs.first if at_start else runs.last
        ends = _ends(paths, outer, config, at_start=at_start)
        number = np.arange(len(outer))
        until = np.full(len(outer), -1 if at_start else np.iinfo(np.int64).max)
        beyond = np.full(len(outer), -1)
        here, there = (slice(1, None), slice(-1)) if at_start else (slice(-1), slice(1, None))
        other = (runs.last if at_start else runs.first)[there]
        until[here] = np.where(runs.same, paths.frames[other], until[here])
        beyond[here] = np.where(runs.same, number[there], -1)
        sign = -1 if at_start else 1
        return cls(sign, paths.track[outer], ends.frames, until, beyond, ends.state, ends.size)

    def expected(self, which: Ints, frame: int, noise: MotionNoise) -> Array:
        """``(5, K, 2)`` states of some, carried to a frame."""
        gap = np.abs(frame - self.frames[which])
        return carried(self.state[:, which], gap, self.size[which, 1], noise)

    def take(self, which: Ints, frame: int, values: Array, noise: MotionNoise) -> None:
        """Correct some by a detection ``(K, 4)`` of each."""
        state = self.expected(which, frame, noise)
        scale = np.repeat(self.size[which, 1:] ** 2, 2, axis=1)
        kalman.update(state, values[:, :2], noise.measured**2 * scale)
        self.state[:, which] = state
        self.size[which] += _SIZE_GAIN * (values[:, 2:] - self.size[which])
        self.frames[which] = frame


def _ends(paths: Paths, outer: NDArray[np.intp], config: RefineFrames, *, at_start: bool) -> Ends:
    """Motion and size at the rows ``outer``, by all that the track was before, or after."""
    span = int(paths.frames.max()) + 2 * config.link_window
    key = paths.track * span + paths.frames + config.link_window
    if at_start:
        low, high = outer, np.searchsorted(key, key[outer] + config.link_window)
    else:
        low, high = np.searchsorted(key, key[outer] - config.link_window, "right"), outer + 1
    count = high - low
    rows = np.repeat(high - np.cumsum(count), count) + np.arange(count.sum())
    windows = Paths(
        np.repeat(np.arange(len(outer)), count),
        paths.frames[rows],
        paths.values[rows],
        paths.scores[rows],
        paths.source[rows],
    )
    return track_ends(windows, config.noise, config.link_window, at_start=at_start)


class _Pool:
    """The detections that are left, by frame."""

    def __init__(
        self,
        free: Paths,
        paths: Paths,
        config: RefineFrames,
        embeddings: NDArray[np.float32] | None,
    ) -> None:
        self.free = free
        self.config = config
        self.boxes = _corners(free.values[:, :2], free.values[:, 2:])
        self._left = free.scores >= config.adopt_score
        frames, first = np.unique(free.frames, return_index=True)
        bounds = zip(frames.tolist(), first, np.append(first[1:], len(free)), strict=True)
        self._rows = {frame: np.arange(*bound) for frame, *bound in bounds}
        self._looks = None
        if embeddings is not None:
            self._looks = mean_looks(paths, embeddings), np.nan_to_num(embeddings[free.source])

    def at(self, frame: int) -> Ints:
        """Rows of a frame that are left."""
        rows = self._rows.get(frame)
        return np.zeros(0, np.int64) if rows is None else rows[self._left[rows]]

    def looks_like(self, rows: Ints, track: Ints) -> NDArray[np.bool_]:
        """Whether nothing in the looks of detections speaks clearly against these tracks."""
        if self._looks is None:
            return np.ones(len(rows), bool)
        a, b = self._looks[0][track], self._looks[1][rows]
        unknown: NDArray[np.bool_] = ~(np.any(a, axis=1) & np.any(b, axis=1))
        against = self.config.appearance_middle - np.sum(a * b, axis=1)
        fits: NDArray[np.bool_] = (
            self.config.appearance_weight * against < self.config.link_evidence
        )
        return np.asarray(unknown | fits)

    def take(self, rows: Ints, track: Ints, values: Array) -> Paths:
        """Rows as boxes of tracks, with these values."""
        self._left[rows] = False
        free = self.free
        return Paths(track, free.frames[rows], values, free.scores[rows], free.source[rows])


def _go(front: _Front, other: _Front, pool: _Pool) -> list[Paths]:
    """Follow all runs outwards; what they took."""
    waiting = np.argsort(-front.sign * front.frames, kind="stable").tolist()  # the next one last
    active = np.zeros(0, np.int64)
    taken, frame = [], 0
    while waiting or len(active):
        if not len(active):
            frame = int(front.frames[waiting[-1]])
        new = []
        while waiting and front.frames[waiting[-1]] == frame:
            new.append(waiting.pop())
        active = np.concatenate([active, np.array(new, np.int64)])
        frame += front.sign
        close = np.abs(frame - front.frames[active]) <= pool.config.adopt_gap
        active = active[close & (front.sign * (front.until[active] - frame) > 0)]
        which, chosen, values = _matched(front, other, active, frame, pool)
        if len(which):
            front.take(which, frame, values, pool.config.noise)
            taken.append(pool.take(chosen, front.tracks[which], values))
    return taken


def _matched(
    front: _Front, other: _Front, active: Ints, frame: int, pool: _Pool
) -> tuple[Ints, Ints, Array]:
    """Runs, the detections that they take in a frame, and their boxes ``(K, 4)`` made whole."""
    rows, config = pool.at(frame), pool.config
    if not len(active) or not len(rows):
        return active[:0], rows[:0], np.zeros((0, 4))
    expected = _corners(front.expected(active, frame, config.noise)[VALUE], front.size[active])
    near = iou(expected, pool.boxes[rows])
    run, row = near.rows, near.cols
    height, seen = front.size[active[run], 1], pool.free.values[rows[row]]
    hidden = seen[:, 3] < HIDDEN * height
    values = np.where(hidden[:, None], reaching_down(seen, height), seen)
    overlap = pair_iou(expected[run], _corners(values[:, :2], values[:, 2:]))
    inside = front.beyond[active[run]] >= 0
    good = overlap >= np.where(inside, config.adopt_inside, config.adopt_overlap)
    good &= (seen[:, 3] >= LEAST_SEEN * height) & (height >= LEAST_SEEN * seen[:, 3])
    good[good] = pool.looks_like(rows[row[good]], front.tracks[active[run[good]]])
    good[good] = _fits_beyond(front, other, active[run[good]], frame, values[good], config.noise)
    cost = np.where(good, 1.0 - overlap, np.inf)
    shape = len(active), len(rows)
    chosen = match(run, row, cost, 1.0, shape)
    key, wanted = run * len(rows) + row, chosen[0] * len(rows) + chosen[1]
    order = np.argsort(key)
    pair = order[np.searchsorted(key, wanted, sorter=order)]
    return active[chosen[0]], rows[chosen[1]], values[pair]


def _corners(centre: Array, size: Array) -> Array:
    half = 0.5 * np.maximum(size, 1e-3)
    return np.concatenate([centre - half, centre + half], axis=1)


def _fits_beyond(
    front: _Front, other: _Front, run: Ints, frame: int, values: Array, noise: MotionNoise
) -> NDArray[np.bool_]:
    """Whether detections ``(K, 4)`` lie where the track can be, seen from across the gap."""
    fits = front.beyond[run] < 0
    gap = np.flatnonzero(~fits)
    if len(gap):
        beyond = front.beyond[run[gap]]
        state = other.expected(beyond, frame, noise)
        measured = (noise.measured * other.size[beyond, 1:]) ** 2
        away = (values[gap, :2] - state[VALUE]) ** 2 / (state[VAR_VALUE] + measured)
        fits[gap] = (away <= _GATE).all(axis=1)
    return fits
