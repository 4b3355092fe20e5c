"""The clustering holds little in memory; here it is compared with the plain definition."""

from itertools import combinations

import numpy as np
import pytest
from scipy import sparse

from mtmc.associate.evidence.links import Links
from mtmc.associate.solve import clustering
from mtmc.associate.solve.clustering import cluster, reassign
from mtmc.associate.solve.matching import FORBIDDEN, match_or_new


class Dense:
    """All evidence as matrices, and groups as lists of their members."""

    def __init__(self, seed, count=24, floor=True):
        random = np.random.default_rng(seed)
        people = random.integers(5, size=count)
        same = people[:, None] == people[None]
        look = np.where(same, 1.0, -1.5) + random.normal(0, 1.6, (count, count))
        self.look = ((look + look.T) / 2).astype(np.float32)
        self.weights = random.uniform(0.2, 3, count).astype(np.float32)
        self.weights[random.random(count) < 0.15] = 0
        self.look[self.weights == 0] = self.look[:, self.weights == 0] = 0
        met = np.triu(random.random((count, count)) < 0.25, 1) & floor
        self.floor = np.where(met, np.where(same, 1.5, -2) + random.normal(0, 1, met.shape), 0)
        self.floor = (self.floor + self.floor.T).astype(np.float32)
        apart = np.triu(~same & (random.random((count, count)) < 0.3), 1)
        self.apart = apart | apart.T
        self.cliques = [np.flatnonzero(row | (np.arange(count) == n)) for n, row in
                        enumerate(self.apart)]  # fmt: skip

    def links(self):
        return Links(
            lambda rows, columns: self.look[np.ix_(rows, columns)].copy(),
            self.weights,
            sparse.csr_array(self.floor),
            sparse.csr_array(self.apart),
            sparse.csr_array(self.apart),
        )

    def odds(self, a, b):
        """Log odds of two groups."""
        pair = np.ix_(a, b)
        if self.apart[pair].any():
            return FORBIDDEN
        weight = np.outer(self.weights[a], self.weights[b])
        mean = (self.look[pair] * weight).sum() / weight.sum() if weight.sum() else 0.0
        return mean + self.floor[pair].sum()

    def cluster(self):
        groups = [[n] for n in range(len(self.weights))]
        while True:
            a, b = max(combinations(groups, 2), key=lambda pair: self.odds(*pair))
            if self.odds(a, b) <= 0:
                return groups
            groups.remove(b)
            a += b

    def reassign(self, groups):
        for _ in range(clustering.MAX_SWEEPS):
            before = sorted(map(sorted, groups))
            for clique in self.cliques:
                rest = [[n for n in group if n not in clique] for group in groups]
                rest = [group for group in rest if group]
                odds = np.array([[self.odds([n], group) for group in rest] for n in clique])
                groups = [list(group) for group in rest]
                for tracklet, choice in zip(clique, match_or_new(odds), strict=True):
                    if choice < 0:
                        groups.append([int(tracklet)])
                    else:
                        groups[choice].append(int(tracklet))
            if sorted(map(sorted, groups)) == before:
                break
        return groups


def labels(groups):
    return {frozenset(map(int, group)) for group in groups}


def split(groups):
    return labels(np.flatnonzero(groups == name) for name in np.unique(groups))


@pytest.mark.parametrize("floor", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_same_groups_as_by_definition(monkeypatch, seed, floor):
    monkeypatch.setattr(clustering, "BLOCK", 7)
    dense = Dense(seed, floor=floor)
    groups = dense.cluster()
    found = cluster(dense.links())
    assert split(found) == labels(groups)
    assert split(reassign(dense.links(), found, dense.cliques)) == labels(dense.reassign(groups))


def test_reassignment_mends_a_bad_start():
    dense = Dense(3)
    alone = np.arange(len(dense.weights))
    assert split(reassign(dense.links(), alone, dense.cliques)) == labels(
        dense.reassign([[n] for n in alone])
    )


def test_who_was_joined_the_wrong_way_round_changes_places():
    """Two cameras see two people at once, and each was taken for the other."""
    odds = np.full((4, 4), -3.0, np.float32)
    odds[[0, 1, 2, 3], [2, 3, 0, 1]] = 3.0
    nothing = sparse.csr_array((4, 4), dtype=np.float32)
    apart = np.zeros((4, 4), bool)
    apart[[0, 1, 2, 3], [1, 0, 3, 2]] = True
    apart = sparse.csr_array(apart)
    weights = np.ones(4, np.float32)
    links = Links(lambda r, c: odds[np.ix_(r, c)].copy(), weights, nothing, apart, apart)
    groups = reassign(links, np.array([0, 1, 1, 0]), [np.array([0, 1]), np.array([2, 3])])
    assert groups[0] == groups[2] != groups[1] == groups[3]
