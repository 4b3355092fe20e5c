"""Detections that are already there, in MOT text files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mtmc.detectors.boxes import to_detections
from mtmc.errors import UserError
from mtmc.mot import MotKind, MotRows, read_mot
from mtmc.trackers import Detections
from mtmc.trackers.settings import Checked, setting, share
from mtmc.types import Frame


@dataclass(frozen=True)
class MotFileConfig(Checked):
    """Settings of the ``motfile`` detector.

    Args:
        folder: with ``<camera>.txt`` for every camera; None takes ``det`` among the videos or
            beside their folder.
        confidence: lowest score kept.
    """

    folder: str | None = setting(None, public=True)
    confidence: float = share(0.0, public=True)


class MotFileDetector:
    """Reads ``det/<camera>.txt``, or ``det/det.txt`` of a MOTChallenge sequence.

    Raises:
        UserError: there is no such folder.
    """

    Config: ClassVar = MotFileConfig
    stateful: ClassVar = False

    def __init__(self, config: MotFileConfig, root: Path) -> None:
        home = root if root.is_dir() else root.parent
        self.folder = Path(config.folder) if config.folder else _default_folder(home)
        if not self.folder.is_dir():
            raise UserError(
                f"{self.folder}: no such folder; the 'motfile' detector reads <camera>.txt from "
                "det/ among the videos or beside their folder, or from detector.folder"
            )
        self._sequence = home.resolve().name
        self._confidence = config.confidence
        self._files: dict[str, _FrameIndex] = {}

    def last_frame(self, camera: str) -> int:
        """The last frame of a camera that has a detection.

        Raises:
            UserError: it has no file, or the file breaks the format.
        """
        return self._file(camera).rows.last_frame

    def _file(self, camera: str) -> _FrameIndex:
        if camera not in self._files:
            path = self._path(camera)
            self._files[camera] = _FrameIndex(read_mot(path, MotKind.DETECTIONS))
        return self._files[camera]

    def _path(self, camera: str) -> Path:
        path, whole = self.folder / f"{camera}.txt", self.folder / "det.txt"
        if path.is_file():
            return path
        if camera == self._sequence and whole.is_file():
            return whole
        raise UserError(f"{path}: no such file; expected the detections of that camera")

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """See ``Detector``."""
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: Frame) -> Detections:
        boxes, scores = self._file(frame.camera).at(frame.index)
        keep = scores >= self._confidence
        height, width = frame.pixels.shape[:2]
        return to_detections(boxes[keep], scores[keep], (width, height))


def _default_folder(home: Path) -> Path:
    among, beside = home / "det", home.resolve().parent / "det"
    return beside if beside.is_dir() and not among.is_dir() else among


class _FrameIndex:
    """Rows of a file, found by frame."""

    def __init__(self, rows: MotRows) -> None:
        self.rows = rows[np.argsort(rows.frames, kind="stable")]
        self._scores = unit_scores(self.rows.scores)

    def at(self, frame: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        first, last = np.searchsorted(self.rows.frames, [frame, frame + 1])
        return self.rows.boxes[first:last], self._scores[first:last]


def unit_scores(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores as they are if they lie in 0..1, else stretched to it from their 5 to 95 % quantiles.

    Detectors such as MOT16's DPM score on a scale of their own.
    """
    if len(scores) == 0 or (scores.min() >= 0 and scores.max() <= 1):
        return scores
    low, high = np.quantile(scores, [0.05, 0.95])
    stretched: NDArray[np.float64] = (scores - low) / max(high - low, 1e-9)
    return stretched.clip(0, 1)
