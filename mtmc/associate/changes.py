"""Tracks that changed from one person to another, told by the people they were taken for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mtmc.associate.evidence import EvidenceConfig, Looks, Scale, appearance
from mtmc.associate.floor import Positions, position_odds, same_tick
from mtmc.tracklets import TICK, Tracklet
from mtmc.types import TrackKey

DOUBT = 2.0  # log odds less than at the best time of a cut, at times where it may be as well
MOST_UNSURE = 1.0  # s to either side
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class People:
    """Who the tracklets were taken for, and what is known of everybody.

    Args:
        groups: ``(N,)`` person of each tracklet, from 0.
        looks: ``(N,)`` of the tracklets.
        positions: of all tracklets.
        cameras: ``(N,)`` number of each one's camera.
    """

    groups: Ints
    looks: Looks
    positions: Positions
    cameras: Ints

    @classmethod
    def of(cls, tracklets: Sequence[Tracklet], groups: Ints) -> Self:
        """From the tracklets and their groups."""
        cameras = np.unique([t.key.camera for t in tracklets], return_inverse=True)[1]
        positions = Positions.of(tracklets, -np.inf, np.inf)
        return cls(groups, Looks.of(tracklets), positions, cameras)

    @property
    def count(self) -> int:
        """How many people."""
        return int(self.groups.max()) + 1


def find_changes(
    tracklets: Sequence[Tracklet],
    groups: Ints,
    scale: Scale,
    config: EvidenceConfig,
    least: float,
) -> dict[TrackKey, list[float]]:
    """When tracks changed person, by comparison with everybody.

    A track is cut where its parts, each as the person it fits best, have more evidence than both
    as one person, by at least ``least`` log odds.
    """
    people = People.of(tracklets, np.unique(groups, return_inverse=True)[1])
    cuts = {}
    for row, tracklet in enumerate(tracklets):
        times = _Part(tracklet, row, people, scale, config).cuts(least)
        if times:
            cuts[tracklet.key] = times
    return cuts


class _Part:
    """A tracklet's moments, with the evidence of each for each person."""

    def __init__(
        self, tracklet: Tracklet, row: int, people: People, scale: Scale, config: EvidenceConfig
    ) -> None:
        self._scale, self._config = scale, config
        self._camera = tracklet.key.camera
        order = np.argsort(tracklet.gallery.times(), kind="stable")
        self._crop_times = tracklet.gallery.times()[order]
        self._sums = tracklet.gallery.sums()[order]
        self._totals = tracklet.gallery.weights()[order]
        self._others = np.arange(len(people.groups)) != row
        self._people = people
        self._ticks = (np.array(tracklet.path.ticks) + 0.5) * TICK
        self._floor = self._floor_odds(tracklet, row)

    def _floor_odds(self, tracklet: Tracklet, row: int) -> Doubles:
        """``(ticks, people)``."""
        people, path = self._people, tracklet.path
        result = np.zeros((len(path.ticks), people.count))
        if not len(path.ticks):
            return result
        mine = Positions.of([tracklet], -np.inf, np.inf)
        share = min(1, TICK / self._config.floor_memory)
        for left, right in same_tick(mine.ticks, people.positions.ticks):
            whose = people.positions.rows[right]
            other = people.cameras[whose] != people.cameras[row]
            left, right, whose = left[other], right[other], whose[other]  # noqa: PLW2901
            odds = position_odds(mine, left, people.positions, right, self._config)
            np.add.at(result, (left, people.groups[whose]), share * odds)
        return result

    def cuts(self, least: float) -> list[float]:
        """Times of all cuts, in order."""
        times = np.concatenate([self._ticks, self._crop_times])
        if not len(times):
            return []
        odds = np.concatenate([self._floor, self._by_looks()])
        moments, moment = np.unique(times, return_inverse=True)
        evidence = np.zeros((len(moments), odds.shape[1] + 1))  # the last is somebody new
        np.add.at(evidence[:, :-1], moment, odds)
        return _changes(moments, evidence, least)

    def _by_looks(self) -> Doubles:
        """``(crops, people)`` log odds by appearance."""
        people, known = self._people, self._others & (self._people.looks.weights > 0)
        cameras = np.repeat(np.array([self._camera], dtype=str), len(self._sums))
        crops = Looks.make(self._sums, self._totals, cameras)
        odds = appearance(crops, people.looks[known], self._scale, self._config)
        weights = people.looks.weights[known]
        total = np.zeros((people.count, len(self._sums)))
        np.add.at(total, people.groups[known], (odds * weights).T)
        weight = np.bincount(people.groups[known], weights, people.count)
        mean = total / np.maximum(weight, 1e-9)[:, None]
        since = np.diff(self._crop_times, prepend=-np.inf)
        share = np.minimum(1.0, since / self._config.floor_memory)
        return (mean * share).T


def _changes(times: Doubles, evidence: Doubles, cost: float) -> list[float]:
    """When somebody else is seen, given ``(T, people)`` log odds and the cost of a change.

    Viterbi's algorithm both ways: the best path of people through every moment and person. Where
    it changes, there is a cut at either end of the time in which it may have changed as well.
    """
    ahead, back = _best_paths(evidence, cost), _best_paths(evidence[::-1], cost)[::-1]
    through = ahead + back - evidence
    best = through.argmax(axis=1)
    lead = np.sort(through, axis=1)[:, -1] - np.sort(through, axis=1)[:, -2]
    sure = lead >= DOUBT
    cuts: list[float] = []
    for change in np.flatnonzero(np.diff(best)):
        first, last = change, change + 1
        while first > 0 and not sure[first] and times[change] - times[first] <= MOST_UNSURE:
            first -= 1
        while (
            last < len(times) - 1
            and not sure[last]
            and times[last] - times[change + 1] <= MOST_UNSURE
        ):
            last += 1
        if last == change + 1 and first == change:
            cuts.append(0.5 * (times[first] + times[last]))
        else:
            if first < change:
                cuts.append(0.5 * (times[first] + times[first + 1]))
            else:
                cuts.append(0.5 * (times[change] + times[change + 1]))
            if last > change + 1:
                cuts.append(0.5 * (times[last - 1] + times[last]))
    return sorted(set(cuts))


def _best_paths(evidence: Doubles, cost: float) -> Doubles:
    """``(T, people)`` the most evidence of a path that ends there."""
    result = evidence.copy()
    for step in range(1, len(result)):
        before = result[step - 1]
        result[step] += np.maximum(before, before.max() - cost)
    return result
