"""A second look at people followed on the floor: who goes on as whom, with the future known."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mtmc.trackers.assignment import match
from mtmc.trackers.floor.config import STRANGERS, WALKING, FloorConfig
from mtmc.trackers.floor.motion import FloorMotion
from mtmc.trackers.floor.reading import fused, invert

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

ENDING = 0.1  # how often, of the times somebody is seen, it is the last time
CLEAR = 1.0  # log odds by which people must do better as each other: errors last for a moment
SWEEPS = 20  # at most; it settles in a few


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Where each person was at each time, all cameras together; ordered by time.

    Args:
        times: ``(K,)`` s.
        points: ``(K, 2)`` m.
        covariances: ``(K, 2, 2)`` m².
        steps: bounds of the places of each distinct time.
    """

    times: Array
    points: Array
    covariances: Array
    steps: list[slice]


def relink(
    times: Array,
    ids: Ints,
    points: Array,
    covariances: Array,
    config: FloorConfig | None = None,
) -> Ints:
    """Ids that change where another continuation of the paths is more likely.

    People who come close are told apart by where each came from and, now, also by where each goes:
    at every time, the states filtered up to there are matched one to one to the states filtered
    back from the end. The clearest exchanges are made, and all is looked at anew until none is
    left.

    Args:
        times: ``(N,)`` s of each sighting by one camera.
        ids: ``(N,)`` as `FloorTracker` gave them.
        points: ``(N, 2)`` m.
        covariances: ``(N, 2, 2)`` m².
        config: of the tracker; the defaults where None.

    Returns:
        ``(N,)`` ids. Sightings of one time that had one id still have one.
    """
    config = config or FloorConfig()
    if not len(times):
        return ids
    place, places = _fuse(times, ids, points, covariances)
    chains = np.zeros(len(places.times), np.int64)
    chains[place] = ids
    for _ in range(SWEEPS):
        exchanges = _exchanges(places, chains, config)
        if not exchanges:
            break
        # The clearest first; what it changes is to be looked at anew before it changes again.
        touched: set[int] = set()
        for exchange in sorted(exchanges, key=lambda e: -e.gain):
            if touched.isdisjoint(exchange.concerned):
                touched |= exchange.concerned
                chains = exchange.apply(chains)
    return chains[place]


@dataclass(frozen=True, slots=True, eq=False)
class _Exchange:
    """People who had better go on as others from some place on.

    Args:
        start: the first place, by time, that is renamed.
        renamed: id up to now -> id from there on; with 0 for a new one.
        gain: log odds.
    """

    start: int
    renamed: dict[int, int]
    gain: float

    @property
    def concerned(self) -> set[int]:
        """All ids that take part."""
        return {*self.renamed.keys(), *self.renamed.values()} - {0}

    def apply(self, chains: Ints) -> Ints:
        """The chains after the exchange."""
        result = chains.copy()
        fresh = chains.max()
        for old, new in self.renamed.items():
            fresh += new == 0
            later = self.start + np.flatnonzero(chains[self.start :] == old)
            result[later] = new or fresh
        return result


