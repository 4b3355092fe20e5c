"""Detection sets in COCO's layout, as `mtmc simulate --frames` writes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from mtmc.detectors.training.augment import disguise, reframe
from mtmc.errors import UserError

VISIBLE = 0.25  # less visible people are neither to be found nor to be missed
SMALLEST = 12.0  # px of height after framing, likewise
INSIDE = 0.3  # share of a person the frame must hold, likewise

Sample = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Labelled:
    """One image of a set.

    Attributes:
        path: of the picture.
        boxes: ``(N, 4)`` xyxy px of full bodies.
        visibility: ``(N,)`` share of each that is seen.
    """

    path: Path
    boxes: NDArray[np.float32]
    visibility: NDArray[np.float32]


def read_coco(root: Path, split: str) -> list[Labelled]:
    """The images of one split and the people in them.

    Args:
        root: holds ``images/`` and ``annotations/instances_<split>.json``. Annotations of a
            category named ``person`` count (all of them where none has that name); ``iscrowd`` and
            a low ``visibility`` make somebody who does not matter.
        split: ``train`` or ``val``.

    Raises:
        UserError: a file is missing or not in that layout.
    """
    path = root / "annotations" / f"instances_{split}.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read; expected a COCO set as `mtmc simulate {root} --frames 4000` "
            "writes it"
        ) from error
    except ValueError as error:
        raise UserError(f"{path}: not valid JSON ({error})") from error
    try:
        return _labelled(root, content)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path}: not in COCO's layout ({type(error).__name__}: {error})"
        ) from error


def _labelled(root: Path, content: dict[str, Any]) -> list[Labelled]:
    people = {c["id"] for c in content["categories"] if str(c["name"]).lower() == "person"}
    found: dict[int, list[list[float]]] = {i["id"]: [] for i in content["images"]}
    for a in content["annotations"]:
        if people and a["category_id"] not in people:
            continue
        x, y, w, h = map(float, a["bbox"])
        seen = 0.0 if a.get("iscrowd") else float(a.get("visibility", 1.0))
        if w > 0 and h > 0:
            found[a["image_id"]].append([x, y, x + w, y + h, seen])
    images = []
    for image in content["images"]:
        rows = np.array(found[image["id"]], np.float32).reshape(-1, 5)
        images.append(Labelled(root / "images" / image["file_name"], rows[:, :4], rows[:, 4]))
    return images


def read_image(path: Path) -> NDArray[np.uint8]:
    """A picture, ``(H, W, 3)`` BGR.

    Raises:
        UserError: it is missing or no picture.
    """
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise UserError(f"{path}: missing or not a picture, but the annotations name it")
    return np.asarray(image, np.uint8)


class TrainingImages(Dataset[Sample]):
    """Framed and disguised images, numbered over all epochs: one number, one and the same sample.

    Args:
        images: the set.
        size: ``(height, width)`` px of the samples.
        seed: of order and augmentation.
        epochs: how often the set is gone through.
    """

    def __init__(
        self, images: Sequence[Labelled], size: tuple[int, int], seed: int, epochs: int
    ) -> None:
        self._images, self._size, self._seed, self._epochs = images, size, seed, epochs
        self._order: tuple[int, NDArray[np.int64]] = (-1, np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self._images) * self._epochs

    def __getitem__(self, number: int) -> Sample:
        """``(3, H, W)`` float32 RGB in 0..1, ``(N, 4)`` boxes px, ``(N,)`` who does not matter."""
        epoch, place = divmod(number, len(self._images))
        if self._order[0] != epoch:
            order = np.random.default_rng([self._seed, 1, epoch]).permutation(len(self._images))
            self._order = (epoch, order)
        labelled = self._images[self._order[1][place]]
        rng = np.random.default_rng([self._seed, 2, number])
        image, whole = reframe(read_image(labelled.path), labelled.boxes, self._size, rng)
        limit = np.array(self._size[::-1] * 2, np.float32)
        boxes = np.clip(whole, 0, limit)
        sides = boxes[:, 2:] - boxes[:, :2]
        inside = sides.prod(axis=1) / np.maximum((whole[:, 2:] - whole[:, :2]).prod(axis=1), 1e-6)
        here = sides.min(axis=1, initial=np.inf) > 2
        boxes, inside, seen = boxes[here], inside[here], labelled.visibility[here]
        ignored = (seen * inside < VISIBLE) | (inside < INSIDE) | (sides[here, 1] < SMALLEST)
        image = disguise(image, boxes, rng)
        return to_tensor(image), torch.from_numpy(boxes), torch.from_numpy(ignored)


def to_tensor(image: NDArray[np.uint8]) -> Tensor:
    """``(H, W, 3)`` BGR to ``(3, H, W)`` float32 RGB in 0..1."""
    rgb = np.ascontiguousarray(image[..., ::-1].transpose(2, 0, 1))
    return torch.from_numpy(rgb).float() / 255


def collate(samples: list[Sample]) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Samples as a batch: images stacked, people in lists."""
    images, boxes, ignored = zip(*samples, strict=True)
    return torch.stack(images), list(boxes), list(ignored)
