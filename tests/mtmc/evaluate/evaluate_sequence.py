"""A sequence of small images in which one bright person walks."""

import cv2
import numpy as np

from mtmc.evaluate.sequences import MotSequence
from mtmc.mot import MotKind, MotRows, write_mot

FRAMES = 20  # more than one batch


def walk_sequence(folder):
    """Images, public detections and ground truth: a box of 12 x 30 px that moves 1 px per frame."""
    (folder / "img1").mkdir(parents=True)
    for frame in range(1, FRAMES + 1):
        image = np.zeros((48, 64, 3), np.uint8)
        image[10:40, frame : frame + 12] = (200, 10 * frame, 255)
        cv2.imwrite(str(folder / "img1" / f"{frame:06d}.png"), image)
    frames = np.arange(1, FRAMES + 1)
    boxes = np.stack([frames, frames * 0 + 10, frames + 12, frames * 0 + 40], axis=1)
    rows = MotRows.make(frames, np.ones_like(frames), boxes, classes=np.ones_like(frames))
    write_mot(folder / "gt" / "gt.txt", rows, MotKind.TRUTH)
    write_mot(folder / "det" / "det.txt", rows)
    return MotSequence(folder.name, folder, FRAMES)
