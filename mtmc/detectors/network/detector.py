"""People by a network in a file, whatever runs it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from mtmc.detectors.boxes import non_maximum_suppression, soften, to_detections
from mtmc.detectors.network.doubt import Doubt
from mtmc.detectors.network.layouts import (
    Candidates,
    Dense,
    Layout,
    LayoutName,
    Split,
)
from mtmc.detectors.network.narrow import Size
from mtmc.detectors.network.network import Network
from mtmc.detectors.network.preprocess import METADATA_KEY, PADDING, Fitted, Preprocess, fit
from mtmc.detectors.network.tell import Answer, tell
from mtmc.detectors.people import PERSON, Kinds, people_among
from mtmc.errors import UserError
from mtmc.trackers import Detections
from mtmc.trackers.settings import Checked, setting, share
from mtmc.types import Floats, Frame, Image

log = logging.getLogger("mtmc")

SHARES = 2.0  # boxes that end within so many px are shares of the input


@dataclass(frozen=True)
class NetworkConfig(Checked):
    """What all networks have.

    Args:
        layout: what the outputs mean; ``auto`` tells it by their shapes and values.
            ``yolox`` and ``yolov5`` (also YOLOv6 and YOLOv7): rows of centre, size, objectness
            and classes, decoded or not; ``yolov8`` (also YOLO11): the same without objectness,
            either way round; ``end2end`` (YOLOv10, YOLO26): corners, score and class; ``detr``:
            few rows that do not overlap; ``omz``: as the Open Model Zoo's, which take grey levels.
        image_size: side of the square input, px, where the file leaves it open.
        confidence: lowest score kept; trackers make use of low ones, too.
        iou: overlap above which non-maximum suppression drops the weaker box; None takes what the
            file says, 0.65 where it says nothing.
        soft_nms: sigma of the penalty on boxes that overlap a stronger one by less (Soft-NMS), 0
            for none; None takes what the file says, none where it says nothing.
        classes: what to look for, by the names of its classes or their numbers; what is of another
            class is followed by itself.
        person_class: number of the class that is people; None finds it by its name.
        threads: of the CPU; 0 takes all there are.
    """

    weights: str = setting("", public=True)
    layout: Literal["auto", "yolox", "yolov5", "yolov8", "end2end", "detr", "omz"] = "auto"
    image_size: int = setting(640, ge=32, unit="px", public=True)
    confidence: float = share(0.1, public=True)
    iou: float | None = share(None)
    soft_nms: float | None = setting(None, ge=0)
    classes: tuple[str, ...] = setting((PERSON,), public=True)
    person_class: int | None = setting(None, ge=0)
    threads: int = setting(0, ge=0)


class NetworkDetector:
    """People by an opened network.

    Args:
        config: its settings.
        network: which.

    Raises:
        UserError: it is no detector of people.
    """

    stateful: ClassVar = False

    def __init__(self, config: NetworkConfig, network: Network) -> None:
        self._config, self._network, self._asked = config, network, False
        stored = _stored_preprocess(self._network, config)
        self._layout, self._preprocess = self._look(stored)
        self._narrows = self._may_narrow()
        names = self._network.class_names()
        self._kinds = Kinds.find(
            config.classes, names, self._layout.classes, self._people_classes, config.weights
        )
        self.classes = self._kinds.names
        self._doubt = Doubt(config.weights)
        self._pixels = False  # whether a box was seen that is no share of the input

    def _look(self, stored: Preprocess | None) -> tuple[Layout, Preprocess]:
        """The layout, and how images are prepared, by what is said to an empty picture."""
        network, config = self._network, self._config
        if network.metadata.get("task") in {"obb", "classify"}:
            raise UserError(
                f"{config.weights}: made for the task {network.metadata['task']!r}; expected a "
                "detector of upright boxes (task detect, pose or segment)"
            )
        blank = np.full((*network.size, 3), PADDING, np.uint8)
        outputs = network.run([blank] * (network.batch or 1), stored or Preprocess("yolov8"))
        names = network.class_names()
        answer = Answer(config.weights, network.names, outputs, network.size, names, network.sized)
        wanted = config.layout if config.layout in get_args(LayoutName) else None
        name, layout = tell(answer, stored.layout if stored else wanted)  # type: ignore[arg-type]
        if layout.single and (network.batch or 1) > 1:
            raise UserError(
                f"{config.weights}: takes {network.batch} images, but its answers do not tell "
                "which is whose; export it for one image"
            )
        return layout, stored or _usual(name, layout, network)

    def _may_narrow(self) -> bool:
        """Whether there is a row of the output for each cell of the input, so that fewer do."""
        layout = self._layout
        if not isinstance(layout, Dense) or not layout.overlapping or layout.grid is not None:
            return False
        return not self._preprocess.stretch and self._network.batch in {None, 1}

    def _people_classes(self) -> tuple[int, ...]:
        config, layout = self._config, self._layout
        names = self._network.class_names()
        people = people_among(names, layout.classes, config.person_class, config.weights)
        if people is None:
            log.warning(
                "%s does not name its classes; class %d is taken for people "
                "(detector.person_class)", config.weights, layout.person,
            )  # fmt: skip
            return (layout.person,)
        return people

    @property
    def at_once(self) -> int:
        """See ``Detector``."""
        return self._network.at_once

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """See ``Detector``."""
        if not self._asked and frames:
            self._asked = True
            self._network.side_by_side(len(frames))
        return self.begin(frames)()

    def begin(self, frames: Sequence[Frame]) -> Callable[[], list[Detections]]:
        """See ``Detector``."""
        begun = [self._begun(n, list(part)) for n, part in groupby(frames, self._suited)]
        return lambda: [people for found in begun for people in found]

    def _suited(self, frame: Frame) -> Network:
        """The network, made for pictures of that shape where they would be padded."""
        return self._network.suited(frame.pixels.shape[:2]) if self._narrows else self._network

    def _begun(self, network: Network, frames: Sequence[Frame]) -> Iterator[Detections]:
        step = 1 if self._layout.single else network.batch or len(frames)
        fitted: list[Fitted] = []

        def batches() -> Iterator[list[Image]]:
            for start in range(0, len(frames), step):
                for frame in frames[start : start + step]:
                    fitted.append(fit(frame.pixels, network.size, self._preprocess))
                images = [each.image for each in fitted[start:]]
                # A file exported for a fixed batch takes exactly that many images.
                yield images + [images[-1]] * (step - len(images))

        answers = network.run_each(batches(), self._preprocess)
        return (
            self._decode(outputs, row - start, fitted[row], frames[row])
            for start, outputs in zip(range(0, len(frames), step), answers, strict=True)
            for row in range(start, min(start + step, len(frames)))
        )

    def _decode(
        self, outputs: list[NDArray[Any]], place: int, image: Fitted, frame: Frame
    ) -> Detections:
        parts = [self._of_kind(n, outputs, place, image) for n in range(len(self.classes))]
        boxes = np.concatenate([boxes for boxes, _, _ in parts])
        scores = np.concatenate([scores for _, scores, _ in parts])
        kinds = np.repeat(np.arange(len(parts)), [len(scores) for _, scores, _ in parts])
        height, width = frame.pixels.shape[:2]
        several = kinds if len(parts) > 1 else None
        detections = to_detections(boxes, scores, (width, height), several)
        self._doubt.look(frame.time, parts[0][2], len(detections))
        return self._softened(detections) if self._layout.overlapping else detections

    def _of_kind(
        self, kind: int, outputs: list[NDArray[Any]], place: int, image: Fitted
    ) -> tuple[Floats, Floats, Candidates]:
        """Boxes of one kind in an image, their scores, and what the network said."""
        numbers = self._kinds.numbers[kind]
        seen = self._layout.read(outputs, place, numbers, self._config.confidence)
        boxes, scores = self._in_pixels(seen, image.image.shape[:2])
        boxes = image.restore(boxes)
        if self._layout.overlapping:
            iou = self._preprocess.iou if self._config.iou is None else self._config.iou
            keep = non_maximum_suppression(boxes, scores, iou)
            boxes, scores = boxes[keep], scores[keep]
        return boxes, scores, seen

    def _in_pixels(self, seen: Candidates, size: Size) -> tuple[Floats, Floats]:
        """Boxes of people in pixels of the input, and their scores."""
        sound = seen.people & np.isfinite(seen.boxes).all(axis=1) & np.isfinite(seen.scores)
        boxes = seen.boxes[sound].astype(np.float32, copy=False)
        self._pixels |= bool(np.abs(boxes).max(initial=0) > SHARES)
        if not self._pixels:
            boxes = boxes * np.array(size[::-1] * 2, np.float32)
        return boxes, seen.scores[sound].astype(np.float32, copy=False)

    def _softened(self, found: Detections) -> Detections:
        stored, config = self._preprocess.soft_nms, self._config
        sigma = stored if config.soft_nms is None else config.soft_nms
        if not sigma:
            return found
        kinds = np.zeros(len(found), np.int64) if found.classes is None else found.classes
        scores = found.scores.copy()
        for kind in np.unique(kinds):
            mine = kinds == kind
            scores[mine] = soften(found.boxes[mine], found.scores[mine], sigma)
        return replace(found, scores=scores)[scores >= config.confidence]


def _usual(name: LayoutName, layout: Layout, network: Network) -> Preprocess:
    """What the families are trained with: YOLOX on BGR in 0..255, the others on RGB in 0..1."""
    if name == "yolox":
        return Preprocess("yolox", "bgr", 1.0, centered=False)
    if name == "omz":
        return Preprocess("omz", "bgr", 1.0, stretch=True)
    if name != "detr":
        return Preprocess(name, iou=network.iou or Preprocess.iou)
    # RT-DETR takes pixels as they are; DETR (COCO's 91 ids) and RF-DETR do as ImageNet does.
    imagenet = isinstance(layout, Split) and (layout.classes > 90 or "dets" in network.names)
    return Preprocess("detr", stretch=True, imagenet=imagenet)


def _stored_preprocess(network: Network, config: NetworkConfig) -> Preprocess | None:
    """What the file says about itself, unless ``layout`` is configured."""
    text = network.metadata.get(METADATA_KEY)
    if text is None or config.layout != "auto":
        return None
    try:
        return TypeAdapter(Preprocess).validate_json(text)
    except ValidationError as error:
        raise UserError(
            f"{config.weights}: its metadata {METADATA_KEY!r} cannot be understood: {text[:100]}; "
            "set detector.layout to read it without"
        ) from error
