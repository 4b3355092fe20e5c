"""What people look like: embeddings summed over crops, and how far two looks are apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtmc.tracking.gallery import Gallery
from mtmc.tracking.tracklet import Tracklet

Floats = NDArray[np.floating]

USUAL_COHERENCE = 0.75  # cosine similarity of two crops of one tracklet, of a usual network
COHERENCE_PRIOR = 6.0  # pairs of crops that what is usual counts as much as
MIN_COHERENCE = 0.2  # crops less alike than that are of nobody in particular
PAIR = 0.5  # fewer pairs of crops tell no similarity


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
                sums[row], totals[row] = gallery.sum(), gallery.total()
        return cls.make(sums, totals, np.array(cameras, dtype=str))

    @classmethod
    def of_members(cls, gallery: Gallery, camera: str) -> Looks:
        """Each member of one gallery by itself."""
        cameras = np.repeat(np.array([camera], dtype=str), len(gallery))
        return cls.make(gallery.sums(), gallery.weights(), cameras)

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

    def __getitem__(self, rows: NDArray[np.integer] | slice | list[int]) -> Looks:
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


def pair_distances(a: Looks, b: Looks, coherence: float) -> Floats:
    """``(N,)`` the same between each look of ``a`` and the one of ``b`` in its row."""
    likeness: Floats = np.einsum("nd,nd->n", a.sums, b.sums)
    return 1 - likeness / (a.scales(coherence) * b.scales(coherence))
