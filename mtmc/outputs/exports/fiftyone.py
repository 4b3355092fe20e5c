"""FiftyOne: its ``FiftyOneVideoLabelsDataset``, which keeps ids, scores and fractions of pixels.

CVAT's format would lose all three there, and be one frame late.
"""

from __future__ import annotations

import json
import logging
from itertools import groupby
from pathlib import Path
from typing import Any

from mtmc.errors import UserError
from mtmc.files import replacing, write_text
from mtmc.outputs.exports.boxes import Box, boxes_of
from mtmc.outputs.report import to_json
from mtmc.results import Results
from mtmc.results.results import RunCamera

log = logging.getLogger("mtmc")

MANIFEST = "manifest.json"


def write(results: Results, folder: Path) -> list[Path]:
    """Write ``labels/<camera>.json`` and ``manifest.json``, which names the videos of the run.

    Raises:
        UserError: no camera is one video file that is still there.
    """
    written, index = [], []
    for camera in results.cameras.values():
        video = _video(results, camera)
        if video is None:
            log.warning("camera %s: is not one video file; left out", camera.name)
            continue
        labels = Path("labels") / f"{camera.name}.json"
        _write_labels(folder / labels, results, camera)
        written.append(folder / labels)
        index.append({"data": str(video), "labels": labels.as_posix()})
    if not index:
        raise UserError(
            f"{results.folder}: no camera is one video file that is still there, which is what "
            "FiftyOne shows; export as coco"
        )
    kind = "eta.core.datasets.LabeledVideoDataset"
    path = folder / MANIFEST
    write_text(path, to_json({"type": kind, "description": "", "index": index}))
    return [path, *written]


def _video(results: Results, camera: RunCamera) -> Path | None:
    """The camera's file; None of streams, folders of pictures, and recordings in parts."""
    path = Path(camera.source)
    parts = results.record["cameras"][camera.name].get("parts")
    return path.absolute() if path.is_file() and not parts else None


def _write_labels(path: Path, results: Results, camera: RunCamera) -> None:
    boxes = boxes_of(results, camera.name, "frame", "global_id")
    with replacing(path) as partial, partial.open("w", encoding="utf-8") as file:
        file.write('{"frames": {')
        for number, (frame, mine) in enumerate(groupby(boxes, lambda box: box.frame)):
            objects = [_object(box, camera) for box in mine]
            entry = {"frame_number": frame, "objects": {"objects": objects}}
            file.write(f'{"," * (number > 0)}\n"{frame}": {json.dumps(entry)}')
        file.write("}}\n")


def _object(box: Box, camera: RunCamera) -> dict[str, Any]:
    width, height = camera.size
    corners = {
        "top_left": {"x": box.x1 / width, "y": box.y1 / height},
        "bottom_right": {"x": box.x2 / width, "y": box.y2 / height},
    }
    kinds = {bool: "Boolean", int: "Numeric", str: "Categorical"}
    known = {"track_id": box.track_id, "detected": box.detected, "name": box.name}
    attributes = [
        {"type": f"eta.core.data.{kinds[type(value)]}Attribute", "name": name, "value": value}
        for name, value in known.items()
        if value is not None
    ]
    return {
        "label": box.kind,
        "bounding_box": corners,
        "confidence": round(box.score, 4),
        "index": box.global_id,
        "attrs": {"attrs": attributes},
    }
