"""k-reciprocal re-ranking, in sparse algebra."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from mtmc.reid.threads import available_cores

if TYPE_CHECKING:
    from numpy.typing import NDArray

Pairs = Callable[["NDArray[np.int64]", "NDArray[np.int64]"], "NDArray[np.float32]"]
ROWS = 1024  # of the all-pairs distances held at a time


@dataclass(frozen=True)
class RerankConfig:
    """Parameters of k-reciprocal re-ranking.

    Args:
        k1: neighbours that must be mutual.
        k2: neighbours averaged in the local query expansion.
        weight: share of the original distance in the result (lambda in the paper), 0..1.

    Raises:
        ValueError: a value is out of range.
    """

    k1: int = 20
    k2: int = 6
    weight: float = 0.3

    def __post_init__(self) -> None:
        if self.k1 < 1 or not 1 <= self.k2 <= self.k1 + 1:
            raise ValueError(f"need k1 >= 1 and 1 <= k2 <= k1 + 1, got {self.k1} and {self.k2}")
        if not 0 <= self.weight <= 1:
            raise ValueError(f"weight must be in 0..1, got {self.weight}")


def rerank(
    query: NDArray[np.float32],
    gallery: NDArray[np.float32],
    config: RerankConfig | None = None,
) -> NDArray[np.float32]:
    """Distances that also ask whether two images have the same neighbours.

    Args:
        query: ``(Q, D) float32`` unit rows.
        gallery: ``(G, D) float32`` unit rows.
        config: k1, k2 and lambda.

    Returns:
        ``(Q, G) float32`` distances in 0..1.

    Source:
        Zhong et al., "Re-ranking Person Re-identification with k-reciprocal Encoding", CVPR 2017,
        Eqs. 1-12. As in the authors' program, the original distance is the squared Euclidean one,
        divided by each image's largest.
    """
    features = np.concatenate([query, gallery])
    gathered = Reranking(len(query), len(features), config)
    for start in range(0, len(features), ROWS):
        squared = features[start : start + ROWS] @ features.T
        squared *= -2
        squared += 2
        gathered.add(start, squared)
    return gathered.distances(lambda rows, columns: _squared_distances(features, rows, columns))


class Reranking:
    """Re-ranking by any distance, of which all pairs are seen once, in blocks.

    Args:
        queries: how many of the images, the first ones, are queries; the others are the gallery.
        images: how many there are.
        config: k1, k2 and lambda.
    """

    def __init__(self, queries: int, images: int, config: RerankConfig | None = None) -> None:
        self._config = config or RerankConfig()
        count = min(self._config.k1 + 1, images)
        self._nearest = np.empty((images, count), np.int64)  # by ascending distance
        self._farthest = np.empty(images, np.float32)  # largest squared distance
        self._original = np.empty((queries, images - queries), np.float32)

    def add(self, start: int, squared: NDArray[np.float32]) -> None:
        """Take in some images' squared distances to all.

        Args:
            start: number of the first of them.
            squared: ``(n, images)``, which is overwritten.
        """
        rows = np.arange(start, start + len(squared))
        largest = squared.max(axis=1)
        self._farthest[rows] = np.maximum(largest, np.finfo(np.float32).tiny)
        queries = squared[: max(0, len(self._original) - start)]
        original = queries[:, len(self._original) :]
        self._original[start : start + len(queries)] = np.maximum(original, 0)
        squared[rows - start, rows] = -np.inf  # itself comes first, whatever its distance
        with ThreadPoolExecutor(available_cores()) as pool:
            list(pool.map(self._look, rows, squared))

    def _look(self, number: int, distances: NDArray[np.float32]) -> None:
        count = self._nearest.shape[1]
        some = np.argpartition(distances, count - 1)[:count]
        self._nearest[number] = some[np.argsort(distances[some], kind="stable")]

    def distances(self, pairs: Pairs) -> NDArray[np.float32]:
        """The re-ranked distances ``(Q, G)`` in 0..1.

        Args:
            pairs: squared distances ``(n,)`` of images, by numbers of their first and second.
        """
        queries = len(self._original)
        encoded = _encode(pairs, self._nearest, self._farthest, self._config)
        result = _jaccard_distance(encoded[:queries], encoded[queries:].tocsc())
        result *= 1 - self._config.weight
        self._original *= self._config.weight / self._farthest[:queries, None]
        result += self._original
        return result


def _encode(
    pairs: Pairs,
    neighbors: NDArray[np.int64],
    farthest: NDArray[np.float32],
    config: RerankConfig,
) -> sparse.csr_array:
    """k-reciprocal feature vectors ``(N, N)``, after local query expansion (Eqs. 7 and 11)."""
    reciprocal = _reciprocal(neighbors)
    # np.around rounds halves to even; so does the authors' program.
    half = _reciprocal(neighbors[:, : int(np.around(config.k1 / 2)) + 1])
    shared = (reciprocal @ half.T).multiply(reciprocal).tocoo()
    sizes = half.sum(axis=1)
    joins = 3 * shared.data > 2 * sizes[shared.col]  # Eq. 5
    supporters = _pattern(shared.row[joins], shared.col[joins], reciprocal.shape)
    expanded = (reciprocal + supporters @ half).tocoo()
    weights = np.exp(-pairs(expanded.row, expanded.col) / farthest[expanded.row])
    encoded = sparse.csr_array((weights, (expanded.row, expanded.col)), shape=reciprocal.shape)
    encoded = sparse.diags_array(1 / encoded.sum(axis=1)) @ encoded
    nearest = neighbors[:, : config.k2]
    rows = np.repeat(np.arange(len(nearest)), nearest.shape[1])
    averaging = _pattern(rows, nearest.ravel(), reciprocal.shape)
    return sparse.csr_array((averaging @ encoded) / nearest.shape[1])


def _reciprocal(neighbors: NDArray[np.int64]) -> sparse.csr_array:
    """1 where two images are in each other's neighbours (Eqs. 2 and 3)."""
    count, k = neighbors.shape
    forward = _pattern(np.repeat(np.arange(count), k), neighbors.ravel(), (count, count))
    return sparse.csr_array(forward.multiply(forward.T))


def _pattern(
    rows: NDArray[np.int64], cols: NDArray[np.int64], shape: tuple[int, ...]
) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(rows), np.float32), (rows, cols)), shape=shape)


def _squared_distances(
    features: NDArray[np.float32], rows: NDArray[np.int64], cols: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Of the pairs ``rows[i], cols[i]`` of unit vectors."""
    out = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), 1 << 16):
        part = slice(start, start + (1 << 16))
        np.einsum("nd,nd->n", features[rows[part]], features[cols[part]], out=out[part])
    return np.maximum(2 - 2 * out, 0)


def _jaccard_distance(query: sparse.csr_array, gallery: sparse.csc_array) -> NDArray[np.float32]:
    """Eq. 10: one minus the sum of minima over the sum of maxima, for rows that sum to 1."""
    result = np.empty((query.shape[0], gallery.shape[0]), np.float32)
    for i in range(query.shape[0]):
        nonzero = slice(query.indptr[i], query.indptr[i + 1])
        columns, values = query.indices[nonzero], query.data[nonzero]
        starts = gallery.indptr[columns]
        lengths = gallery.indptr[columns + 1] - starts
        # All entries of those columns, one after the other.
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        entries = np.repeat(starts, lengths) + within
        minima = np.minimum(gallery.data[entries], np.repeat(values, lengths))
        overlap = np.bincount(gallery.indices[entries], minima, gallery.shape[0])
        result[i] = 1 - overlap / (2 - overlap)
    return result
