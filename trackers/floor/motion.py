"""How people move on the floor: constant velocity, disturbed by accelerations, in real time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mtmc.trackers.floor.reading import ACCELERATION, invert

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_ANYWHERE = 1e4  # m², of a place before anything was seen


class FloorMotion:
    """The Kalman filter of many people: state ``x, y, vx, vy``, covariance 4x4 each.

    The covariance is full, since a camera knows the bearing of a person better than the distance.

    Source: Bar-Shalom et al., "Estimation with Applications to Tracking and Navigation", 2001,
    section 6.2.2 (white noise acceleration in continuous time).

    Args:
        walking: standard deviation of the speed of somebody new, m/s.
        acceleration: standard deviation of the change of speed within one second, m/s.
    """

    def __init__(self, walking: float, acceleration: float = ACCELERATION) -> None:
        self._walking = walking**2
        self._noise = acceleration**2
        self.mean = np.zeros((0, 4))
        self.covariance = np.zeros((0, 4, 4))

    def add(self, points: Array) -> None:
        """Appends people at rest at ``(N, 2)`` m of whom nothing was measured yet."""
        new = np.zeros((len(points), 4, 4))
        new[:, [0, 1], [0, 1]] = _ANYWHERE
        new[:, [2, 3], [2, 3]] = self._walking
        self.mean = np.concatenate([self.mean, np.pad(points, ((0, 0), (0, 2)))])
        self.covariance = np.concatenate([self.covariance, new])

    def keep(self, mask: NDArray[np.bool_]) -> None:
        """Drops the people whose mask is False."""
        self.mean, self.covariance = self.mean[mask], self.covariance[mask]

    def predict(self, step: float | Array) -> None:
        """Moves everybody ``step`` s ahead, or each by their own of ``(N,)``."""
        step = np.broadcast_to(step, len(self.mean))[:, None]
        move = np.tile(np.eye(4), (len(self.mean), 1, 1))
        move[:, [0, 1], [2, 3]] = step
        noise = np.zeros_like(move)
        noise[:, [0, 1], [0, 1]] = step**3 / 3
        noise[:, [0, 1, 2, 3], [2, 3, 0, 1]] = step**2 / 2
        noise[:, [2, 3], [2, 3]] = step
        self.mean = np.einsum("nij,nj->ni", move, self.mean)
        self.covariance = move @ self.covariance @ move.transpose(0, 2, 1) + self._noise * noise

    def correct(self, rows: NDArray[np.int64], points: Array, covariances: Array) -> None:
        """Corrects people by where they were seen.

        Args:
            rows: ``(K,)`` the people.
            points: ``(K, 2)`` m.
            covariances: ``(K, 2, 2)`` m².
        """
        mean, covariance = self.mean[rows], self.covariance[rows]
        gain = covariance[:, :, :2] @ invert(covariance[:, :2, :2] + covariances)
        surprise = points - mean[:, :2]
        self.mean[rows] = mean + np.einsum("kij,kj->ki", gain, surprise)
        # Joseph's form stays symmetric and positive.
        left = np.broadcast_to(np.eye(4), covariance.shape).copy()
        left[:, :, :2] -= gain
        self.covariance[rows] = left @ covariance @ left.transpose(
            0, 2, 1
        ) + gain @ covariances @ gain.transpose(0, 2, 1)
