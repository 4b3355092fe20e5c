"""How strongly what was seen speaks for two tracklets being one person.

All evidence is in log odds (nats): positive for the same person, negative for two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mtmc.config import require
from mtmc.tracklets import Gallery, Tracklet

Floats = NDArray[np.floating]

USUAL_COHERENCE = 0.75  # cosine similarity of two crops of one tracklet, of a usual network
COHERENCE_PRIOR = 6.0  # pairs of crops that what is usual counts as much as
MIN_COHERENCE = 0.2  # crops less alike than that are of nobody in particular
CROP_NOISE = 3.0  # a crop adds so many times the variance that many crops leave
PAIR = 0.5  # fewer pairs of crops tell no similarity
CAMERA_PRIOR = 4.0  # tracklets of a camera after which half of its shift is believed


@dataclass(frozen=True)
class EvidenceConfig:
    """How appearance and floor positions are weighed.

    Args:
        max_distance: distance between the looks of two tracklets of different cameras, see
            ``Looks.directions``, up to which they are more likely one person than two. ``auto``
            learns it from the footage, see ``thresholds.calibrate``; None takes the one that suits
            the embedder.
        same_camera: the same within one camera, where light and view do not change, as a share of
            ``max_distance``; what ``auto`` learns, it learns for both.
        camera_colours: take out of the embeddings what all people of a camera have in common, as
            far as the other cameras' people have it not.
        appearance_weight: log odds of equal looks; twice ``max_distance`` has the opposite. The
            fewer crops, the less it is.
        appearance_limit: appearance never speaks louder than this, log odds.
        floor_spread: how far apart two cameras see one person beyond the known uncertainty, m.
        floor_area: of the scene, m²: how unlikely it is to meet another person at a place.
        floor_hidden: share of floor positions behind the true one as the camera sees it, since
            something hides the feet.
        floor_outliers: share of floor positions that are just wrong.
        floor_memory: seconds after which another look at the floor counts as a new one.
        floor_limit: so many looks at the floor count at most.
        floor_track: log odds that a tracker over all cameras is right: in favour of tracklets it
            took for one person, against those of two at one time.
    """

    max_distance: float | Literal["auto"] | None = "auto"
    same_camera: float = 0.7
    camera_colours: bool = False
    appearance_weight: float = 12.0
    appearance_limit: float = 4.0
    floor_spread: float = 0.3
    floor_area: float = 60.0
    floor_hidden: float = 0.2
    floor_outliers: float = 0.1
    floor_memory: float = 1.0
    floor_limit: float = 10.0
    floor_track: float = 6.0

    def __post_init__(self) -> None:
        if self.max_distance is not None and self.max_distance != "auto":
            require(0 < self.max_distance <= 2, "max_distance must be in 0..2, or auto")
        for name in (
            "same_camera",
            "appearance_weight",
            "appearance_limit",
            "floor_spread",
            "floor_area",
            "floor_memory",
            "floor_limit",
            "floor_track",
        ):
            value = getattr(self, name)
            require(math.isfinite(value) and value > 0, f"{name} must be above 0, got {value}")
        require(0 < self.floor_outliers < 1, "floor_outliers must be between 0 and 1")
        wrong = self.floor_outliers + 2 * self.floor_hidden
        require(
            self.floor_hidden >= 0 and wrong < 1,
            "floor_hidden must be at least 0, and floor_outliers + 2 * floor_hidden below 1",
        )


@dataclass(frozen=True, slots=True)
class Scale:
    """What distances mean.

    Args:
        across: distance between two looks of different cameras that is as likely one person's as
            two people's.
        within: the same for two looks of one camera.
        coherence: cosine similarity to expect between two crops of one tracklet.
    """

    across: float
    within: float
    coherence: float = USUAL_COHERENCE

    @classmethod
    def given(
        cls, max_distance: float, config: EvidenceConfig, looks: Looks | None = None
    ) -> Scale:
        """From one number; the coherence from ``looks``, where there are any."""
        coherence = looks.coherence() if looks else USUAL_COHERENCE
        return cls(max_distance, config.same_camera * max_distance, coherence)


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """What people look like in one camera each.

    Args:
        sums: ``(N, D)`` embeddings summed by crop quality, zero rows where nothing is known.
        totals: ``(N, 2)`` sum of the qualities and of their squares.
        cameras: ``(N,)`` of any type, the same for the same camera.
        weights: ``(N,)`` how much each counts among other looks of the person: the length of its
            sum, thus the more and the more alike the crops are; 0 where unknown.
    """

    sums: NDArray[np.float32]
    totals: NDArray[np.float64]
    cameras: NDArray[Any]
    weights: NDArray[np.float32]

    @classmethod
    def of_galleries(cls, galleries: Sequence[Gallery], cameras: Sequence[str]) -> Looks:
        """The looks that galleries hold."""
        dim = next((g.sum().shape[0] for g in galleries if len(g)), 1)
        sums = np.zeros((len(galleries), dim), np.float32)
        totals = np.zeros((len(galleries), 2))
        for row, gallery in enumerate(galleries):
            if len(gallery):
                sums[row], totals[row] = gallery.sum(), gallery.weights().sum(axis=0)
        return cls.make(sums, totals, np.array(cameras, dtype=str))

    @classmethod
    def make(
        cls, sums: NDArray[np.float32], totals: NDArray[np.float64], cameras: NDArray[Any]
    ) -> Looks:
        """From what is known of each."""
        return cls(sums, totals, cameras, np.linalg.norm(sums, axis=1).astype(np.float32))

    @classmethod
    def of(cls, tracklets: Sequence[Tracklet]) -> Looks:
        """The looks of tracklets."""
        return cls.of_galleries([t.gallery for t in tracklets], [t.key.camera for t in tracklets])

    @classmethod
    def joined(cls, a: Looks, b: Looks) -> Looks:
        """The looks of both, one after the other."""
        names = ("sums", "totals", "cameras", "weights")
        return cls(*(np.concatenate([getattr(a, n), getattr(b, n)]) for n in names))

    def __getitem__(self, rows: NDArray[np.integer] | slice) -> Looks:
        """The looks of some rows."""
        return Looks(self.sums[rows], self.totals[rows], self.cameras[rows], self.weights[rows])

    @property
    def crops(self) -> NDArray[np.float64]:
        """``(N,)`` crops of equal quality that would say as much."""
        total, square = self.totals.T
        count: NDArray[np.float64] = total**2 / np.maximum(square, 1e-12)
        return count

    def pair_likeness(self) -> tuple[Floats, Floats]:
        """``(N,)`` mean similarity between two crops of each, and of how many pairs."""
        total, square = self.totals.T
        between = total**2 - square
        mean = (self.weights.astype(np.float64) ** 2 - square) / np.maximum(between, 1e-9)
        pairs = self.crops * (self.crops - 1)
        return np.where(pairs > PAIR, np.clip(mean, 0, 1), 0), np.where(pairs > PAIR, pairs, 0)

    def coherence(self) -> float:
        """Similarity between two crops of one tracklet, over all."""
        mean, pairs = self.pair_likeness()
        total = (mean * pairs).sum() + COHERENCE_PRIOR * USUAL_COHERENCE
        return float(total / (pairs.sum() + COHERENCE_PRIOR))

    def scales(self, coherence: float) -> NDArray[np.float32]:
        """``(N,)`` the length that each sum would have without the noise of single crops.

        The mean of few crops lies off the person's true one, and the cosine of two such means is
        too small by a factor that depends on the number of crops. Dividing by the length that the
        mean would have without the noise, the root of the mean similarity of two crops, undoes
        that.

        Source: C. Spearman, The Proof and Measurement of Association between Two Things, American
        Journal of Psychology 15, 1904: correction for attenuation.
        """
        mean, pairs = self.pair_likeness()
        likeness = (mean * pairs + COHERENCE_PRIOR * coherence) / (pairs + COHERENCE_PRIOR)
        length = self.totals[:, 0] * np.sqrt(np.maximum(likeness, MIN_COHERENCE))
        return np.maximum(length, 1e-9).astype(np.float32)


def distances(a: Looks, b: Looks, coherence: float) -> Floats:
    """``(N, M)`` distances of looks; a little below 0 is possible, 1 where nothing is known."""
    likeness: Floats = a.sums @ b.sums.T
    likeness /= a.scales(coherence)[:, None]
    likeness /= b.scales(coherence)
    return 1 - likeness


def appearance(a: Looks, b: Looks, scale: Scale, config: EvidenceConfig) -> NDArray[np.float32]:
    """Log odds by appearance between all looks of ``a`` and ``b``.

    Linear in the distance, zero where ``scale`` says, bounded by ``appearance_limit``. Between
    two normal distributions the slope is inverse to the variance, hence the factor for few crops.

    Returns:
        ``(N, M)``, 0 where nothing is known.
    """
    if a.sums.shape[1] != b.sums.shape[1]:  # nothing at all is known of one side
        return np.zeros((len(a.sums), len(b.sums)), np.float32)
    same_camera = a.cameras[:, None] == b.cameras[None]
    even = np.where(same_camera, np.float32(scale.within), np.float32(scale.across))
    noise = [(CROP_NOISE / np.maximum(x.crops, 1)).astype(np.float32) for x in (a, b)]
    odds = (1 - distances(a, b, scale.coherence) / even).astype(np.float32, copy=False)
    odds *= np.float32(config.appearance_weight) / (1 + noise[0][:, None] + noise[1])
    np.clip(odds, -config.appearance_limit, config.appearance_limit, out=odds)
    odds[a.weights == 0] = 0
    odds[:, b.weights == 0] = 0
    return odds


def looks_of(tracklets: Sequence[Tracklet], config: EvidenceConfig) -> Looks:
    """The looks of tracklets, without the cameras' colours where the configuration asks for it."""
    looks = Looks.of(tracklets)
    return without_camera_colours(looks) if config.camera_colours else looks


def without_camera_colours(looks: Looks) -> Looks:
    """Looks less what all of a camera have in common beyond what all cameras do.

    The mean embedding of a camera is taken to be the people's, who are the same on average, and
    its light's and lens's. A camera that saw few people keeps most of its own.
    """
    known = looks.weights > 0
    if not known.any():
        return looks
    totals = looks.totals[:, 0]
    mean = looks.sums[known].sum(axis=0) / totals[known].sum()
    sums = looks.sums.copy()
    for camera in np.unique(looks.cameras[known]):
        rows = known & (looks.cameras == camera)
        shift = sums[rows].sum(axis=0) / totals[rows].sum() - mean
        sums[rows] -= totals[rows, None] * (rows.sum() / (rows.sum() + CAMERA_PRIOR) * shift)
    return Looks.make(sums, looks.totals, looks.cameras)
