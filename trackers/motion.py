"""How a box moves: the coordinates the Kalman filter sees and how much it trusts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

from mtmc.trackers import kalman

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Least values; the two coordinates that make a box's size keep a shrinking box a box.
_LEAST = np.array([-np.inf, -np.inf, 1e-3, 1e-3])
_STUDENT = np.log(2.0 / (np.pi * np.sqrt(3.0)))  # log density in the middle


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
    half = 0.5 * sizes
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
        area, ratio = values[:, 2], values[:, 3]
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
        height = values[:, 3:]
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


class _Linear:
    """Coordinates that are row vectors of boxes times a matrix, and back."""

    _TO_VALUES: ClassVar[NDArray[np.floating]]
    _TO_BOXES: ClassVar[NDArray[np.floating]]

    def encode(self, boxes: NDArray[np.floating]) -> Array:
        values: Array = boxes.dot(self._TO_VALUES)
        return values

    def decode(self, values: Array) -> Array:
        boxes: Array = values.dot(self._TO_BOXES)
        return boxes


class SizeModel(_Linear):
    """Centre, width and height; the noise of x and y grows with width and height.

    Source: Aharon et al., "BoT-SORT: Robust Associations Multi-Pedestrian Tracking", 2022,
    section 3.1 (equations 1 to 4).

    Args:
        position_std: uncertainty of a position per frame and of a detection, as a share of the
            width (for x and the width) or the height (for y and the height).
        velocity_std: uncertainty of a velocity per frame, likewise.
    """

    _TO_VALUES = np.array(
        [[0.5, 0.0, -1.0, 0.0], [0.0, 0.5, 0.0, -1.0], [0.5, 0.0, 1.0, 0.0], [0.0, 0.5, 0.0, 1.0]]
    )
    _TO_BOXES = np.array(
        [[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0], [-0.5, 0.0, 0.5, 0.0], [0.0, -0.5, 0.0, 0.5]]
    )

    _SIZES = np.array([2, 3, 2, 3])  # whose noise grows with which

    def __init__(self, position_std: float = 1 / 20, velocity_std: float = 1 / 160) -> None:
        self._position = position_std**2
        self._velocity = velocity_std**2

    def _variances(self, values: Array) -> Array:
        return np.square(values.take(self._SIZES, axis=1))

    def initial_noise(self, values: Array) -> tuple[Array, Array]:  # noqa: D102
        squared = self._variances(values)
        return squared * (4 * self._position), squared * (100 * self._velocity)

    def process_noise(self, values: Array) -> tuple[Array, Array]:  # noqa: D102
        squared = self._variances(values)
        return squared * self._position, squared * self._velocity

    def measurement_noise(self, values: Array) -> Array:  # noqa: D102
        return self._variances(values) * self._position


class TopModel(_Linear):
    """Middle of the upper edge, width and height; a size changes, but has no velocity.

    What stands in front hides feet, not heads: where a box is cut its lower edge leaps, while the
    upper one goes on. Noise grows with the height, and that of sizes is `size` times as large.

    Args:
        measured: standard deviation of a detection's place, as a share of the height.
        position: of what is added to the place per frame, at 30 per second.
        velocity: likewise to the velocity.
        start: of the velocity of somebody new.
        size: how much noisier sizes are than places.
        step: length of a frame in those of 30 per second.
    """

    _TO_VALUES = np.array(
        [[0.5, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, -1.0], [0.5, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    )
    _TO_BOXES = np.linalg.inv(_TO_VALUES)

    def __init__(
        self,
        *,
        measured: float,
        position: float,
        velocity: float,
        start: float,
        size: float,
        step: float,
    ) -> None:
        # A velocity is a random walk in time: over a step ``s`` times as long it changes
        # ``sqrt(s)`` times as much per second, and a step covers ``s`` times the distance.
        each, moves = np.array([1.0, 1.0, size, size]), np.array([1.0, 1.0, 0.0, 0.0])
        self._measured = np.square(measured * each)
        self._position = np.square(position * each) * step
        self._velocity = np.square(velocity * moves) * step**3
        self._start = np.square(start * moves) * step**2

    def initial_noise(self, values: Array) -> tuple[Array, Array]:  # noqa: D102
        squared = np.square(values[:, 3:])
        return squared * self._measured, squared * self._start

    def process_noise(self, values: Array) -> tuple[Array, Array]:  # noqa: D102
        squared = np.square(values[:, 3:])
        return squared * self._position, squared * self._velocity

    def measurement_noise(self, values: Array) -> Array:  # noqa: D102
        return np.square(values[:, 3:]) * self._measured


def student(away: Array, variance: Array) -> Array:
    """Log density of Student's t distribution with three degrees of freedom.

    Detections are mostly where they are expected, and now and then far off.

    Args:
        away: from the middle.
        variance: of the normal distribution it stands for.
    """
    density: Array = np.log1p(away**2 / (3.0 * variance))
    density *= -2.0
    density -= 0.5 * np.log(variance)
    density += _STUDENT
    return density


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

    def places(self, boxes: NDArray[np.floating]) -> tuple[Array, Array]:
        """The points by which the filter follows: ``(N, 2)`` of the tracks, ``(M, 2)`` of boxes."""
        return self.state[kalman.VALUE][:, :2], self.model.encode(boxes)[:, :2]

    def shift(self, offset: Array) -> None:
        """Moves all boxes by ``offset``, ``(2,)`` pixels."""
        self.state[kalman.VALUE] += np.array([*offset.tolist(), 0.0, 0.0])

    def add(self, boxes: NDArray[np.floating]) -> None:
        """Appends tracks at rest at ``boxes``."""
        values = self.model.encode(boxes)
        new = kalman.start(values, *self.model.initial_noise(values))
        self.state = np.concatenate([self.state, new], axis=1)

    def keep(self, mask: NDArray[np.bool_]) -> None:
        """Drops the tracks whose mask is False."""
        self.state = self.state.take(mask.nonzero()[0], axis=1)

    def predict(self, frozen_size: NDArray[np.bool_] | None = None) -> None:
        """Moves all tracks one frame ahead.

        Args:
            frozen_size: tracks whose size stays as it is (they are not being seen).
        """
        if frozen_size is not None and np.count_nonzero(frozen_size):
            width_speed, height_speed = self.state[kalman.VELOCITY].T[2:]
            width_speed[frozen_size] = height_speed[frozen_size] = 0.0
        values = self.state[kalman.VALUE]
        kalman.predict(self.state, *self.model.process_noise(values))
        np.maximum(values, _LEAST, out=values)

    def distance(self, boxes: NDArray[np.floating]) -> Array:
        """Squared Mahalanobis distance of every track and every box.

        Args:
            boxes: ``(M, 4)`` detections.

        Returns:
            ``(N, M)``; below 9.4877 for 95 % of a track's own detections.
        """
        values = self.state[kalman.VALUE]
        variances = self.state[kalman.VAR_VALUE] + self.model.measurement_noise(values)
        away = self.model.encode(boxes)[None] - values[:, None]  # (N, M, 4)
        squared: Array = (away**2 / variances[:, None]).sum(axis=2)
        return squared

    def innovation(
        self,
        boxes: NDArray[np.floating],
        rows: NDArray[np.intp],
        cols: NDArray[np.intp],
        blur: Array,
    ) -> tuple[Array, Array]:
        """How far boxes are from where tracks are expected, and how far they may be.

        Args:
            boxes: ``(M, 4)`` detections.
            rows: ``(P,)`` track of each pair.
            cols: ``(P,)`` its box.
            blur: ``(N, 1)`` by which to multiply the tracks' measurement noise.

        Returns:
            ``(P, 4)`` differences in box heights, and their variances.
        """
        values = self.state[kalman.VALUE]
        variances = self.state[kalman.VAR_VALUE] + blur * self.model.measurement_noise(values)
        height = values[:, 3:]
        away = (self.model.encode(boxes)[cols] - values[rows]) / height[rows]
        return away, (variances / height**2)[rows]

    def correct(self, rows: NDArray[np.intp], boxes: NDArray[np.floating]) -> None:
        """Corrects tracks with their detections.

        Args:
            rows: the tracks.
            boxes: ``(len(rows), 4)`` their detections.
        """
        state = self.state.take(rows, axis=1)
        variances = self.model.measurement_noise(state[kalman.VALUE])
        kalman.update(state, self.model.encode(boxes), variances)
        self.state[:, rows] = state


class ReplayMotion(Motion):
    """Motion that, when a track is seen again, goes back and bridges the gap.

    While a track is lost, its filter runs on its own and errors pile up. Once it is seen again,
    the filter returns to the last detection and follows a straight line to the new one
    (observation-centric re-update).

    Source: Cao et al., "Observation-Centric SORT", CVPR 2023, section 4.1.
    """

    def __init__(self, model: BoxModel) -> None:
        super().__init__(model)
        self._anchor = self.state.copy()  # states right after the last detection
        self._measured = np.zeros((0, 4))  # its coordinates
        self._gap = np.zeros(0, np.int64)  # frames since

    def add(self, boxes: NDArray[np.floating]) -> None:  # noqa: D102
        before = len(self)
        super().add(boxes)
        new = self.state[:, before:]
        self._anchor = np.concatenate([self._anchor, new], axis=1)
        self._measured = np.concatenate([self._measured, new[kalman.VALUE]])
        self._gap = np.concatenate([self._gap, np.zeros(len(boxes), np.int64)])

    def keep(self, mask: NDArray[np.bool_]) -> None:  # noqa: D102
        super().keep(mask)
        self._anchor = self._anchor[:, mask]
        self._measured = self._measured[mask]
        self._gap = self._gap[mask]

    def predict(self, frozen_size: NDArray[np.bool_] | None = None) -> None:  # noqa: D102
        super().predict(frozen_size)
        self._gap += 1

    def correct(self, rows: NDArray[np.intp], boxes: NDArray[np.floating]) -> None:  # noqa: D102
        measured = self.model.encode(boxes)
        lost = self._gap[rows] > 1
        if lost.any():
            self._replay(rows[lost], measured[lost])
        super().correct(rows, boxes)
        self._anchor[:, rows] = self.state[:, rows]
        self._measured[rows] = measured
        self._gap[rows] = 0

    def _replay(self, rows: NDArray[np.intp], measured: Array) -> None:
        state, gap = self._anchor[:, rows], self._gap[rows]
        begin = self._measured[rows]
        step = (measured - begin) / gap[:, None]
        for frame in range(1, int(gap.max()) + 1):
            here = np.flatnonzero(frame <= gap)
            part = state[:, here]
            kalman.predict(part, *self.model.process_noise(part[kalman.VALUE]))
            on_line = frame < gap[here]  # the last one is the detection itself, left to correct()
            virtual = (begin[here] + frame * step[here])[on_line]
            inner = part[:, on_line]
            noise = self.model.measurement_noise(inner[kalman.VALUE])
            kalman.update(inner, virtual, noise)
            part[:, on_line] = inner
            state[:, here] = part
        self.state[:, rows] = state
