"""Where a standing camera's picture changes: people fidget, furniture does not."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Container, Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from mtmc.trackers.geometry import pair_iou
from mtmc.types import Floats, Frame, Image, Mask

EVERY = 1.0  # seconds between two looks,
LAG = 3  # of which so many lie between what is compared: who sits shifts within seconds
HEIGHT = 360  # px, of the pictures that are compared
NOISE = 4.0  # times the median difference, and
LEAST = 2.0  # grey levels more: from there on a pixel has changed
# The light has changed, or the camera has moved, where most pixels have by so many levels, or
COARSE, WHOLE = 12.0, 0.5  # so great a share of them by more than noise.
SAME = 0.5  # least IoU of two boxes of one person or thing
MOVES = 0.05  # share of a box's pixels that change where somebody walks
ENOUGH = 0.3  # share of a box that must be free of others
MEMORY = EVERY * (LAG + 1)  # seconds for which earlier pictures matter


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """A camera's picture, grey and small, and the boxes in it."""

    tick: int
    picture: Image
    boxes: Floats


class Changes:
    """Compares each camera's picture with that of some seconds ago, once a second.

    Args:
        cameras: those that have pictures.
    """

    def __init__(self, cameras: Container[str]) -> None:
        self._cameras = cameras
        self._past: dict[str, deque[_Look]] = defaultdict(lambda: deque(maxlen=LAG))

    def shares(self, frame: Frame, boxes: Floats) -> Floats | None:
        """The share of each box's pixels that have changed.

        What lies in another box in which much moves, now or then, does not count: there somebody
        may have passed.

        Args:
            frame: with its picture; the next of its camera.
            boxes: ``(N, 4)`` px.

        Returns:
            ``(N,)`` 0..1, NaN where too little of a box counts; None where this frame is not
            compared.
        """
        if frame.image is None or frame.camera not in self._cameras:
            return None
        tick, past = int(np.floor(frame.time / EVERY + 1e-6)), self._past[frame.camera]
        if past and past[-1].tick == tick:
            return None
        now = _Look(tick, _small(frame.image), boxes)
        old = past[0] if len(past) == LAG else None
        past.append(now)
        if old is None or old.tick != tick - LAG or old.picture.shape != now.picture.shape:
            return None
        apart = cv2.absdiff(now.picture, old.picture)
        noise = max(1.0, 1.4826 * float(np.median(apart[::4, ::4])))
        changed = apart > NOISE * noise + LEAST
        if noise > COARSE or changed.mean() > WHOLE:
            return None
        scale = changed.shape[0] / frame.image.shape[0]
        others = np.concatenate([boxes, old.boxes])
        corners = _corners(others, scale, changed)
        moving = np.array([_share(changed, each, ()) >= MOVES for each in corners], bool)
        shares = []
        for box, each in zip(boxes, corners, strict=False):
            # Those that are not much the same one.
            apart = moving & (pair_iou(np.broadcast_to(box, others.shape), others) < SAME)
            shares.append(_share(changed, each, [corners[n] for n in apart.nonzero()[0]]))
        return np.array(shares, np.float32)


def _share(changed: Mask, corners: list[int], others: Iterable[list[int]]) -> float:
    """Of what is in a box and in none of the others; NaN where too little is left."""
    x1, y1, x2, y2 = corners
    counts = np.ones((y2 - y1, x2 - x1), bool)
    for a1, b1, a2, b2 in others:
        counts[max(b1 - y1, 0) : max(b2 - y1, 0), max(a1 - x1, 0) : max(a2 - x1, 0)] = False
    if np.count_nonzero(counts) < max(ENOUGH * counts.size, 1):
        return math.nan
    return float(changed[y1:y2, x1:x2][counts].mean())


def _corners(boxes: Floats, scale: float, picture: Mask) -> list[list[int]]:
    height, width = picture.shape
    inside = np.clip(np.round(boxes * scale), 0, [width, height] * 2)
    corners: list[list[int]] = inside.astype(int).tolist()
    return corners


def _small(image: Image) -> Image:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    scale = min(1.0, HEIGHT / grey.shape[0])
    size = max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))
