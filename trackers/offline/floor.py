"""A second look at people followed on the floor: who goes on as whom, with the future known."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from trackers.assignment import match
from trackers.floor import FloorConfig
from trackers.floor_motion import FloorMotion, invert

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

ENDING = 0.1  # how often, of the times somebody is seen, it is the last time
SWEEPS = 5  # at most; it settles in two or three


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
    time by time, the states filtered up to there are matched one to one to the states filtered
    back from the end, until nothing changes.

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
    place, places = _fuse(times, ids, points, covariances, config.spread)
    chains = np.zeros(len(places.times), np.int64)
    chains[place] = ids
    for _ in range(SWEEPS):
        before = chains
        chains = _forward(places, *_backward(places, chains, config), config)
        if _same_partition(before, chains):
            break
    return chains[place]


def _fuse(
    times: Array, ids: Ints, points: Array, covariances: Array, spread: float
) -> tuple[Ints, _Places]:
    """The place ``(N,)`` each sighting belongs to, and the places."""
    moments, moment = np.unique(times, return_inverse=True)
    people, person = np.unique(ids, return_inverse=True)
    keys, place = np.unique(moment * len(people) + person, return_inverse=True)
    sure = invert(covariances + spread**2 * np.eye(2))
    information, pull = np.zeros((len(keys), 2, 2)), np.zeros((len(keys), 2))
    np.add.at(information, place, sure)
    np.add.at(pull, place, np.einsum("nij,nj->ni", sure, points))
    covariance = invert(information)
    bounds = np.searchsorted(keys // len(people), np.arange(len(moments) + 1)).tolist()
    steps = [slice(*bound) for bound in pairwise(bounds)]
    where = np.einsum("kij,kj->ki", covariance, pull)
    return place, _Places(moments[keys // len(people)], where, covariance, steps)


def _backward(places: _Places, chains: Ints, config: FloorConfig) -> tuple[Array, Array]:
    """State ``(K, 4)`` and covariance at each place, of it and all of its chain that follows."""
    mean = np.zeros((len(chains), 4))
    covariance = np.zeros((len(chains), 4, 4))
    motion = FloorMotion(config.walking, config.acceleration)
    rows: dict[int, int] = {}
    last = places.times[-1]
    for step in reversed(places.steps):
        motion.predict(last - places.times[step.start])
        last = places.times[step.start]
        here = chains[step]
        new = [k for k, chain in enumerate(here.tolist()) if chain not in rows]
        for k in new:
            rows[int(here[k])] = len(rows)
        motion.add(places.points[step][new])
        mine = np.array([rows[chain] for chain in here.tolist()], np.int64)
        motion.correct(mine, places.points[step], places.covariances[step])
        mean[step], covariance[step] = motion.mean[mine], motion.covariance[mine]
    # It went back in time.
    mean[:, 2:] *= -1
    covariance[:, :2, 2:] *= -1
    covariance[:, 2:, :2] *= -1
    return mean, covariance


def _forward(places: _Places, ahead: Array, unsure: Array, config: FloorConfig) -> Ints:
    """``(K,)`` the chain of each place, from the past up to it and the future from it on."""
    chains = np.zeros(len(places.times), np.int64)
    motion = FloorMotion(config.walking, config.acceleration)
    ids, seen = np.zeros(0, np.int64), np.zeros(0)
    count, last = 0, places.times[0]
    for step in places.steps:
        time = places.times[step.start]
        motion.predict(time - last)
        last = time
        alive = seen >= time - config.max_age
        motion.keep(alive)
        ids, seen = ids[alive], seen[alive]
        points, covariances = places.points[step], places.covariances[step]
        owner = np.full(len(points), -1)
        rows, cols, cost = _costs(motion, ahead[step], unsure[step], config)
        taken = match(rows, cols, cost, 0.0, (len(ids), len(points)))
        owner[taken[1]] = taken[0]
        new = np.flatnonzero(owner < 0)
        owner[new] = len(ids) + np.arange(len(new))
        motion.add(points[new])
        ids = np.concatenate([ids, count + 1 + np.arange(len(new))])
        seen = np.concatenate([seen, np.zeros(len(new))])
        count += len(new)
        motion.correct(owner, points, covariances)
        seen[owner] = time
        chains[step] = ids[owner]
    return chains


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
    pace = unsure[:, 2:, 2:] + config.walking**2 * np.eye(2)
    speed = ahead[:, 2:]
    other = -0.5 * np.einsum("mi,mij,mj->m", speed, invert(pace), speed)
    other -= 0.5 * np.log(np.linalg.det(2 * np.pi * pace))
    return rows, cols, np.log(ENDING * config.strangers) + other[cols] - same


def _same_partition(a: Ints, b: Ints) -> bool:
    pairs = np.unique(np.stack([a, b]), axis=1).shape[1]
    return bool(pairs == len(np.unique(a)) == len(np.unique(b)))
