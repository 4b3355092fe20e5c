"""COCO: one JSON file of all cameras, with their videos as CocoVID has them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from mtmc.files import replacing
from mtmc.outputs.exports.boxes import Box, boxes_of, classes_of
from mtmc.results import Results

FILE = "annotations.json"


def write(results: Results, folder: Path) -> list[Path]:
    """Write ``annotations.json``; returns what was written.

    A picture is ``<camera>/<frame>.jpg``, six digits, from 1. Every frame of a camera is listed.
    """
    path, categories = folder / FILE, {n: i for i, n in enumerate(classes_of(results), 1)}
    parts = {
        "videos": _videos(results),
        "images": _images(results),
        "annotations": _annotations(results, categories),
        "categories": ({"id": i, "name": name} for name, i in categories.items()),
    }
    # Line by line: an hour of cameras has a million boxes.
    with replacing(path) as partial, partial.open("w", encoding="utf-8") as file:
        for key, entries in parts.items():
            file.write("{" if key == "videos" else ",\n")
            file.write(f'"{key}": [')
            for number, entry in enumerate(entries):
                file.write(",\n" if number else "\n")
                file.write(json.dumps(entry, ensure_ascii=False))
            file.write("]")
        file.write("}\n")
    return [path]


def _videos(results: Results) -> Iterator[dict[str, Any]]:
    for number, camera in enumerate(results.cameras.values(), 1):
        width, height = camera.size
        size = {"width": width, "height": height, "fps": camera.fps, "length": camera.frames}
        yield {"id": number, "name": camera.name, **size}


def _images(results: Results) -> Iterator[dict[str, Any]]:
    before = 0
    for video, camera in enumerate(results.cameras.values(), 1):
        width, height = camera.size
        for frame in range(1, camera.frames + 1):
            yield {
                "id": before + frame,
                "file_name": f"{camera.name}/{frame:06d}.jpg",
                "width": width,
                "height": height,
                "video_id": video,
                "frame_id": frame - 1,
            }
        before += camera.frames


def _annotations(results: Results, categories: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    numbers, before = count(1), 0
    for video, camera in enumerate(results.cameras.values(), 1):
        for box in boxes_of(results, camera.name, "frame", "global_id"):
            yield {
                "id": next(numbers),
                "image_id": before + box.frame,
                "video_id": video,
                "category_id": categories[box.kind],
                "bbox": box.xywh,
                "area": round(box.xywh[2] * box.xywh[3], 2),
                "iscrowd": 0,
                "score": round(box.score, 4),
                "instance_id": box.global_id,
                "attributes": _attributes(box),
            }
        before += camera.frames


def _attributes(box: Box) -> dict[str, Any]:
    known = {"global_id": box.global_id, "track_id": box.track_id, "detected": box.detected}
    return known if box.name is None else {**known, "name": box.name}
