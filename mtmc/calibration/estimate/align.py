"""Two cameras' tracks on one floor and one clock: which turn, shift and time fit the most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from mtmc.types import Doubles

Points = NDArray[np.complex128]  # floor positions, x + iy, m

TICK = 0.2  # s
GAP = 1.0  # s within which a track is filled
SMOOTHING = 0.3  # s, standard deviation
LEAST_TICKS = 15  # that two tracks must share: 3 s
LEAST_EXTENT = 0.4  # m, root mean square around its middle, below which a track has no direction
MOST_TRACKS = 60  # of a camera, those that walk furthest
CANDIDATES_PER_PAIR = 6
MOST_CANDIDATES = 400
MOST_MOMENTS = 400  # at which a candidate is judged
MUTUAL = 0.7  # share of the time that one person's two tracks are nearest to each other
SIGMA = 0.5  # m that two sightings of one person are apart
SCALES = (0.7, 1.4)  # by how much the sizes of two cameras' floors may differ


@dataclass(frozen=True, slots=True, eq=False)
class FloorTracks:
    """A camera's tracks on its floor, on a clock of ticks.

    Args:
        first: the tick of the first column.
        points: ``(M, T)`` m, NaN where a track is not.
    """

    first: int
    points: Points

    @classmethod
    def make(cls, times: Doubles, tracks: NDArray[np.int64], places: Points) -> FloorTracks:
        """From sightings ``(N,)`` ordered by track and time.

        Args:
            times: s.
            tracks: whose sighting it is.
            places: m, NaN where unknown.
        """
        known = np.isfinite(places)
        times, tracks, places = times[known], tracks[known], places[known]
        if len(times) == 0:
            return cls(0, np.zeros((0, 0), np.complex128))
        first, last = int(np.floor(times.min() / TICK)), int(np.ceil(times.max() / TICK))
        clock = np.arange(first, last + 1, dtype=np.float64) * TICK
        rows = [
            _on_clock(clock, times[tracks == track], places[tracks == track])
            for track in np.unique(tracks)
        ]
        return cls(first, np.stack(rows))

    @classmethod
    def together(cls, parts: Sequence[FloorTracks]) -> FloorTracks:
        """The tracks of several cameras on one floor and clock."""
        parts = [part for part in parts if part.points.size]
        if not parts:
            return cls(0, np.zeros((0, 0), np.complex128))
        first = min(part.first for part in parts)
        last = max(part.first + part.points.shape[1] for part in parts)
        result = np.full((sum(len(p.points) for p in parts), last - first), np.nan + 0j)
        row = 0
        for part in parts:
            begin = part.first - first
            result[row : row + len(part.points), begin : begin + part.points.shape[1]] = part.points
            row += len(part.points)
        return cls(first, result)

    def longest(self, count: int) -> FloorTracks:
        """Only those tracks that are spread most."""
        known = np.isfinite(self.points)
        number = np.maximum(known.sum(axis=1), 1)
        values = np.where(known, self.points, 0)
        middle = values.sum(axis=1) / number
        spread = np.where(known, np.abs(self.points - middle[:, None]) ** 2, 0).sum(axis=1)
        return FloorTracks(self.first, self.points[np.sort(np.argsort(-spread)[:count])])

    def packed(self) -> FloorTracks:
        """The same places in as few rows as will do, whosever they are."""
        missing = np.isnan(self.points)
        most = int((~missing).sum(axis=0).max(initial=0))
        order = np.argsort(missing, axis=0, kind="stable")[:most]
        return FloorTracks(self.first, np.take_along_axis(self.points, order, axis=0))


def _on_clock(clock: Doubles, times: Doubles, places: Points) -> Points:
    """A smoothed track at the ticks, NaN further than ``GAP`` from a sighting."""
    place = np.round((times - clock[0]) / TICK).astype(int)
    weight = np.bincount(place, minlength=len(clock)).astype(float)
    total = np.bincount(place, places.real, len(clock)) + 1j * np.bincount(
        place, places.imag, len(clock)
    )
    seen = np.flatnonzero(weight)
    filled: Points = np.interp(clock, clock[seen], (total[seen] / weight[seen]).real) + 1j * (
        np.interp(clock, clock[seen], (total[seen] / weight[seen]).imag)
    )
    smooth = gaussian_filter1d(filled, SMOOTHING / TICK, mode="nearest")
    after = np.searchsorted(seen, np.arange(len(clock)))
    before = seen[np.clip(after - 1, 0, len(seen) - 1)]
    following = seen[np.clip(after, 0, len(seen) - 1)]
    inside = (np.arange(len(clock)) >= seen[0]) & (np.arange(len(clock)) <= seen[-1])
    close = inside & ((following - before) * TICK <= GAP)
    result: Points = np.where(close | (weight > 0), smooth, np.nan)
    return result


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a camera's floor and clock become those of another.

    Args:
        factor: turns and scales the floor.
        shift: moves it afterwards, m.
        ticks: to add to its clock.
        score: how many sightings find one of the other camera, about.
    """

    factor: complex
    shift: complex
    ticks: int
    score: float