def _fuse(times: Array, ids: Ints, points: Array, covariances: Array) -> tuple[Ints, _Places]:
    """The place ``(N,)`` each sighting belongs to, and the places."""
    moments, moment = np.unique(times, return_inverse=True)
    people, person = np.unique(ids, return_inverse=True)
    keys, place = np.unique(moment * len(people) + person, return_inverse=True)
    where, covariance = fused(points, covariances, place, len(keys))
    bounds = np.searchsorted(keys // len(people), np.arange(len(moments) + 1)).tolist()
    steps = [slice(*bound) for bound in pairwise(bounds)]
    return place, _Places(moments[keys // len(people)], where, covariance, steps)


def _filtered(places: _Places, chains: Ints, *, back: bool) -> tuple[Array, Array]:
    """State ``(K, 4)`` and covariance at each place, of it and all of its chain before or after.

    Args:
        places: all of them.
        chains: ``(K,)`` who each is.
        back: from the end, rather than from the start.
    """
    mean = np.zeros((len(chains), 4))
    covariance = np.zeros((len(chains), 4, 4))
    motion = FloorMotion(WALKING)
    motion.add(np.zeros((chains.max() + 1, 2)))
    state = motion.mean, motion.covariance
    last = np.full(chains.max() + 1, np.nan)
    for step in reversed(places.steps) if back else places.steps:
        rows, time = chains[step], places.times[step.start]
        motion.mean, motion.covariance = state[0][rows], state[1][rows]
        motion.predict(np.nan_to_num(np.abs(time - last[rows])))
        motion.correct(np.arange(len(rows)), places.points[step], places.covariances[step])
        state[0][rows], state[1][rows] = motion.mean, motion.covariance
        mean[step], covariance[step] = motion.mean, motion.covariance
        last[rows] = time
    if back:
        mean[:, 2:] *= -1
        covariance[:, :2, 2:] *= -1
        covariance[:, 2:, :2] *= -1
    return mean, covariance


def _exchanges(places: _Places, chains: Ints, config: FloorConfig) -> list[_Exchange]:
    """At every time, the matching of pasts to futures, where it is better than the present one."""
    before = _filtered(places, chains, back=False)
    after = _filtered(places, chains, back=True)
    found = []
    last = np.full(chains.max() + 1, -1)  # place of each chain so far
    final = last.copy()
    final[chains] = np.arange(len(chains))
    for step in places.steps:
        here, time = chains[step], places.times[step.start]
        past = np.flatnonzero(last >= 0)
        recent = places.times[last[past]] >= time - config.max_age
        # Who is unseen now but comes back later does so unasked.
        past = past[recent & ((final[past] < step.start) | np.isin(past, here))]
        motion = FloorMotion(WALKING)
        motion.mean, motion.covariance = before[0][last[past]], before[1][last[past]]
        motion.predict(time - places.times[last[past]])
        rows, cols, cost = _costs(motion, after[0][step], after[1][step], config)
        present = past[rows] == here[cols]
        taken = match(rows, cols, cost, 0.0, (len(past), len(here)))
        new = dict(zip(here[taken[1]].tolist(), past[taken[0]].tolist(), strict=True))
        known = {chain: new.get(chain, 0) for chain in here.tolist()}
        renamed = {
            old: name for old, name in known.items() if name != old and (name or last[old] >= 0)
        }
        if renamed:
            chosen = np.isin(rows * len(here) + cols, taken[0] * len(here) + taken[1])
            gain = float(cost[present].sum() - cost[chosen].sum())
            if gain >= CLEAR or 0 in renamed.values():
                found.append(_Exchange(step.start, renamed, gain))
        last[here] = np.arange(step.start, step.stop)
    return found


def _costs(
    motion: FloorMotion, ahead: Array, unsure: Array, config: FloorConfig
) -> tuple[Ints, Ints, Array]:
    """Pairs of a past and a future that may be one person, and the negative log odds.

    One person: both states agree within their covariances. Two: the future's person comes from
    anywhere, at the speed people walk.
    """
    total = motion.covariance[:, None] + unsure[None]  # (N, M, 4, 4)
    away = ahead[None] - motion.mean[:, None]
    far = np.einsum("nmi,nmij,nmj->nm", away[..., :2], invert(total[..., :2, :2]), away[..., :2])
    rows, cols = np.nonzero(far <= config.gate)
    total, away = total[rows, cols], away[rows, cols]
    distance = np.einsum("pi,pi->p", away, np.linalg.solve(total, away[..., None])[..., 0])
    same = -0.5 * distance - 0.5 * np.linalg.slogdet(2 * np.pi * total)[1]
    pace = unsure[:, 2:, 2:] + WALKING**2 * np.eye(2)
    speed = ahead[:, 2:]
    other = -0.5 * np.einsum("mi,mij,mj->m", speed, invert(pace), speed)
    other -= 0.5 * np.log(np.linalg.det(2 * np.pi * pace))
    return rows, cols, np.log(ENDING * STRANGERS) + other[cols] - same
