"""Hungarian matching in which nobody has to be matched."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

FORBIDDEN = -1e6  # log odds of a match that must not be
NEW_PERSON = 1e-6  # log odds of a new person: evidence must be positive, none is not enough


def match_or_new(odds: NDArray[np.floating]) -> NDArray[np.int64]:
    """Match tracks one to one to people so that the evidence for all together is greatest.

    Every track may be a new person instead, which costs nothing; so the infeasible is settled
    before the problem is solved, not thrown out of the solution.

    Args:
        odds: ``(tracks, people)`` log odds, ``FORBIDDEN`` where a match must not be.

    Returns:
        ``(tracks,)`` the person of each, -1 for a new one.
    """
    tracks, people = odds.shape
    own = np.where(np.eye(tracks, dtype=bool), NEW_PERSON, FORBIDDEN)
    rows, columns = linear_sum_assignment(np.hstack([odds, own]), maximize=True)
    matched = np.full(tracks, -1)
    matched[rows] = np.where(columns < people, columns, -1)
    return matched
