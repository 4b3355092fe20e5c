"""Groups of tracklets by pairwise evidence, without keeping more of it than is needed at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mtmc.associate.evidence.links import BLOCK, Links
from mtmc.associate.solve.matching import FORBIDDEN, match_or_new
from mtmc.types import Ints

MAX_SWEEPS = 10  # of reassignment; it settles in two or three
NO_WEIGHT = 1e-4  # less is what rounding leaves of nothing

Floats = NDArray[np.floating]


def cluster(links: Links) -> Ints:
    """Join the two groups with the strongest evidence while there is any and no frame shows both.

    Agglomerative clustering with cannot-link constraints. One ``(N, N) float32`` matrix is kept,
    two where there is a floor.

    Returns:
        ``(N,)`` group of each tracklet.
    """
    groups = np.arange(len(links))
    if len(links) == 0:
        return groups
    pairs = _GroupPairs(links)
    every = np.arange(len(links))
    scores = [pairs.scores(every[start : start + BLOCK]) for start in every[::BLOCK]]
    best = np.concatenate([part.argmax(axis=1) for part in scores])
    best_score = np.concatenate([part.max(axis=1) for part in scores])
    del scores
    while True:
        a = int(best_score.argmax())
        b = int(best[a])
        if not best_score[a] > 0:
            return groups
        groups[groups == b] = a
        pairs.join(a, b)
        row = pairs.scores(np.array([a]))[0]
        best_score[b] = -np.inf
        closer = row > best_score
        stale = np.flatnonzero(((best == a) | (best == b)) & ~closer & (best_score > -np.inf))
        best[closer], best_score[closer] = a, row[closer]
        stale = np.union1d(stale, a)
        again = pairs.scores(stale)
        best[stale] = again.argmax(axis=1)
        best_score[stale] = again.max(axis=1)


class _GroupPairs:
    """Evidence between groups as they are joined; minus infinity where they must stay apart."""

    def __init__(self, links: Links) -> None:
        count = len(links)
        every = np.arange(count)
        self._weight = links.weights.astype(np.float32)
        self._look = np.empty((count, count), np.float32)
        for start in range(0, count, BLOCK):
            rows = every[start : start + BLOCK]
            self._look[rows] = links.appearance(rows, every)
            self._look[rows] *= self._weight
            self._look[rows] *= self._weight[rows, None]
        self._floor = links.floor.toarray().astype(np.float32) if links.floor.nnz else None
        apart = links.apart.tocoo()
        self._look[apart.coords] = -np.inf
        np.fill_diagonal(self._look, -np.inf)

    def scores(self, rows: Ints) -> NDArray[np.float32]:
        """``(K, N)`` log odds of the groups ``rows`` to all."""
        pair_weight = self._weight[rows, None] * self._weight
        scores: NDArray[np.float32] = self._look[rows] / np.maximum(pair_weight, np.float32(1e-9))
        return scores if self._floor is None else scores + self._floor[rows]

    def join(self, a: int, b: int) -> None:
        """Make ``b`` part of ``a``."""
        self._weight[a] += self._weight[b]
        for matrix in (self._look, self._floor):
            if matrix is not None:
                matrix[a] += matrix[b]
                matrix[:, a] = matrix[a]
        self._look[a, a] = self._look[b] = self._look[:, b] = -np.inf


def reassign(links: Links, groups: Ints, cliques: Sequence[Ints]) -> Ints:
    """Match the tracklets of each clique anew, one to one, to all groups until nothing changes.

    Args:
        links: the evidence.
        groups: ``(N,)`` to begin with.
        cliques: tracklets that are taken out together.

    Returns:
        ``(N,)`` group of each tracklet.
    """
    if len(links) == 0:
        return groups
    members = _Membership(links, groups)
    for _ in range(MAX_SWEEPS):
        moved = [members.match(clique) for clique in cliques]
        if not any(moved):
            break
    return members.groups


class _Membership:
    """Who belongs to which group, and each tracklet's evidence for all groups."""

    def __init__(self, links: Links, groups: Ints) -> None:
        self._links = links
        names, self.groups = np.unique(groups, return_inverse=True)
        self._size = np.bincount(self.groups)
        self._weight = np.bincount(self.groups, links.weights).astype(np.float64)
        order = np.argsort(self.groups, kind="stable")
        starts = np.searchsorted(self.groups[order], np.arange(len(names)))
        # (N, groups): appearance times weight, summed over a group's members.
        self._sums = np.empty((len(links), len(names)), np.float32)
        for start in range(0, len(links), BLOCK):
            rows = np.arange(start, min(start + BLOCK, len(links)))
            weighted = links.appearance(rows, order) * links.weights[order]
            self._sums[rows] = np.add.reduceat(weighted, starts, axis=1)

    def match(self, clique: Ints) -> bool:
        """Assign the tracklets of a clique to the groups of all others; whether any moves."""
        odds = self._odds(clique)
        promising = np.flatnonzero((odds > 0).any(axis=0))
        matched = match_or_new(odds[:, promising])
        before = self.groups[clique]
        after = np.where(matched >= 0, promising[matched], -1) if len(promising) else matched
        rest = self._rest(clique)
        for position, group in enumerate(before.tolist()):
            # Who is alone with a group stays, rather than open another.
            if after[position] < 0 and rest[group] == 0 and group not in after:
                after[position] = group
        for position in np.flatnonzero(after < 0).tolist():
            after[position] = self._open(after)
        for tracklet, old, new in zip(clique, before, after, strict=True):
            if old != new:
                self._move(int(tracklet), int(old), int(new))
        return bool((before != after).any())

    def _rest(self, clique: Ints) -> Ints:
        """Members of each group beside the clique's."""
        rest = self._size.copy()
        np.subtract.at(rest, self.groups[clique], 1)
        return rest

    def _odds(self, clique: Ints) -> Floats:
        """``(clique, groups)`` log odds without the clique's own part in the groups."""
        links, own = self._links, self.groups[clique]
        total, weight = self._sums[clique], self._weight.copy()
        among = links.appearance(clique, clique) * links.weights[clique]
        for group, share in zip(own.tolist(), among.T, strict=True):
            total[:, group] -= share
        np.subtract.at(weight, own, links.weights[clique])
        odds = np.where(weight > NO_WEIGHT, total / np.maximum(weight, NO_WEIGHT), 0.0)
        outside = np.ones(len(links), bool)
        outside[clique] = False
        for row, tracklet in enumerate(clique):
            others, values = _row(links.floor, tracklet)
            kept = outside[others]
            odds[row] += np.bincount(self.groups[others[kept]], values[kept], len(weight))
            others = _row(links.apart, tracklet)[0]
            odds[row, self.groups[others[outside[others]]]] = FORBIDDEN
        odds[:, self._rest(clique) == 0] = FORBIDDEN
        return odds

    def _open(self, taken: Ints) -> int:
        """A group nobody is in, nor about to join."""
        empty = np.setdiff1d(np.flatnonzero(self._size == 0), taken)
        if len(empty):
            group = int(empty[0])
            self._sums[:, group] = self._weight[group] = 0  # but for rounding they were
            return group
        self._size, self._weight = np.append(self._size, 0), np.append(self._weight, 0.0)
        self._sums = np.pad(self._sums, ((0, 0), (0, 1)))
        return len(self._size) - 1

    def _move(self, tracklet: int, old: int, new: int) -> None:
        every, weight = np.arange(len(self._links)), self._links.weights[tracklet]
        share = self._links.appearance(every, np.array([tracklet]))[:, 0] * weight
        self.groups[tracklet] = new
        for group, sign in ((old, -1), (new, 1)):
            self._sums[:, group] += sign * share
            self._weight[group] += sign * weight
            self._size[group] += sign


def _row(matrix: sparse.csr_array, row: int) -> tuple[Ints, Floats]:
    """Columns and values of what a row holds."""
    part = slice(matrix.indptr[row], matrix.indptr[row + 1])
    return matrix.indices[part], matrix.data[part]
