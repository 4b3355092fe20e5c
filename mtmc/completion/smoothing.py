"""Smooth paths through uncertain places: the most likely walk, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]

KNOT = 0.1  # s between the places of a path; in between it is straight
TREND = 10.0  # s for which somebody keeps a direction, at most
BANDS = 5  # a knot's two coordinates, and those of the next two knots


@dataclass(frozen=True, slots=True, eq=False)
class Knots:
    """The moments at which paths are worked out, path after path.

    Args:
        first: ``(S,)`` number of each path's first knot; ascending.
        start: ``(S,)`` its time, s.
        count: ``(S,)`` of its knots, at least 3.
    """

    first: Ints
    start: Doubles
    count: Ints

    @classmethod
    def covering(cls, start: Doubles, end: Doubles) -> Knots:
        """Of paths that last from ``start`` to ``end``, both ``(S,)`` s."""
        count = np.maximum(np.ceil((end - start) / KNOT + 1e-6).astype(np.int64) + 1, 3)
        return cls(np.cumsum(count) - count, start, count)

    @property
    def total(self) -> int:
        """Of knots."""
        return int(self.count.sum())

    def place(self, path: Ints, times: Doubles) -> tuple[Ints, Doubles]:
        """The knot ``(N,)`` before each time, and the share ``(N,)`` of the next one."""
        steps = np.clip((times - self.start[path]) / KNOT, 0, self.count[path] - 1)
        before = np.minimum(np.floor(steps).astype(np.int64), self.count[path] - 2)
        return self.first[path] + before, steps - before


def smoothest(
    knots: Knots, path: Ints, times: Doubles, information: Doubles, pull: Doubles, restless: float
) -> Doubles:
    """The most likely places at all knots.

    Speeds change at random (white noise acceleration). As the path is linear in the places and
    all noise Gaussian, the maximum is what a Kalman smoother finds, by one banded system.

    Args:
        knots: of all paths.
        path: ``(N,)`` of which each place is.
        times: ``(N,)`` s.
        information: ``(N, 2, 2)`` inverse covariances, 1/m².
        pull: ``(N, 2)`` information times place, 1/m.
        restless: standard deviation of the change of speed within one second, m/s.

    Returns:
        ``(knots.total, 2)`` m.

    Source: Bar-Shalom et al., "Estimation with Applications to Tracking and Navigation", 2001,
    sections 6.2.2 and 8.6.
    """
    bands, side = system(knots, path, times, information, pull, restless)
    places: Doubles = solveh_banded(bands, side, lower=True)
    return places.reshape(-1, 2)


def system(knots, path, times, information, pull, restless):
    bands = _walk(knots, restless)
    total = 2 * knots.total
    side = np.zeros(total)
    knot, share = knots.place(path, times)
    for i, weight in enumerate((1 - share, share)):
        for x in range(2):
            side += np.bincount(2 * (knot + i) + x, weight * pull[:, x], total)
            for j, other in enumerate((1 - share, share)):
                for y in range(2):
                    low, high = 2 * i + x, 2 * j + y
                    if low <= high:
                        value = weight * other * information[:, x, y]
                        bands[high - low] += np.bincount(2 * knot + low, value, total)
    return bands, side


def uncertainty(knots: Knots, bands: Doubles) -> Doubles:
    """Covariances ``(K, 2, 2)`` m² of the places at all knots.

    The diagonal blocks of the inverse of the banded matrix, two knots at a time, all paths
    together.
    """
    blocks = knots.count // 2 + knots.count % 2
    first = np.cumsum(blocks) - blocks
    total = int(blocks.sum())
    # every path padded to an even number of knots, by one that nothing ties
    number = np.arange(knots.total) - np.repeat(knots.first, knots.count)
    place = 2 * np.repeat(first, knots.count) + number
    padded = np.zeros((BANDS, 4 * total))
    padded[0] = 1.0
    at = (2 * place[:, None] + [0, 1]).ravel()
    padded[:, at] = bands
    rows = 4 * np.arange(total)
    diagonal, coupling = np.zeros((total, 4, 4)), np.zeros((total, 4, 4))
    for i in range(4):
        for j in range(4):
            if i >= j:
                diagonal[:, i, j] = diagonal[:, j, i] = padded[i - j, rows + j]
            # coupling: next block's i with this block's j
            if 4 + i - j < BANDS:
                coupling[:, i, j] = padded[4 + i - j, rows + j]
    order = np.argsort(-blocks, kind="stable")
    alive = np.searchsorted(-blocks[order], -np.arange(int(blocks.max())), "left")
    starts = first[order]
    inverse, gain = np.zeros_like(diagonal), np.zeros_like(diagonal)
    for step in range(int(blocks.max())):
        here = starts[: alive[step]] + step
        pivot = diagonal[here]
        if step:
            pivot = pivot - coupling[here - 1] @ gain[here - 1]
        inverse[here] = np.linalg.inv(pivot)
        gain[here] = inverse[here] @ coupling[here].transpose(0, 2, 1)
    result = inverse
    for step in range(int(blocks.max()) - 2, -1, -1):
        here = starts[: alive[step + 1]] + step
        result[here] += gain[here] @ result[here + 1] @ gain[here].transpose(0, 2, 1)
    pair = np.stack([result[:, :2, :2], result[:, 2:, 2:]], axis=1).reshape(-1, 2, 2)
    return pair[place]


def _walk(knots: Knots, restless: float) -> Doubles:
    """Bands ``(5, 2 * total)``, lower form, of how unlikely a walk is."""
    last = np.zeros(knots.total, np.int64)
    last[knots.first + knots.count - 1] = 1
    last[knots.first + knots.count - 2] = 2
    bands = np.zeros((BANDS, knots.total, 2))
    bend = np.flatnonzero(last == 0)
    # Over one step, the second difference of integrated white noise has 2/3 of this variance.
    stiff = 1.5 / (restless**2 * KNOT**3)
    for shift, weight in enumerate((1.0, 4.0, 1.0)):
        bands[0, bend + shift] += stiff * weight
    bands[2, bend] -= 2 * stiff
    bands[2, bend + 1] -= 2 * stiff
    bands[4, bend] += stiff
    # Nobody walks on and on: what nothing else tells is at rest.
    step = np.flatnonzero(last != 1)
    rest = 1.0 / (KNOT * TREND)
    bands[0, step] += rest
    bands[0, step + 1] += rest
    bands[2, step] -= rest
    return bands.reshape(BANDS, -1)
