"""Few coordinates for features of very many dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import eigh, solve_triangular
from scipy.linalg.blas import ssyrk
from scipy.linalg.lapack import dpstrf

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE = 1e-10  # of the largest variance: what float32 features still resolve
COLUMNS = 4096  # features in float64 at a time
# Few principal components of more rows than this are found by iteration, in float32.
EXACT_ROWS, FEW = 2500, 0.2
OVERSAMPLING, ITERATIONS = 20, 4


@dataclass(frozen=True, eq=False)
class Subspace:
    """Samples in coordinates of an orthonormal basis, and the way back.

    With fewer samples than features, all work is done on the samples' inner products, otherwise on
    the features' covariances: on whichever matrix is smaller.

    Args:
        mean: ``(D,)`` of the samples.
        coordinates: ``(N, R)`` of the samples less the mean.
        anchors: ``(K, D)`` samples less the mean, of which the basis is made.
        mixing: ``(K, R)``: the basis ``(D, R)`` is ``anchors^T mixing``, which is not computed
            because it is as large as all samples.
    """

    mean: NDArray[np.float32]
    coordinates: NDArray[np.float64]
    anchors: NDArray[np.float32]
    mixing: NDArray[np.float64]

    def expand(self, directions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Directions ``(R, K)`` of the subspace as ones ``(D, K)`` of the features."""
        mixed = self.mixing @ directions
        parts = [
            self.anchors[:, start : start + COLUMNS].T.astype(np.float64) @ mixed
            for start in range(0, self.anchors.shape[1], COLUMNS)
        ]
        return np.concatenate(parts)


def span(features: NDArray[np.float32]) -> Subspace:
    """The space that the samples span, exactly; all features where there are more samples.

    A pivoted Cholesky factorisation of the samples' inner products; it picks samples whose
    differences to the mean are independent.

    Args:
        features: ``(N, D)``.
    """
    mean, centred = _centred(features)
    if len(features) > features.shape[1]:
        identity = np.eye(features.shape[1])
        return Subspace(mean, centred.astype(np.float64), identity.astype(np.float32), identity)
    factor, pivots, rank, _ = dpstrf(_products(centred), tol=-1.0, lower=1)
    lower = np.tril(factor)
    scale = np.diag(lower)
    # LAPACK's own tolerance would count rounding errors of the features.
    rank = int((scale[:rank] > np.sqrt(TOLERANCE) * max(scale[0], 1e-300)).sum())
    order = pivots - 1
    coordinates = np.empty((len(features), rank))
    coordinates[order] = lower[:, :rank]
    # The pivots in these coordinates are lower-triangular: A = T B^T, so B = A^T T^-T.
    triangle = lower[:rank, :rank]
    mixing = solve_triangular(triangle, np.eye(rank), lower=True).T
    return Subspace(mean, coordinates, centred[order[:rank]], mixing)


def principal(features: NDArray[np.float32], dims: int) -> Subspace:
    """The principal components; few of many by iteration, so that the last of them are rough.

    Args:
        features: ``(N, D)``.
        dims: most components; there are fewer where the samples span fewer.
    """
    mean, centred = _centred(features)
    more_samples = len(features) > features.shape[1]
    rows = np.ascontiguousarray(centred.T) if more_samples else centred
    if len(rows) <= EXACT_ROWS or dims > FEW * len(rows):
        variances, vectors = _leading(_products(rows), dims)
    else:
        variances, vectors = _approximately_leading(_fast_products(rows), dims)
    kept = variances > TOLERANCE * max(variances[0], 1e-300)
    lengths, vectors = np.sqrt(variances[kept]), vectors[:, kept]
    if more_samples:
        anchors = np.eye(features.shape[1], dtype=np.float32)
        return Subspace(mean, centred @ vectors, anchors, vectors)
    return Subspace(mean, vectors * lengths, centred, vectors / lengths)


def _centred(
    features: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    mean = features.mean(axis=0, dtype=np.float64).astype(np.float32)
    return mean, features - mean


def _products(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Inner products ``(N, N)`` of all rows."""
    out = np.zeros((len(samples),) * 2)
    for start in range(0, samples.shape[1], COLUMNS):
        part = samples[:, start : start + COLUMNS].astype(np.float64)
        out += part @ part.T
    return out


def _fast_products(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same in float32, computed once for each pair."""
    lower = ssyrk(1.0, samples.T, trans=1, lower=1)
    upper = np.tril(lower, -1).T
    lower += upper
    return np.asarray(lower, np.float32)


def _leading(
    matrix: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The largest eigenvalues, falling, and their vectors."""
    size = len(matrix)
    values, vectors = eigh(matrix, subset_by_index=(max(size - count, 0), size - 1))
    return values[::-1], vectors[:, ::-1]


def _approximately_leading(
    matrix: NDArray[np.float32], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same for few of many: a random subspace that is multiplied again and again.

    Source: Halko et al., "Finding structure with randomness", 2011, Algorithm 4.4.
    """
    size = len(matrix)
    rng = np.random.default_rng(0)
    basis = rng.standard_normal((size, min(size, count + OVERSAMPLING)), np.float32)
    for _ in range(ITERATIONS):
        basis = np.linalg.qr(matrix @ basis)[0]
    values, mixing = eigh((basis.T @ (matrix @ basis)).astype(np.float64))
    vectors = basis @ mixing[:, ::-1][:, :count]
    return values[::-1][:count], vectors
