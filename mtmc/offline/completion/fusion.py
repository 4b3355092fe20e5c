"""Where everybody was by all cameras together, how tall they are, and which feet were seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mtmc.calibration.camera import PERSON_HEIGHT, PERSON_HEIGHT_SPREAD
from mtmc.offline.completion.paths import PeoplePaths, between, stretches
from mtmc.offline.completion.sightings import Sightings
from mtmc.trackers.floor.reading import (
    AREA,
    HIDDEN,
    NOTHING,
    OUTLIERS,
    REACH,
    apart,
    behind,
    invert,
    known_places,
)
from mtmc.trackers.floor.walk import Walk
from mtmc.tracking.view import View
from mtmc.types import Doubles, Mask

MEMORY = 0.3  # s for which errors of a camera's boxes stay alike,
CUT_MEMORY = 3.0  # where a side border of the image cuts them
PLAUSIBLE = (0.5, 2.3)  # m, heights that are looked at
EDGE_ERROR, PLACE_ERROR = 0.05, 0.15  # m, standard deviations of a height by top and by place
ROUNDS = 4  # of places, and what these make of heights and feet


@dataclass(frozen=True, slots=True, eq=False)
class Fused:
    """What all cameras together say.

    Args:
        paths: of the people.
        heights: ``(P,)`` m.
        feet: ``(N,)`` probability that a sighting's box ends at the feet.
        head: ``(N,)`` probability that it begins at the head.
    """

    paths: PeoplePaths
    heights: Doubles
    feet: Doubles
    head: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """Places by one end of each box.

    Args:
        points: ``(N, 2)`` m.
        covariances: ``(N, 2, 2)`` m², with what cameras disagree by.
        known: ``(N,)`` whether the box tells.
    """

    points: Doubles
    covariances: Doubles
    known: Mask

    @classmethod
    def of(cls, points: Doubles, information: Doubles, spread: Doubles | float = 0.0) -> _Reading:
        known = information[:, 0, 0] > 0
        covariances = invert(information + NOTHING * np.eye(2))
        covariances += np.reshape(spread, (-1, 1, 1)) ** 2 * np.eye(2)
        return cls(points, covariances, known)

    def density(self, at: Doubles) -> Doubles:
        """``(N,)`` 1/m², of the readings of people who are there; 0 where there is none."""
        return np.where(self.known, np.exp(apart(self.points - at, self.covariances)[1]), 0.0)

    def evidence(self, weight: Doubles) -> tuple[Doubles, Doubles]:
        """Information ``(N, 2, 2)`` and pull ``(N, 2)``, so much of it."""
        information = invert(self.covariances) * np.where(self.known, weight, 0.0)[:, None, None]
        return information, np.einsum("nij,nj->ni", information, self.points)

    def behind(self, rays: Doubles) -> _Reading:
        """The same where something hides the feet: somewhere before it, as the camera looks."""
        along = np.einsum("ni,nj->nij", rays, rays) * REACH**2 / 12
        return _Reading(self.points - rays * REACH / 2, self.covariances + along, self.known)

    def hidden_density(self, at: Doubles, rays: Doubles) -> Doubles:
        """``(N,)`` 1/m², of the readings of people who are there and whose feet are hidden."""
        return np.where(self.known, behind(self.points - at, self.covariances, rays)[0], 0.0)


def fuse(sightings: Sightings, views: Sequence[View]) -> Fused:
    """Find the most likely paths, with heights and hidden feet that nobody tells.

    Expectation maximisation: given the paths, each box ends at the feet, or above them, where its
    place lies behind the person as the camera looks, or tells nothing; and each person has one
    height, by the tops of all boxes. Given these, the paths are the most likely walks.

    Args:
        sightings: at least one.
        views: by number of the camera.

    Source: Dempster, Laird and Rubin, "Maximum Likelihood from Incomplete Data via the EM
    Algorithm", 1977.
    """
    return _Fusion(sightings, views).run()


class _Fusion:
    """The state of ``fuse``."""

    def __init__(self, sightings: Sightings, views: Sequence[View]) -> None:
        self._sightings, self._views = sightings, views
        self._knots, self._path, self._whose = stretches(sightings)
        self._knot, self._share = self._knots.place(self._path, sightings.times)
        self._rays = np.zeros((len(sightings), 2))
        self._spread = np.zeros(len(sightings))
        self._independent = np.zeros(len(sightings))
        for mine, view in sightings.by_view(views):
            boxes = sightings.boxes[mine]
            memory = np.where(view.cut_aside(boxes), CUT_MEMORY, MEMORY)
            self._independent[mine] = np.minimum(1.0, view.period / memory)
            self._rays[mine], self._spread[mine] = view.rays(boxes), view.bias.spread

    def run(self) -> Fused:
        everybody = np.ones(len(self._sightings))
        feet = head = everybody
        walk = self._walk([self._located().evidence(everybody)])
        for _ in range(ROUNDS):
            at = between(walk.places(), self._knot, self._share)
            heights = self._heights(at)
            ends, tops = self._readings(heights)
            feet, hidden, head = self._responsible(at, ends, tops)
            parts = [ends.evidence(feet), ends.behind(self._rays).evidence(hidden)]
            walk = self._walk([*parts, tops.evidence(head)])
        paths = PeoplePaths(self._whose, self._knots, walk.places(), walk.covariances())
        return Fused(paths, heights, feet, head)

    def _walk(self, evidence: Sequence[tuple[Doubles, Doubles]]) -> Walk:
        information = sum(part[0] for part in evidence) * self._independent[:, None, None]
        pull = sum(part[1] for part in evidence) * self._independent[:, None]
        information = information + NOTHING * np.eye(2)
        return Walk(self._knots, self._path, self._sightings.times, information, pull)

    def _located(self) -> _Reading:
        """Places as they are known without the other cameras."""
        points, information = self._nothing()
        for mine, view in self._sightings.by_view(self._views):
            found, covariance = view.locate(self._sightings.boxes[mine])
            known = known_places(found, covariance)
            points[mine[known]], information[mine[known]] = found[known], invert(covariance[known])
        return _Reading.of(points, information)

    def _readings(self, heights: Doubles) -> tuple[_Reading, _Reading]:
        """Places by the bottoms of the boxes and by their tops."""
        feet, head = self._nothing(), self._nothing()
        for mine, view in self._sightings.by_view(self._views):
            boxes, tall = self._sightings.boxes[mine], heights[self._sightings.person[mine]]
            ends = view.calibration.by_feet(boxes)
            tops = view.calibration.by_head(boxes, tall)
            for column in range(2):
                feet[column][mine], head[column][mine] = ends[column], tops[column]
            feet[0][mine] += view.bias.moves(self._rays[mine])
            head[0][mine] += view.bias.shift
        return _Reading.of(*feet, self._spread), _Reading.of(*head, self._spread)

    def _nothing(self) -> tuple[Doubles, Doubles]:
        return np.zeros((len(self._sightings), 2)), np.zeros((len(self._sightings), 2, 2))

    def _responsible(
        self, at: Doubles, ends: _Reading, tops: _Reading
    ) -> tuple[Doubles, Doubles, Doubles]:
        """Probabilities ``(N,)`` of seen feet, of hidden ones, and of seen heads."""
        good = (1 - HIDDEN - OUTLIERS) * ends.density(at)
        hidden = HIDDEN * ends.hidden_density(at, self._rays)
        total = good + hidden + OUTLIERS / AREA
        top = (1 - OUTLIERS) * tops.density(at)
        return good / total, hidden / total, top / (top + OUTLIERS / AREA)

    def _heights(self, at: Doubles) -> Doubles:
        """``(P,)`` m, medians of what all tops say of people who were there."""
        sightings = self._sightings
        tall, slope = np.full(len(at), np.nan), np.zeros(len(at))
        for mine, view in sightings.by_view(self._views):
            boxes = sightings.boxes[mine]
            step = 0.1  # m
            tall[mine] = view.calibration.heights(boxes, at[mine])
            farther = view.calibration.heights(boxes, at[mine] + step * self._rays[mine])
            slope[mine] = (farther - tall[mine]) / step
            tall[mine[view.headless(boxes)]] = np.nan
        weight = self._independent / (EDGE_ERROR**2 + (PLACE_ERROR * slope) ** 2)
        fine = np.isfinite(tall) & np.isfinite(weight)
        fine &= (tall > PLAUSIBLE[0]) & (tall < PLAUSIBLE[1])
        prior = 1 / PERSON_HEIGHT_SPREAD**2
        medians = []
        for rows in sightings.by_person():
            some = rows[fine[rows]]
            values = np.append(tall[some], PERSON_HEIGHT)
            medians.append(weighted_median(values, np.append(weight[some], prior)))
        return np.array(medians)


def weighted_median(values: Doubles, weights: Doubles) -> float:
    """The value up to which half of the weight lies; 0 where there is none."""
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    if not len(total) or total[-1] <= 0:
        return 0.0
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
