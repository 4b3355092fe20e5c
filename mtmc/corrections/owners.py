"""Whose each track is, so that it is as was said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from mtmc.corrections.boxes import Boxes
from mtmc.corrections.facts import Facts, shared
from mtmc.types import TrackKey


@dataclass(slots=True)
class Owners:
    """Who is who, as corrections say.

    Args:
        ids: global ids by track; tracks of nobody have none.
        names: by global id.
        said: what was to be decided that nobody had said, a line each.
    """

    ids: dict[TrackKey, int]
    names: dict[int, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)


def corrected(boxes: Boxes, ids: Mapping[TrackKey, int], facts: Facts) -> Owners:
    """Who is who when no more is changed than what was said.

    Of people who are one, the one seen for longest keeps the id; of two who were one, the one that
    was said to be somebody else gets a new one. What was said already leaves all as it is.

    Args:
        boxes: of the run, cut as was said.
        ids: global ids of the tracks before they were cut.
        facts: what was said of ``boxes``.
    """
    now = {key: person for key, person in ids.items() if key in boxes.frames}
    for key, parts in boxes.cut_into.items():
        if key in now:
            now |= dict.fromkeys(parts, now[key])
    chosen, last = _chosen(boxes, now, facts, max(ids.values(), default=0))
    result = Owners({key: person for key, person in now.items() if key not in facts.nobody})
    moved = []
    for group, keys in facts.groups.items():
        moved += [key for key in keys if result.ids.get(key) != chosen[group]]
        result.ids |= dict.fromkeys(keys, chosen[group])
    told = {key for keys in facts.groups.values() for key in keys}
    for key in moved:
        for other, person in list(result.ids.items()):
            beside = person == result.ids[key] and other.camera == key.camera and other not in told
            if beside and shared(boxes, key, other):
                last += 1
                result.ids[other] = last
                result.said.append(
                    f"corrections: camera {key.camera} shows person {person} beside one of their "
                    f"former tracks, which is now person {last}"
                )
    result.names = {chosen[group]: name for group, name in facts.names.items()}
    return result


def _chosen(
    boxes: Boxes, ids: Mapping[TrackKey, int], facts: Facts, last: int
) -> tuple[dict[int, int], int]:
    """The global id of each group, and the greatest that was given.

    What is cut off of somebody goes on speaking for them: their number does not change by that.
    """
    votes = _votes(boxes, ids, facts)
    new = {group: last + number for group, number in facts.numbers.items()}
    last += facts.most
    chosen: dict[int, int] = {}
    for group, each in votes.items():
        if each:
            chosen[group] = each.most_common(1)[0][0]
        elif group in new:
            chosen[group] = new[group]
        else:  # of tracks that were nobody's
            last += 1
            chosen[group] = last
    others: dict[int, set[int]] = {}
    for goes, stays in facts.apart:
        others.setdefault(goes, set()).add(stays)
        others.setdefault(stays, set()).add(goes)
    for goes, stays in facts.apart:
        if chosen[goes] != chosen[stays]:
            continue
        taken = {chosen[other] for other in others[goes]}
        free = [person for person, _ in votes[goes].most_common() if person not in taken]
        if free:
            chosen[goes] = free[0]
        elif new.get(goes) not in (None, chosen[goes], *taken):
            chosen[goes] = new[goes]
        else:
            last += 1
            chosen[goes] = last
    return chosen, last


def _votes(boxes: Boxes, ids: Mapping[TrackKey, int], facts: Facts) -> dict[int, Counter[int]]:
    """By group, whom its tracks were before, and for how many frames."""
    whose = {key: group for group, keys in facts.groups.items() for key in keys}
    votes: dict[int, Counter[int]] = {group: Counter() for group in facts.groups}
    for key in whose:
        group = whose.get(facts.parted.get(key, key))
        if key in ids and group is not None:
            votes[group][ids[key]] += len(boxes.frames[key])
    return votes
