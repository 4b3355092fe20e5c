from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

Metric = Literal["cosine", "euclidean"]


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Embedded images (or tracklets) of known people.

    Args:
        features: ``(N, D) float32``.
        pids: ``(N,) int64`` person ids; -1 is junk, 0 a distractor where the dataset has them.
        camids: ``(N,) int64``.

    Raises:
        ValueError: lengths differ or a feature is not finite.
    """

    features: NDArray[np.float32]
    pids: NDArray[np.int64]
    camids: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.features.ndim != 2:
            raise ValueError(f"features must have shape (N, D), got {self.features.shape}")
        for name in ("pids", "camids"):
            shape = getattr(self, name).shape
            if shape != (len(self.features),):
                raise ValueError(f"{name} must have shape ({len(self.features)},), got {shape}")
        if not np.isfinite(self.features).all():
            row = int(np.flatnonzero(~np.isfinite(self.features).all(axis=1))[0])
            raise ValueError(f"feature {row} is not finite")

    def __len__(self) -> int:
        return len(self.features)

    def normalized(self) -> Embeddings:
        """The same with unit rows."""
        return Embeddings(_unit(self.features), self.pids, self.camids)

    def joined(self, other: Embeddings) -> Embeddings:
        """These and then the others."""
        return Embeddings(
            np.concatenate([self.features, other.features]),
            np.concatenate([self.pids, other.pids]),
            np.concatenate([self.camids, other.camids]),
        )

    def pooled(self, groups: NDArray[np.int64]) -> Embeddings:
        """Average the features of each group, for tracklets (MARS) and multi-query.

        Args:
            groups: ``(N,)`` group of each row; a group has one person and one camera.

        Returns:
            One row per group, in ascending order of the groups.

        Raises:
            ValueError: a group mixes people or cameras.
        """
        _, first, member, counts = np.unique(
            groups, return_index=True, return_inverse=True, return_counts=True
        )
        for name in ("pids", "camids"):
            values = getattr(self, name)
            if not np.array_equal(values, values[first][member]):
                raise ValueError(f"a group mixes {name}")
        sums = np.zeros((len(first), self.features.shape[1]))
        np.add.at(sums, member, self.features)
        means = (sums / counts[:, None]).astype(np.float32)
        return Embeddings(means, self.pids[first], self.camids[first])

    def camera_centred(self, means: Mapping[int, NDArray[np.float32]]) -> Embeddings:
        """The same less what all images of a camera have in common, with unit rows.

        Args:
            means: per camera, see `camera_means`.
        """
        centres = np.stack([means[int(camera)] for camera in self.camids])
        return Embeddings(self.features - centres, self.pids, self.camids).normalized()

    def camera_means(self) -> dict[int, NDArray[np.float32]]:
        """The mean feature ``(D,)`` of each camera's images, whoever is in them."""
        return {int(c): self.features[self.camids == c].mean(0) for c in np.unique(self.camids)}

    def per_person_and_camera(self) -> Embeddings:
        """Average all images of a person in a camera: the queries of the multi-query protocol."""
        _, groups = np.unique(np.stack([self.pids, self.camids]), axis=1, return_inverse=True)
        return self.pooled(groups)


def distance_blocks(
    query: NDArray[np.float32], gallery: NDArray[np.float32], metric: Metric, rows: int = 512
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Distances of all pairs, some queries at a time, so that memory stays small.

    ``cosine`` is 1 - cos, ``euclidean`` the squared Euclidean distance (same order as the plain
    one, and what re-ranking is defined on).

    Yields:
        The slice of the queries and their ``(rows, len(gallery)) float32`` distances.

    Raises:
        ValueError: unknown metric, or the two differ in dimension.
    """
    if metric not in get_args(Metric):
        raise ValueError(f"metric must be one of {get_args(Metric)}, got {metric!r}")
    if query.shape[1] != gallery.shape[1]:
        raise ValueError(f"{query.shape[1]}-d queries and a {gallery.shape[1]}-d gallery")
    if metric == "cosine":
        query, gallery = _unit(query), _unit(gallery)
    squares = np.einsum("nd,nd->n", gallery, gallery)
    for start in range(0, len(query), rows):
        part = query[start : start + rows]
        block = part @ gallery.T
        if metric == "cosine":
            np.subtract(1, block, out=block)
        else:
            block *= -2
            block += squares
            block += np.einsum("nd,nd->n", part, part)[:, None]
            np.maximum(block, 0, out=block)
        yield slice(start, start + len(part)), block


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float32] = rows / np.maximum(norms, 1e-12)
    return unit


def chord(cosine: NDArray[np.floating]) -> NDArray[np.float32]:
    """The plain distance between unit vectors of that cosine distance."""
    return np.asarray(np.sqrt(np.maximum(2 * cosine, 0)), np.float32)


def distance_matrix(
    query: NDArray[np.float32], gallery: NDArray[np.float32], metric: Metric
) -> NDArray[np.float32]:
    """All of `distance_blocks` as one ``(Q, G) float32`` matrix."""
    out = np.empty((len(query), len(gallery)), np.float32)
    for rows, block in distance_blocks(query, gallery, metric):
        out[rows] = block
    return out