def align(a: FloorTracks, b: FloorTracks, window: float, free_scale: bool) -> Alignment | None:
    """The best way to lay ``b`` on ``a``; None where they have nothing in common.

    Every pair of tracks proposes, for every time offset at once, the similarity that fits it best;
    the proposals that explain the most of one pair are judged by all tracks. So nobody's identity
    must be known.

    Args:
        a: the camera that stays.
        b: the one to move.
        window: greatest time offset to either side, s.
        free_scale: whether the size of the floor may differ, too.

    Source:
        Umeyama, Least-Squares Estimation of Transformation Parameters, PAMI 1991, in complex
        numbers; all time offsets by the correlation theorem.
    """
    a, b = a.longest(MOST_TRACKS), b.longest(MOST_TRACKS)
    a_seen, b_seen = a.packed(), b.packed()
    proposals = list(_proposals(a, b, window, free_scale))
    proposals.sort(key=lambda proposal: proposal[0], reverse=True)
    judged = [
        Alignment(factor, shift, ticks, judge(a_seen, b_seen, factor, shift, ticks))
        for _, factor, shift, ticks in proposals[:MOST_CANDIDATES]
    ]
    if not judged:
        return None
    return _polished(a, b, max(judged, key=lambda each: each.score), window, free_scale)


def _proposals(
    a: FloorTracks, b: FloorTracks, window: float, free_scale: bool
) -> Iterator[tuple[float, complex, complex, int]]:
    """Gain, factor, shift and ticks of each pair of tracks at its best time offsets."""
    length = a.points.shape[1] + b.points.shape[1]
    # Tick t of b is moved to tick t + lag of a's columns, modulo the length.
    lags = np.arange(-b.points.shape[1] + 1, a.points.shape[1])
    ticks = lags + a.first - b.first
    lags, ticks = lags[np.abs(ticks) * TICK <= window], ticks[np.abs(ticks) * TICK <= window]
    if len(lags) == 0 or len(a.points) == 0 or len(b.points) == 0:
        return
    in_time = len(lags) == 1  # where Fourier has nothing to save
    sides = []
    for side, points in zip((a, b), common(a, b, int(ticks[0])), strict=True):
        each = points if in_time else side.points
        known = np.isfinite(each)
        values = np.where(known, each, 0)
        stack = np.stack([known.astype(complex), values, np.abs(values).astype(complex) ** 2])
        sides.append(stack if in_time else np.fft.fft(stack, length, axis=-1))
    (a_mask, a_values, a_squares), (b_mask, b_values, b_squares) = sides

    def correlate(x: Points, y: Points) -> Points:
        if in_time:
            return (x @ y.conj().T)[:, None]
        result: Points = np.fft.ifft(x * y.conj(), axis=-1)[:, lags]
        return result

    for row in range(len(a.points)):
        number = np.maximum(correlate(a_mask[row], b_mask).real.round(), 1e-9)
        sum_a, sum_b = correlate(a_values[row], b_mask), correlate(a_mask[row], b_values).conj()
        var_a = correlate(a_squares[row], b_mask).real - np.abs(sum_a) ** 2 / number
        var_b = correlate(a_mask[row], b_squares).real - np.abs(sum_b) ** 2 / number
        both = correlate(a_values[row], b_values) - sum_a * sum_b.conj() / number
        factor = _factors(both, var_b, free_scale)
        left = var_a - 2 * np.abs(factor) * np.abs(both) + np.abs(factor) ** 2 * var_b
        noise = SIGMA**2 / 4
        left = np.maximum(left / number, 0) + noise
        gain = number * np.log((np.maximum(var_a / number, 0) + noise) / left)
        valid = (number >= LEAST_TICKS) & (var_a / number > LEAST_EXTENT**2)
        valid &= var_b / number > LEAST_EXTENT**2
        gain = np.where(valid, gain, -np.inf)
        for other in range(len(b.points)):
            for lag in _peaks(gain[other]):
                q = complex(factor[other, lag])
                shift = complex((sum_a[other, lag] - q * sum_b[other, lag]) / number[other, lag])
                yield float(gain[other, lag]), q, shift, int(ticks[lag])


def _factors(both: Points, var_b: Doubles, free_scale: bool) -> Points:
    size = np.abs(both)
    scale = np.clip(size / np.maximum(var_b, 1e-9), *SCALES) if free_scale else 1.0
    factors: Points = scale * both / np.maximum(size, 1e-12)
    return factors


