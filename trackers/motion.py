"""How a box moves: the coordinates the Kalman filter sees and how much it trusts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from trackers import kalman

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_LEAST = 1e-3  # pixels; keeps a shrinking box a box


class BoxModel(Protocol):
    """Four coordinates of a box, with the noise of each.

    All arrays are ``(N, 4)`` or broadcast to it; the noise is given as variances.
    """

    def encode(self, boxes: NDArray[np.floating]) -> Array:
        """Coordinates of ``x1, y1, x2, y2`` boxes."""
        ...

    def decode(self, values: Array) -> Array:
        """Boxes of coordinates."""
        ...

    def initial_noise(self, values: Array) -> tuple[Array, Array]:
        """Variance of a new track's coordinates and of its velocities."""
        ...

    def process_noise(self, values: Array) -> tuple[Array, Array]:
        """Variance added per frame to the coordinates and to their velocities."""
        ...

    def measurement_noise(self, values: Array) -> Array:
        """Variance of a detection's coordinates."""
        ...


def _centres_and_sizes(boxes: NDArray[np.floating]) -> Array:
    values = np.empty((len(boxes), 4))
    np.add(boxes[:, :2], boxes[:, 2:], out=values[:, :2])
    values[:, :2] *= 0.5
    np.subtract(boxes[:, 2:], boxes[:, :2], out=values[:, 2:])
    return values


def _boxes(centres: Array, sizes: Array) -> Array:
    boxes = np.empty((len(centres), 4))
    half = 0.5 * np.maximum(sizes, _LEAST)
    np.subtract(centres, half, out=boxes[:, :2])
    np.add(centres, half, out=boxes[:, 2:])
    return boxes


class AreaModel:
    """Centre, area and aspect ratio (width / height), the ratio constant.

    Source: Bewley et al., "Simple Online and Realtime Tracking", ICIP 2016, section 3.2.
    """

    _INITIAL = np.full(4, 10.0), np.array([1e4, 1e4, 1e4, 0.0])
    _PROCESS = np.ones(4), np.array([1e-2, 1e-2, 1e-4, 0.0])
    _MEASUREMENT = np.array([1.0, 1.0, 10.0, 10.0])

    def encode(self, boxes: NDArray[np.floating]) -> Array:  # noqa: D102
        values = _centres_and_sizes(boxes)
        width, height = values[:, 2].copy(), values[:, 3].copy()
        values[:, 2] = width * height
        values[:, 3] = width / height
        return values

    def decode(self, values: Array) -> Array:  # noqa: D102
        area = np.maximum(values[:, 2], _LEAST)
        ratio = np.maximum(values[:, 3], _LEAST)
        width = np.sqrt(area * ratio)
        return _boxes(values[:, :2], np.stack([width, area / width], axis=1))

    def initial_noise(self, values: Array) -> tuple[Array, Array]:  # noqa: D102
        return self._INITIAL

    def process_noise(self, values: Array) -> tuple[Array, Array]:  # noqa: D102
        return self._PROCESS

    def measurement_noise(self, values: Array) -> Array:  # noqa: D102
        return self._MEASUREMENT


class HeightModel:
    """Centre, aspect ratio (width / height) and height; noise grows with the height.

    Source: Wojke et al., "Simple Online and Realtime Tracking with a Deep Association Metric",
    ICIP 2017, section 2.1 (also the filter of ByteTrack).
    """

    position_std = 1 / 20  # of the height
    velocity_std = 1 / 160  # of the height, per frame

    def encode(self, boxes: NDArray[np.floating]) -> Array:  # noqa: D102
        values = _centres_and_sizes(boxes)
        values[:, 2] /= values[:, 3]
        return values

    def decode(self, values: Array) -> Array:  # noqa: D102
        height = np.maximum(values[:, 3:], _LEAST)
        return _boxes(values[:, :2], np.concatenate([values[:, 2:3] * height, height], axis=1))

    def _variances(self, values: Array, share: float, ratio: float) -> Array:
        variances = np.empty_like(values)
        variances[:] = ((share * values[:, 3]) ** 2)[:, None]
        variances[:, 2] = ratio**2
        return variances

    def initial_noise(self, values: Array) -> tuple[Array, Array]:  # noqa: D102
        return (
            self._variances(values, 2 * self.position_std, 1e-2),
            self._variances(values, 10 * self.velocity_std, 1e-5),
        )

    def process_noise(self, values: Array) -> tuple[Array, Array]:  # noqa: D102
        return (
            self._variances(values, self.position_std, 1e-2),
            self._variances(values, self.velocity_std, 1e-5),
        )

    def measurement_noise(self, values: Array) -> Array:  # noqa: D102
        return self._variances(values, self.position_std, 1e-1)


