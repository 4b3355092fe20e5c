"""Which tracks are one person seen again: evidence from motion, size and appearance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from mtmc.trackers.kalman import COVARIANCE, VALUE, VAR_VALUE, VAR_VELOCITY, VELOCITY
from mtmc.trackers.offline.ends import carried

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mtmc.trackers.offline.config import MotionNoise, RefineFrames
    from mtmc.trackers.offline.ends import Ends

    Array = NDArray[np.float64]
    Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]

_SAME_SIZE, _OTHER_SIZE = 0.12, 0.3  # standard deviation of the log of the ratio of two heights


def candidate_pairs(ends: Ends, starts: Ends, longest: int) -> Pairs:
    """Every end with every start that follows within ``longest`` frames."""
    order = np.argsort(starts.frames, kind="stable")
    sorted_frames = starts.frames[order]
    first = np.searchsorted(sorted_frames, ends.frames, side="right")
    count = np.searchsorted(sorted_frames, ends.frames + longest, side="right") - first
    rows = np.repeat(np.arange(len(first)), count)
    run_start = np.cumsum(count) - count
    cols = order[np.arange(len(rows)) + np.repeat(first - run_start, count)]
    return rows, cols


def evidence(ends: Ends, starts: Ends, pairs: Pairs, config: RefineFrames) -> Array:
    """Log-likelihood ratio of one person seen again: by motion, size and how soon.

    Args:
        ends: where tracks end.
        starts: where tracks start, velocities pointing back in time.
        pairs: indices into both.
        config: of the refinement.

    Returns:
        One number per pair, in nats; who is seen again after a while is mostly somebody else.
    """
    gap = starts.frames[pairs[1]] - ends.frames[pairs[0]]
    alike = motion_evidence(ends, starts, pairs, config.noise) + size_evidence(ends, starts, pairs)
    result: Array = alike - gap / config.return_time
    return result


def motion_evidence(ends: Ends, starts: Ends, pairs: Pairs, noise: MotionNoise) -> Array:
    """Log-likelihood ratio of one person going on against another one starting.

    One person: the state at the end, carried over the gap, differs from the state at the start by
    what the Kalman covariances of both and of the gap allow. Another one: any place, and a
    velocity of its own. Constants that are the same for all pairs are left out.

    Args:
        ends: where tracks end.
        starts: where tracks start, velocities pointing back in time.
        pairs: indices into both.
        noise: how people move.

    Returns:
        One number per pair, in nats.
    """
    before, after = ends.state[:, pairs[0]], starts.state[:, pairs[1]]
    gap = starts.frames[pairs[1]] - ends.frames[pairs[0]]
    height = np.sqrt(ends.size[pairs[0], 1] * starts.size[pairs[1], 1])
    later, scale = carried(before, gap, height, noise), height[:, None] ** 2

    moved = after[VALUE] - later[VALUE]
    turned = -after[VELOCITY] - later[VELOCITY]
    var_moved = later[VAR_VALUE] + after[VAR_VALUE]
    both = later[COVARIANCE] - after[COVARIANCE]
    var_turned = later[VAR_VELOCITY] + after[VAR_VELOCITY]
    determinant = var_moved * var_turned - both**2
    distance = var_turned * moved**2 - 2 * both * moved * turned + var_moved * turned**2
    own_pace = 2 * noise.walking**2 * scale
    same = -0.5 * distance / determinant - 0.5 * np.log(determinant / scale**2)
    other = -0.5 * turned**2 / own_pace - 0.5 * np.log(own_pace / scale)
    evidence: Array = (same - other).sum(axis=1)
    return evidence


def size_evidence(ends: Ends, starts: Ends, pairs: Pairs) -> Array:
    """Log-likelihood ratio of two heights being one person's."""
    ratio = np.log(ends.size[pairs[0], 1] / starts.size[pairs[1], 1])
    same = -0.5 * (ratio / _SAME_SIZE) ** 2 - np.log(_SAME_SIZE)
    other = -0.5 * (ratio / _OTHER_SIZE) ** 2 - np.log(_OTHER_SIZE)
    evidence: Array = same - other
    return evidence


def best_links(pairs: Pairs, evidence: Array, count: int) -> Pairs:
    """One-to-one links of the greatest total evidence, only where it is positive.

    Args:
        pairs: track before and track after.
        evidence: per pair.
        count: number of tracks.

    Returns:
        Track before and track after of every link.
    """
    good = np.flatnonzero(evidence > 0)
    rows, cols, gain = pairs[0][good], pairs[1][good], evidence[good]
    if not len(good):
        return rows, cols
    # Sparse and exact: every track may also stay alone, at a price above that of any good link.
    alone = np.arange(count)
    price = np.concatenate([gain.max() + 1.0 - gain, np.full(count, gain.max() + 1.0)])
    table = coo_array(
        (price, (np.concatenate([rows, alone]), np.concatenate([cols, count + alone]))),
        shape=(count, 2 * count),
    )
    before, after = min_weight_full_bipartite_matching(table.tocsr())
    linked = after < count
    return before[linked], after[linked]


def chain_labels(links: Pairs, count: int) -> NDArray[np.int64]:
    """For every track the first one of the chain it belongs to.

    Links lead forward in time, so every chain has a first track.
    """
    previous = np.arange(count)
    previous[links[1]] = links[0]
    while True:
        further = previous[previous]
        if np.array_equal(further, previous):
            return previous
        previous = further
