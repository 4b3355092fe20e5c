"""Who has left: what they look like, as long as they are remembered."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mtmc.associate.evidence.appearance import Scale
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.looks import Looks
from mtmc.associate.online.look_table import LookTable
from mtmc.tracking.gallery import Gallery

EVEN_AMONG = 20  # people among whom the distance was learned that tells one from two
NOWHERE = ""  # the camera of a look over several


@dataclass(frozen=True, slots=True, eq=False)
class Left:
    """Somebody who has left.

    Args:
        id: global id.
        looks: one row.
        end: when last seen, s.
    """

    id: int
    looks: Looks
    end: float


class Gone:
    """Everybody who has left, found again by their looks.

    Args:
        memory: s for which they are remembered.
    """

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self._people: dict[int, Left] = {}
        self._table = LookTable()

    def __len__(self) -> int:
        return len(self._people)

    def put(self, number: int, looks: Looks, end: float) -> None:
        """Somebody has left.

        Args:
            number: their global id.
            looks: one row, as they came.
            end: when they were last seen, s.
        """
        self._people[number] = Left(number, looks, end)
        if looks.weights[0] > 0:
            gallery = Gallery.of(looks.sums, looks.totals, np.array([end]))
            self._table.put(number, number, NOWHERE, gallery)

    def find(self, looks: Looks, scale: Scale, config: EvidenceConfig) -> Left | None:
        """Who looks like that, one row, and is taken for them; they are no longer gone.

        Of many people, somebody looks alike by chance: the evidence must outweigh their number.
        """
        least = max(0.0, math.log(max(len(self._table), 1) / EVEN_AMONG))
        number = self._table.likest(scale.adapted(looks), scale, config, least)
        if number is None:
            return None
        self._table.remove(number)
        return self._people.pop(number)

    def expire(self, time: float) -> list[int]:
        """Forget those who left too long ago; returns their ids."""
        old = [left for left in self._people.values() if left.end < time - self._memory]
        for left in old:
            self._table.remove(left.id)
            del self._people[left.id]
        return [left.id for left in old]
