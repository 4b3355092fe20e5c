"""CMC, mAP and mINP with the same-camera rule."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtmc.reid.evaluation.embeddings import Embeddings, Metric, distance_blocks
from mtmc.reid.threads import available_cores

if TYPE_CHECKING:
    from numpy.typing import NDArray

JUNK = -1


@dataclass(frozen=True, eq=False)
class Scores:
    """Retrieval scores over the queries that have a right answer in the gallery.

    Args:
        cmc: ``(max_rank,) float64``; ``cmc[k - 1]`` is the share of queries with a right answer
            among the first k. In 0..1, higher is better.
        mean_ap: mean over queries of the average precision ``1/P sum_i i / rank_i`` of the P right
            answers (the plain sum, as sklearn and today's papers have it; Market-1501's original
            script interpolates between ranks and gives slightly less).
        mean_inp: mean of ``P / rank_P``, how much must be looked through until the hardest right
            answer is found (Ye et al., "Deep Learning for Person Re-identification", section 3.3).
        queries: how many queries were scored.
        skipped: how many had no right answer in another camera.
        even_distance: see `reid.evaluation.verification`; None where it was not measured.
    """

    cmc: NDArray[np.float64]
    mean_ap: float
    mean_inp: float
    queries: int
    skipped: int
    even_distance: float | None = None

    def rank(self, k: int) -> float:
        """CMC at rank k."""
        return float(self.cmc[min(k, len(self.cmc)) - 1])

    def to_dict(self) -> dict[str, float | int]:
        """The figures usually printed, as shares in 0..1, and the even distance if known."""
        even = {} if self.even_distance is None else {"even_distance": self.even_distance}
        return {
            **{f"rank{k}": self.rank(k) for k in (1, 5, 10, 20)},
            "mAP": self.mean_ap,
            "mINP": self.mean_inp,
            "queries": self.queries,
            "skipped": self.skipped,
            **even,
        }


def score_embeddings(
    query: Embeddings,
    gallery: Embeddings,
    metric: Metric = "cosine",
    max_rank: int = 50,
    within: NDArray[np.int64] | None = None,
) -> Scores:
    """Score a retrieval from embeddings, without ever holding the whole distance matrix.

    Args:
        query: who is looked for.
        gallery: where.
        metric: ``cosine`` or ``euclidean``.
        max_rank: length of the CMC curve.
        within: ``(Q, K)`` cameras that each query is looked for in; None for all.

    Raises:
        ValueError: the dimensions differ, or no query has a right answer.
    """
    return _collected(query, gallery, metric, within).scores(max_rank)


def right_ranks(query: Embeddings, gallery: Embeddings) -> list[NDArray[np.int64]]:
    """1-based ranks of the right answers of each query, ascending; none for one without any.

    Raises:
        ValueError: the dimensions differ.
    """
    return _collected(query, gallery, "cosine").ranks


def _collected(
    query: Embeddings,
    gallery: Embeddings,
    metric: Metric,
    within: NDArray[np.int64] | None = None,
) -> _Collector:
    collector = _Collector(query, gallery, within)
    for rows, block in distance_blocks(query.features, gallery.features, metric):
        collector.add(rows, block)
    return collector


def score_distances(
    distances: NDArray[np.floating],
    query: Embeddings,
    gallery: Embeddings,
    max_rank: int = 50,
    within: NDArray[np.int64] | None = None,
) -> Scores:
    """Score a retrieval from distances, for example re-ranked ones.

    A gallery image is left out for a query when it is junk (id -1), shows the same person in the
    same camera, or is of none of the cameras that the query is looked for in. Equal distances
    rank in gallery order.

    Args:
        distances: ``(Q, G)``, not modified.
        query: ids and cameras of the rows.
        gallery: ids and cameras of the columns.
        max_rank: length of the CMC curve.
        within: ``(Q, K)`` cameras that each query is looked for in; None for all.

    Raises:
        ValueError: the shape does not fit, or no query has a right answer.
    """
    if distances.shape != (len(query), len(gallery)):
        raise ValueError(
            f"distances must have shape {(len(query), len(gallery))}, got {distances.shape}"
        )
    collector = _Collector(query, gallery, within)
    for start in range(0, len(query), 512):
        collector.add(slice(start, start + 512), np.array(distances[start : start + 512]))
    return collector.scores(max_rank)


def average_precision(ranks: NDArray[np.int64]) -> float:
    """``1/P sum_i i / rank_i`` of the ranks ``(P,)`` of the right answers, ascending."""
    return float((np.arange(1, len(ranks) + 1) / ranks).mean())


class _Collector:
    """Ranks of the right answers of every query, gathered block by block."""

    def __init__(
        self, query: Embeddings, gallery: Embeddings, within: NDArray[np.int64] | None
    ) -> None:
        self._query, self._within = query, within
        self._cameras = gallery.camids
        order = np.argsort(gallery.pids, kind="stable")
        pids, starts = np.unique(gallery.pids[order], return_index=True)
        groups = np.split(order, starts[1:])
        self._by_pid: dict[int, NDArray[np.int64]] = dict(zip(pids.tolist(), groups, strict=True))
        self._junk: NDArray[np.int64] = self._by_pid.get(JUNK, np.zeros(0, np.int64))
        self.ranks: list[NDArray[np.int64]] = [np.zeros(0, np.int64)] * len(query)

    def add(self, rows: slice, block: NDArray[np.floating]) -> None:
        """Rank one block of distances, which is overwritten."""

        def rank(item: tuple[int, NDArray[np.floating]]) -> None:
            self.ranks[item[0]] = self._ranks_of(*item)

        # numpy's sort releases the interpreter lock.
        with ThreadPoolExecutor(available_cores()) as pool:
            numbers = range(rows.start, rows.start + len(block))
            list(pool.map(rank, zip(numbers, block, strict=True)))

    def _ranks_of(self, number: int, distances: NDArray[np.floating]) -> NDArray[np.int64]:
        """1-based ranks of a query's right answers, ascending; ``distances`` is overwritten."""
        pid = int(self._query.pids[number])
        same_person = self._by_pid.get(pid, self._junk[:0])
        same_camera = self._cameras[same_person] == self._query.camids[number]
        right = same_person[~same_camera]
        if self._within is not None:
            inside = np.isin(self._cameras, self._within[number])
            distances[~inside] = np.inf
            right = right[inside[right]]
        if pid == JUNK or len(right) == 0:
            return self._junk[:0]
        distances[self._junk] = np.inf
        distances[same_person[same_camera]] = np.inf
        of_right = distances[right]
        ordered = np.sort(distances)
        before = np.searchsorted(ordered, of_right, side="left")
        ties = np.searchsorted(ordered, of_right, side="right") - before > 1
        if ties.any():
            # A query in a thousand: only now the slower order of the images themselves is needed.
            place = np.empty(len(distances), np.int64)
            place[np.argsort(distances, kind="stable")] = np.arange(len(distances))
            before = place[right]
        return np.asarray(np.sort(before) + 1, np.int64)

    def scores(self, max_rank: int) -> Scores:
        found = [ranks for ranks in self.ranks if len(ranks)]
        if not found:
            raise ValueError("no query has a right answer in another camera of the gallery")
        first = np.array([ranks[0] for ranks in found])
        hits = np.bincount(first.clip(max=max_rank + 1), minlength=max_rank + 2)[1 : max_rank + 1]
        precisions = [average_precision(ranks) for ranks in found]
        return Scores(
            cmc=np.cumsum(hits) / len(found),
            mean_ap=float(np.mean(precisions)),
            mean_inp=float(np.mean([len(r) / r[-1] for r in found])),
            queries=len(found),
            skipped=len(self.ranks) - len(found),
        )
