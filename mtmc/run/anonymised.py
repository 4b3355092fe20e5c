"""Runs whose pictures show nobody: where everybody is, and what must not stay."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from mtmc.outputs.tracks import TrackTable
from mtmc.perception.log import InferenceLog
from mtmc.results.hidden import Hidden
from mtmc.results.layout import PICTURED
from mtmc.run.earlier import EARLIER

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
