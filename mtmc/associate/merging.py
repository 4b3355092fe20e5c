"""Groups that are one person but for a few tracklets which one frame shows at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mtmc.associate.clustering import Links

MAX_EVICTED = 0.25  # share of the smaller group that may be wrong in either
MIN_EVIDENCE = 1.0  # log odds between the rest of both

Ints = NDArray[np.int64]
Floats = NDArray[np.floating]


def merge_but_for_few(links: Links, groups: Ints) -> Ints:
    """Join groups that fit, where few tracklets stand between them; these are put out.

    Clustering joins what fits best and cannot take it back: two tracks of one camera that overlap
    for a frame, or one that followed two people, keep two halves of a person apart for good. Here
    two groups with evidence for being one person are joined without the tracklets that one frame
    shows beside the others', as long as these are few. Each of them is then a group of its own,
    until tracklets are matched anew.

    Args:
        links: the evidence.
        groups: ``(N,)`` to begin with.

    Returns:
        ``(N,)`` group of each tracklet.
    """
    groups = np.unique(groups, return_inverse=True)[1].astype(np.int64)
    if not len(groups):
        return groups
    refused: set[tuple[int, ...]] = set()
    while True:
        for a, b in _pairs_at_odds(links, groups):
            members = np.flatnonzero(groups == a), np.flatnonzero(groups == b)
            known = tuple(np.concatenate(members).tolist())
            if known in refused:
                continue
            evicted = _fewest(links, *members)
            rest = [rows[~np.isin(rows, evicted)] for rows in members]
            least = MAX_EVICTED * min(links.sizes[rows].sum() for rows in members)
            if links.sizes[evicted].sum() <= least and evidence(links, *rest) > MIN_EVIDENCE:
                groups[rest[1]] = a
                groups[evicted] = groups.max() + 1 + np.arange(len(evicted))
                break
            refused.add(known)
        else:
            return groups


def evidence(links: Links, a: Ints, b: Ints) -> float:
    """Log odds between two groups, given their tracklets."""
    weights = links.weights[a][:, None] * links.weights[b]
    looks = (links.appearance(a, b) * weights).sum() / max(float(weights.sum()), 1e-9)
    return float(looks + links.floor[a][:, b].sum())


def _pairs_at_odds(links: Links, groups: Ints) -> list[tuple[int, int]]:
    """Pairs of groups, the larger ones first, of which one frame shows tracklets at once."""
    count = int(groups.max()) + 1
    member = sparse.csr_array((np.ones(len(groups)), (np.arange(len(groups)), groups)))
    conflicts = (member.T @ links.apart.astype(np.float64) @ member).tocoo()
    sizes = np.bincount(groups, links.sizes, count)
    pairs = [(int(a), int(b)) for a, b in zip(*conflicts.coords, strict=True) if a < b]
    return sorted(pairs, key=lambda pair: -min(sizes[list(pair)]))


def _fewest(links: Links, a: Ints, b: Ints) -> Ints:
    """Tracklets without which no frame shows both groups, about as few sightings as possible."""
    apart = links.apart[a][:, b].toarray()
    rows, size = np.concatenate([a, b]), links.sizes[np.concatenate([a, b])].astype(float)
    evicted = []
    while apart.any():
        met = np.concatenate([apart @ links.sizes[b], apart.T @ links.sizes[a]])
        worst = int(np.argmax(met / np.maximum(size, 1e-9)))
        evicted.append(rows[worst])
        if worst < len(a):
            apart[worst] = False
        else:
            apart[:, worst - len(a)] = False
    return np.array(evicted, np.int64)
