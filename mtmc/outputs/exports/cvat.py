"""CVAT for video 1.1: a file for each camera, a track for each person in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from mtmc.files import replacing, write_text
from mtmc.outputs.exports.boxes import Box, boxes_of, classes_of
from mtmc.outputs.report import to_json
from mtmc.results import Results
from mtmc.results.results import RunCamera

LABELS = "labels.json"

# What CVAT asks of an attribute: whether it changes within a track, how it is put in, its values.
ATTRIBUTES: dict[str, tuple[bool, str, str, list[str]]] = {
    "global_id": (False, "number", "0", ["0", "1000000", "1"]),
    "name": (False, "text", "", [""]),
    "detected": (True, "checkbox", "true", ["true", "false"]),
    "score": (True, "text", "", [""]),
}


def write(results: Results, folder: Path) -> list[Path]:
    """Write ``<camera>.xml`` for each camera, and ``labels.json`` for the task they go into.

    Frames count from 0. Where a person is not seen, the track has a box that is ``outside``.
    """
    kinds, written = classes_of(results), [folder / LABELS]
    write_text(folder / LABELS, to_json([_label(kind) for kind in kinds]))
    for camera in results.cameras.values():
        path = folder / f"{camera.name}.xml"
        with replacing(path) as partial, partial.open("w", encoding="utf-8") as file:
            xml = _Xml(file)
            xml.startDocument()
            xml.open("annotations")
            xml.leaf("version", "1.1")
            _meta(xml, camera, kinds)
            boxes = boxes_of(results, camera.name, "global_id", "frame")
            for number, (_, mine) in enumerate(groupby(boxes, lambda box: box.global_id)):
                _track(xml, number, list(mine), camera.frames)
            xml.close("annotations")
            xml.endDocument()
        written.append(path)
    return written


class _Xml(XMLGenerator):
    """Writes elements, each on a line of its own."""

    def __init__(self, file: Any) -> None:
        super().__init__(file, "utf-8", short_empty_elements=True)

    def open(self, tag: str, **attributes: object) -> None:
        self._start(tag, attributes)
        self.ignorableWhitespace("\n")

    def close(self, name: str) -> None:
        self.endElement(name)
        self.ignorableWhitespace("\n")

    def leaf(self, tag: str, text: object, **attributes: object) -> None:
        self._start(tag, attributes)
        self.characters(str(text))
        self.close(tag)

    def _start(self, tag: str, attributes: Mapping[str, object]) -> None:
        self.startElement(tag, AttributesImpl({k: str(value) for k, value in attributes.items()}))


def _label(kind: str) -> dict[str, Any]:
    """As CVAT's constructor of labels takes it."""
    attributes = [
        {"name": name, "mutable": changes, "input_type": by, "default_value": first, "values": all_}
        for name, (changes, by, first, all_) in ATTRIBUTES.items()
    ]
    return {"name": kind, "type": "any", "attributes": attributes}


def _meta(xml: _Xml, camera: RunCamera, kinds: Sequence[str]) -> None:
    xml.open("meta")
    xml.open("task")
    for key, value in {
        "name": camera.name,
        "size": camera.frames,
        "mode": "interpolation",
        "start_frame": 0,
        "stop_frame": camera.frames - 1,
    }.items():
        xml.leaf(key, value)
    xml.open("labels")
    for kind in kinds:
        xml.open("label")
        xml.leaf("name", kind)
        xml.open("attributes")
        for name, (changes, by, first, all_) in ATTRIBUTES.items():
            xml.open("attribute")
            xml.leaf("name", name)
            xml.leaf("mutable", changes)
            xml.leaf("input_type", by)
            xml.leaf("default_value", first)
            xml.leaf("values", "\n".join(all_))
            xml.close("attribute")
        xml.close("attributes")
        xml.close("label")
    xml.close("labels")
    xml.open("original_size")
    for side, length in zip(("width", "height"), camera.size, strict=True):
        xml.leaf(side, length)
    for name in ("original_size", "task", "meta"):
        xml.close(name)


def _track(xml: _Xml, number: int, boxes: Sequence[Box], frames: int) -> None:
    xml.open("track", id=number, label=boxes[0].kind, source="auto")
    for box, outside in _with_gaps(boxes, frames):
        xml.open(
            "box",
            frame=box.frame - 1 + outside,
            outside=int(outside),
            occluded=int(not box.detected),
            keyframe=1,
            **{
                side: f"{length:.2f}"
                for side, length in zip(("xtl", "ytl", "xbr", "ybr"), box[3:7], strict=True)
            },
            z_order=0,
        )
        xml.leaf("attribute", box.global_id, name="global_id")
        if box.name is not None:
            xml.leaf("attribute", box.name, name="name")
        xml.leaf("attribute", str(box.detected).lower(), name="detected")
        xml.leaf("attribute", f"{box.score:.4g}", name="score")
        xml.close("box")
    xml.close("track")


def _with_gaps(boxes: Sequence[Box], frames: int) -> Iterator[tuple[Box, bool]]:
    """The boxes, each with False, and with True once more the last one before each gap."""
    for box, after in zip(boxes, [*boxes[1:], None], strict=True):
        yield box, False
        if box.frame < frames and (after is None or after.frame > box.frame + 1):
            yield box, True
