"""Second thoughts of an online association: who the latest tracks are, all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse
from scipy.optimize import linear_sum_assignment

from mtmc.associate.evidence.appearance import Scale
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.constraints import simultaneous
from mtmc.associate.evidence.gather import gather
from mtmc.associate.evidence.marks import remainders
from mtmc.associate.evidence.times import late_evidence
from mtmc.associate.solve.clustering import cluster, reassign
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import Ints, Mask


def regroup(
    tracklets: Sequence[Tracklet],
    owners: Sequence[int | None],
    scale: Scale,
    config: EvidenceConfig,
    overlap: float | None = None,
    undecided: Mask | None = None,
    last: Ints | None = None,
) -> Ints:
    """Cluster tracklets as the offline association does.

    Args:
        tracklets: ``N``, sorted by start.
        owners: ``N``: not None for what is left of a person, by index, in one camera: all of one
            person's stays together.
        scale: what distances mean.
        config: of the evidence.
        overlap: seconds for which one camera may show two tracks of a person at once, if that is
            over; None for never.
        undecided: ``(N,)`` tracklets all of which will be given out as one person; None for none.
        last: row of the last tracklet of each person; None where that is not asked.

    Returns:
        ``(N,)`` groups.
    """
    known = remainders(owners)
    if config.topology and undecided is not None and last is not None:
        new = np.flatnonzero(undecided)
        known = known + late_evidence(tracklets, new, last, config.topology)
    links = gather(tracklets, config, scale, overlap, known)
    if overlap is not None:
        must = _must_stay_apart(tracklets, links.together, undecided)
        apart = sparse.csr_array(links.apart + must)
        links = replace(links, apart=apart)
    # What ended is as the clustering has it: only who goes on can go on as somebody else.
    cliques = [
        c for c in simultaneous(tracklets, links.apart) if any(not tracklets[r].closed for r in c)
    ]
    return reassign(links, cluster(links), cliques)


def _must_stay_apart(
    tracklets: Sequence[Tracklet], together: sparse.csr_array, undecided: Mask | None
) -> sparse.csr_array:
    """Those of ``together`` whose overlap is not over, or is yet to be given out as somebody's."""
    end = np.array([np.nan if t.closed else t.end for t in tracklets])
    pairs = together.tocoo()
    rows, columns = pairs.coords
    kept = end[rows] == end[columns]
    if undecided is not None:
        kept |= undecided[rows] | undecided[columns]
    place = rows[kept], columns[kept]
    return sparse.csr_array((pairs.data[kept], place), shape=together.shape)


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
