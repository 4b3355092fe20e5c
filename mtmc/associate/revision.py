"""Second thoughts of an online association: who the latest tracks are, all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linear_sum_assignment

from mtmc.associate.clustering import Links, cluster, reassign
from mtmc.associate.constraints import conflicts, simultaneous
from mtmc.associate.evidence import EvidenceConfig, Looks, Scale, appearance
from mtmc.associate.floor import floor_evidence
from mtmc.tracklets import Tracklet

ONE_PERSON = 1e4  # log odds between what is left of one person

Ints = NDArray[np.int64]


def regroup(
    tracklets: Sequence[Tracklet], owners: Sequence[int | None], scale: Scale, config: EvidenceConfig
) -> Ints:
    """Cluster tracklets as the offline association does.

    Args:
        tracklets: ``N``, sorted by start.
        owners: ``N``: not None for what is left of a person, by index, in one camera: all of one
            person's stays together.
        scale: what distances mean.
        config: of the evidence.

    Returns:
        ``(N,)`` groups.
    """
    apart = conflicts(tracklets)
    looks = Looks.of(tracklets)
    odds = appearance(looks, looks, scale, config)
    shape = (len(tracklets), len(tracklets))
    links = Links(
        lambda rows, columns: odds[np.ix_(rows, columns)],
        looks.weights,
        sparse.csr_array(floor_evidence(tracklets, tracklets, config) + _bound(owners)),
        sparse.csr_array((np.ones(len(apart[0]), bool), apart), shape=shape),
    )
    free = [c for c in simultaneous(tracklets, apart) if all(owners[row] is None for row in c)]
    return reassign(links, cluster(links), free)


def _bound(owners: Sequence[int | None]) -> sparse.csr_array:
    """``(N, N)`` log odds that keep together what is left of one person."""
    whose = np.array([-1 if owner is None else owner for owner in owners])
    rows = np.flatnonzero(whose >= 0)
    first, second = np.nonzero(whose[rows, None] == whose[rows])
    different = first != second
    place = rows[first[different]], rows[second[different]]
    values = np.full(len(place[0]), ONE_PERSON, np.float32)
    return sparse.csr_array((values, place), shape=(len(owners), len(owners)))


def name_groups(groups: Ints, said: Sequence[Mapping[int, int]]) -> dict[int, int]:
    """Which group goes on as which person: so that most of what was said stays true.

    Args:
        groups: ``(N,)`` of tracklets.
        said: how many sightings of each were given out as which person's.

    Returns:
        A person for each group that gets one; the others are somebody new.
    """
    people = sorted({person for votes in said for person in votes})
    columns = {person: column for column, person in enumerate(people)}
    votes = np.zeros((int(groups.max(initial=-1)) + 1, len(people)))
    for group, each in zip(groups.tolist(), said, strict=True):
        for person, count in each.items():
            votes[group, columns[person]] += count
    rows, chosen = linear_sum_assignment(votes, maximize=True)
    return {
        int(row): people[column]
        for row, column in zip(rows, chosen, strict=True)
        if votes[row, column] > 0
    }
