"""FLOOR: people followed on the floor, in metres, by all calibrated cameras together.

Boxes of one person hardly overlap from one frame to the next when frames are far apart; floor
positions go on being comparable. One Kalman filter per person takes what every camera sees of
them in a time step, so that a person hidden in one view is led on by the others, and the same id
means the same person in every camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mtmc.trackers.assignment import match
from mtmc.trackers.floor.config import MERGE_REACH, STRANGERS, SWEEPS, WALKING, FloorConfig
from mtmc.trackers.floor.motion import FloorMotion
from mtmc.trackers.floor.reading import apart, fused, invert, known_places
from mtmc.trackers.floor.relink import relink
from mtmc.trackers.floor.stature import Statures, standing
from mtmc.trackers.types import Detections, Tracks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

_NO_OWNER = -1


@dataclass(frozen=True, slots=True, eq=False)
class _Sightings:
    """All cameras' located detections of one step as columns.

    Args:
        camera: ``(D,)`` number of the camera.
        row: ``(D,)`` row of the detection there.
        scores: ``(D,)``.
        points: ``(D, 2)`` m.
        covariances: ``(D, 2, 2)`` m².
        information: ``(D, 2, 2)`` their inverses.
        pulls: ``(D, 2)`` information times point.
        statures: ``(D, 3)`` as `Detections` have them.
    """

    camera: Ints
    row: Ints
    scores: Array
    points: Array
    covariances: Array
    information: Array
    pulls: Array
    statures: Array

    @classmethod
    def of(cls, cameras: Sequence[Detections], least: float) -> _Sightings:
        parts = [_located(detections, least) for detections in cameras]
        camera = np.repeat(np.arange(len(cameras)), [len(part[0]) for part in parts])
        row, scores, points, covariances, statures = (
            np.concatenate([part[column] for part in parts]) for column in range(5)
        )
        information = invert(covariances)
        pulls = np.einsum("dij,dj->di", information, points)
        return cls(camera, row, scores, points, covariances, information, pulls, statures)


def _located(detections: Detections, least: float) -> tuple[Ints, Array, Array, Array, Array]:
    """Row, score, place, covariance and stature of the detections that have a place."""
    floor, covariance = detections.floor, detections.floor_covariance
    if floor is None or covariance is None:
        nobody = np.zeros(0, np.int64), np.zeros(0)
        return *nobody, np.zeros((0, 2)), np.zeros((0, 2, 2)), np.zeros((0, 3))
    rows = np.flatnonzero(known_places(floor, covariance) & (detections.scores >= least))
    known = detections.statures
    statures = np.full((len(detections), 3), np.nan) if known is None else known
    scores = detections.scores[rows].astype(np.float64)
    return rows, scores, floor[rows], covariance[rows], statures[rows]


class FloorTracker:
    """Follows people over all cameras at once.

    In each step the cameras are gone through several times; each camera's detections are matched
    one to one to the people, where everybody is expected by the filter and by what all other
    cameras were matched to.

    Args:
        config: settings; the defaults where None.
    """

    Config: ClassVar = FloorConfig
    needs_floor: ClassVar = True
    needs_embeddings: ClassVar = False
    needs_image: ClassVar = False

    def __init__(self, config: FloorConfig | None = None) -> None:
        self.config = config or FloorConfig()
        self.motion = FloorMotion(WALKING)
        self.statures = Statures.unknown(0)
        self.ids = np.zeros(0, np.int64)
        self.hits = np.zeros(0, np.int64)
        self.seen = np.zeros(0)  # s, time of the last detection
        self.alike = np.zeros((0, 0))  # s for which two could be one person
        self.merged: dict[int, int] = {}  # in the last step: id -> id it turned out to be
        self._time: float | None = None
        self._next_id = 1

    def reset(self) -> None:
        """Forgets everybody, as before the first step; ids start at 1 again."""
        vars(self).update(vars(type(self)(self.config)))

    def update(self, time: float, cameras: Sequence[Detections]) -> list[Tracks]:
        """Takes one time step's detections of all cameras and reports the tracks in each.

        Args:
            time: seconds; it never decreases.
            cameras: of each camera, in the same order at every step, with floor positions; those
                without one are left alone. Empty where a camera saw nobody or gave no frame.

        Returns:
            The tracks of each camera, in the order of ``cameras``; one id is one person in all.
        """
        first = self._time is None
        step = 0.0 if self._time is None else max(0.0, time - self._time)
        self.motion.predict(step)
        self.statures.predict(step)
        # One step may miss somebody however far apart the steps are.
        known = min(time - self.config.max_age, time if self._time is None else self._time)
        self._time = time
        sightings = _Sightings.of(cameras, self.config.low_score)
        owner = self._assign(sightings)
        owner = self._births(sightings, owner)
        self._correct(sightings, owner, time)
        owner = self._merge(sightings, owner, step)
        confirmed = (self.hits >= self.config.min_hits) | first
        reported = [
            self._tracks(detections, sightings, owner, number, confirmed)
            for number, detections in enumerate(cameras)
        ]
        self._keep(self.seen >= known)
        return reported

    def positions(self) -> tuple[Ints, Array]:
        """Where those are who were seen in the last step: ids and ``(N, 2)`` m."""
        now = self.seen == self._time
        return self.ids[now], self.motion.mean[now, :2]

    def relink(
        self,
        times: Array,
        ids: Ints,
        points: Array,
        covariances: Array,
        statures: Array | None = None,
    ) -> Ints:
        """See `SceneTracker`."""
        return relink(times, ids, points, covariances, statures, self.config)

    def _assign(self, sightings: _Sightings) -> Ints:
        """``(D,)`` the person, by row, of each detection."""
        owner = np.full(len(sightings.camera), _NO_OWNER)
        if not len(self.ids) or not len(owner):
            return owner
        prior = invert(self.motion.covariance[:, :2, :2])
        pull = np.einsum("nij,nj->ni", prior, self.motion.mean[:, :2])
        for _ in range(SWEEPS):
            before = owner.copy()
            for camera in np.unique(sightings.camera):
                here = np.flatnonzero(sightings.camera == camera)
                owner[here] = _NO_OWNER
                self._match(sightings, owner, here, (prior, pull), self.statures)
            if np.array_equal(before, owner):
                break
        return owner

    def _match(
        self,
        sightings: _Sightings,
        owner: Ints,
        here: Ints,
        prior: tuple[Array, Array],
        statures: Statures,
    ) -> None:
        """Match some detections, of one camera, to people given what the others own, in place.

        People are known by ``prior``, information and pull, and ``statures`` beforehand.
        """
        others = np.flatnonzero(owner >= 0)
        information, pulls = prior[0].copy(), prior[1].copy()
        np.add.at(information, owner[others], sightings.information[others])
        np.add.at(pulls, owner[others], sightings.pulls[others])
        covariance = invert(information)
        mean = np.einsum("nij,nj->ni", covariance, pulls)
        statures = statures[:]
        self._measure(statures, sightings, owner, mean, covariance)
        rows, cols, cost = self._costs(mean, covariance, statures, sightings, here)
        taken = match(rows, cols, cost, 0.0, (len(mean), len(here)))
        owner[here[taken[1]]] = taken[0]

    def _measure(
        self, statures: Statures, sightings: _Sightings, owner: Ints, mean: Array, unsure: Array
    ) -> None:
        """Take in how tall people are, in place, by what they own; they stand at ``mean``."""
        owned = np.flatnonzero(owner >= 0)
        whose, known = owner[owned], sightings.statures[owned]
        away = sightings.points[owned] - mean[whose]
        statures.correct(whose, *standing(known, away, unsure[whose]))

    def _costs(
        self,
        mean: Array,
        covariance: Array,
        statures: Statures,
        sightings: _Sightings,
        here: Ints,
    ) -> tuple[Ints, Ints, Array]:
        """Allowed pairs of people and detections, and the negative log odds of each."""
        total = covariance[:, None] + sightings.covariances[here]  # (N, D, 2, 2)
        away = sightings.points[here] - mean[:, None]
        distance, density = apart(away, total)
        tall = standing(sightings.statures[here], away, covariance[:, None])
        cost = np.log(STRANGERS) - density - statures[:, None].odds(*tall)
        rows, cols = np.nonzero((distance <= self.config.gate) & (cost <= 0))
        return rows, cols, cost[rows, cols]

    def _births(self, sightings: _Sightings, owner: Ints) -> Ints:
        """New people for the detections nobody took; one camera adds to those of another."""
        free = (owner == _NO_OWNER) & (sightings.scores >= self.config.birth_score)
        known, count = len(self.ids), len(self.ids)
        new = np.full(len(owner), _NO_OWNER)  # by row among the new
        for camera in np.unique(sightings.camera[free]):
            here = np.flatnonzero(free & (sightings.camera == camera))
            if count > known:
                nothing = np.zeros((count - known, 2, 2)), np.zeros((count - known, 2))
                self._match(sightings, new, here, nothing, Statures.unknown(count - known))
            alone = here[new[here] == _NO_OWNER]
            new[alone] = count - known + np.arange(len(alone))
            count += len(alone)
        self._add(sightings, new, count - known)
        return np.where(new >= 0, known + new, owner)

    def _add(self, sightings: _Sightings, new: Ints, count: int) -> None:
        first = np.array([np.flatnonzero(new == row)[0] for row in range(count)], np.int64)
        self.motion.add(sightings.points[first])
        self.statures.add(count)
        self.ids = np.concatenate([self.ids, self._next_id + np.arange(count)])
        self.hits = np.concatenate([self.hits, np.zeros(count, np.int64)])
        self.seen = np.concatenate([self.seen, np.zeros(count)])
        self.alike = np.pad(self.alike, (0, count))
        self._next_id += count

    def _correct(self, sightings: _Sightings, owner: Ints, time: float) -> None:
        owned = np.flatnonzero(owner >= 0)
        rows, place = np.unique(owner[owned], return_inverse=True)
        if not len(rows):
            return
        points, covariances = sightings.points[owned], sightings.covariances[owned]
        self.motion.correct(rows, *fused(points, covariances, place, len(rows)))
        where, unsure = self.motion.mean[:, :2], self.motion.covariance[:, :2, :2]
        self._measure(self.statures, sightings, owner, where, unsure)
        self.hits += np.bincount(owner[owned], minlength=len(self.ids))
        self.seen[rows] = time

    def _merge(self, sightings: _Sightings, owner: Ints, step: float) -> Ints:
        """Make one of two who turn out to be one; returns the owners, who may be others now.

        Where calibrations disagree, a person may be taken for two: one for some of the cameras,
        one for the others.
        """
        owned = np.flatnonzero(owner >= 0)
        views = np.zeros((len(self.ids), sightings.camera.max(initial=-1) + 1), bool)
        views[owner[owned], sightings.camera[owned]] = True
        seen = np.bincount(owner[owned], minlength=len(self.ids)) > 0
        place = self.motion.mean[:, :2]
        far = np.linalg.norm(place[:, None] - place[None], axis=2) > MERGE_REACH
        both = seen[:, None] & seen[None]
        # One box too many in a camera now and then is no proof of two people.
        shared = (views[:, None] & views[None]).any(axis=2)
        # However long the step was, one look is no more than half a proof.
        step = min(step, self.config.merge_after / 2)
        self.alike += step * both * np.where(shared, -1, 1)
        self.alike[far | (self.alike < 0)] = 0
        np.fill_diagonal(self.alike, 0)
        self.merged = {}
        stays = np.arange(len(self.ids))
        for older, newer in np.argwhere(np.triu(self.alike) >= self.config.merge_after):
            if stays[older] == older and stays[newer] == newer:
                stays[newer] = older
                self.merged[int(self.ids[newer])] = int(self.ids[older])
                self.hits[older] += self.hits[newer]
        self.seen[stays != np.arange(len(stays))] = -np.inf
        result = owner.copy()
        result[owned] = stays[owner[owned]]
        return result

    def _tracks(
        self,
        detections: Detections,
        sightings: _Sightings,
        owner: Ints,
        camera: int,
        confirmed: NDArray[np.bool_],
    ) -> Tracks:
        here = np.flatnonzero((sightings.camera == camera) & (owner >= 0))
        here = here[confirmed[owner[here]]]
        here = here[np.argsort(self.ids[owner[here]])]
        rows = sightings.row[here]
        return Tracks(self.ids[owner[here]], detections.boxes[rows], detections.scores[rows], rows)

    def _keep(self, mask: NDArray[np.bool_]) -> None:
        if mask.all():
            return
        self.motion.keep(mask)
        self.statures = self.statures[mask]
        self.ids, self.hits, self.seen = self.ids[mask], self.hits[mask], self.seen[mask]
        self.alike = self.alike[np.ix_(mask, mask)]
