"""The distance that tells one person from two, learned from the footage itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mtmc.associate.evidence.adaptation import Adaptation
from mtmc.associate.evidence.appearance import Scale
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.constraints import conflicts
from mtmc.associate.evidence.looks import Looks, distances
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import Doubles

# Of adapted looks, whatever the embedder, before anything is known of their distances: means of
# one person and of two, deviation of both, share of pairs that are one person.
SAME, OTHER, SPREAD, SHARE = 0.4, 1.1, 0.2, 0.15
PRIOR = 4.0  # tracklets that this counts as much as
FROM_CAMERA = 1.1  # people who share one camera's light and view are more alike
# Tracklets of people whom one frame showed with somebody else: so few tell nothing, so many are
# believed; in between, what suits the embedder has the rest of a say.
FEW, ENOUGH = 4, 16
MOST_TRACKLETS = 2000  # more tell nothing new, and all pairs are compared
MIN_HALF = 3  # crops in each half of a track
ROUNDS = 50  # of expectation maximisation
LIMIT = 50.0  # log odds


@dataclass(frozen=True, slots=True)
class Mixture:
    """Distances of pairs of which some are one person: two normal distributions.

    Args:
        same: mean of one person's.
        other: mean of two people's.
        deviation: of both.
        share: of one person's among all.
    """

    same: float
    other: float
    deviation: float
    share: float

    def log_odds(self, values: Doubles) -> Doubles:
        """That these distances are one person's rather than two people's."""
        slope = (self.other - self.same) / self.deviation**2
        prior = np.log(self.share / (1 - self.share))
        return np.asarray(prior + slope * (0.5 * (self.same + self.other) - values))

    @property
    def even(self) -> float:
        """The distance at which both are equally likely, which lies between the means."""
        prior = np.log(self.share / (1 - self.share))
        even = 0.5 * (self.same + self.other)
        even += prior * self.deviation**2 / (self.other - self.same)
        return float(np.clip(even, self.same, self.other))

    def densities(self, values: Doubles) -> tuple[Doubles, Doubles]:
        """Of one person's and of two people's distances, each by its share."""
        unit = np.exp(-0.5 * ((values[None] - [[self.same], [self.other]]) / self.deviation) ** 2)
        return self.share * unit[0], (1 - self.share) * unit[1]

    def times(self, factor: float) -> Mixture:
        """Of distances that are so many times as long."""
        same, other, deviation = factor * self.same, factor * self.other, factor * self.deviation
        return Mixture(same, other, deviation, self.share)

    def fitted(self, values: Doubles, tracklets: float) -> Mixture:
        """To distances of all pairs, by expectation maximisation, starting here and held to it.

        Args:
            values: ``(N,)``.
            tracklets: as many of which the pairs are; each counts once, not once in each pair.

        Source: C. Fraley, A. Raftery, Bayesian Regularization for Normal Mixture Estimation and
        Model-Based Clustering, Journal of Classification 24, 2007.
        """
        weight = min(1.0, tracklets / max(len(values), 1))
        now = self
        for _ in range(ROUNDS if len(values) else 0):
            mine = weight / (1 + np.exp(-np.clip(now.log_odds(values), -LIMIT, LIMIT)))
            total, ours = weight * len(values), float(mine.sum())
            same = (mine @ values + PRIOR * self.same) / (ours + PRIOR)
            other = ((weight - mine) @ values + PRIOR * self.other) / (total - ours + PRIOR)
            squares = mine @ (values - same) ** 2 + (weight - mine) @ (values - other) ** 2
            variance = (squares + PRIOR * self.deviation**2) / (total + PRIOR)
            share = (ours + PRIOR * self.share) / (total + PRIOR)
            now = Mixture(float(same), float(other), float(np.sqrt(variance)), float(share))
        return now


@dataclass(frozen=True, eq=False)
class LearnedScale:
    """What the footage says of distances.

    Args:
        scale: the result.
        tracklets: from which it was learned.
        together: ``(M,)`` distances of two tracks that one frame of one camera shows: two people.
        across: ``(L,)`` distances of tracks of different cameras: unknown.
        mixture: of those across cameras; None where there was too little and the embedder's own
            distance was taken.
    """

    scale: Scale
    tracklets: Sequence[Tracklet] = ()
    together: Doubles = field(default_factory=lambda: np.zeros(0))
    across: Doubles = field(default_factory=lambda: np.zeros(0))
    mixture: Mixture | None = None

    @cached_property
    def halves(self) -> Doubles:
        """``(K,)`` distances between the halves of one track each: one person."""
        return _halves(self.tracklets, self.scale)


def learn_scale(
    tracklets: Sequence[Tracklet], max_distance: float, config: EvidenceConfig
) -> LearnedScale:
    """Learn from tracklets how looks are to be compared, and what their distance means.

    First, embeddings are adapted to the footage (``Adaptation``), after which people are about
    equally far apart whatever the embedder and the light. Across cameras nobody says who is who:
    the distances of all pairs are a mixture of one person's and two people's. The point is where
    both are equally likely; it is the nearer the more people there are, of whom a track could be.

    Args:
        tracklets: those of fewer than two crops say nothing; of very many, some speak for all.
        max_distance: what suits the embedder, for want of evidence.
        config: see ``EvidenceConfig``.
    """
    known = _some([t for t in tracklets if len(t.gallery) > 1])
    looks = Looks.of(known)
    together = conflicts(known).toarray()
    others = int(together.any(axis=1).sum())
    default = Scale.given(max_distance, config, looks)
    trust = float(np.clip((others - FEW) / (ENOUGH - FEW), 0, 1))
    if trust == 0:
        return _learned(default, known, looks, together)
    adaptation = Adaptation.learn([t.gallery for t in known], others)
    if config.camera_colours:
        adaptation = adaptation.between_cameras(looks)
    adapted = adaptation(looks)
    scale = Scale(1.0, 1.0, adapted.coherence(), adaptation)
    found = _learned(scale, known, adapted, together)
    near = adaptation.nearness
    prior = Mixture(near * SAME, near * OTHER, near * SPREAD, SHARE)
    mixture = prior.fitted(found.across, len(known))
    scale = replace(scale, across=mixture.even, within=mixture.even / FROM_CAMERA)
    if trust < 1:
        held = _held(scale, default, trust, looks)
        mixture = mixture.times(held.across / scale.across)
        found, scale = _learned(held, known, held.adapted(looks), together), held
    return replace(found, scale=scale, mixture=mixture)


def _held(learned: Scale, default: Scale, trust: float, looks: Looks) -> Scale:
    """What both scales say on average, of which the learned one has a share.

    Args:
        learned: from few tracklets.
        default: what suits the embedder, of looks as they are.
        trust: the learned one's share, 0..1.
        looks: as they are.
    """
    assert learned.adaptation is not None
    across = 1 / ((1 - trust) / default.across + trust / learned.across)
    within = 1 / ((1 - trust) / default.within + trust / learned.within)
    adaptation, stretch = learned.adaptation.held(across * (1 - trust) / default.across)
    return Scale(stretch * across, stretch * within, adaptation(looks).coherence(), adaptation)


def _learned(
    scale: Scale, known: Sequence[Tracklet], looks: Looks, together: NDArray[np.bool_]
) -> LearnedScale:
    """The distances of tracklets."""
    apart = distances(looks, looks, scale.coherence).astype(np.float64)
    first, second = np.triu_indices(len(known), 1)
    across = looks.cameras[first] != looks.cameras[second]
    values, together = apart[first, second], together[first, second]
    return LearnedScale(scale, known, values[together], values[across])


def _some(tracklets: Sequence[Tracklet]) -> Sequence[Tracklet]:
    """No more than ``MOST_TRACKLETS``, evenly over the time."""
    if len(tracklets) <= MOST_TRACKLETS:
        return tracklets
    ordered = sorted(tracklets, key=lambda t: (t.start, t.end, t.hits))
    chosen = np.linspace(0, len(ordered) - 1, MOST_TRACKLETS).round().astype(int)
    return [ordered[row] for row in chosen]


def scale_of(tracklets: Sequence[Tracklet], max_distance: float, config: EvidenceConfig) -> Scale:
    """The scale that the configuration asks for."""
    if config.max_distance == "auto":
        return learn_scale(tracklets, max_distance, config).scale
    return Scale.given(max_distance, config, Looks.of(tracklets))


def _halves(tracklets: Sequence[Tracklet], scale: Scale) -> Doubles:
    """Distance between the earlier and the later half of each track that has enough crops."""
    pairs = []
    for tracklet in tracklets:
        gallery = tracklet.gallery
        order = np.argsort(np.argsort(gallery.times(), kind="stable"))
        count = np.cumsum(gallery.weights()[np.argsort(order)] @ [1.0, 0.0])
        middle = int(np.searchsorted(count, count[-1] / 2)) if len(count) else 0
        halves = [gallery.part(order <= middle), gallery.part(order > middle)]
        looks = scale.adapted(Looks.of_galleries(halves, [tracklet.key.camera] * 2))
        if (looks.crops >= MIN_HALF - 0.5).all():
            pairs.append(distances(looks, looks, scale.coherence)[0, 1])
    return np.array(pairs, float)
