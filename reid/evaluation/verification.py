"""One person or two: the distance at which the answer changes."""

from __future__ import annotations

import numpy as np

from mtmc.reid.evaluation.embeddings import Embeddings, distance_matrix

MOST_LOOKS = 4000  # compared with each other; beyond, an even sample of people is enough


def even_distance(embeddings: Embeddings) -> float | None:
    """The cosine distance at which confusing two people and splitting one are equally likely.

    Compared are the mean embeddings of a person in a camera, of different cameras: what an
    association across cameras has to tell apart. It is the threshold of the equal error rate.

    Args:
        embeddings: junk and distractors (ids below 1) are left out.

    Returns:
        In 0..2, None where no person is seen by two cameras or there is only one person.
    """
    known = embeddings.pids > 0
    looks = Embeddings(
        embeddings.features[known], embeddings.pids[known], embeddings.camids[known]
    ).per_person_and_camera()
    step = -(-len(looks) // MOST_LOOKS)
    chosen = np.isin(looks.pids, np.unique(looks.pids)[::step])
    pids, camids = looks.pids[chosen], looks.camids[chosen]
    pairs = np.triu(camids[:, None] != camids[None])
    one = (pids[:, None] == pids[None])[pairs]
    if one.all() or not one.any():
        return None
    features = looks.features[chosen]
    distance = distance_matrix(features, features, "cosine")[pairs]
    order = np.argsort(distance, kind="stable")
    joined = np.cumsum(~one[order])  # two people at most so far apart
    split = one.sum() - np.cumsum(one[order])  # one person further apart
    # As shares, in whole numbers.
    crossing = int(np.argmax(joined * one.sum() >= split * (~one).sum()))
    return float(distance[order[crossing]])
