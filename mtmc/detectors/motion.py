"""People as what moves before a static camera: needs no weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from mtmc.detectors.boxes import to_detections
from mtmc.trackers import Detections
from mtmc.trackers.settings import Checked, setting
from mtmc.types import Frame, Image

PERSON_FILL = 0.6  # share of their box that a standing person fills
HISTORY = 500  # frames that the background model remembers
MAX_ASPECT = 1.2  # greatest width of a person as a share of their height
JOIN_GAP = 0.03  # of the image height, which parts of one person may be apart


@dataclass(frozen=True)
class MotionConfig(Checked):
    """Settings of the ``motion`` detector.

    Args:
        width: images are shrunk to this width before anything else, px.
        threshold: squared Mahalanobis distance from which a pixel is foreground.
        min_height: least height of a person as a share of the image height.
    """

    width: int = setting(480, ge=32, unit="px")
    threshold: float = setting(24.0, gt=0, public=True)
    min_height: float = setting(0.08, gt=0, public=True)


class MotionDetector:
    """Foreground blobs of person-like shape, by a mixture-of-Gaussians background model.

    Each camera has a background model of its own, learned as the frames come; the score is how
    much of the box is foreground, 1 for as much as a person fills.

    Source: Zivkovic, "Improved adaptive Gaussian mixture model for background subtraction",
    ICPR 2004 (OpenCV's MOG2).
    """

    Config: ClassVar = MotionConfig
    stateful: ClassVar = True

    def __init__(self, config: MotionConfig, root: Path) -> None:
        del root
        self._config = config
        self._backgrounds: dict[str, Any] = {}

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """See ``Detector``."""
        return [self._detect(frame.camera, frame.pixels) for frame in frames]

    def _detect(self, camera: str, image: Image) -> Detections:
        height, width = image.shape[:2]
        scale = min(1.0, self._config.width / width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        boxes, scores = self._blobs(self._foreground(camera, small))
        zoom = np.array([width / size[0], height / size[1]] * 2, np.float32)
        return to_detections(boxes * zoom, scores, (width, height))

    def _foreground(self, camera: str, image: Image) -> Image:
        if camera not in self._backgrounds:
            self._backgrounds[camera] = cv2.createBackgroundSubtractorMOG2(
                HISTORY, self._config.threshold, detectShadows=True
            )
        mask = self._backgrounds[camera].apply(cv2.GaussianBlur(image, (3, 3), 0))
        mask = np.where(mask == 255, np.uint8(255), np.uint8(0))  # 127 is shadow
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        # Upright people: close gaps between head, trunk and legs further than between neighbours.
        gap = max(3, round(JOIN_GAP * image.shape[0]))
        kernel = np.ones((2 * gap + 1, gap | 1), np.uint8)
        closed: Image = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel)
        return closed

    def _blobs(self, mask: Image) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        x, y, w, h, area = stats[1:].T.astype(np.float32)  # row 0 is the background
        keep = (h >= self._config.min_height * mask.shape[0]) & (w <= MAX_ASPECT * h)
        # When more than half of the picture changes, it is the light or the camera.
        keep &= (mask > 0).mean() < 0.5
        boxes = np.stack([x, y, x + w, y + h], axis=1)[keep]
        filled = area[keep] / (w[keep] * h[keep])
        return boxes, np.clip(filled / PERSON_FILL, 0, 1)
