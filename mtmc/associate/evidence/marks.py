"""What people have said about who is who: it outweighs all other evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from scipy import sparse

from mtmc.associate.evidence.links import Links
from mtmc.tracking.tracklet import Mark, Tracklet
from mtmc.types import Ints

ONE_PERSON = 1e4  # log odds between what is known to be one person's


def kept_together(
    tracklets: Sequence[Tracklet], known: sparse.csr_array | None
) -> sparse.csr_array | None:
    """Log odds ``(N, N)`` that are known, and those of tracklets said to be one person's."""
    if not any(tracklet.marks for tracklet in tracklets):
        return known
    said = remainders([t.marks[-1].person if t.marks else None for t in tracklets])
    return said if known is None else sparse.csr_array(known + said)


def kept_apart(tracklets: Sequence[Tracklet], links: Links) -> Links:
    """The evidence, with apart those tracklets that were said to be two people's.

    Those that were said to be one's are not, though a frame shows both: a body with two boxes.
    """
    rows: dict[Mark, list[int]] = defaultdict(list)
    for row, tracklet in enumerate(tracklets):
        for mark in tracklet.marks[-1:]:
            rows[replace(mark, frame=0)].append(row)
    if not rows:
        return links
    apart = sparse.coo_array(links.apart)
    person = np.arange(-len(tracklets), 0)
    for mark, mine in rows.items():
        person[mine] = mark.person
    kept = person[apart.coords[0]] != person[apart.coords[1]]
    pairs = np.column_stack([side[kept] for side in apart.coords]).reshape(-1, 2)
    said = [
        (a, b)
        for one, other in combinations(rows, 2)
        if _are_two(one, other)
        for a in rows[one]
        for b in rows[other]
    ]
    more: Ints = np.array(said, np.int64).reshape(-1, 2)
    pairs = np.unique(np.concatenate([pairs, more, more[:, ::-1]]), axis=0)
    place = pairs[:, 0], pairs[:, 1]
    shape = links.apart.shape
    return replace(links, apart=sparse.csr_array((np.ones(len(pairs), bool), place), shape=shape))


def _are_two(one: Mark, other: Mark) -> bool:
    if one.person == other.person:
        return False
    said = other.person in one.apart or one.person in other.apart
    return said or (one.known and other.known)


def remainders(owners: Sequence[int | None]) -> sparse.csr_array:
    """``(N, N)`` log odds that keep together what is one person's.

    Args:
        owners: ``N`` whose each is; None where that is asked.
    """
    left: dict[int, list[int]] = defaultdict(list)
    pairs = []
    for row, owner in enumerate(owners):
        if owner is not None:
            pairs += [pair for other in left[owner] for pair in ((row, other), (other, row))]
            left[owner].append(row)
    place = tuple(np.array(pairs, np.int64).reshape(-1, 2).T)
    odds = np.full(len(pairs), ONE_PERSON, np.float32)
    return sparse.csr_array((odds, place), shape=(len(owners), len(owners)))