class SizeModel:
    """Centre, width and height; the noise of x and y grows with width and height.

    Source: Aharon et al., "BoT-SORT: Robust Associations Multi-Pedestrian Tracking", 2022,
    section 3.1 (equations 1 to 4).
    """

    position_std = 1 / 20  # of the width (x, width) or height (y, height)
    velocity_std = 1 / 160  # likewise, per frame

    def encode(self, boxes: NDArray[np.floating]) -> Array:  # noqa: D102
        return _centres_and_sizes(boxes)

    def decode(self, values: Array) -> Array:  # noqa: D102
        return _boxes(values[:, :2], values[:, 2:])

    def _variances(self, values: Array) -> Array:
        squared = np.empty_like(values)
        np.square(values[:, 2:], out=squared[:, 2:])
        squared[:, :2] = squared[:, 2:]
        return squared

    def initial_noise(self, values: Array) -> tuple[Array, Array]:  # noqa: D102
        squared = self._variances(values)
        return squared * (2 * self.position_std) ** 2, squared * (10 * self.velocity_std) ** 2

    def process_noise(self, values: Array) -> tuple[Array, Array]:  # noqa: D102
        squared = self._variances(values)
        return squared * self.position_std**2, squared * self.velocity_std**2

    def measurement_noise(self, values: Array) -> Array:  # noqa: D102
        return self._variances(values) * self.position_std**2


class Motion:
    """The motion of all living tracks: one box model, one Kalman state per track.

    Args:
        model: coordinates and noise.
    """

    def __init__(self, model: BoxModel) -> None:
        self.model = model
        self.state = np.zeros((5, 0, 4))

    def __len__(self) -> int:
        return self.state.shape[1]

    def boxes(self) -> Array:
        """Current boxes, ``(N, 4)``."""
        return self.model.decode(self.state[kalman.VALUE])

    def add(self, boxes: NDArray[np.floating]) -> None:
        """Appends tracks at rest at ``boxes``."""
        values = self.model.encode(boxes)
        new = kalman.start(values, *self.model.initial_noise(values))
        self.state = np.concatenate([self.state, new], axis=1)

    def keep(self, mask: NDArray[np.bool_]) -> None:
        """Drops the tracks whose mask is False."""
        self.state = self.state[:, mask]

    def predict(self, frozen_size: NDArray[np.bool_] | None = None) -> None:
        """Moves all tracks one frame ahead.

        Args:
            frozen_size: tracks whose size stays as it is (they are not being seen).
        """
        if frozen_size is not None:
            self.state[kalman.VELOCITY, frozen_size, 2:] = 0.0
        kalman.predict(self.state, *self.model.process_noise(self.state[kalman.VALUE]))

    def correct(
        self, rows: NDArray[np.intp], boxes: NDArray[np.floating], noise: Array | float = 1.0
    ) -> None:
        """Corrects tracks with their detections.

        Args:
            rows: the tracks.
            boxes: ``(len(rows), 4)`` their detections.
            noise: factor of the measurement noise, a number or ``(len(rows), 1)``.
        """
        state = self.state[:, rows]
        variances = self.model.measurement_noise(state[kalman.VALUE]) * noise
        self.state[:, rows] = kalman.update(state, self.model.encode(boxes), variances)
