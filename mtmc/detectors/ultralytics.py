"""Any detector that the ultralytics package opens (AGPL-3.0, an optional extra)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np

from mtmc.detectors.boxes import to_detections
from mtmc.detectors.people import PERSON, Kinds, people_among
from mtmc.errors import UserError
from mtmc.reid.errors import one_line
from mtmc.reid.extras import install
from mtmc.reid.openvino_session import without_telemetry
from mtmc.trackers import Detections
from mtmc.trackers.settings import Checked, setting, share
from mtmc.types import Frame

MAX_DETECTIONS = 300  # per frame
SETTINGS = TemporaryDirectory(prefix="mtmc-ultralytics-", ignore_cleanup_errors=True)


@dataclass(frozen=True)
class UltralyticsConfig(Checked):
    """Settings of the ``ultralytics`` detector.

    Args:
        weights: a ``.pt`` file or an exported model (OpenVINO folder, ONNX, TensorRT, ...).
        image_size: longer side of the network's input, px.
        confidence: lowest score kept; trackers make use of low ones, too.
        iou: overlap above which non-maximum suppression drops the weaker box.
        device: such as ``cpu`` or ``cuda:0``; None takes the best there is.
        half: half precision, where the device has it.
        classes: what to look for, by the names of its classes or their numbers; what is of another
            class is followed by itself.
        person_class: number of the class that is people; None finds it by its name.
    """

    weights: str = setting("yolo11n.pt", public=True)
    image_size: int = setting(640, ge=32, unit="px", public=True)
    confidence: float = share(0.1, public=True)
    iou: float = share(0.7)
    device: str | None = setting(None, public=True)
    half: bool = False
    classes: tuple[str, ...] = setting((PERSON,), public=True)
    person_class: int | None = setting(None, ge=0)


class UltralyticsDetector:
    """People by any model of the ultralytics package.

    Raises:
        UserError: the package or the weights are missing, the weights cannot be opened, or they
            detect no persons.
    """

    Config: ClassVar = UltralyticsConfig
    stateful: ClassVar = False

    def __init__(self, config: UltralyticsConfig, root: Path) -> None:
        del root
        self._config = config
        self._model = _load(config.weights)
        self._batch = self._largest_batch()
        names: dict[int, str] = dict(self._model.names)

        def people() -> tuple[int, ...]:
            # None only without a name and a number of classes, and the names count them.
            return people_among(names, len(names), config.person_class, config.weights) or ()

        self._kinds = Kinds.find(config.classes, names, len(names), people, config.weights)
        self.classes = self._kinds.names

    def _largest_batch(self) -> int | None:
        """None where any number of images goes in one batch, 1 for models exported for one.

        Also makes unusable weights fail now rather than at the first frame.
        """
        blank = np.zeros((64, 64, 3), np.uint8)
        try:
            self._predict([blank])
        except Exception as error:
            raise UserError(
                f"{self._config.weights}: ultralytics cannot run it: {one_line(error)}"
            ) from error
        try:
            self._predict([blank, blank])
        except Exception:
            return 1
        return None

    def _predict(self, images: list[Any]) -> list[Any]:
        config = self._config
        results: list[Any] = self._model.predict(
            images,
            imgsz=config.image_size,
            conf=config.confidence,
            iou=config.iou,
            device=config.device,
            half=config.half,
            max_det=MAX_DETECTIONS,
            verbose=False,
            save=False,
        )
        return results

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """See ``Detector``."""
        images = [frame.pixels for frame in frames]
        batch = self._batch or max(len(images), 1)
        # Called directly, since the settings need not be read again for every frame.
        predictor = self._model.predictor
        predictor.args.classes = [n for numbers in self._kinds.numbers for n in numbers]
        results = [
            result
            for start in range(0, len(images), batch)
            for result in predictor(images[start : start + batch])
        ]
        return [self._convert(result) for result in results]

    def _convert(self, result: Any) -> Detections:
        boxes = result.boxes.cpu().numpy()
        height, width = result.orig_shape
        kinds = self._kinds.of(np.rint(boxes.cls).astype(np.int64))
        return to_detections(boxes.xyxy, boxes.conf, (width, height), kinds)


def _load(weights: str) -> Any:
    # Before the import, which reads them: no analytics, nothing installed or fetched, and no code
    # run that a file of weights may hold.
    os.environ.update(
        YOLO_AUTOINSTALL="false",
        YOLO_OFFLINE="true",
        YOLO_VERBOSE="false",
        ULTRALYTICS_SAFE_LOAD="true",
    )
    # Its settings, of which none matters here, would be written into the user's home.
    os.environ.setdefault("YOLO_CONFIG_DIR", SETTINGS.name)
    without_telemetry()  # ultralytics imports OpenVINO
    try:
        from ultralytics import YOLO
    except ImportError as error:
        raise UserError(
            f"the 'ultralytics' detector needs the ultralytics package: {install('ultralytics')}, "
            "or choose --detector MODEL.onnx or --detector motion"
        ) from error
    path = Path(weights)
    if not path.exists():
        raise UserError(
            f"detector weights {weights!r} not found: download yolo11n.pt from "
            "https://github.com/ultralytics/assets/releases into this folder, or pass "
            "--detector PATH (.pt, .onnx or an exported folder), or --detector motion, which "
            "needs no weights"
        )
    _refuse_code(path)
    if path.is_dir() and next(path.glob("*.xml"), None) and find_spec("openvino") is None:
        raise UserError(
            f"{path}: a model of OpenVINO, which is not installed: {install('openvino')}"
        )
    try:
        # The whole path: of a bare name that cannot be read, ultralytics deletes the file to
        # fetch it anew.
        return YOLO(str(path.resolve()), task="detect")
    except Exception as error:
        raise UserError(
            f"{weights}: not a model that ultralytics can open: {one_line(error)}"
        ) from error


def _refuse_code(path: Path) -> None:
    """Files that ultralytics would run as a program."""
    suffix = path.suffix.lower()
    if suffix in {".yaml", ".yml"}:
        raise UserError(
            f"{path}: describes a network but holds no weights; expected a .pt file or an "
            "exported model (.onnx, an OpenVINO folder)"
        )
    if suffix == ".pt" and not _opens_safely():
        raise UserError(
            f"{path}: opening it could run code that it holds; export the model to .onnx, or "
            "update ultralytics and torch to versions that can prevent that"
        )


def _opens_safely() -> bool:
    """Whether ultralytics restricts what a ``.pt`` file may hold; it says nothing if it cannot."""
    import torch
    from ultralytics import utils

    return getattr(utils, "SAFE_LOAD", False) and hasattr(
        torch.serialization, "get_unsafe_globals_in_checkpoint"
    )
