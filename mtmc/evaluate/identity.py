"""Identity metrics: for how many boxes is the identity the right one, over the whole scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from mtmc.evaluate.scene import SIMILAR

if TYPE_CHECKING:
    from mtmc.evaluate.scene import ScoredScene


@dataclass(frozen=True, slots=True)
class Identity:
    """Counts of one or more sequences; their sum is the sequences' combination.

    Args:
        IDTP: boxes whose person and track are matched over the whole scene.
        IDFN: other ground-truth boxes.
        IDFP: other result boxes.

    Source: Ristani et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera
    Tracking", 2016, section 3.
    """

    IDTP: int = 0
    IDFN: int = 0
    IDFP: int = 0

    def __add__(self, other: Identity) -> Identity:
        return Identity(self.IDTP + other.IDTP, self.IDFN + other.IDFN, self.IDFP + other.IDFP)

    def ratios(self) -> dict[str, float]:
        """``IDF1``, ``IDP`` (precision) and ``IDR`` (recall) as fractions."""
        return {
            "IDF1": self.IDTP / max(1, self.IDTP + 0.5 * self.IDFP + 0.5 * self.IDFN),
            "IDP": self.IDTP / max(1, self.IDTP + self.IDFP),
            "IDR": self.IDTP / max(1, self.IDTP + self.IDFN),
        }


def identity(scene: ScoredScene) -> Identity:
    """Match people and tracks one to one so that most boxes of similarity >= 0.5 agree.

    The published problem gives every person and every track the choice of having no partner; with
    one box of agreement worth one, the maximum over the plain ``people x tracks`` matrix is the
    same and much smaller.
    """
    truth, result, pairs = scene.truth, scene.result, scene.pairs
    near = pairs[pairs.similarity >= SIMILAR]
    cell = truth.ids[near.truth] * result.num_ids + result.ids[near.result]
    agree = np.bincount(cell, minlength=truth.num_ids * result.num_ids)
    agree = agree.reshape(truth.num_ids, result.num_ids)
    rows, columns = linear_sum_assignment(agree, maximize=True)
    agreed = int(agree[rows, columns].sum())
    return Identity(IDTP=agreed, IDFN=len(truth) - agreed, IDFP=len(result) - agreed)
