"""Detectors: from the frames of all cameras to the people in each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from mtmc.detectors.described import LAYOUTS
from mtmc.reid.offers import OFFERS, fetched
from mtmc.trackers import Detections
from mtmc.types import Frame

SHIPPED = "simulated"  # trained on simulated people only; comes with the package
WEIGHTS = Path(__file__).parent.parent / "weights"
MOTFILES = (".txt", *LAYOUTS)  # what detections that are there come as


class Detector(Protocol):
    """Finds people in the frames of one time step, one call for all cameras.

    A detector is built from its ``Config`` and the folder that holds the cameras.

    ``stateful`` says that the answer depends on earlier frames, so that none can be skipped.

    One that works on ``at_once`` frames at a time, beside its caller, has ``begin``, too: it starts
    on frames and returns at once what, when called, waits for their ``Detections``. Of recordings,
    frames of later time steps are begun before those of earlier ones are asked for.

    Scores are probabilities, unless it has ``curve``: ``MARGINS`` of ``mtmc.trackers.scores`` says
    that they are any numbers, whose meaning is learned as the run goes.
    """

    Config: ClassVar[Any]
    stateful: ClassVar[bool]

    def __init__(self, config: Any, root: Path) -> None: ...

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """The people in each frame, in the order of ``frames``; boxes lie inside the image."""
        ...


def detector_settings(value: str) -> dict[str, str]:
    """The ``detector`` section that ``--detector NAME|WEIGHTS`` stands for."""
    path = fetched(value) or Path(value)
    if value in OFFERS and not path.exists():
        return {"name": "onnx", "weights": value}  # which says how to get it
    value = str(path)
    if path.suffix == ".onnx" or value == SHIPPED:
        return {"name": "onnx", "weights": value}
    if path.is_dir() and any(file.suffix in MOTFILES for file in path.iterdir()):
        return {"name": "motfile", "folder": value}
    if path.suffix == ".xml" or (path.is_dir() and next(path.glob("*.xml"), None)):
        return {"name": "openvino", "weights": value}
    if path.suffix or path.is_dir() or "/" in value or "\\" in value:
        return {"name": "ultralytics", "weights": value}
    return {"name": value}
