"""Tracks that changed from one person to another, told by the people they were taken for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import sparse

from mtmc.associate.cuts.change import Change
from mtmc.associate.evidence.appearance import Scale, appearance, looks_of
from mtmc.associate.evidence.config import FLOOR_MEMORY, EvidenceConfig
from mtmc.associate.evidence.floor import Positions, position_odds
from mtmc.associate.evidence.looks import Looks
from mtmc.trackers.steps import pairs_of_steps
from mtmc.tracking.tracklet import TICK, Tracklet
from mtmc.types import Doubles, Ints


def changes_by_people(
    tracklets: Sequence[Tracklet],
    people: Ints,
    scale: Scale,
    config: EvidenceConfig,
    cost: float,
    rows: Sequence[int] | None = None,
) -> list[Change]:
    """Where tracks changed person, by comparison with everybody at every moment.

    Each crop and each floor position of a track speaks for and against each person: those the
    other tracks were taken for, and somebody new. Of all sequences of people the one with the most
    evidence is found, where each change costs something (Viterbi's algorithm). Tracks without floor
    positions are left alone: looks by themselves bring no more than ``changes_by_looks`` does.

    Args:
        tracklets: ``N``, with all their crops.
        people: ``(N,)`` who each was taken for, from 0.
        scale: what distances mean.
        config: of the evidence.
        cost: of a change, log odds.
        rows: of the tracklets whose changes are asked for; None for all.

    Source: A. Viterbi, Error bounds for convolutional codes, IEEE Transactions on Information
    Theory 13, 1967.
    """
    asked = range(len(tracklets)) if rows is None else rows
    located = [row for row in asked if tracklets[row].path.ticks]
    if not located:
        return []
    paths = [tracklets[row].path.ticks for row in located]
    during = min(ticks[0] for ticks in paths), max(ticks[-1] for ticks in paths)
    known = _People.of(tracklets, people, scale, during)
    return [
        Change(tracklets[row].key, time, gain)
        for row in located
        for time, gain in best_changes(*_by_moment(tracklets[row], row, known, scale, config), cost)
    ]


@dataclass(frozen=True, eq=False)
class _People:
    """Who the tracklets were taken for, and what is known of everybody.

    Args:
        groups: ``(N,)`` person of each tracklet, from 0.
        looks: ``(N,)`` of the tracklets.
        shares: ``(people, N)`` weight of each tracklet's looks in its person's.
        positions: of all tracklets, at the moments that are asked for.
        cameras: ``(N,)`` number of each one's camera.
    """

    groups: Ints
    looks: Looks
    shares: sparse.csr_array
    positions: Positions
    cameras: Ints

    @classmethod
    def of(
        cls, tracklets: Sequence[Tracklet], groups: Ints, scale: Scale, during: tuple[int, int]
    ) -> Self:
        looks = looks_of(tracklets, scale)
        rows = np.arange(len(groups))
        shares = sparse.csr_array((looks.weights.astype(np.float64), (groups, rows)))
        cameras = np.unique([t.key.camera for t in tracklets], return_inverse=True)[1]
        return cls(groups, looks, shares, Positions.of(tracklets, *during), cameras)


def _by_moment(
    tracklet: Tracklet, row: int, people: _People, scale: Scale, config: EvidenceConfig
) -> tuple[Doubles, Doubles]:
    """Times ``(T,)`` s of a tracklet's crops and positions; ``(T, people + 1)`` log odds.

    The last column is somebody new, of whom nothing speaks for or against.
    """
    crop_times, by_looks = _by_looks(tracklet, row, people, scale, config)
    ticks = (np.array(tracklet.path.ticks) + 0.5) * TICK
    times, moment = np.unique(np.concatenate([ticks, crop_times]), return_inverse=True)
    odds = np.zeros((len(times), people.shares.shape[0] + 1))
    both = np.concatenate([_by_floor(tracklet, row, people), by_looks])
    np.add.at(odds[:, :-1], moment, both)
    return times, odds


def _by_looks(
    tracklet: Tracklet, row: int, people: _People, scale: Scale, config: EvidenceConfig
) -> tuple[Doubles, Doubles]:
    """Times of the crops, and ``(crops, people)`` log odds; crops soon after another count less."""
    gallery = tracklet.gallery
    order = np.argsort(gallery.times(), kind="stable")
    times = gallery.times()[order]
    if not len(times):
        return times, np.zeros((0, people.shares.shape[0]))
    crops = scale.adapted(Looks.of_members(gallery, tracklet.key.camera))[order]
    odds = appearance(crops, people.looks, scale, config).astype(np.float64)
    odds[:, row] = 0  # its own looks must not speak for whoever it was taken for
    weights = people.shares.sum(axis=1)
    weights[people.groups[row]] -= people.looks.weights[row]
    mean = (people.shares @ odds.T).T / np.maximum(weights, 1e-9)
    since = np.diff(times, prepend=-np.inf)
    return times, mean * np.minimum(1.0, since / FLOOR_MEMORY)[:, None]


def _by_floor(tracklet: Tracklet, row: int, people: _People) -> Doubles:
    """``(ticks, people)`` log odds by where the other cameras see everybody."""
    result = np.zeros((len(tracklet.path.ticks), people.shares.shape[0]))
    mine, theirs = Positions.of([tracklet], -np.inf, np.inf), people.positions
    share = min(1, TICK / FLOOR_MEMORY)
    for left, right in pairs_of_steps(mine.ticks, theirs.ticks):
        other = people.cameras[theirs.rows[right]] != people.cameras[row]
        left, right = left[other], right[other]  # noqa: PLW2901
        odds = position_odds(mine, left, theirs, right)
        np.add.at(result, (left, people.groups[theirs.rows[right]]), share * odds)
    return result


def best_changes(times: Doubles, odds: Doubles, cost: float) -> list[tuple[float, float]]:
    """Where to cut a track, s, and the log odds gained over the next best sequence.

    Args:
        times: ``(T,)`` s, ascending.
        odds: ``(T, people)`` log odds of each moment.
        cost: of a change.
    """
    total = odds.copy()  # the most evidence of a sequence that ends with this person
    for moment in range(1, len(total)):
        before = total[moment - 1]
        total[moment] += np.maximum(before, before.max() - cost)
    person = int(total[-1].argmax())
    found = []
    for moment in range(len(total) - 1, 0, -1):
        before = total[moment - 1]
        gain = float(before.max() - cost - before[person])
        if gain > 0:
            person = int(before.argmax())
            found.append((0.5 * float(times[moment - 1] + times[moment]), gain))
    return found[::-1]
