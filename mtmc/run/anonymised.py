"""Runs whose pictures show nobody: where everybody is, and what must not stay."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from mtmc.outputs.anonymise import hide
from mtmc.outputs.tracks import TrackTable
from mtmc.perception.log import Inference, InferenceLog
from mtmc.results.hidden import REACH, Hidden
from mtmc.results.layout import PICTURED
from mtmc.run.earlier import EARLIER
from mtmc.sources import CameraReader
from mtmc.tracking.camera import Sighting
from mtmc.types import Floats

log = logging.getLogger("mtmc")


def everybody(inference: InferenceLog, *tables: TrackTable) -> Hidden:
    """Every box that may show a person: all detections, tracked or not, and what was filled in."""
    found = {}
    for number, name in enumerate(tables[0].cameras):
        rows = [part for table in tables for part, _ in table.parts(number)]
        frames = [part["frame"].astype(np.int64) for part in rows]
        boxes = [part["box"] for part in rows]
        for frame, seen in inference.boxes(name):
            frames.append(np.full(len(seen), frame))
            boxes.append(seen)
        nothing = np.zeros(0, np.int64), np.zeros((0, 4), np.float32)
        found[name] = (
            np.concatenate([nothing[0], *frames]),
            np.concatenate([nothing[1], *boxes]),
        )
    return Hidden(found)


def forget_pictures(out: Path) -> None:
    """Remove the pictures of an earlier run; what was put aside of one is the user's to remove."""
    for name in PICTURED:
        (out / name).unlink(missing_ok=True)
    for folder in (EARLIER, "people"):
        if (out / folder).exists():
            log.warning("%s: may show people from before; remove it", out / folder)


class Shown:
    """What may be shown of a time step: the frames, with people hidden where that is asked for.

    Args:
        readers: of all cameras.
        anonymise: see ``hide``; None shows people.
    """

    def __init__(self, readers: Sequence[CameraReader], anonymise: str | None) -> None:
        self._anonymise = anonymise
        self._people: dict[str, deque[Floats]] = {}
        for reader in readers:
            self.join(reader)

    def join(self, reader: CameraReader) -> None:
        """Show one more."""
        self._people[reader.name] = deque(maxlen=1 + round(REACH * reader.fps))

    def __call__(
        self, sightings: Sequence[Sighting], inferences: Sequence[Inference]
    ) -> Sequence[Sighting]:
        """The same with other pictures, given what was inferred of each."""
        if self._anonymise is None:
            return sightings
        shown = []
        for sighting, inference in zip(sightings, inferences, strict=True):
            frame, people = sighting.frame, self._people[sighting.frame.camera]
            if frame.image is None:  # of a run that was cut off, or is associated anew
                shown.append(sighting)
                continue
            people.append(np.concatenate([inference.detections.boxes, sighting.tracks.boxes]))
            hidden = hide(frame.image, np.concatenate(people), self._anonymise)
            shown.append(replace(sighting, frame=replace(frame, image=hidden)))
        return shown
