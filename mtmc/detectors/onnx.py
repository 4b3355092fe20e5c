"""Detectors in ONNX files, run by ONNX Runtime alone: YOLOX, YOLOv8 and end-to-end outputs."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import cv2
import numpy as np
from pydantic import TypeAdapter, ValidationError

from mtmc.config import require, require_fraction
from mtmc.detectors import SHIPPED, WEIGHTS
from mtmc.detectors.boxes import non_maximum_suppression, soften, to_detections
from mtmc.errors import UserError
from mtmc.trackers import Detections
from mtmc.types import Floats, Frame, Image

Layout = Literal["yolox", "yolov8", "end2end"]

METADATA_KEY = "mtmc.detector"  # of a file that says itself how it wants its images: `Preprocess`
PADDING = 114  # grey level around a letterboxed image, as both families were trained with


@dataclass(frozen=True)
class OnnxConfig:
    """Settings of the ``onnx`` detector.

    Args:
        weights: the ``.onnx`` file, or ``simulated``: the small network that comes with the
            package, trained on simulated people only.
        layout: what the output means. ``yolox``: ``(B, anchors, 5 + classes)``, to be decoded on
            the grid; ``yolov8``: ``(B, 4 + classes, anchors)``, centre boxes in input pixels
            (also YOLO11); ``end2end``: ``(B, boxes, 6)``, corner boxes, score and class;
            ``auto``: told by the shape.
        image_size: side of the square input, px, where the file leaves it open.
        confidence: lowest score kept; trackers make use of low ones, too.
        iou: overlap above which non-maximum suppression drops the weaker box; None takes what the
            file says, 0.65 where it says nothing.
        soft_nms: sigma of the penalty on boxes that overlap a stronger one by less (Soft-NMS), 0
            for none; None takes what the file says, none where it says nothing.
        person_class: index of the person class among the outputs.
        device: ``cpu`` or ``cuda``.
        threads: of ONNX Runtime; 0 lets it choose.
    """

    weights: str = ""
    layout: Literal["auto", "yolox", "yolov8", "end2end"] = "auto"
    image_size: int = 640
    confidence: float = 0.1
    iou: float | None = None
    soft_nms: float | None = None
    person_class: int = 0
    device: Literal["cpu", "cuda"] = "cpu"
    threads: int = 0

    def __post_init__(self) -> None:
        require_fraction(self, "confidence", *(["iou"] if self.iou is not None else []))
        require((self.soft_nms or 0) >= 0, f"soft_nms must not be negative, got {self.soft_nms}")
        require(self.image_size >= 32, f"image_size must be at least 32, got {self.image_size}")
        require(self.person_class >= 0, "person_class must not be negative")
        require(self.threads >= 0, "threads must not be negative")


@dataclass(frozen=True)
class Preprocess:
    """How a network wants its images and its boxes thinned; `mtmc train-detector` stores it.

    Args:
        layout: of the output, see `OnnxConfig`.
        color: order of the channels.
        scale: factor on grey levels of 0..255.
        centered: whether the image lies in the middle of the padding, not in the upper left.
        iou: see `OnnxConfig`.
        soft_nms: see `OnnxConfig`.
    """

    layout: Layout
    color: Literal["rgb", "bgr"] = "rgb"
    scale: float = 1 / 255
    centered: bool = True
    iou: float = 0.65
    soft_nms: float = 0.0

    @classmethod
    def of(cls, layout: Layout) -> Preprocess:
        """What the families are trained with: YOLOX on BGR in 0..255, the others on RGB in 0..1."""
        return cls("yolox", "bgr", 1.0, False) if layout == "yolox" else cls(layout)


class OnnxDetector:
    """People by a YOLO-family network in an ONNX file.

    Raises:
        UserError: the file is missing, cannot be opened, or is not such a network.
    """

    Config: ClassVar = OnnxConfig
    stateful: ClassVar = False

    def __init__(self, config: OnnxConfig, root: Path) -> None:
        del root
        self._config = config
        self._session = _open_session(config)
        self._batch, self._size = _input_shape(self._session, config)
        blank = np.full((self._batch or 1, 3, *self._size), PADDING, np.float32)
        output = self._run(blank)
        stored = _stored_preprocess(self._session, config)
        self._preprocess = stored or Preprocess.of(self._tell_layout(output.shape))
        self._layout = self._preprocess.layout
        self._person = _person_index(self._session, config)
        self._check_classes(output.shape)

    def _tell_layout(self, shape: tuple[int, ...]) -> Layout:
        if len(shape) != 3:
            raise UserError(
                f"{self._config.weights}: not a detector this tool can decode: output of shape "
                f"{shape}, expected (B, N, 5 + classes), (B, 4 + classes, N) or (B, N, 6)"
            )
        if self._config.layout != "auto":
            return self._config.layout
        _, rows, columns = shape
        if rows == len(_yolox_grid(self._size)[0]) and columns > 5:
            return "yolox"
        if columns == 6:
            return "end2end"
        if 4 < rows < columns:
            return "yolov8"
        raise UserError(
            f"{self._config.weights}: cannot tell what its output of shape {shape} means; "
            "is it a person detector? If so, set detector.layout to yolox, yolov8 or end2end"
        )

    def _check_classes(self, shape: tuple[int, ...]) -> None:
        classes = {"yolox": shape[2] - 5, "yolov8": shape[1] - 4}.get(self._layout)
        if classes is not None and self._person >= classes:
            raise UserError(
                f"{self._config.weights}: has {classes} classes, so detector.person_class cannot "
                f"be {self._person}"
            )

    def _run(self, batch: Floats) -> Floats:
        try:
            output: Floats = self._session.run(None, {self._session.get_inputs()[0].name: batch})[0]
        except Exception as error:
            raise UserError(
                f"{self._config.weights}: cannot be run on images of shape {batch.shape}: "
                f"{' '.join(str(error).split())[:200]}"
            ) from error
        return output

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """See ``Detector``."""
        boxed = [letterbox(f.pixels, self._size, self._preprocess.centered) for f in frames]
        found: list[Detections] = []
        step = self._batch or max(len(frames), 1)
        for start in range(0, len(frames), step):
            part = boxed[start : start + step]
            # A file exported for a fixed batch takes exactly that many images.
            images = [image for image, _, _ in part] + [part[-1][0]] * (step - len(part))
            output = self._run(self._to_input(images))
            for row, (_, scale, shift) in zip(output, part, strict=False):
                pixels = frames[len(found)].pixels
                size = (pixels.shape[1], pixels.shape[0])
                found.append(self._decode(row, scale, shift, size))
        return found

    def _to_input(self, images: list[Image]) -> Floats:
        rgb = self._preprocess.color == "rgb"
        blob: Floats = cv2.dnn.blobFromImages(images, self._preprocess.scale, swapRB=rgb)
        return blob

    def _decode(
        self, output: Floats, scale: float, shift: tuple[int, int], size: tuple[int, int]
    ) -> Detections:
        boxes, scores = self._people(output)
        boxes = (boxes - np.array(shift + shift, np.float32)) / np.float32(scale)
        if self._layout == "end2end":
            return to_detections(boxes, scores, size)
        iou = self._preprocess.iou if self._config.iou is None else self._config.iou
        keep = non_maximum_suppression(boxes, scores, iou)
        return self._softened(to_detections(boxes[keep], scores[keep], size))

    def _softened(self, found: Detections) -> Detections:
        stored, config = self._preprocess.soft_nms, self._config
        sigma = stored if config.soft_nms is None else config.soft_nms
        if not sigma:
            return found
        scores = soften(found.boxes, found.scores, sigma)
        return replace(found, scores=scores)[scores >= config.confidence]

    def _people(self, output: Floats) -> tuple[Floats, Floats]:
        """Corner boxes in input pixels and scores of what is a person above all else."""
        config, person = self._config, self._person
        if self._layout == "end2end":
            keep = (output[:, 4] >= config.confidence) & (output[:, 5].astype(int) == person)
            return output[keep, :4], output[keep, 4]
        if self._layout == "yolox":
            scores = output[:, 4] * output[:, 5 + person]
            keep = (scores >= config.confidence) & (output[:, 5:].argmax(axis=1) == person)
            cells, strides = _yolox_grid(self._size)
            centers = (output[keep, :2] + cells[keep]) * strides[keep]
            return _corners(centers, np.exp(output[keep, 2:4]) * strides[keep]), scores[keep]
        scores = output[4 + person]
        keep = (scores >= config.confidence) & (output[4:].argmax(axis=0) == person)
        return _corners(output[:2, keep].T, output[2:4, keep].T), scores[keep]


def _open_session(config: OnnxConfig) -> Any:
    if not config.weights:
        raise UserError("detector 'onnx': no weights given; use --detector MODEL.onnx")
    path = WEIGHTS / f"{SHIPPED}.onnx" if config.weights == SHIPPED else Path(config.weights)
    if not path.is_file():
        raise UserError(f"detector weights {config.weights!r} not found: expected an .onnx file")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = config.threads
    options.log_severity_level = 3
    providers = ["CPUExecutionProvider"]
    if config.device == "cuda":
        providers.insert(0, "CUDAExecutionProvider")
        if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
            raise UserError("detector.device cuda: needs the package onnxruntime-gpu and a GPU")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:
        raise UserError(f"{config.weights}: not an ONNX model that can be opened") from error


def _input_shape(session: Any, config: OnnxConfig) -> tuple[int | None, tuple[int, int]]:
    """The fixed batch size, None where it is free, and ``(height, width)`` px."""
    inputs = session.get_inputs()
    shape = inputs[0].shape
    if len(inputs) != 1 or len(shape) != 4 or shape[1] not in {3, "C", "channels"}:
        raise UserError(
            f"{config.weights}: expected one image input (B, 3, H, W), got "
            f"{[i.shape for i in inputs]}; not a detector this tool can run"
        )
    batch = shape[0] if isinstance(shape[0], int) and shape[0] > 0 else None
    height, width = (v if isinstance(v, int) and v > 0 else config.image_size for v in shape[2:])
    return batch, (height, width)


def _stored_preprocess(session: Any, config: OnnxConfig) -> Preprocess | None:
    """What the file says about itself, unless ``layout`` is configured."""
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None or config.layout != "auto":
        return None
    try:
        return TypeAdapter(Preprocess).validate_json(text)
    except ValidationError as error:
        raise UserError(
            f"{config.weights}: its metadata {METADATA_KEY!r} cannot be understood: {text[:100]}; "
            "set detector.layout to read it without"
        ) from error


def _person_index(session: Any, config: OnnxConfig) -> int:
    """The person class by the names that ultralytics stores in its exports, or as configured."""
    if config.person_class:
        return config.person_class
    try:
        names = ast.literal_eval(session.get_modelmeta().custom_metadata_map.get("names", "{}"))
    except (ValueError, SyntaxError):
        return config.person_class
    people = [int(index) for index, name in dict(names).items() if str(name).lower() == "person"]
    return people[0] if people else config.person_class


def letterbox(
    image: Image, size: tuple[int, int], centered: bool
) -> tuple[Image, float, tuple[int, int]]:
    """Scale an image into ``size`` with its aspect kept and the rest padded.

    Args:
        image: ``(H, W, 3)``.
        size: ``(height, width)`` px of the result.
        centered: padding on both sides, as YOLOv8, or right and below only, as YOLOX.

    Returns:
        the padded image, the scale, and the ``(x, y)`` shift px that followed it.
    """
    height, width = image.shape[:2]
    scale = min(size[0] / height, size[1] / width)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    resized = cv2.resize(image, inner, interpolation=cv2.INTER_LINEAR)
    left, top = ((size[1] - inner[0]) // 2, (size[0] - inner[1]) // 2) if centered else (0, 0)
    padded = np.full((*size, 3), PADDING, np.uint8)
    padded[top : top + inner[1], left : left + inner[0]] = resized
    return padded, scale, (left, top)


def _yolox_grid(size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Cell corners ``(A, 2)`` in cells and strides ``(A, 1)`` px of YOLOX's three output levels."""
    cells, strides = [], []
    for stride in (8, 16, 32):
        ys, xs = np.mgrid[: size[0] // stride, : size[1] // stride]
        cells.append(np.stack([xs, ys], axis=-1).reshape(-1, 2))
        strides.append(np.full((xs.size, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)


def _corners(centers: Floats, sizes: Floats) -> Floats:
    return np.concatenate([centers - sizes / 2, centers + sizes / 2], axis=1)
