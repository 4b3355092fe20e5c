"""What a network of several exits answers at each of them, and how sure it is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from mtmc.reid.evaluation.embeddings import Embeddings, chord, distance_blocks
from mtmc.reid.evaluation.extract import extract
from mtmc.reid.evaluation.ranking import JUNK, average_precision, right_ranks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from mtmc.reid.data.images import Images
    from mtmc.reid.staged import StagedEmbedder

Confidence = Literal["margin", "distance"]


class EveryExit:
    """An embedder whose rows are those of all exits, one behind the other; see `Embedder`."""

    def __init__(self, embedder: StagedEmbedder) -> None:
        self._embedder = embedder
        self.name = embedder.name
        self.even_distance: float | None = None
        self.dim = len(embedder.costs) * embedder.dim

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Embed a batch of crops, see `Embedder.embed`."""
        out = np.empty((len(crops), len(self._embedder.costs), self._embedder.dim), np.float32)

        def nobody_leaves(
            stage: int, rows: NDArray[np.int64], vectors: NDArray[np.float32]
        ) -> NDArray[np.bool_]:
            out[rows, stage - 1] = vectors
            return np.zeros(len(rows), bool)

        out[:, -1], _ = self._embedder.embed_until(crops, nobody_leaves)
        return out.reshape(len(crops), -1)


def at_every_exit(
    embedder: StagedEmbedder,
    images: Images,
    progress: Callable[[int], object] | None = None,
) -> list[Embeddings]:
    """The embeddings of images, or of tracklets, at each exit.

    Args:
        embedder: of several exits.
        images: files with ids.
        progress: told how many images are done.

    Raises:
        ReidError: a file is no image.
    """
    every = extract(EveryExit(embedder), images, progress=progress)
    parts = np.split(every.features, len(embedder.costs), axis=1)
    return [Embeddings(part, every.pids, every.camids).normalized() for part in parts]


@dataclass(frozen=True, eq=False)
class Answers:
    """What each of the queries that have a right answer gets at each exit.

    Args:
        first: ``(Q, S)`` whether the first of the gallery is right.
        precision: ``(Q, S)`` average precision.
        sure: by kind of confidence, ``(Q, S)``.
    """

    first: NDArray[np.bool_]
    precision: NDArray[np.float64]
    sure: dict[Confidence, NDArray[np.float32]]

    @classmethod
    def of(
        cls, query: Sequence[Embeddings], gallery: Sequence[Embeddings], kinds: Sequence[Confidence]
    ) -> Answers:
        """Ask.

        Args:
            query: at each exit.
            gallery: that these are compared with.
            kinds: of confidence.

        Raises:
            ValueError: no query has a right answer in another camera.
        """
        ranks = [right_ranks(q, g) for q, g in zip(query, gallery, strict=True)]
        found = np.array([len(each) > 0 for each in ranks[0]], bool)
        if not found.any():
            raise ValueError("no query has a right answer in another camera of the gallery")
        asked = [Embeddings(q.features[found], q.pids[found], q.camids[found]) for q in query]
        answered = [[each for each in at_exit if len(each)] for at_exit in ranks]
        sure = {
            kind: [confidences(q, g, kind) for q, g in zip(asked, gallery, strict=True)]
            for kind in kinds
        }
        return cls(
            np.array([[each[0] == 1 for each in at_exit] for at_exit in answered], bool).T,
            np.array([[average_precision(each) for each in at_exit] for at_exit in answered]).T,
            {kind: np.stack(each, axis=1) for kind, each in sure.items()},
        )

    def scores(self, exits: NDArray[np.int64]) -> tuple[float, float]:
        """Rank-1 and mAP where each query leaves at the exit ``(Q,)``, from 1, said of it."""
        at = np.arange(len(exits)), exits - 1
        return float(self.first[at].mean()), float(self.precision[at].mean())


def confidences(query: Embeddings, gallery: Embeddings, kind: Confidence) -> NDArray[np.float32]:
    """How sure one is of each query's nearest answer (section 4.2).

    ``distance``: how near it is. ``margin``: how much farther the nearest one of somebody else is;
    infinite where the gallery shows nobody else. Distances are those of unit vectors; what does not
    count for a query in the scores, junk and its person in its own camera, does not count here.

    Args:
        query: who is looked for.
        gallery: where.
        kind: ``margin`` or ``distance``.

    Returns:
        ``(Q,)``, higher is surer.
    """
    result = np.empty(len(query), np.float32)
    junk = gallery.pids == JUNK
    for rows, block in distance_blocks(query.features, gallery.features, "cosine"):
        here = gallery.camids == query.camids[rows, None]
        block[junk | (here & (gallery.pids == query.pids[rows, None]))] = np.inf
        nearest = block.argmin(axis=1)
        first = block[np.arange(len(block)), nearest]
        if kind == "distance":
            result[rows] = -chord(first)
            continue
        block[gallery.pids == gallery.pids[nearest, None]] = np.inf
        result[rows] = chord(block.min(axis=1)) - chord(first)
    return result
