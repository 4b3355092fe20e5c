"""Association of finished tracklets, all at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mtmc.associate.evidence import (
    EvidenceConfig,
    Looks,
    appearance,
    floor_evidence,
    without_camera_colours,
)
from mtmc.associate.matching import FORBIDDEN, match_or_new
from mtmc.associate.split import find_cuts
from mtmc.associate.thresholds import scale_of
from mtmc.config import require
from mtmc.tracklets import Tracklet
from mtmc.types import TrackKey

MAX_SWEEPS = 10  # of reassignment; it settles in two or three


@dataclass(frozen=True)
class OfflineConfig(EvidenceConfig):
    """Settings of the offline association, beside those of ``EvidenceConfig``.

    Args:
        split: a track is cut where the looks before and after speak at least that much against
            one person, log odds; None cuts none.
    """

    split: float | None = 2.0

    def __post_init__(self) -> None:
        EvidenceConfig.__post_init__(self)
        require(self.split is None or self.split > 0, f"split must be above 0, got {self.split}")


class OfflineAssociator:
    """Clusters tracklets into people, then reassigns them by Hungarian matching until stable.

    1. The two groups with the strongest evidence for being one person are joined, as long as
       there is any and no frame shows both (agglomerative clustering with cannot-link
       constraints).
    2. The tracklets that one camera shows at the same time are taken out and matched anew, one
       to one, to all groups (or to a new one each); repeated until nothing changes.
    """

    Config: ClassVar = OfflineConfig
    online: ClassVar = False

    def __init__(self, config: OfflineConfig, max_distance: float) -> None:
        self._config = config
        self._max_distance = max_distance

    def update(self, time: float, visible: Sequence[Tracklet]) -> Mapping[TrackKey, int]:
        """Nothing is decided before the end."""
        del time, visible
        return {}

    def cuts(self, tracklets: Sequence[Tracklet]) -> Mapping[TrackKey, Sequence[float]]:
        """When tracks changed person, s; to be asked, and done, before ``finish``."""
        if self._config.split is None:
            return {}
        scale = scale_of(tracklets, self._max_distance, self._config)
        return find_cuts(tracklets, scale, self._config, self._config.split)

    def finish(self, tracklets: Sequence[Tracklet]) -> Mapping[TrackKey, int]:
        """See ``Associator``; people are numbered in the order of their first sighting."""
        ordered = sorted(tracklets, key=lambda t: (t.start, t.key))
        if not ordered:
            return {}
        problem = _Problem(ordered, self._config, self._max_distance)
        groups = problem.reassign(problem.cluster())
        numbers: dict[int, int] = {}
        return {
            tracklet.key: numbers.setdefault(int(group), len(numbers) + 1)
            for tracklet, group in zip(ordered, groups, strict=True)
        }


class _Problem:
    """The tracklets' pairwise evidence and constraints, and the two steps of the solution.

    Between two groups, the floor's evidence adds up over all pairs, since each pair was seen at
    other moments; appearance is the weighted mean, since it is the same clothes again.
    """

    def __init__(
        self, tracklets: Sequence[Tracklet], config: EvidenceConfig, max_distance: float
    ) -> None:
        looks = Looks.of(tracklets)
        if config.camera_colours:
            looks = without_camera_colours(looks)
        scale = scale_of(tracklets, max_distance, config)
        self._tracklets = tracklets
        self._appearance = appearance(looks, looks, scale, config)
        self._weights = looks.weights
        self._floor = floor_evidence(tracklets, config)
        self._apart = _conflicts(tracklets)

    def cluster(self) -> NDArray[np.int64]:
        """``(N,)`` group of each tracklet."""
        count = len(self._tracklets)
        groups, every = np.arange(count), np.arange(count)
        weight = self._weights.copy()
        look = self._appearance * np.outer(weight, weight)
        floor, apart = self._floor.copy(), self._apart.copy()
        np.fill_diagonal(apart, True)
        score = np.where(apart, -np.inf, _mean(look, np.outer(weight, weight)) + floor)
        best = score.argmax(axis=1)
        while True:
            a = int(score[every, best].argmax())
            b = int(best[a])
            if score[a, b] <= 0:
                return groups
            groups[groups == b] = a
            weight[a] += weight[b]
            for matrix in (look, floor, apart):
                merged = matrix[a] + matrix[b]  # for ``apart``: or
                matrix[a] = matrix[:, a] = merged
            apart[a, a] = True
            apart[b] = apart[:, b] = True
            row = np.where(apart[a], -np.inf, _mean(look[a], weight[a] * weight) + floor[a])
            score[a] = score[:, a] = row
            score[b] = score[:, b] = -np.inf
            # Only rows whose best partner changed need another look at the whole row.
            stale = np.isin(best, (a, b)) | (score[:, a] > score[every, best])
            stale[[a, b]] = True
            best[stale] = score[stale].argmax(axis=1)

    def reassign(self, groups: NDArray[np.int64]) -> NDArray[np.int64]:
        """Match the tracklets of each moment and camera anew until nothing changes."""
        groups = groups.copy()
        cliques = _simultaneous(self._tracklets)
        for _ in range(MAX_SWEEPS):
            before = groups.copy()
            for clique in cliques:
                self._match(clique, groups)
            if _same_partition(before, groups):
                break
        return groups

    def _match(self, clique: NDArray[np.int64], groups: NDArray[np.int64]) -> None:
        """Assign the tracklets of a clique to the groups of all others, in place."""
        rest = np.ones(len(groups), bool)
        rest[clique] = False
        names, member = np.unique(groups, return_inverse=True)

        def per_group(values: NDArray[np.floating]) -> NDArray[np.float64]:
            return np.bincount(member, values * rest, minlength=len(names)).astype(np.float64)

        weight = per_group(self._weights)
        odds = np.stack(
            [
                _mean(per_group(self._appearance[row] * self._weights), weight)
                + per_group(self._floor[row])
                for row in clique
            ]
        )
        conflict = np.stack([per_group(self._apart[row].astype(float)) for row in clique]) > 0
        odds[conflict | (per_group(np.ones(len(groups))) == 0)] = FORBIDDEN
        matched = match_or_new(odds)
        fresh = groups.max() + 1 + np.arange(len(clique))
        groups[clique] = np.where(matched >= 0, names[matched], fresh)


def _mean(total: NDArray[np.floating], weight: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(total / np.maximum(weight, 1e-9))


def _conflicts(tracklets: Sequence[Tracklet]) -> NDArray[np.bool_]:
    """``(N, N)``: True for two tracklets that one frame shows at once."""
    apart = np.zeros((len(tracklets), len(tracklets)), bool)
    for rows in _by_camera(tracklets).values():
        for position, a in enumerate(rows):
            for b in rows[position + 1 :]:
                if tracklets[b].start > tracklets[a].end:
                    break  # sorted by start: no later one meets it either
                apart[a, b] = apart[b, a] = tracklets[a].meets(tracklets[b])
    return apart


def _by_camera(tracklets: Sequence[Tracklet]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = defaultdict(list)
    for row, tracklet in enumerate(tracklets):
        rows[tracklet.key.camera].append(row)
    return rows


def _simultaneous(tracklets: Sequence[Tracklet]) -> list[NDArray[np.int64]]:
    """For each tracklet: it and those of its camera that meet it as it begins."""
    cliques = []
    for rows in _by_camera(tracklets).values():
        for row in rows:
            start = tracklets[row].start
            clique = [r for r in rows if tracklets[r].start <= start <= tracklets[r].end]
            cliques.append(
                np.array([r for r in clique if r == row or tracklets[r].meets(tracklets[row])])
            )
    return cliques


def _same_partition(a: NDArray[np.int64], b: NDArray[np.int64]) -> bool:
    pairs = len(np.unique(np.stack([a, b]), axis=1).T)
    return pairs == len(np.unique(a)) == len(np.unique(b))
