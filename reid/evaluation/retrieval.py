"""What was asked of a gallery, and in which order it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mtmc.reid.atomic import writing
from mtmc.reid.evaluation.embeddings import distance_matrix
from mtmc.reid.evaluation.ranking import JUNK, score_distances, score_embeddings

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from mtmc.reid.data.images import Cut
    from mtmc.reid.evaluation.embeddings import Embeddings
    from mtmc.reid.evaluation.ranking import Scores


@dataclass(frozen=True, eq=False)
class Retrieval:
    """Embedded queries and gallery.

    Args:
        query: who is looked for.
        gallery: where.
        query_paths: a picture of each query; None where a query is a mean of several.
        gallery_paths: a picture of each of the gallery's rows.
        distances: ``(Q, G)`` where they are not those of the embeddings, as after re-ranking.
        within: ``(Q, K)`` cameras that each query is looked for in; None for all.
    """

    query: Embeddings
    gallery: Embeddings
    query_paths: tuple[Path | Cut, ...] | None
    gallery_paths: tuple[Path | Cut, ...]
    distances: NDArray[np.float32] | None = None
    within: NDArray[np.int64] | None = None

    def scores(self) -> Scores:
        """CMC, mAP and mINP.

        Raises:
            ValueError: no query has a right answer.
        """
        if self.distances is not None:
            return score_distances(self.distances, self.query, self.gallery, within=self.within)
        return score_embeddings(self.query, self.gallery, within=self.within)

    def answered(self) -> NDArray[np.int64]:
        """Queries that have a right answer in another camera."""
        rows = [n for n in range(len(self.query)) if self._right(n).any()]
        return np.array(rows, np.int64)

    def ranked(
        self, number: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.bool_]]:
        """The gallery as a query sees it, best first, without what does not count for it.

        Left out is the same as in the scores.

        Returns:
            ``(K,)`` rows of the gallery, their distances, and whether each is right.
        """
        if self.distances is None:
            one = self.query.features[number : number + 1]
            distances = distance_matrix(one, self.gallery.features, "cosine")[0]
        else:
            distances = self.distances[number]
        order = np.argsort(distances, kind="stable")
        order = order[self._counted(number)[order]]
        return order, distances[order], self._right(number)[order]

    def _right(self, number: int) -> NDArray[np.bool_]:
        same = self.gallery.pids == self.query.pids[number]
        return np.asarray(self._counted(number) & same)

    def _counted(self, number: int) -> NDArray[np.bool_]:
        """What is left for a query to be looked for in."""
        same = self.gallery.pids == self.query.pids[number]
        here = self.gallery.camids == self.query.camids[number]
        counted = np.asarray(~(same & here) & (self.gallery.pids != JUNK))
        if self.within is not None:
            counted &= np.isin(self.gallery.camids, self.within[number])
        return counted

    def save(self, file: Path) -> None:
        """Write features, ids, cameras and files of queries and gallery as ``.npz``.

        ``within`` is among them where queries are looked for in some cameras only.

        Raises:
            ReidError: it cannot be written.
        """
        columns: dict[str, Any] = {}
        for side, rows, paths in (
            ("query", self.query, self.query_paths),
            ("gallery", self.gallery, self.gallery_paths),
        ):
            columns[f"{side}_features"] = rows.features
            columns[f"{side}_pids"], columns[f"{side}_camids"] = rows.pids, rows.camids
            columns[f"{side}_paths"] = np.array([str(path) for path in paths or ()])
        if self.within is not None:
            columns["within"] = self.within
        # Of a name, numpy would make another.
        with writing(file), file.open("wb") as target:
            np.savez(target, **columns)
