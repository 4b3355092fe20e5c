"""Second moments of the differences of all pairs of images, without going through the pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def pair_moments(
    features: NDArray[np.float64], pids: NDArray[np.int64], camids: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], int, int]:
    """Mean of ``(x - z)(x - z)^T`` over the cross-camera pairs of one person, and of two people.

    Both are graph Laplacians, ``X^T (D - A) X`` for the 0/1 matrix ``A`` of the pairs and its row
    sums ``D``. As ``A`` is made of blocks, ``X^T A X`` is made of products of sums of features, per
    person, per camera, and per person in a camera.

    Args:
        features: ``(N, D)``.
        pids: ``(N,)`` people.
        camids: ``(N,)`` cameras; a pair of one camera counts neither here nor there.

    Returns:
        The two moments ``(D, D)``, and how many pairs of either kind there are. Without pairs, a
        moment is zero.

    Source: Liao et al., CVPR 2015, section 4.2, with all cross-camera pairs.
    """
    places = np.unique(np.stack([pids, camids]), axis=1, return_inverse=True)[1].reshape(-1)
    everything = np.zeros(len(pids), np.int64)
    same_person = _weighted([(1, pids), (-1, places)], features)
    other_camera = _weighted([(1, everything), (-1, camids)], features)
    # Pairs of different people: all cross-camera pairs but those of one person.
    intra, n_intra = same_person
    extra, n_extra = other_camera[0] - intra, other_camera[1] - n_intra
    return intra / max(n_intra, 1), extra / max(n_extra, 1), n_intra, n_extra


def _weighted(
    groupings: list[tuple[int, NDArray[np.int64]]], features: NDArray[np.float64]
) -> tuple[NDArray[np.float64], int]:
    """Sum over unordered pairs, a pair counting ``sign`` for each grouping it shares a group of."""
    degrees = np.zeros(len(features), np.int64)
    inner = np.zeros((features.shape[1],) * 2)
    for sign, groups in groupings:
        _, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
        sums = np.zeros((len(sizes), features.shape[1]))
        np.add.at(sums, member, features)
        degrees += sign * sizes[member]
        inner += sign * (sums.T @ sums)
    moment = (features * degrees[:, None]).T @ features - inner
    return (moment + moment.T) / 2, int(degrees.sum()) // 2
