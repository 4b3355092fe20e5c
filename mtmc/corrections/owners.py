"""Whose each track is, so that it is as was said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
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
        last: the greatest id that was ever given.
        said: what was to be decided that nobody had said, a line each.
    """

    ids: dict[TrackKey, int]
    last: int = 0
    names: dict[int, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)


def corrected(boxes: Boxes, ids: Mapping[TrackKey, int], facts: Iterable[Facts]) -> Owners:
    """Who is who when no more is changed than what was said.

    Of people who are one, the one seen for longest keeps the id; of two who were one, the one that
    was said to be somebody else gets a new one. What was said already leaves all as it is.

    Args:
        boxes: of the run, cut as was said.
        ids: global ids of the tracks before they were cut.
        facts: what was said of ``boxes``, the latest last. What each changes, it changes in what
            those before it have made of the people, so a number that was given stays.
    """
    now = {key: person for key, person in ids.items() if key in boxes.frames}
    for key, parts in boxes.cut_into.items():
        if key in now:
            now |= dict.fromkeys(parts, now[key])
    result = Owners(now, max(ids.values(), default=0))
    for each in facts:
        _hold(boxes, each, result)
    return result


def _hold(boxes: Boxes, facts: Facts, result: Owners) -> None:
    """Change no more than what was said."""
    chosen = _chosen(boxes, facts, result)
    for key in facts.nobody:
        result.ids.pop(key, None)
    moved = []
    for group, keys in facts.groups.items():
        moved += [key for key in keys if result.ids.get(key) != chosen[group]]
        result.ids |= dict.fromkeys(keys, chosen[group])
    told = {key for keys in facts.groups.values() for key in keys}
    for key in moved:
        person = result.ids[key]
        for other in list(result.ids):
            theirs = result.ids[other] == person and other not in told
            if theirs and other.camera == key.camera and shared(boxes, key, other):
                result.ids |= dict.fromkeys(facts.parts.get(other, [other]), _new(result))
                result.said.append(
                    f"corrections: camera {key.camera} shows person {person} beside one of their "
                    f"former tracks, which is now person {result.last}"
                )
    result.names = {chosen[group]: name for group, name in facts.names.items()}


def _new(result: Owners) -> int:
    """An id that nobody has had."""
    result.last += 1
    return result.last


def _chosen(boxes: Boxes, facts: Facts, result: Owners) -> dict[int, int]:
    """The global id of each group."""
    votes: dict[int, Counter[int]] = {}
    for group, keys in facts.groups.items():
        votes[group] = Counter()
        for key in keys:
            if key in result.ids:
                votes[group][result.ids[key]] += len(boxes.frames[key])
    chosen: dict[int, int] = {}
    for group, each in votes.items():
        if not each:  # of tracks that were nobody's
            each[_new(result)] = 1
        chosen[group] = each.most_common(1)[0][0]
    others: dict[int, set[int]] = {}
    for goes, stays in facts.apart:
        others.setdefault(goes, set()).add(stays)
        others.setdefault(stays, set()).add(goes)
    for goes, stays in facts.apart:
        if chosen[goes] != chosen[stays]:
            continue
        taken = {chosen[other] for other in others[goes]}
        free = [person for person, _ in votes[goes].most_common() if person not in taken]
        chosen[goes] = free[0] if free else _new(result)
    return chosen
