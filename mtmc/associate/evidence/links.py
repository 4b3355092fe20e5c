"""What speaks for and against any two tracklets being one person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mtmc.types import Ints

BLOCK = 512  # rows of evidence worked out at a time


@dataclass(frozen=True, eq=False)
class Links:
    """What speaks for and against each two of ``N`` tracklets being one person.

    Between two groups, the floor's evidence adds up over all pairs, since each pair was seen at
    other moments; appearance is the weighted mean, since it is the same clothes again.

    Args:
        appearance: log odds ``(K, L)`` by the looks of tracklets ``(K,)`` and ``(L,)``, for those
            asked for; too much to be kept for all.
        weights: ``(N,)`` how much each tracklet's looks count.
        floor: ``(N, N)`` symmetric log odds by floor positions; most were never seen together.
        apart: ``(N, N)`` symmetric, True for two that cannot be one person,
        together: and for two that one frame shows at once, some of which may be.
    """

    appearance: Callable[[Ints, Ints], NDArray[np.floating]]
    weights: NDArray[np.float32]
    floor: sparse.csr_array
    apart: sparse.csr_array
    together: sparse.csr_array

    def __len__(self) -> int:
        return len(self.weights)
