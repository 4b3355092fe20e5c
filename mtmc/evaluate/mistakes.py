"""Which boxes are false, missed or switched, as CLEAR MOT counts them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtmc.evaluate.clear import matches
from mtmc.evaluate.protocol import CameraRows, ScoringProtocol, make_scored
from mtmc.mot import MotRows

if TYPE_CHECKING:
    from mtmc.evaluate.scene import Ints, Mask


@dataclass(frozen=True, slots=True, eq=False)
class Mistakes:
    """The boxes of one camera that are scored, and what is wrong with them.

    Args:
        truth: the ground truth.
        missed: ``(G,) bool`` which of it has no result box.
        result: the results.
        false: ``(R,) bool`` which of them are nobody.
        switched: ``(R,) bool`` which of them are somebody who was another one before,
        before: ``(R,) int64`` that one's id, where it was so.
    """

    truth: MotRows
    missed: Mask
    result: MotRows
    false: Mask
    switched: Mask
    before: Ints

    @classmethod
    def find(cls, camera: CameraRows, protocol: ScoringProtocol) -> Mistakes:
        """Those of one camera or sequence."""
        scored = make_scored([camera], protocol)
        scene, truth, result = scored.scene, scored.truth, scored.result
        missed, false = np.ones(len(truth), bool), np.ones(len(result), bool)
        switched, before = np.zeros(len(result), bool), np.zeros(len(result), np.int64)
        if len(truth) and len(result):
            pairs = scene.pairs[matches(scene)]
            missed[pairs.truth], false[pairs.result] = False, False
            order = np.lexsort((pairs.truth, scene.truth.ids[pairs.truth]))
            person, rows = scene.truth.ids[pairs.truth][order], pairs.result[order]
            ids = result.ids[rows]
            another = (np.diff(person) == 0) & (np.diff(ids) != 0)
            switched[rows[1:][another]], before[rows[1:][another]] = True, ids[:-1][another]
        return cls(truth, missed, result, false, switched, before)

    def told(self) -> str:
        """How many there are of each kind."""
        counts = (self.false.sum(), self.missed.sum(), self.switched.sum())
        return "{} false, {} missed, {} switched".format(*counts)
