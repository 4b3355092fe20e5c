"""Where everybody was, by all cameras together: paths on the floor, and how tall people are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from mtmc.calibration import Calibration
from mtmc.calibration.camera import BORDER, PERSON_HEIGHT, PERSON_HEIGHT_SPREAD
from mtmc.completion.smoothing import Knots, system, uncertainty
from trackers.floor_motion import invert

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

RESTLESS = 0.7  # m/s, standard deviation of the change of a walker's speed within one second
SPREAD = 0.1  # m, standard deviation of readings beyond their known covariance
MEMORY = 0.3  # s, for which errors of one camera's boxes stay alike
CUT_MEMORY = 3.0  # s, likewise of boxes cut at a side
APART = 10.0  # s unseen by all cameras, after which a path begins anew
HIDDEN, REACH = 0.2, 2.5  # share of boxes whose feet are hidden; how far behind these seem, m
OUTLIERS, AREA = 0.05, 100.0  # share of readings that tell nothing; of the scene, m²
ROUNDS = 4


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One camera.

    Args:
        model: its calibration, for images of ``size``.
        size: ``(width, height)`` px.
        period: s between its frames.
    """

    model: Calibration
    size: tuple[int, int]
    period: float
    stride: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """Boxes of known people, of all cameras.

    Args:
        camera: ``(N,)`` number of the view.
        person: ``(N,)`` numbered from 0.
        times: ``(N,)`` s.
        boxes: ``(N, 4)`` px.
    """

    camera: Ints
    person: Ints
    times: Doubles
    boxes: Doubles

    def __len__(self) -> int:
        return len(self.camera)


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """What boxes say of places: ``(N, 2)`` m and ``(N, 2, 2)`` 1/m² by their ends.

    Args:
        feet: by the bottoms.
        feet_information: 0 where these are not seen.
        head: by the tops.
        head_information: likewise.
    """

    feet: Doubles
    feet_information: Doubles
    head: Doubles
    head_information: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Where people were.

    Args:
        person: ``(S,)`` whose path; ascending, and of one person in order of time.
        knots: the moments.
        places: ``(K, 2)`` m.
    """

    person: Ints
    knots: Knots
    places: Doubles

    def of(self, person: Ints, times: Doubles) -> tuple[Ints, Mask]:
        """The path ``(N,)`` of each person that is nearest in time, and whether it covers it."""
        starts, ends = self.knots.start, self.ends()
        span = 2 * (float(ends.max()) - float(starts.min())) + 1.0
        low = float(starts.min()) - 1.0
        clipped = np.clip(times, low, float(ends.max()))
        last = np.searchsorted(self.person * span + starts - low, person * span + clipped - low, "right") - 1
        last = np.clip(last, 0, len(starts) - 1)
        last = np.where(self.person[last] < person, last + 1, last)
        covered = (times >= starts[last] - 1e-6) & (times <= ends[last] + 1e-6)
        return last, covered

    def ends(self) -> Doubles:
        from mtmc.completion.smoothing import KNOT
        return self.knots.start + KNOT * (self.knots.count - 1)

    def at(self, person: Ints, times: Doubles) -> tuple[Doubles, Mask]:
        """Places ``(N, 2)`` m, and whether the path covers that time."""
        path, covered = self.of(person, times)
        knot, share = self.knots.place(path, times)
        share = share[:, None]
        return (1 - share) * self.places[knot] + share * self.places[knot + 1], covered


def by_camera(sightings: Sightings, views: Sequence[View], function, width) -> Doubles:
    result = np.zeros((len(sightings), *width))
    for number, view in enumerate(views):
        mine = sightings.camera == number
        result[mine] = function(view, mine)
    return result


class Fusion:
    """Finds paths and heights in turns."""

    def __init__(self, sightings: Sightings, views: Sequence[View], config=None) -> None:
        self.sightings, self.views = sightings, views
        n = len(sightings)
        self.people = int(sightings.person.max(initial=-1)) + 1
        self.heights = np.full(self.people, PERSON_HEIGHT)
        self.knots, self.path, self.owner = segments(sightings)
        self.share = np.array([min(1.0, view.period / MEMORY) for view in views])[sightings.camera]
        for mine, view in self._each():
            boxes, border = sightings.boxes[mine], BORDER * view.size[0]
            aside = (boxes[:, 0] <= border) | (boxes[:, 2] >= view.size[0] - border)
            self.share[mine[aside]] = min(1.0, view.period / CUT_MEMORY)
        self.feet, self.feet_information = np.zeros((n, 2)), np.zeros((n, 2, 2))
        self.ray = np.zeros((n, 2))
        self.lean = np.zeros(n)
        located, covariance = np.zeros((n, 2)), np.zeros((n, 2, 2))
        for mine, view in self._each():
            boxes = sightings.boxes[mine]
            self.feet[mine], self.feet_information[mine] = view.model.by_feet(boxes, view.size)
            self.ray[mine] = _rays(view.model, boxes)
            located[mine], covariance[mine] = view.model.locate(boxes, view.size)
        known = np.isfinite(located).all(axis=1) & np.isfinite(covariance).all(axis=(1, 2))
        information = np.zeros((n, 2, 2))
        information[known] = invert(covariance[known] + SPREAD**2 * np.eye(2))
        self.seen = np.ones(n)
        self.paths = self._solve([(np.where(known[:, None], located, 0), information, np.ones(n))])
        for _ in range(ROUNDS):
            self._round()

    def _each(self):
        for number, view in enumerate(self.views):
            mine = np.flatnonzero(self.sightings.camera == number)
            if len(mine):
                yield mine, view

    def _solve(self, parts) -> Paths:
        information, pull = 0.0, 0.0
        for point, sure, weight in parts:
            sure = sure * (weight * self.share)[:, None, None]
            information = information + sure
            pull = pull + np.einsum("nij,nj->ni", sure, point)
        s = self.sightings
        information = information + 1e-6 * np.eye(2)
        bands, side = system(self.knots, self.path, s.times, information, pull, RESTLESS)
        places = solveh_banded(bands, side, lower=True).reshape(-1, 2)
        self.bands = bands
        return Paths(self.owner, self.knots, places)

    def unsure(self, person, times):
        """Covariances (N,2,2)"""
        if not hasattr(self, "_unsure"):
            self._unsure = uncertainty(self.knots, self.bands)
        path, _ = self.paths.of(person, times)
        knot, share = self.knots.place(path, times)
        return self._unsure[knot + (share > 0.5)]

    def _round(self) -> None:
        s = self.sightings
        at, _ = self.paths.at(s.person, s.times)
        self.heights = self._tall(at)
        for mine, view in self._each():
            boxes = s.boxes[mine]
            stand = view.model.standing(at[mine], self.heights[s.person[mine]])
            lean = view.model.from_floor(at[mine])[:, 0] - (stand[:, 0] + stand[:, 2]) / 2
            limit = 0.5 * (boxes[:, 3] - boxes[:, 1])
            self.lean[mine] = np.clip(np.nan_to_num(lean), -limit, limit)
            self.feet[mine], self.feet_information[mine] = view.model.by_feet(boxes, view.size, self.lean[mine])
        head, head_information = np.zeros_like(self.feet), np.zeros_like(self.feet_information)
        for mine, view in self._each():
            tall = self.heights[s.person[mine]]
            head[mine], head_information[mine] = view.model.by_head(s.boxes[mine], tall, view.size, self.lean[mine])
        near, distance_spread = _density(self.feet - at, self.feet_information)
        away = self.feet - at
        along = (away * self.ray).sum(axis=1)
        across = away[:, 0] * self.ray[:, 1] - away[:, 1] * self.ray[:, 0]
        side = np.stack([self.ray[:, 1], -self.ray[:, 0]], 1)
        covariance = _spread(self.feet_information)
        variance = np.einsum("ni,nij,nj->n", side, covariance, side)
        bearing = np.exp(-0.5 * across**2 / variance) / np.sqrt(2 * np.pi * variance)
        behind = (along > 0) & (along < REACH)
        hidden = HIDDEN * np.where(behind, bearing / REACH, 0)
        good = (1 - HIDDEN - OUTLIERS) * near
        total = good + hidden + OUTLIERS / AREA
        known = self.feet_information[:, 0, 0] > 0
        self.seen = np.where(known, good / total, 0.0)
        self.hidden = np.where(known, hidden / total, 0.0)
        head_near, _ = _density(head - at, head_information)
        ok = (1 - OUTLIERS) * head_near
        self.head_seen = np.where(
            head_information[:, 0, 0] > 0, ok / (ok + OUTLIERS / AREA), 0.0
        )
        # Where feet are hidden, the direction is all they tell.
        ray_cov = np.einsum("ni,nj->nij", self.ray, self.ray) * REACH**2 / 12 + covariance
        self.paths = self._solve(
            [
                (self.feet, _inverse(covariance, known), self.seen),
                (self.feet - self.ray * REACH / 2, _inverse(ray_cov, known), self.hidden),
                (head, _inverse(_spread(head_information), head_information[:, 0, 0] > 0), self.head_seen),
            ]
        )

    def _tall(self, at: Doubles) -> Doubles:
        """Heights of the people who stood there."""
        s = self.sightings
        tall, slope = np.full(len(s), np.nan), np.zeros(len(s))
        for mine, view in self._each():
            boxes = s.boxes[mine].copy()
            boxes[:, ::2] -= self.lean[mine, None]
            tall[mine] = view.model.heights(boxes, at[mine])
            slope[mine] = (view.model.heights(boxes, at[mine] + 0.1 * self.ray[mine]) - tall[mine]) / 0.1
            tall[mine[boxes[:, 1] <= BORDER * view.size[1]]] = np.nan
        fine = np.isfinite(tall) & (tall > 0.5) & (tall < 2.3)
        weight = self.share / (0.05**2 + (0.15 * slope) ** 2)
        result = np.full(self.people, PERSON_HEIGHT)
        for person in range(self.people):
            mine = np.flatnonzero(fine & (s.person == person))
            # a prior worth some looks
            values = np.append(tall[mine], PERSON_HEIGHT)
            weights = np.append(weight[mine], 1 / PERSON_HEIGHT_SPREAD**2)
            order = np.argsort(values)
            total = np.cumsum(weights[order])
            result[person] = values[order][np.searchsorted(total, total[-1] / 2)]
        return result


def segments(s: Sightings) -> tuple[Knots, Ints, Ints]:
    """Knots of all paths, the path ``(N,)`` of each sighting, and whose ``(S,)`` each is."""
    order = np.lexsort((s.times, s.person))
    person, times = s.person[order], s.times[order]
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(person) > 0) | (np.diff(times) > APART)
    part = np.cumsum(new) - 1
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(order)) - 1
    path = np.empty(len(order), np.int64)
    path[order] = part
    return Knots.covering(times[first], times[last]), path, person[first]


def _spread(information: Doubles) -> Doubles:
    return invert(information + 1e-9 * np.eye(2)) + SPREAD**2 * np.eye(2)


def _inverse(covariance: Doubles, known: Mask) -> Doubles:
    return np.where(known[:, None, None], invert(covariance), 0.0)


def _density(away: Doubles, information: Doubles) -> tuple[Doubles, Doubles]:
    covariance = _spread(information)
    sure = invert(covariance)
    distance = np.einsum("ni,nij,nj->n", away, sure, away)
    return np.exp(-0.5 * distance) * np.sqrt(np.linalg.det(sure)) / (2 * np.pi), distance


def _rays(model: Calibration, boxes: Doubles) -> Doubles:
    feet = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]])
    ahead = model.to_floor(feet - [0, 1]) - model.to_floor(feet)
    length = np.linalg.norm(ahead, axis=1, keepdims=True)
    return np.where(np.isfinite(length) & (length > 0), ahead / np.maximum(length, 1e-12), 0.0)
