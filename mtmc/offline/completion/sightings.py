"""Boxes of known people in all cameras."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mtmc.trackers.offline import NOBODY
from mtmc.tracking.rows import Rows
from mtmc.tracking.view import View
from mtmc.types import Doubles, Ints, Mask


def told(rows: Rows, views: Sequence[View]) -> Mask:
    """``(N,)`` which rows show people to calibrated cameras."""
    calibrated = np.array([view.model is not None for view in views], bool)
    shown: Mask = (rows["person"] != NOBODY) & calibrated[rows["camera"]]
    return shown


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

    @classmethod
    def of(cls, rows: Rows) -> Sightings:
        """Rows of people; these are numbered in the order of their ids."""
        person = np.unique(rows["person"], return_inverse=True)[1]
        columns = (rows[name].astype(np.float64) for name in ("time", "box", "score"))
        return cls(rows["camera"].astype(np.int64), person, rows["step"].astype(np.int64), *columns)

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