def _peaks(gain: Doubles) -> NDArray[np.int64]:
    """The best few local maxima."""
    around = np.concatenate([[-np.inf], gain, [-np.inf]])
    peak = (gain >= around[:-2]) & (gain >= around[2:]) & (gain > 0)
    places = np.flatnonzero(peak)
    return places[np.argsort(-gain[places])[:CANDIDATES_PER_PAIR]]


def common(a: FloorTracks, b: FloorTracks, ticks: int) -> tuple[Points, Points]:
    """The columns ``(M, K)`` of both at the same moments, when ``ticks`` are added to b's clock."""
    start = max(a.first, b.first + ticks)
    stop = min(a.first + a.points.shape[1], b.first + ticks + b.points.shape[1])
    stop = max(start, stop)
    return (
        a.points[:, start - a.first : stop - a.first],
        b.points[:, start - b.first - ticks : stop - b.first - ticks],
    )


def judge(a: FloorTracks, b: FloorTracks, factor: complex, shift: complex, ticks: int) -> float:
    """How many sightings of b have one of a at their place, each 0..1, moments scaled to all."""
    left, right = common(a, b, ticks)
    both = np.flatnonzero(np.isfinite(left).any(axis=0) & np.isfinite(right).any(axis=0))
    if len(both) == 0:
        return 0.0
    some = both[np.linspace(0, len(both) - 1, min(len(both), MOST_MOMENTS)).astype(int)]
    moved = right[:, some] * factor + shift
    apart = np.abs(left[:, None, some] - moved[None])  # (A, B, moments)
    fit = np.exp(-(np.nan_to_num(apart, nan=np.inf) ** 2) / (2 * SIGMA**2))
    # One of a is only one of b.
    matched = np.minimum(fit.max(axis=0).sum(axis=0), fit.max(axis=1).sum(axis=0))
    return float(matched.sum() * len(both) / len(some))


def pairs_at(
    a: FloorTracks, b: FloorTracks, factor: complex, shift: complex, ticks: int, gate: float
) -> list[tuple[int, int]]:
    """Rows of a and b that are one person.

    Together for ``LEAST_TICKS``, for most of that nobody else is nearer to either, and their median
    distance is below ``gate`` m.
    """
    left, right = common(a, b, ticks)
    moved = right * factor + shift
    # Per row, as all at once would be large: who of the others is nearest at each moment.
    to_left = np.full(left.shape, np.inf)
    to_right = np.full(right.shape, np.inf)
    for row in range(len(left)):
        apart = np.nan_to_num(np.abs(left[row] - moved), nan=np.inf)
        to_left[row] = apart.min(axis=0, initial=np.inf)
        to_right = np.minimum(to_right, apart)
    result = []
    for row in range(len(left)):
        apart = np.abs(left[row] - moved)
        nearest = (apart <= to_left[row]) & (apart <= to_right)
        number = np.isfinite(apart).sum(axis=1)
        mutual = nearest.sum(axis=1) >= MUTUAL * number
        for other in np.flatnonzero((number >= LEAST_TICKS) & mutual):
            if np.nanmedian(apart[other]) < gate:
                result.append((row, int(other)))
    return result


def _polished(
    a: FloorTracks, b: FloorTracks, start: Alignment, window: float, free_scale: bool
) -> Alignment:
    """Fitted to all tracks that agree, with the time offsets around it."""
    best = start
    for _ in range(4):
        improved = False
        for ticks in range(best.ticks - 3, best.ticks + 4):
            if abs(ticks) * TICK > window:
                continue
            found = _refit(a, b, best, ticks, free_scale)
            if found is not None and found.score > best.score * (1 + 1e-6):
                best, improved = found, True
        if not improved:
            break
    return best


def _refit(
    a: FloorTracks, b: FloorTracks, start: Alignment, ticks: int, free_scale: bool
) -> Alignment | None:
    left, right = common(a, b, ticks)
    rows = pairs_at(a, b, start.factor, start.shift, ticks, 3 * SIGMA)
    if not rows:
        return None
    x = np.concatenate([left[i] for i, _ in rows])
    y = np.concatenate([right[j] for _, j in rows])
    weight = np.exp(-(np.abs(x - y * start.factor - start.shift) ** 2) / (2 * SIGMA**2))
    weight = np.nan_to_num(weight)
    x, y, total = np.nan_to_num(x), np.nan_to_num(y), max(weight.sum(), 1e-9)
    mean_x, mean_y = (weight * x).sum() / total, (weight * y).sum() / total
    both = (weight * (x - mean_x) * (y - mean_y).conj()).sum()
    var_y = (weight * np.abs(y - mean_y) ** 2).sum()
    factor = complex(_factors(np.array([both]), np.array([var_y]), free_scale)[0])
    shift = complex(mean_x - factor * mean_y)
    return Alignment(factor, shift, ticks, judge(a, b, factor, shift, ticks))
