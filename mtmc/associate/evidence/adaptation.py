"""Embeddings as the people of this footage differ: what all have in common says nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from mtmc.associate.evidence.looks import Looks, distances
from mtmc.tracking.gallery import Gallery
from mtmc.types import Floats

COMMON_PRIOR = 3.0  # tracklets of one person, about: so many times fewer people tell the mean
RIDGE = 10.0  # times the mean variance, which is added to that in each direction
DIRECTIONS = 32  # at most, in which crops of one track differ
MOST_STEPS = 2048  # from crop to crop; more tell nothing new
MIN_SHARE = 0.01  # of the ridge: directions that vary less stay as they are
TINY = 1e-9  # instead of dividing by nothing
CAMERA_PRIOR = 1.0  # people recognised who would have no shift
SHIFT_ROUNDS = 3  # of recognising people and learning what sets cameras apart
EVEN, SLOPE = 0.7, 18.0  # where log odds are zero, and how fast they fall with the distance
LIMIT = 30.0  # log odds


@dataclass(frozen=True, slots=True, eq=False)
class Adaptation:
    """A linear map of embeddings, learned from footage without knowing who is who.

    1. What all people of the footage have in common, its light and its clothes, is taken out: the
       mean look. Of few tracklets it is known badly, and some of it is left.
    2. Directions in which the crops of one track differ, such as poses, are shortened
       (within-class covariance normalisation, with tracks for classes).
    3. What sets a camera apart from the others is taken out as far as people recognised in both
       show it: a camera that just saw other people keeps its own.

    Args:
        centre: ``(D,)`` what is taken out.
        directions: ``(R, D)`` orthonormal.
        shortened: ``(R,)`` share of each that is taken out.
        length: by which all is multiplied, so that a crop has unit length on average.
        nearness: by which people are nearer to each other than if their mean were known well.
        shifts: ``(D,)`` by camera, what sets it apart.

    Source: A. Hatch, S. Kajarekar, A. Stolcke, Within-Class Covariance Normalization for SVM-based
    Speaker Recognition, Interspeech 2006.
    """

    centre: Floats
    directions: Floats
    shortened: Floats
    length: float
    nearness: float
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
        share = 1 - np.sqrt(min(1.0, left * spread / max(float(mean @ mean), TINY)))
        directions, shortened = _varying(galleries)
        centre = (share * mean).astype(np.float32)
        result = cls(centre, directions, shortened, length=1.0, nearness=1 / (1 + left))
        return replace(result, length=_length(galleries, result))

    def between_cameras(self, looks: Looks) -> Self:
        """Also without what sets the cameras apart.

        Who is who across cameras is guessed from the distances, as chances that two tracklets are
        each other's match and nobody else's. The shifts of all cameras are those that bring the
        matches together best, by least squares, held to zero as by somebody without a shift; and
        no more than the matches of two cameras agree on one, which chance resemblances do not.

        Args:
            looks: ``N`` tracklets, as they are.
        """
        names, camera = np.unique(looks.cameras, return_inverse=True)
        totals = np.maximum(looks.totals[:, :1], TINY)
        means, adapted = looks.sums / totals, self(looks).sums / totals
        each = np.eye(len(names))[camera]  # (N, cameras)
        result = self
        for _ in range(SHIFT_ROUNDS if len(names) > 1 else 0):
            both = _matches(result(looks), camera, each, self.nearness)
            links = each.T @ both @ each
            balance = np.diag(links.sum(axis=1) + CAMERA_PRIOR) - links
            towards = each.T @ (both.sum(axis=1)[:, None] * means - both @ means)
            shifts = _agreement(adapted, both, each) * np.linalg.solve(balance, towards)
            shifts = shifts.astype(np.float32)
            result = replace(result, shifts=dict(zip(names.tolist(), shifts, strict=True)))
        return result

    def held(self, plain: float) -> tuple[Self, float]:
        """Similarities of which a share is that of the embeddings as they are.

        What both say on average is a similarity of this kind again, by completing the square, but
        for what all pairs have in common.

        Args:
            plain: 0..1.

        Returns:
            The adaptation; and how many times as long its distances are as the average, since
            without what is in common crops would not have unit length.
        """
        learned = (1 - plain) * self.length**2
        shrunk = learned * (1 - self.shortened) ** 2  # along the directions
        across, along = plain + learned, plain + shrunk
        parts = self.directions @ self.centre
        rest = self.centre - parts @ self.directions
        common = plain * float(learned / across * rest @ rest + shrunk / along @ parts**2)
        stretch = 1 / max(1 - common, TINY)
        held = replace(
            self,
            centre=learned / across * rest + (shrunk / along * parts) @ self.directions,
            shortened=1 - np.sqrt(along / across),
            length=float(np.sqrt(across * stretch)),
        )
        return held, stretch

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


def _matches(
    looks: Looks, camera: NDArray[np.int64], each: NDArray[np.float64], nearness: float
) -> NDArray[np.float64]:
    """``(N, N)`` chances that two looks of different cameras are each other's only match."""
    apart = distances(looks, looks, looks.coherence()) / nearness
    odds = np.exp(np.clip(SLOPE * (EVEN - apart), -LIMIT, LIMIT))
    odds *= camera[:, None] != camera
    chance = odds / (1 + odds @ each)[:, camera]
    return np.asarray(chance * chance.T, np.float64)


