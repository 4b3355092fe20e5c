"""Which crops the page shows: a few of each person, from different cameras."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from mtmc.results import Results, layout
from mtmc.results.crops import Crop

MOST = 6  # pictures of a person
APART = 0.5  # s that two pictures of one camera lie apart


@dataclass(frozen=True, slots=True)
class Chosen:
    """A crop and the person it shows."""

    person: int
    crop: Crop


def choose(results: Results, most: int = MOST) -> list[Chosen]:
    """The best crops of everybody, from as many cameras as there are; by person, best first."""
    if not (results.folder / layout.CROPS).is_file():
        return []
    owners = results.owners
    found: dict[int, dict[str, list[Crop]]] = defaultdict(lambda: defaultdict(list))
    for crop in results.crops:
        person = owners.get(crop.key)
        if person is not None and crop.jpeg:
            best = found[person][crop.key.camera]
            best.append(crop)
            if len(best) > 4 * most:  # so that hours fit into memory
                best[:] = _apart(best)[:most]
    return [
        Chosen(person, crop)
        for person in sorted(found)
        for crop in turns([_apart(crops) for crops in found[person].values()], most)
    ]


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
