"""The distance that tells one person from two, learned from the footage itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mtmc.associate.constraints import conflicts
from mtmc.associate.adaptation import Adaptation, with_shifts
from mtmc.associate.evidence import EvidenceConfig, Scale
from mtmc.associate.looks import Looks, distances
from mtmc.tracklets import Tracklet

Floats = NDArray[np.float64]

# What the embedder's own distance e stands for: one person at 0.6 e, two at 1.4 e, each +- 0.2 e,
# as OSNet has on PKU-ReID's training people.
SAME, OTHER, SPREAD = 0.6, 1.4, 0.2
# Two halves of one track are more alike than two tracks of one person, and people who share one
# camera's light are more alike than people of two: means of three datasets.
FROM_HALVES, FROM_CAMERA = 1.25, 1.1
PRIOR = 4.0  # tracklets that the embedder's own distance counts as much as
MIN_TRACKLETS = 4  # fewer tell nothing
MIN_ADAPT = 6  # of people seen together
MOST_TRACKLETS = 2000  # more tell nothing new, and all pairs are compared
MIN_HALF = 3  # crops in each half of a track
MIN_SHARE = 0.02  # of pairs of one person among all pairs
ROUNDS = 30  # of expectation maximisation


@dataclass(frozen=True, slots=True)
class Spread:
    """Distances as a normal distribution."""

    mean: float
    deviation: float

    def log_density(self, values: Floats) -> Floats:
        """Up to a constant that all share."""
        return np.asarray(
            -0.5 * ((values - self.mean) / self.deviation) ** 2 - np.log(self.deviation)
        )

    def updated(self, values: Floats, weights: Floats, prior: float) -> Spread:
        """With new values, each of a weight, beside the present which counts ``prior``."""
        total = weights.sum() + prior
        mean = (weights @ values + prior * self.mean) / total
        square = weights @ (values - mean) ** 2
        square += prior * (self.deviation**2 + (self.mean - mean) ** 2)
        return Spread(float(mean), float(np.sqrt(square / total)))


@dataclass(frozen=True, eq=False)
class Calibration:
    """What the footage says of distances.

    Args:
        scale: the result.
        halves: ``(K,)`` distances between the halves of one track each: one person.
        together: ``(M,)`` distances of two tracks that one frame of one camera shows: two people.
        across: ``(L,)`` distances of tracks of different cameras: unknown.
        same: one person across cameras.
        other: two people across cameras.
        learned: False where there was too little and the embedder's own distance was taken.
    """

    scale: Scale
    halves: Floats = field(default_factory=lambda: np.zeros(0))
    together: Floats = field(default_factory=lambda: np.zeros(0))
    across: Floats = field(default_factory=lambda: np.zeros(0))
    same: Spread | None = None
    other: Spread | None = None
    learned: bool = False


def calibrate(
    tracklets: Sequence[Tracklet], max_distance: float, config: EvidenceConfig
) -> Calibration:
    """Learn from tracklets at which distance one person and two are equally likely.

    Within a camera, the halves of a track are one person and tracks seen together are two. Across
    cameras nobody says who is who: the distances of all pairs are a mixture of one person's and
    two people's, which expectation maximisation takes apart, starting from the distributions
    within a camera and held to them. The point lies equally many standard deviations from both
    means. The embedder's own distance counts as much as a few tracklets do.

    Args:
        tracklets: those of fewer than two crops say nothing; of very many, some speak for all.
        max_distance: what suits the embedder, for want of evidence.
        config: see ``EvidenceConfig``.
    """
    known = _some([t for t in tracklets if len(t.gallery) > 1])
    looks = Looks.of(known)
    default = Scale.given(max_distance, config, looks)
    if len(known) < MIN_TRACKLETS:
        return Calibration(default)
    together = conflicts(known).toarray()
    others = int(together.any(axis=1).sum())
    adaptation = None
    if others >= MIN_ADAPT:
        adaptation = Adaptation.learn([t.gallery for t in known], others)
        if config.camera_colours:
            adaptation = with_shifts(adaptation, looks)
        looks, max_distance = adaptation(looks), adaptation.even
    coherence = looks.coherence()
    apart = distances(looks, looks, coherence).astype(np.float64)
    same_camera = looks.cameras[:, None] == looks.cameras[None]
    first, second = np.triu_indices(len(known), 1)
    halves = _halves(known, adaptation, coherence)
    negatives = apart[first, second][together[first, second]]
    across = apart[first, second][~same_camera[first, second]]
    if len(halves) == 0 or len(negatives) == 0:
        return Calibration(default, halves, negatives, across)

    halves = halves[halves <= np.median(negatives)]  # else it is a track that changed person
    tracks = min(len(negatives), others)
    same, other = _priors(halves, negatives, tracks, max_distance)
    within = _between(same, Spread(other.mean / FROM_CAMERA, other.deviation))
    same, other = _separate(across, same, other, len(known))
    scale = Scale(_between(same, other), within, coherence, adaptation)
    return Calibration(scale, halves, negatives, across, same, other, learned=True)


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
        return calibrate(tracklets, max_distance, config).scale
    return Scale.given(max_distance, config, Looks.of(tracklets))


def _priors(
    halves: Floats, together: Floats, tracks: int, max_distance: float
) -> tuple[Spread, Spread]:
    """What to expect across cameras, from within one and from the embedder."""
    other = Spread(OTHER * max_distance, SPREAD * max_distance)
    other = other.updated(
        FROM_CAMERA * together, np.full(len(together), tracks / len(together)), PRIOR
    )
    # How much more alike one person is than two is the embedder's; how much two differ is the
    # footage's: people in dark clothes are alike.
    same = Spread(SAME / OTHER * other.mean, SPREAD / OTHER * other.mean)
    each = min(1.0, PRIOR / max(len(halves), 1))
    return same.updated(FROM_HALVES * halves, np.full(len(halves), each), PRIOR), other


def _separate(values: Floats, same: Spread, other: Spread, tracks: int) -> tuple[Spread, Spread]:
    """Both distributions by expectation maximisation; pairs count no more than their tracks."""
    prior_same, prior_other, share = same, other, 0.2
    each = min(1.0, tracks / max(len(values), 1))
    for _ in range(ROUNDS if len(values) else 0):
        odds = np.log(share / (1 - share)) + same.log_density(values) - other.log_density(values)
        # A normal distribution's tail must not claim what lies beyond the other's mean.
        odds = np.where(values <= same.mean, np.maximum(odds, 0), odds)
        odds = np.where(values >= other.mean, np.minimum(odds, 0), odds)
        mine = 1 / (1 + np.exp(-np.clip(odds, -50, 50)))
        share = float(np.clip(mine.mean(), MIN_SHARE, 1 - MIN_SHARE))
        same = prior_same.updated(values, each * mine, tracks / 2)
        other = prior_other.updated(values, each * (1 - mine), tracks / 2)
    return same, other


def _between(same: Spread, other: Spread) -> float:
    """As many standard deviations from one mean as from the other: equal errors of both kinds."""
    if same.mean >= other.mean:
        return 0.5 * (same.mean + other.mean)
    share = same.deviation / (same.deviation + other.deviation)
    return same.mean + share * (other.mean - same.mean)


def _halves(tracklets: Sequence[Tracklet], adaptation: Adaptation | None, coherence: float) -> Floats:
    """Distance between the earlier and the later half of each track that has enough crops."""
    pairs = []
    for tracklet in tracklets:
        gallery = tracklet.gallery
        order = np.argsort(np.argsort(gallery.times(), kind="stable"))
        count = np.cumsum(gallery.weights()[np.argsort(order)] @ [1.0, 0.0])
        middle = int(np.searchsorted(count, count[-1] / 2)) if len(count) else 0
        halves = [gallery.part(order <= middle), gallery.part(order > middle)]
        looks = Looks.of_galleries(halves, [tracklet.key.camera] * 2)
        looks = adaptation(looks) if adaptation else looks
        if (looks.crops >= MIN_HALF - 0.5).all():
            pairs.append(distances(looks, looks, coherence)[0, 1])
    return np.array(pairs, float)
