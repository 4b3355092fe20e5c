"""A run that is compared with one of the same frames: who was whom, and ids that go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mtmc.associate.online.revision import name_groups
from mtmc.corrections.boxes import Boxes
from mtmc.types import TrackKey

LOOKED_AT = 12  # boxes of each track


@dataclass(frozen=True, slots=True, eq=False)
class Before:
    """Who was who.

    Args:
        boxes: of the run,
        ids: and the global ids of its tracks.
        last: the greatest id that was ever given.
    """

    boxes: Boxes
    ids: Mapping[TrackKey, int]
    last: int = 0

    def numbered(
        self, boxes: Boxes, ids: Mapping[TrackKey, int], known: int = 0
    ) -> dict[TrackKey, int]:
        """The ids of another run as those of the people who most of their boxes showed before.

        Args:
            boxes: of the other run.
            ids: of its tracks.
            known: ids up to that one are of people known from a gallery, and stay.
        """
        people = sorted(person for person in set(ids.values()) if person > known)
        rows = {person: row for row, person in enumerate(people)}
        votes: list[Counter[int]] = [Counter() for _ in people]
        for key, _, person, frames in self.owners(boxes, ids):
            if person > known and ids[key] in rows:
                votes[rows[ids[key]]][person] += frames
        named = name_groups(np.arange(len(people)), votes)
        last = max(known, self.last, *self.ids.values())
        numbers = {person: person for person in ids.values() if person <= known}
        for person, row in rows.items():
            last += row not in named
            numbers[person] = named.get(row, last)
        return {key: numbers[person] for key, person in ids.items()}

    def owners(
        self, boxes: Boxes, ids: Mapping[TrackKey, int]
    ) -> Iterator[tuple[TrackKey, int, int, int]]:
        """Whom the boxes of another run's tracks showed before.

        Yields:
            track, its person in the other run, the person before or 0, and how many frames.
        """
        for key, person in ids.items():
            frames = boxes.frames.get(key)
            if frames is None:
                continue
            few = frames[np.linspace(0, len(frames) - 1, min(len(frames), LOOKED_AT)).astype(int)]
            found: Counter[int] = Counter()
            for frame in few.tolist():
                there = self.boxes.find(boxes.spot(key, frame))
                found[self.ids.get(there[0], 0) if there else 0] += 1
            for before, count in found.items():
                yield key, person, before, round(len(frames) * count / len(few))
