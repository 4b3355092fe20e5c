"""How far each camera's places on the floor are off, learned from people whom several see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mtmc.trackers.floor.reading import AREA, OUTLIERS, apart, known_places
from mtmc.types import Doubles, Floats, Ints

# What is known beforehand. A box ends at the toes of the nearer foot, not below the body's middle.
AHEAD, AHEAD_SPREAD = 0.1, 0.1  # m, mean and standard deviation of that
SPREAD = 0.2  # m, standard deviation of places beyond that, at least: errors last, people turn
SHIFT_SPREAD = 0.1  # m, standard deviation of what calibrations are off by, along x and along y
PRIOR_LOOKS = 20.0  # at two people's places, that the spread known beforehand counts for
LOOK_EVERY = 0.25  # s
MEMORY = 1.0  # s after which another look at somebody counts as a new one
KEPT = 600.0  # s for which a look is remembered
MOST = 0.6  # m, of a spread
REACH = 1.5  # m between two cameras' places of one person, at most


@dataclass(slots=True)
class Bias:
    """How far the places of one camera are off.

    Args:
        ahead: m, by how much people stand further from the camera than their boxes end.
        shift: ``(2,)`` m, from the camera's places to those of all.
        spread: m, standard deviation of what is left, in either direction.
    """

    ahead: float = 0.0
    shift: Doubles = field(default_factory=lambda: np.zeros(2))
    spread: float = SPREAD

    def moves(self, rays: Doubles) -> Doubles:
        """``(N, 2)`` m, by what the places of people seen in those directions are off."""
        return np.asarray(self.ahead * rays + self.shift, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """What one camera says of one moment, by its calibration alone.

    Args:
        points: ``(N, 2)`` m.
        covariances: ``(N, 2, 2)`` m².
        rays: ``(N, 2)`` unit directions in which it looks there, 0 where unknown.
        scores: ``(N,)``.
    """

    points: Doubles
    covariances: Doubles
    rays: Doubles
    scores: Floats


class Agreement:
    """Learns the biases of all cameras, as it goes.

    Nobody need know who is who: of two places that two cameras tell of at one moment, each pair is
    of one person as likely as the biases known so far make it, beside all others it could belong
    to, or to nobody. The biases are those under which such pairs agree best (expectation
    maximisation, one step at a time).

    Args:
        biases: of each camera; changed in place.

    Source: O. Cappé and E. Moulines, On-line expectation-maximization algorithm for latent data
    models, Journal of the Royal Statistical Society B 71, 2009.
    """

    def __init__(self, biases: Sequence[Bias]) -> None:
        self._biases = biases
        for bias in biases:
            bias.ahead = AHEAD
        count = len(biases)
        self._known = np.tile([AHEAD, 0.0, 0.0], count)
        self._sure = np.tile([AHEAD_SPREAD**-2.0, *[SHIFT_SPREAD**-2.0] * 2], count)
        self._information, self._pull = np.zeros((3 * count, 3 * count)), np.zeros(3 * count)
        self._mixing, self._excess = np.zeros((count, count)), np.zeros(count)
        self._last = -np.inf

    def due(self, time: float) -> bool:
        """Whether enough time, s, went by for another look to tell anything."""
        return time - self._last >= LOOK_EVERY - 1e-6

    def see(self, time: float, cameras: Mapping[int, Places]) -> None:
        """Learn from one moment.

        Args:
            time: s.
            cameras: of some, by number.
        """
        since, self._last = time - self._last, time
        if not cameras:
            return
        camera = np.repeat(list(cameras), [len(p.points) for p in cameras.values()]).astype(int)
        columns = (
            np.concatenate([getattr(places, name) for places in cameras.values()])
            for name in ("points", "covariances", "rays", "scores")
        )
        points, covariances, rays, scores = columns
        fine = np.flatnonzero(known_places(points, covariances))
        if len(np.unique(camera[fine])) < 2:
            return
        pairs = _Pairs.of(camera[fine], points[fine], covariances[fine], rays[fine], self._biases)
        weight = pairs.together(scores[fine]) * min(1.0, since / MEMORY)
        kept = np.exp(-min(since, KEPT) / KEPT)
        self._information, self._pull = kept * self._information, kept * self._pull
        self._mixing, self._excess = kept * self._mixing, kept * self._excess
        self._add(pairs, weight)
        self._solve()

    def _add(self, pairs: _Pairs, weight: Doubles) -> None:
        sure = np.linalg.inv(pairs.covariance) * weight[:, None, None]
        for sign, cameras, features in pairs.sides():
            place = 3 * cameras[:, None] + np.arange(3)
            pull = np.einsum("pij,pik,pk->pj", features, sure, -sign * pairs.raw)
            np.add.at(self._pull, place, pull)
            for other_sign, others, other_features in pairs.sides():
                beside = 3 * others[:, None] + np.arange(3)
                value = np.einsum("pij,pik,pkl->pjl", features, sure, other_features)
                np.add.at(
                    self._information,
                    (place[:, :, None], beside[:, None]),
                    sign * other_sign * value,
                )
        # Of both coordinates together: the variance that the cameras' own certainty leaves open.
        excess = (pairs.away**2).sum(axis=1) - np.trace(pairs.own, axis1=1, axis2=2)
        trust = weight / np.trace(pairs.covariance, axis1=1, axis2=2) ** 2
        for cameras in (pairs.first, pairs.second):
            np.add.at(self._excess, cameras, 2 * trust * excess)
            for others in (pairs.first, pairs.second):
                np.add.at(self._mixing, (cameras, others), 4 * trust)

    def _solve(self) -> None:
        solved = np.linalg.solve(
            self._information + np.diag(self._sure), self._pull + self._sure * self._known
        )
        prior = 4 * PRIOR_LOOKS / (4 * SPREAD**2) ** 2 / len(self._biases)
        count = len(self._biases)
        variances = np.linalg.solve(
            self._mixing + prior * np.eye(count), self._excess + prior * SPREAD**2
        )
        for bias, (ahead, *shift), variance in zip(
            self._biases, solved.reshape(-1, 3).tolist(), variances.tolist(), strict=True
        ):
            bias.ahead, bias.shift = ahead, np.array(shift)
            bias.spread = float(np.sqrt(np.clip(variance, SPREAD**2, MOST**2)))


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Places of two cameras at one moment, those near each other.

    Args:
        a: ``(P,)`` row of the one place,
        b: and of the other.
        first: ``(P,)`` camera of the one,
        second: and of the other.
        raw: ``(P, 2)`` m, from the other place to the one by the calibrations,
        away: the same with the biases taken out.
        own: ``(P, 2, 2)`` m², the covariance of that by what the cameras know,
        covariance: and with what they disagree by.
        features: ``(P, 2, 3)`` of the one, by which its bias moves it,
        others: and of the other.
    """

    a: Ints
    b: Ints
    first: Ints
    second: Ints
    raw: Doubles
    away: Doubles
    own: Doubles
    covariance: Doubles
    features: Doubles
    others: Doubles

    @classmethod
    def of(
        cls,
        camera: NDArray[np.int64],
        points: Doubles,
        covariances: Doubles,
        rays: Doubles,
        biases: Sequence[Bias],
    ) -> _Pairs:
        moved = points + np.stack(
            [biases[c].moves(ray) for c, ray in zip(camera.tolist(), rays, strict=True)]
        )
        far = np.linalg.norm(moved[:, None] - moved[None], axis=2) > REACH
        a, b = np.nonzero(~far & (camera[:, None] < camera[None]))
        features = np.concatenate([rays[:, :, None], np.tile(np.eye(2), (len(rays), 1, 1))], axis=2)
        own = covariances[a] + covariances[b]
        variance = np.array([bias.spread**2 for bias in biases])[camera]
        both = (variance[a] + variance[b])[:, None, None] * np.eye(2)
        return cls(
            a,
            b,
            camera[a],
            camera[b],
            points[a] - points[b],
            moved[a] - moved[b],
            own,
            own + both,
            features[a],
            features[b],
        )

    def sides(self) -> tuple[tuple[float, Ints, Doubles], ...]:
        """Sign, cameras and features of the ones and of the others."""
        return (1.0, self.first, self.features), (-1.0, self.second, self.others)

    def together(self, scores: Floats) -> Doubles:
        """``(P,)`` probability that both are places of one person."""
        near = np.exp(apart(self.away, self.covariance)[1]) * AREA * (1 - OUTLIERS)
        total = OUTLIERS + near
        for row, other in ((self.a, self.second), (self.b, self.first)):
            _, key = np.unique(np.column_stack([row, other]), axis=0, return_inverse=True)
            total = total + np.bincount(key.ravel(), near)[key.ravel()] - near
        share: Doubles = near / total * np.minimum(scores[self.a], scores[self.b])
        return share
