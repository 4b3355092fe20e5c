"""Boxes of known people in all cameras."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mtmc.calibration import Calibration
from mtmc.calibration.camera import BORDER
from mtmc.tracking.frame_clock import FrameClock
from mtmc.types import Doubles, Ints, Mask


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One camera.

    Args:
        model: its calibration, for images of ``size``.
        size: ``(width, height)`` px.
        period: s between the frames that were read.
        clock: when each was taken.
    """

    model: Calibration
    size: tuple[int, int]
    period: float
    clock: FrameClock

    def cut_aside(self, boxes: Doubles) -> Mask:
        """Which boxes ``(N, 4)`` the left or right border of the image cuts."""
        border = BORDER * self.size[0]
        return np.asarray((boxes[:, 0] <= border) | (boxes[:, 2] >= self.size[0] - border))

    def headless(self, boxes: Doubles) -> Mask:
        """Which boxes ``(N, 4)`` the upper border cuts."""
        return np.asarray(boxes[:, 1] <= BORDER * self.size[1])

    def clipped(self, boxes: Doubles) -> Doubles:
        """The parts of boxes ``(N, 4)`` that are in the image."""
        return np.asarray(np.clip(boxes, 0, [*self.size, *self.size]), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """Boxes of known people, of all cameras.

    Args:
        camera: ``(N,)`` number of the view.
        person: ``(N,)`` numbered from 0.
        steps: ``(N,)`` numbers of the camera's frames; one person is there once in each.
        times: ``(N,)`` s.
        boxes: ``(N, 4)`` px.
        scores: ``(N,)``.
    """

    camera: Ints
    person: Ints
    steps: Ints
    times: Doubles
    boxes: Doubles
    scores: Doubles

    def __len__(self) -> int:
        return len(self.camera)

    @property
    def people(self) -> int:
        """How many."""
        return int(self.person.max(initial=-1)) + 1

    def by_view(self, views: Sequence[View]) -> Iterator[tuple[Ints, View]]:
        """Of each view that has any: rows, and the view."""
        for number, view in enumerate(views):
            mine = np.flatnonzero(self.camera == number)
            if len(mine):
                yield mine, view

    def by_person(self) -> list[Ints]:
        """Of each person: rows in order of time."""
        order = np.lexsort((self.times, self.person))
        return np.split(order, np.searchsorted(self.person[order], np.arange(1, self.people)))
