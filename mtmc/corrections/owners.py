"""Whose each track is, so that it is as was said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mtmc.corrections.boxes import Boxes
from mtmc.corrections.log import Entry
from mtmc.corrections.reading import Reading
from mtmc.trackers.offline import NOBODY
from mtmc.types import TrackKey


@dataclass(frozen=True, slots=True)
class Owners:
    """Who is who, as corrections say.

    Args:
        ids: global ids by track; tracks of nobody have none.
        names: by global id.
        last: the greatest id that was ever given.
        said: what contradicts, or was to be decided that nobody had said, a line each.
    """

    ids: dict[TrackKey, int]
    names: dict[int, str]
    last: int
    said: list[str]


def corrected(
    boxes: Boxes,
    ids: Mapping[TrackKey, int],
    entries: Sequence[Entry],
    names: Mapping[int, str] | None = None,
    told: int = 0,
) -> Owners:
    """Who is who when no more is changed than what was said.

    Args:
        boxes: of the run, cut as was said.
        ids: global ids of the tracks before they were cut.
        entries: what was said, in order.
        names: by global id, before.
        told: the last line that ``ids`` were decided with. What was said up to there is held to as
            a whole, which leaves all as it is where it does hold.
    """
    now = dict.fromkeys(boxes.frames, NOBODY)
    now |= {key: person for key, person in ids.items() if key in now}
    for key, parts in boxes.cut_into.items():
        now |= dict.fromkeys(parts, now[key])
    reading = Reading(boxes, entries)
    reading.take(entry for entry in entries if entry.line <= told)
    gave_way = _hold(boxes, now, names or {}, reading)
    reading.take(entry for entry in entries if entry.line > told)
    return Owners(
        {key: person for key, person in reading.whose.items() if person != NOBODY},
        {person: name for person, (_, name) in reading.names.items() if name},
        reading.last,
        [*reading.said, *gave_way],
    )


def _hold(
    boxes: Boxes, ids: dict[TrackKey, int], names: Mapping[int, str], reading: Reading
) -> list[str]:
    """Bring what was said so far to the people as they are, with their numbers.

    A person has the number that most of their tracks had; of two who had the same, the one that was
    said to be somebody else gets a new one.

    Returns:
        Who had to give way that nobody had spoken of, a line each.
    """
    said, groups = [], reading.groups
    last = max(ids.values(), default=0)
    chosen, last = _chosen(boxes, ids, reading, last)
    moved = [key for group, keys in groups.items() for key in keys if ids[key] != chosen[group]]
    ids |= {key: chosen.get(reading.whose[key], NOBODY) for key in reading.spots}
    for key in moved:
        for other, person in ids.items():
            if person == ids[key] and other not in reading.spots and boxes.both(key, other):
                last += 1
                ids[other] = last
                said.append(
                    f"corrections: camera {key.camera} shows person {person} beside one of their "
                    f"former tracks, which is now person {last}"
                )
    given = {chosen[group]: name for group, name in reading.names.items() if group in chosen}
    reading.names = {person: (0, name) for person, name in names.items()} | given
    reading.whose, reading.last = ids, last
    return said


def _chosen(
    boxes: Boxes, ids: Mapping[TrackKey, int], reading: Reading, last: int
) -> tuple[dict[int, int], int]:
    """The global id of each group, and the greatest that was given."""
    votes: dict[int, Counter[int]] = {}
    for group, keys in reading.groups.items():
        votes[group] = Counter()
        for key in keys:
            if ids[key] != NOBODY:
                votes[group][ids[key]] += len(boxes.frames[key])
        if not votes[group]:  # of tracks that were nobody's
            last += 1
            votes[group][last] = 1
    chosen = {group: each.most_common(1)[0][0] for group, each in votes.items()}
    for goes, stays in reading.apart:
        if chosen[goes] == chosen[stays]:
            others = {b if a == goes else a for a, b in reading.apart if goes in (a, b)}
            taken = {chosen[other] for other in others}
            free = [person for person, _ in votes[goes].most_common() if person not in taken]
            last += not free
            chosen[goes] = free[0] if free else last
    return chosen, last