def _agreement(
    means: NDArray[np.float64], both: NDArray[np.float64], each: NDArray[np.float64]
) -> float:
    """How far the differences within matches of two cameras are alike, 0 (as by chance) to 1.

    If they were by chance, the squared length of their mean over n matches would be one n-th of
    the mean of theirs; positive-part shrinkage takes out that much.

    Args:
        means: ``(N, D)`` looks.
        both: ``(N, N)`` chances of matches.
        each: ``(N, cameras)`` ones where a look is of a camera.

    Source: W. James, C. Stein, Estimation with Quadratic Loss, Berkeley Symposium 1961.
    """
    links = each.T @ both @ each
    squares = (means**2).sum(axis=1)
    apart = squares[:, None] + squares - 2 * means @ means.T
    mean_square = each.T @ (both * apart) @ each / np.maximum(links, TINY)
    # (cameras, cameras, D): for each two, the sum over the first one's looks in the matches.
    sums = np.einsum("nc,nd,nk->cdk", each, both @ each, means, optimize=True)
    mean = (sums - sums.transpose(1, 0, 2)) / np.maximum(links, TINY)[:, :, None]
    common = links * (mean**2).sum(axis=2)
    chance = np.minimum(links, 1) * mean_square
    return float(max(0.0, 1 - chance.sum() / max(common.sum(), TINY)))


def _varying(galleries: Sequence[Gallery]) -> tuple[Floats, Floats]:
    """Directions in which crops of one track differ, and by how much they are to be shortened.

    Each crop is compared with the next one, not with their mean: a track that changed person has
    one such pair, not all its crops, in which two people differ.

    Source: J. von Neumann et al., The Mean Square Successive Difference, Annals of Mathematical
    Statistics 12, 1941.
    """
    steps = np.concatenate([_steps(gallery) for gallery in galleries])
    count, dim = steps.shape
    if count == 0:
        return np.zeros((0, dim), np.float32), np.zeros(0, np.float32)
    steps = steps[np.linspace(0, count - 1, min(count, MOST_STEPS)).round().astype(int)]
    steps = steps / np.sqrt(len(steps))
    ridge = RIDGE * float((steps**2).sum()) / dim
    # The smaller of both products has the same eigenvalues.
    few = len(steps) < dim
    product = steps @ steps.T if few else steps.T @ steps
    last = len(product) - 1
    values, vectors = eigh(product, subset_by_index=[max(0, last + 1 - DIRECTIONS), last])
    seen = values > MIN_SHARE * ridge
    values, vectors = values[seen], vectors[:, seen]
    directions = (steps.T @ vectors / np.sqrt(values)).T if few else vectors.T
    shortened = 1 - 1 / np.sqrt(1 + values / max(ridge, TINY))
    return directions.astype(np.float32), shortened.astype(np.float32)


def _steps(gallery: Gallery) -> NDArray[np.float64]:
    """``(K - 1, D)`` from each member to the next in time, with the variance of one crop."""
    order = np.argsort(gallery.times(), kind="stable")
    weights = gallery.weights()[order, 0]
    means = gallery.sums()[order] / weights[:, None]
    count = weights[1:] * weights[:-1] / (weights[1:] + weights[:-1])
    return np.asarray(np.diff(means, axis=0) * np.sqrt(count)[:, None], np.float64)


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
    common = max((wholes - parts) / max(between - within, TINY), 0.0)
    rest = max((parts - within * common) / max(noise, TINY), 0.0)
    return float(1 / np.sqrt(max(common + rest, TINY)))
