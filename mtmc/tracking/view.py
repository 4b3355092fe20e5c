"""Who a camera is, and how it sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mtmc.calibration import Calibration
from mtmc.calibration.camera import BORDER, NEAREST
from mtmc.detectors.people import PERSON
from mtmc.tracking.agreement import Bias
from mtmc.tracking.frame_clock import FrameClock
from mtmc.types import Doubles, Ints, Mask


@dataclass(slots=True, eq=False)
class View:
    """One camera.

    Args:
        name: of the camera.
        fps: of the frames that are read.
        size: ``(width, height)`` px of its images.
        model: its calibration for images of that size, None where none is known yet.
        kinds: names of what is followed.
        clock: when each frame was taken; it fills as frames are read.
        bias: how far its places are off, which is learned meanwhile.
    """

    name: str
    fps: float
    size: tuple[int, int]
    model: Calibration | None
    kinds: Sequence[str] = (PERSON,)
    clock: FrameClock = field(init=False)
    bias: Bias = field(default_factory=Bias)

    def __post_init__(self) -> None:
        if self.model is not None:
            self.place(self.model)
        self.clock = FrameClock(self.fps)

    def known(self, kinds: Ints | None, count: int) -> Mask:
        """``(count,)`` of what there are looks and places on the floor.

        That is of people, whom ReID and calibration are made for; of all where there are none.

        Args:
            kinds: ``(count,)`` what each is; None where there is one kind.
            count: how many.
        """
        if kinds is None or PERSON not in self.kinds:
            return np.ones(count, bool)
        return np.asarray(kinds == list(self.kinds).index(PERSON))

    def place(self, model: Calibration | None) -> None:
        """From now on, it is known where the camera stands; None where it is not any more."""
        self.model = model and model.resized(self.size)

    def unplaced(self) -> View:
        """The same, without a calibration."""
        return View(self.name, self.fps, self.size, None, self.kinds)

    @property
    def calibration(self) -> Calibration:
        """The model of a camera that has one."""
        assert self.model is not None
        return self.model

    @property
    def period(self) -> float:
        """Seconds between the frames that are read."""
        return 1 / self.fps

    def locate(self, boxes: NDArray[np.floating]) -> tuple[Doubles, Doubles]:
        """Where people are, with what cameras disagree by, and how sure that is.

        Args:
            boxes: ``(N, 4)`` px.

        Returns:
            ``(N, 2)`` m, NaN where unknown, and ``(N, 2, 2)`` covariances, m², infinite there; so
            are all without a calibration.
        """
        if self.model is None:
            return np.full((len(boxes), 2), np.nan), np.full((len(boxes), 2, 2), np.inf)
        points, covariances = self.model.locate(boxes)
        moved = points + self.bias.moves(self.rays(boxes))
        return moved, covariances + self.bias.spread**2 * np.eye(2)

    def placed(
        self, boxes: NDArray[np.floating], kinds: Ints | None = None
    ) -> tuple[Doubles, Doubles]:
        """The same of boxes of any ``kinds``: places of people, NaN of others; see ``known``."""
        places, covariances = self.locate(boxes)
        places[~self.known(kinds, len(boxes))] = np.nan
        return places, covariances

    def statures(self, boxes: NDArray[np.floating], points: Doubles) -> Doubles:
        """How tall people are by the tops of their boxes, as `Detections` have it.

        Args:
            boxes: ``(N, 4)`` px.
            points: ``(N, 2)`` m, where they stand.

        Returns:
            ``(N, 3)`` m, and by how much more for each metre along x and y; NaN where unknown.
        """
        result = np.full((len(boxes), 3), np.nan)
        if self.model is None or (position := self.model.position) is None:
            return result
        tall = self.model.heights(boxes, points)
        tall[self.headless(boxes)] = np.nan
        away = points - position[:2]
        # On one ray, what is further from the camera is further from its height.
        slope = (tall - position[2]) / np.maximum((away**2).sum(axis=1), NEAREST**2)
        result[:, 0], result[:, 1:] = tall, slope[:, None] * away
        return result

    def rays(self, boxes: NDArray[np.floating]) -> Doubles:
        """Unit directions ``(N, 2)`` on the floor in which the camera looks there, 0 if unknown."""
        feet = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]]).astype(np.float64)
        ahead = self.calibration.to_floor(feet - [0, 1]) - self.calibration.to_floor(feet)
        length = np.linalg.norm(ahead, axis=1, keepdims=True)
        known = np.isfinite(length) & (length > 0)
        return np.where(known, ahead / np.where(known, length, 1.0), 0.0)

    def cut_aside(self, boxes: Doubles) -> Mask:
        """Which boxes ``(N, 4)`` the left or right border of the image cuts."""
        border = BORDER * self.size[0]
        return np.asarray((boxes[:, 0] <= border) | (boxes[:, 2] >= self.size[0] - border))

    def headless(self, boxes: NDArray[np.floating]) -> Mask:
        """Which boxes ``(N, 4)`` the upper border cuts."""
        return np.asarray(boxes[:, 1] <= BORDER * self.size[1])

    def clipped(self, boxes: NDArray[np.floating]) -> Doubles:
        """The parts of boxes ``(N, 4)`` that are in the image."""
        return np.asarray(np.clip(boxes, 0, [*self.size, *self.size]), np.float64)
