"""Which crops the page shows: a few of each person, from different cameras."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from mtmc.results import Results, layout
from mtmc.results.crops import Crop
from mtmc.types import TrackKey

MOST = 6  # pictures of a person
ODD = 2  # of which so many of odd tracks
APART = 0.5  # s that two pictures of one camera lie apart


@dataclass(frozen=True, slots=True)
class Chosen:
    """A crop and the person it shows."""

    person: int
    crop: Crop


def choose(results: Results, odd: Container[TrackKey], most: int = MOST) -> list[Chosen]:
    """The best crops of everybody, from as many cameras as there are.

    Args:
        results: of the run.
        odd: tracks that do not fit their person; they are shown, too.
        most: crops of a person.

    Returns:
        By person, those that must be there first.

    Raises:
        UserError: the crops are damaged.
    """
    if not (results.folder / layout.CROPS).is_file():
        return []
    owners = results.owners
    found: dict[int, dict[str, list[Crop]]] = defaultdict(lambda: defaultdict(list))
    strange: dict[int, dict[TrackKey, Crop]] = defaultdict(dict)
    for crop in results.crops:
        person = owners.get(crop.key)
        if person is None or not crop.jpeg:
            continue
        if crop.key in odd:
            best = strange[person].setdefault(crop.key, crop)
            strange[person][crop.key] = max(best, crop, key=lambda one: one.quality)
            continue
        mine = found[person][crop.key.camera]
        mine.append(crop)
        if len(mine) > 4 * most:  # so that hours fit into memory
            mine[:] = _apart(mine)[:most]
    return [
        Chosen(person, crop)
        for person in sorted(found.keys() | strange.keys())
        for crop in _of_one(found[person], strange[person], most)
    ]


def _of_one(
    cameras: Mapping[str, list[Crop]], strange: Mapping[TrackKey, Crop], most: int
) -> list[Crop]:
    """The best crop, then what is odd, then the best of each camera, the second of each ..."""
    usual = turns([_apart(crops) for crops in cameras.values()], most)
    few = sorted(strange.values(), key=lambda crop: (-crop.quality, crop.key))[:ODD]
    return [*usual[:1], *few, *usual[1:]][:most]


def turns(cameras: Sequence[Sequence[Crop]], most: int) -> list[Crop]:
    """The best of each camera, then the second of each, until there are enough."""
    ordered = [
        (rank, -crop.quality, crop.key, crop.frame, crop)
        for crops in cameras
        for rank, crop in enumerate(crops)
    ]
    return [crop for *_, crop in sorted(ordered, key=lambda one: one[:-1])[:most]]


def _apart(crops: Sequence[Crop]) -> list[Crop]:
    """The best first, without those of the same moment."""
    kept: list[Crop] = []
    for crop in sorted(crops, key=lambda crop: (-crop.quality, crop.frame)):
        if all(abs(crop.time - other.time) >= APART for other in kept):
            kept.append(crop)
    return kept
