"""How well each track fits the person it was given to, by looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mtmc.associate.evidence.appearance import Scale, appearance, looks_of
from mtmc.associate.evidence.belief import probability
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.looks import Looks
from mtmc.associate.evidence.scale import scale_of
from mtmc.results import Results, layout
from mtmc.types import Doubles, Ints, TrackKey
from mtmc.viewer.likeness import evidence_of

ENOUGH = 600  # tracks tell the scale
EVEN = 0.5  # a track that fits less is more probably somebody else's
CLEARLY = 1.0  # log odds by which somebody else must be more alike to be named


@dataclass(frozen=True, slots=True)
class Fit:
    """What looks say of a track.

    Args:
        same: probability that it shows the person that the other tracks of its person show; None
            where there are no others.
        like: the person whom it clearly looks more like; None where there is nobody.
    """

    same: float | None
    like: int | None

    @property
    def odd(self) -> bool:
        """Whether it is more probably somebody else's."""
        return self.same is not None and self.same < EVEN


def fits(results: Results) -> dict[TrackKey, Fit]:
    """Of every track that has looks.

    The scale is that of the run's association, learned from the footage by default. Only looks are
    asked: times and places, which the association weighs too, are left out, so a bad fit is a
    reason to look, not a mistake.
    """
    if not (results.folder / layout.LOOKS).is_file():
        return {}
    owners, config = results.owners, evidence_of(results)
    tracklets = [t for t in results.looks.tracklets if t.key in owners]
    if not tracklets:
        return {}
    some = tracklets[:: len(tracklets) // ENOUGH + 1]
    scale = scale_of(some, results.looks.even_distance, config)
    looks = looks_of(tracklets, scale)
    ids, whose = np.unique([owners[t.key] for t in tracklets], return_inverse=True)
    own = _own(looks, whose, scale, config)
    like = _like(looks, whose, own, scale, config)
    return {
        tracklet.key: Fit(
            None if np.isnan(odds) else round(probability(odds), 3),
            None if other < 0 else int(ids[other]),
        )
        for tracklet, odds, other in zip(tracklets, own, like, strict=True)
    }


def _own(looks: Looks, whose: Ints, scale: Scale, config: EvidenceConfig) -> Doubles:
    """``(N,)`` log odds of each track with the rest of its person, NaN where there is no rest."""
    odds = np.full(len(whose), np.nan)
    for rows in np.split(np.argsort(whose, kind="stable"), np.cumsum(np.bincount(whose))[:-1]):
        if len(rows) < 2:
            continue
        mine = looks[rows]
        rest = _of_nowhere(mine.sums.sum(axis=0) - mine.sums, mine.totals.sum(axis=0) - mine.totals)
        odds[rows] = np.diag(appearance(mine, rest, scale, config))
    return odds


def _like(looks: Looks, whose: Ints, own: Doubles, scale: Scale, config: EvidenceConfig) -> Ints:
    """``(N,)`` which person each track looks more like than its own, -1 where none."""
    count = int(whose.max()) + 1
    sums = np.zeros((count, looks.sums.shape[1]), np.float32)
    totals = np.zeros((count, 2))
    np.add.at(sums, whose, looks.sums)
    np.add.at(totals, whose, looks.totals)
    odds = appearance(looks, _of_nowhere(sums, totals), scale, config)
    odds[np.arange(len(whose)), whose] = -np.inf
    best = odds.argmax(axis=1)
    clearly = odds[np.arange(len(whose)), best] > np.nan_to_num(own, nan=np.inf) + CLEARLY
    return np.where(clearly, best, -1)


def _of_nowhere(sums: np.ndarray, totals: Doubles) -> Looks:
    """Looks that come from several cameras."""
    return Looks.make(sums, totals, np.full(len(sums), "", dtype=str))
