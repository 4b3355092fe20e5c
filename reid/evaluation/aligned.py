"""Retrieval as AlignedReID compares: by whole images, by stripes that are aligned, and by both.

The whole images' distance is the Euclidean one of the vectors as they were learned, the stripes'
the shortest path; both is the sum (the paper leaves the weights open). Re-ranking squares them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from mtmc.reid.errors import ReidError
from mtmc.reid.evaluation.benchmark import Protocol, sides
from mtmc.reid.evaluation.embeddings import Embeddings, distance_blocks
from mtmc.reid.evaluation.extract import extract
from mtmc.reid.evaluation.rerank import Reranking
from mtmc.reid.evaluation.retrieval import Retrieval
from mtmc.reid.local_distance import local_distances, paired_local_distances
from mtmc.reid.torch_embedder import TorchEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from mtmc.reid.data.images import Dataset, Images
    from mtmc.reid.embedder import Embedder

    Blocks = dict[str, NDArray[np.float32]]  # of each of `PARTS`

PARTS = GLOBAL, LOCAL, BOTH = "global", "local", "global + local"
ROWS = 512  # of the distances held at a time
PAIRS = 1 << 14


def retrieve_aligned(
    embedder: Embedder,
    dataset: Dataset,
    protocol: Protocol,
    progress: Callable[[int], object] | None = None,
) -> dict[str, Retrieval]:
    """Describe queries and gallery and compare them.

    Holds three matrices of all queries and gallery images, Market-1501's being 0.8 GB.

    Args:
        embedder: a checkpoint of a network with local vectors.
        dataset: vectors of a tracklet's images are averaged.
        protocol: augmentation, multi-query, re-ranking.
        progress: told how many images are done.

    Returns:
        A retrieval by each of `PARTS`.

    Raises:
        ReidError: the model has no local vectors, an image cannot be read, or it does not fit
            into memory.
    """
    describer = Describer(embedder)

    def describe(images: Images) -> Embeddings:
        return extract(describer, images, protocol.augmentation, progress, unit=False)

    _, query, gallery = sides(describe, dataset, protocol)
    if protocol.multi_query:
        query = query.per_person_and_camera()
    _need_memory(len(query), len(gallery))
    compare = _reranked if protocol.rerank else _compared
    asked, found = describer.split(query), describer.split(gallery)
    return {
        part: Retrieval(
            Embeddings(asked.whole, query.pids, query.camids).normalized(),
            Embeddings(found.whole, gallery.pids, gallery.camids).normalized(),
            None if protocol.multi_query else dataset.query.one_of_each(),
            dataset.gallery.one_of_each(),
            distances,
            dataset.within,
        )
        for part, distances in compare(asked, found).items()
    }


@dataclass(frozen=True, eq=False)
class Described:
    """Vectors of whole images ``(N, D)``, and of their stripes ``(N, H, C)`` of unit length."""

    whole: NDArray[np.float32]
    local: torch.Tensor

    def __len__(self) -> int:
        return len(self.whole)

    def __getitem__(self, rows: slice | NDArray[np.int64]) -> Described:
        return Described(self.whole[rows], self.local[rows])


class Describer:
    """Gives all of an image's vectors one after the other, as if they were one embedding.

    Args:
        embedder: of a network with local vectors.

    Raises:
        ReidError: it has none.
    """

    even_distance: float | None = None  # as an `Embedder` has it

    def __init__(self, embedder: Embedder) -> None:
        if not isinstance(embedder, TorchEmbedder):
            raise ReidError(
                f"{embedder.name}: metric=aligned needs local features, which only a checkpoint "
                "(.pt) of an aligned:<trunk> has"
            )
        self.name, self._embedder = embedder.name, embedder
        whole, local = embedder.describe([np.zeros((8, 4, 3), np.uint8)])
        self._whole, self._stripes = whole.shape[1], local.shape[1:]
        self.dim = whole.shape[1] + local[0].size

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """``(N, dim)``."""
        whole, local = self._embedder.describe(crops)
        return np.concatenate([whole, local.reshape(len(local), -1)], axis=1)

    def split(self, rows: Embeddings) -> Described:
        """What was put one after the other; means of stripes are made unit vectors again."""
        whole, local = np.split(rows.features, [self._whole], axis=1)
        stripes = torch.from_numpy(local.reshape(-1, *self._stripes))
        return Described(np.ascontiguousarray(whole), functional.normalize(stripes, dim=2))


def _compared(query: Described, gallery: Described) -> Blocks:
    """Distances ``(Q, G)``."""
    out = {part: np.empty((len(query), len(gallery)), np.float32) for part in PARTS}
    for rows, blocks in _blocks(query, gallery):
        for part in PARTS:
            out[part][rows] = blocks[part]
    return out


def _reranked(query: Described, gallery: Described) -> Blocks:
    """Re-ranked distances ``(Q, G)``; all pairs of images are compared once."""
    everybody = Described(
        np.concatenate([query.whole, gallery.whole]), torch.cat([query.local, gallery.local])
    )
    gathered = {part: Reranking(len(query), len(everybody)) for part in PARTS}
    for rows, blocks in _blocks(everybody, everybody):
        for part, block in blocks.items():
            gathered[part].add(rows.start, np.square(block))

    def pairs(part: str) -> Callable[..., NDArray[np.float32]]:
        return lambda one, other: np.square(_paired(everybody, one, other)[part])

    return {part: gathered.pop(part).distances(pairs(part)) for part in PARTS}


def _blocks(one: Described, other: Described) -> Iterator[tuple[slice, Blocks]]:
    """Distances of some rows to all others."""
    for rows, squared in distance_blocks(one.whole, other.whole, "euclidean", ROWS):
        local = local_distances(one.local[rows], other.local).numpy()
        yield rows, _parts(np.sqrt(squared), local)


def _paired(of: Described, one: NDArray[np.int64], other: NDArray[np.int64]) -> Blocks:
    """Distances ``(n,)`` of pairs."""
    out = {part: np.empty(len(one), np.float32) for part in PARTS}
    for start in range(0, len(one), PAIRS):
        rows = slice(start, start + PAIRS)
        left, right = of[one[rows]], of[other[rows]]
        whole = np.linalg.norm(left.whole - right.whole, axis=1)
        local = paired_local_distances(left.local, right.local).numpy()
        for part, values in _parts(whole, local).items():
            out[part][rows] = values
    return out


def _parts(whole: NDArray[np.float32], local: NDArray[np.float32]) -> Blocks:
    return {GLOBAL: whole, LOCAL: local, BOTH: whole + local}


def _need_memory(queries: int, gallery: int) -> None:
    """Refuse what this machine cannot hold."""
    needed = 4 * (4 * queries * gallery + 4 * ROWS * (queries + gallery))
    have = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > have:
        raise ReidError(
            f"metric=aligned: {queries} queries and {gallery} gallery images take "
            f"{needed / 1e9:.1f} GB of memory, this machine has {have / 1e9:.1f} GB"
        )
