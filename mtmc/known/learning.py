"""What a run tells of the people of a gallery."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from mtmc.detectors.people import PERSON
from mtmc.errors import UserError
from mtmc.known.people import MOST_PICTURES, KnownPeople, Look, Picture
from mtmc.results import Results
from mtmc.results.crops import thinned
from mtmc.types import TrackKey


def learn(known: KnownPeople, results: Results, run: str) -> None:
    """Take in whom a finished run has seen; who is in doubt is not learned.

    Args:
        known: gets them, and is saved.
        results: of the run, under the ids of ``known``.
        run: a key of it.
    """
    looks: dict[int, dict[str, list[TrackKey]]] = defaultdict(lambda: defaultdict(list))
    galleries = {tracklet.key: tracklet.gallery for tracklet in results.looks.tracklets}
    for key, owner in results.owners.items():
        if key in galleries:
            looks[owner][key.camera].append(key)
    for person in results.people:
        number = person["id"]
        known.last = max(known.last, number)
        sure = person["class"] == PERSON and not person["doubt"]
        if number not in looks or not (sure or number in known.people or person["name"]):
            continue
        found = []
        for camera, keys in looks[number].items():
            total = np.sum([galleries[key].sum() for key in keys], axis=0)
            weight, square = np.sum([galleries[key].weights().sum(axis=0) for key in keys], axis=0)
            found.append(Look(run, camera, total, (float(weight), float(square))))
        known.add(number, person["name"] or "", found, _pictures(results, number, run))
    known.save()


def _pictures(results: Results, person: int, run: str) -> list[Picture]:
    """A few of the best, from different moments."""
    try:
        crops = results.crops.of(*results.tracks_of(person))
    except UserError:
        return []  # the run kept none
    pictured = [crop for crop in crops if crop.jpeg]
    return [
        Picture(run, crop.key.camera, crop.quality, crop.jpeg)
        for crop in thinned(pictured, MOST_PICTURES)
    ]
