"""Embeddings as the people of this footage differ: what all have in common says nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from mtmc.associate.looks import Looks, distances
from mtmc.tracklets import Gallery

Floats = NDArray[np.float32]

COMMON_PRIOR = 3.0  # tracklets of one person, about: so many times fewer people tell the mean
RIDGE = 10.0  # times the mean variance, which is added to that in each direction
DIRECTIONS = 32  # at most, in which crops of one track differ
MOST_CROPS = 4096  # more tell nothing new
CAMERA_PRIOR = 4.0  # people recognised, after which half of a camera's shift is believed
SHIFT_ROUNDS = 3  # of recognising people and learning what sets cameras apart
SLOPE = 12.0  # log odds of equal looks
EVEN = 0.75  # distance at which one person and two are equally likely, when the mean is known


@dataclass(frozen=True, slots=True, eq=False)
class Adaptation:
    """A linear map of embeddings, learned from footage without knowing who is who.

    1. What all people of the footage have in common, its light and its clothes, is taken out: the
       mean look. Of few tracklets it is known badly, and some of it is left.
    2. Directions in which the crops of one track differ, such as poses, are shortened
       (within-class covariance normalisation, with tracks for classes).

    Args:
        centre: ``(D,)`` what is taken out.
        directions: ``(R, D)`` orthonormal.
        shortened: ``(R,)`` share of each that is taken out.
        length: by which all is multiplied, so that a crop has unit length on average.
        even: distance at which one person and two are about equally likely.

    Source: A. Hatch, S. Kajarekar, A. Stolcke, Within-Class Covariance Normalization for SVM-based
    Speaker Recognition, Interspeech 2006.
    """

    centre: Floats
    directions: Floats
    shortened: Floats
    length: float
    even: float
    shifts: Mapping[str, Floats] = field(default_factory=dict)

    @classmethod
    def learn(cls, galleries: Sequence[Gallery], evidence: float) -> Self:
        """From tracklets of several people.

        Args:
            galleries: not empty, of tracklets of which each is mostly one person.
            evidence: number of tracklets of which it is known that there are others.
        """
        sums = np.stack([gallery.sum() for gallery in galleries])
        totals = np.array([gallery.weights()[:, 0].sum() for gallery in galleries])
        means = sums / totals[:, None]
        mean = sums.sum(axis=0) / totals.sum()
        spread = float(totals @ ((means - mean) ** 2).sum(axis=1) / totals.sum())
        left = COMMON_PRIOR / (evidence + COMMON_PRIOR)
        share = 1 - np.sqrt(min(1.0, left * spread / max(float(mean @ mean), 1e-9)))
        directions, shortened = _varying(galleries, means)
        result = cls((share * mean).astype(np.float32), directions, shortened, 1.0, 1.0)
        length = _length(galleries, result)
        return cls(result.centre, directions, shortened, length, EVEN / (1 + left))

    def __call__(self, looks: Looks) -> Looks:
        """The looks, adapted; as they are where nothing is known of any."""
        if looks.sums.shape[1] != len(self.centre):
            return looks
        sums = looks.sums
        if self.shifts:
            names, camera = np.unique(looks.cameras, return_inverse=True)
            nothing = np.zeros_like(self.centre)
            shifts = np.stack([self.shifts.get(str(name), nothing) for name in names])
            sums = sums - looks.totals[:, :1].astype(np.float32) * shifts[camera]
        return Looks.make(self.sums(sums, looks.totals[:, 0]), looks.totals, looks.cameras)

    def sums(self, sums: Floats, totals: NDArray[np.float64]) -> Floats:
        """``(N, D)`` embeddings summed with weights that add up to ``(N,)``, adapted."""
        moved = sums - totals[:, None].astype(np.float32) * self.centre
        moved -= (moved @ self.directions.T * self.shortened) @ self.directions
        return np.asarray(np.float32(self.length) * moved, np.float32)


def _varying(galleries: Sequence[Gallery], means: Floats) -> tuple[Floats, Floats]:
    """Directions in which crops of one track differ, and by how much they are to be shortened."""
    parts, freedom = [], 0
    for gallery, mean in zip(galleries, means, strict=True):
        weights = gallery.weights()[:, :1]
        parts.append((gallery.sums() - weights * mean) / np.sqrt(weights))
        freedom += len(gallery) - 1
    rest = np.concatenate(parts).astype(np.float64)
    dim = rest.shape[1]
    if freedom < 1:
        return np.zeros((0, dim), np.float32), np.zeros(0, np.float32)
    chosen = np.linspace(0, len(rest) - 1, min(len(rest), MOST_CROPS)).round().astype(int)
    rest = rest[chosen] * np.sqrt(len(rest) / len(chosen) / freedom)
    ridge = RIDGE * (rest**2).sum() / dim
    # The smaller of both products has the same eigenvalues.
    few = len(rest) < dim
    product = rest @ rest.T if few else rest.T @ rest
    last = len(product) - 1
    values, vectors = eigh(product, subset_by_index=[max(0, last + 1 - DIRECTIONS), last])
    seen = values > 0.01 * ridge
    values, vectors = values[seen], vectors[:, seen]
    directions = (rest.T @ vectors / np.sqrt(values)).T if few else vectors.T
    shortened = 1 - 1 / np.sqrt(1 + values / max(ridge, 1e-12))
    return directions.astype(np.float32), shortened.astype(np.float32)


def _length(galleries: Sequence[Gallery], adaptation: Adaptation) -> float:
    """By which adapted embeddings are to be multiplied to have unit length on average.

    A member of a gallery may be several crops, and their mean is shorter than each. With a squared
    length m of what the crops of a track have in common and n of the rest, the squared length of a
    sum with weights w is (sum w)² m + (sum w²) n, which the members' and the tracks' sums tell.
    """
    rows = []
    for gallery in galleries:
        weights = gallery.weights()
        members = adaptation.sums(gallery.sums(), weights[:, 0])
        total, squares = weights.sum(axis=0)
        whole = members.sum(axis=0)
        row = [(members**2).sum(), whole @ whole, (weights[:, 0] ** 2).sum(), total**2, squares]
        rows.append(np.array(row, float) / total)
    parts, wholes, within, between, noise = np.sum(rows, axis=0)
    common = max((wholes - parts) / max(between - within, 1e-9), 0.0)
    rest = max((parts - within * common) / max(noise, 1e-9), 0.0)
    return float(1 / np.sqrt(max(common + rest, 1e-9)))


def with_shifts(adaptation: Adaptation, looks: Looks) -> Adaptation:
    """Also without what sets the cameras apart, as far as people seen by two of them show it."""
    names, camera = np.unique(looks.cameras, return_inverse=True)
    if len(names) < 2 or len(looks.sums) < 2:
        return adaptation
    means = looks.sums.astype(np.float64) / np.maximum(looks.totals[:, :1], 1e-9)
    each = np.eye(len(names))[camera]  # (N, cameras)
    for _ in range(SHIFT_ROUNDS):
        seen = adaptation(looks)
        apart = distances(seen, seen, seen.coherence())
        odds = np.clip(SLOPE * (1 - apart / adaptation.even), -30, 30)
        like = np.exp(odds) * (camera[:, None] != camera)
        chance = like / (1 + like @ each)[:, camera]
        both = chance * chance.T
        links = each.T @ both @ each
        balance = np.diag(links.sum(axis=1) + CAMERA_PRIOR) - links
        towards = each.T @ (both.sum(axis=1)[:, None] * means - both @ means)
        shifts = np.linalg.solve(balance, towards).astype(np.float32)
        adaptation = replace(adaptation, shifts=dict(zip(names.tolist(), shifts, strict=True)))
    return adaptation
