"""Which boxes are worth embedding, and their pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtmc.trackers.geometry import coverage
from mtmc.trackers.settings import Checked, setting, share

FIRST = 4  # so many crops are taken at a quarter of the interval, to know a new track soon
BETTER = 1.3  # a crop so many times better than the track's best is taken at once


@dataclass(frozen=True)
class CropsConfig(Checked):
    """Which boxes of a track are embedded.

    Args:
        interval: seconds between two crops of one track.
        min_quality: none worse than this is taken.
        full_height: px from which a box is tall enough to lose nothing.
    """

    interval: float = setting(1.0, ge=0, unit="s", public=True)
    min_quality: float = share(0.15)
    full_height: int = setting(128, ge=1, unit="px", public=True)


def crop_quality(
    boxes: NDArray[np.floating],
    scores: NDArray[np.floating],
    size: tuple[int, int],
    full_height: int,
) -> NDArray[np.float32]:
    """How much of a person each box shows, in 0..1.

    The product of the score, the share not hidden by somebody nearer (whose box ends lower), the
    height up to ``full_height``, and a half for each image border but the lower that cuts it.

    Args:
        boxes: ``(N, 4)`` px, all of one frame.
        scores: ``(N,)``.
        size: ``(width, height)`` px of the image.
        full_height: px.
    """
    boxes = np.asarray(boxes, np.float32)
    if len(boxes) == 0:
        return np.zeros(0, np.float32)
    rows, others, covered = coverage(boxes, boxes)
    nearer = boxes[others, 3] > boxes[rows, 3]
    hidden = np.zeros(len(boxes))
    np.maximum.at(hidden, rows[nearer], covered[nearer])
    tall = np.minimum(1, (boxes[:, 3] - boxes[:, 1]) / full_height)
    cut = (boxes[:, 0] <= 1) | (boxes[:, 2] >= size[0] - 1) | (boxes[:, 1] <= 1)
    quality = scores * (1 - hidden) * tall * np.where(cut, 0.5, 1)
    return np.asarray(quality, np.float32)


@dataclass(slots=True)
class CropsTaken:
    """The crops of a track that were embedded.

    Args:
        count: how many.
        best: their best quality.
        last: time of the last one, s.
    """

    count: int = 0
    best: float = 0.0
    last: float = -math.inf

    def add(self, time: float, quality: float) -> None:
        """Note one of that time, s."""
        self.count, self.best, self.last = self.count + 1, max(self.best, quality), time


def wants_crop(taken: CropsTaken, time: float, quality: float, config: CropsConfig) -> bool:
    """Whether a crop of that quality at that time tells something new about the track."""
    if quality < config.min_quality:
        return False
    if quality > BETTER * taken.best:
        return True
    young = taken.count < FIRST
    return time - taken.last >= config.interval * (0.25 if young else 1.0)
