"""Smooth paths through uncertain places: the most likely walk, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from mtmc.trackers.floor.reading import ACCELERATION

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]

KNOT = 0.1  # s between the places of a path; in between it is straight
TREND = 10.0  # s; slower than 1 m per so long is rest, for what nothing else tells
BANDS = 5  # of a knot's coordinate: itself, the other one, and those of the next two knots


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

    @property
    def end(self) -> Doubles:
        """``(S,)`` time of each path's last knot, s."""
        return np.asarray(self.start + KNOT * (self.count - 1), np.float64)

    def place(self, path: Ints, times: Doubles) -> tuple[Ints, Doubles]:
        """The knot ``(N,)`` before each time, and the share ``(N,)`` of the next one."""
        steps = np.clip((times - self.start[path]) / KNOT, 0, self.count[path] - 1)
        before = np.minimum(np.floor(steps).astype(np.int64), self.count[path] - 2)
        return self.first[path] + before, steps - before


class Walk:
    """Where people most likely walked, given uncertain places.

    Speeds change at random (white noise acceleration). As paths are linear in the places at their
    knots and all noise is Gaussian, this is what a Kalman smoother finds; here it is one banded
    system of equations for all paths.

    Args:
        knots: of all paths.
        path: ``(N,)`` of which each measured place is.
        times: ``(N,)`` s.
        information: ``(N, 2, 2)`` inverse covariances, 1/m².
        pull: ``(N, 2)`` information times place, 1/m.
        acceleration: standard deviation of the change of speed within one second, m/s.

    Source: Bar-Shalom et al., "Estimation with Applications to Tracking and Navigation", 2001,
    sections 6.2.2 and 8.6.
    """

    def __init__(
        self,
        knots: Knots,
        path: Ints,
        times: Doubles,
        information: Doubles,
        pull: Doubles,
        acceleration: float = ACCELERATION,
    ) -> None:
        self.knots = knots
        total = 2 * knots.total
        self._bands, self._side = _prior(knots, acceleration), np.zeros(total)
        knot, share = knots.place(path, times)
        shares = np.stack([1 - share, share])
        for low in range(4):  # two coordinates of two knots
            i, x = divmod(low, 2)
            self._side += np.bincount(2 * knot + low, shares[i] * pull[:, x], total)
            for high in range(low, 4):
                j, y = divmod(high, 2)
                value = shares[i] * shares[j] * information[:, x, y]
                self._bands[high - low] += np.bincount(2 * knot + low, value, total)

    def places(self) -> Doubles:
        """``(K, 2)`` m, at all knots."""
        solved: Doubles = solveh_banded(self._bands, self._side, lower=True)
        return solved.reshape(-1, 2)

    def covariances(self) -> Doubles:
        """``(K, 2, 2)`` m², of the places.

        The diagonal blocks of the inverse of the banded matrix, two knots in a block, by block
        elimination forwards and substitution backwards, of all paths at once.
        """
        knots = self.knots
        blocks = (knots.count + 1) // 2
        first = np.cumsum(blocks) - blocks
        number = np.arange(knots.total) - np.repeat(knots.first, knots.count)
        place = 2 * np.repeat(first, knots.count) + number
        diagonal, coupling = self._blocks(place, int(blocks.sum()))
        longest = np.argsort(-blocks, kind="stable")
        going = np.searchsorted(-blocks[longest], -np.arange(blocks.max()), "left")
        starts = first[longest]
        result, gain = np.zeros_like(diagonal), np.zeros_like(diagonal)
        for step, alive in enumerate(going.tolist()):
            here = starts[:alive] + step
            pivot = diagonal[here]
            if step:
                pivot = pivot - coupling[here - 1] @ gain[here - 1]
            result[here] = np.linalg.inv(pivot)
            gain[here] = result[here] @ coupling[here].transpose(0, 2, 1)
        for step in range(len(going) - 2, -1, -1):
            here = starts[: going[step + 1]] + step
            result[here] += gain[here] @ result[here + 1] @ gain[here].transpose(0, 2, 1)
        knot = np.stack([result[:, :2, :2], result[:, 2:, 2:]], axis=1).reshape(-1, 2, 2)
        return np.asarray(knot[place], np.float64)

    def _blocks(self, place: Ints, count: int) -> tuple[Doubles, Doubles]:
        """Blocks ``(count, 4, 4)`` on the diagonal and below it, of knots put at ``place``."""
        padded = np.zeros((BANDS, 4 * count))
        padded[0] = 1.0  # a knot too many is tied to nothing
        padded[:, (2 * place[:, None] + [0, 1]).ravel()] = self._bands
        rows = 4 * np.arange(count)
        diagonal, coupling = np.zeros((count, 4, 4)), np.zeros((count, 4, 4))
        for i in range(4):
            for j in range(i + 1):
                diagonal[:, i, j] = diagonal[:, j, i] = padded[i - j, rows + j]
                coupling[:, j, i] = padded[4 + j - i, rows + i]
        return diagonal, coupling


def _prior(knots: Knots, acceleration: float) -> Doubles:
    """Bands ``(5, 2 K)``, in lower form, of how unlikely a walk is."""
    bands = np.zeros((BANDS, knots.total, 2))
    remaining = np.repeat(knots.first + knots.count, knots.count) - np.arange(knots.total) - 1
    bend = np.flatnonzero(remaining >= 2)
    # Over one step, the second difference of integrated white noise has 2/3 of this variance.
    stiff = 1.5 / (acceleration**2 * KNOT**3)
    for shift, weight in enumerate((1.0, 4.0, 1.0)):
        bands[0, bend + shift] += stiff * weight
    bands[2, bend] -= 2 * stiff
    bands[2, bend + 1] -= 2 * stiff
    bands[4, bend] += stiff
    step = np.flatnonzero(remaining >= 1)
    rest = 1.0 / (KNOT * TREND)
    bands[0, step] += rest
    bands[0, step + 1] += rest
    bands[2, step] -= rest
    return bands.reshape(BANDS, -1)
