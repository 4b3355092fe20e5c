"""Whether embeddings tell people apart at all."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

log = logging.getLogger("mtmc.reid")

ALIKE = 0.995  # cosine of what is one and the same to a model
DIFFERENT = 20.0  # mean difference, grey levels, of pictures that nobody would take for the same
CROPS, PAIRS = 64, 8  # looked at; that must differ
EXAMPLES = 8
THUMBNAIL = (4, 8)  # width, height


def examples() -> list[NDArray[np.uint8]]:
    """Pictures that differ as people do: bright and dark, coloured, in stripes and blocks."""
    rng = np.random.default_rng(0)
    made = []
    for _ in range(EXAMPLES):
        blocks = rng.integers(0, 256, (6, 3, 3), dtype=np.uint8)
        made.append(np.asarray(cv2.resize(blocks, (64, 128), interpolation=cv2.INTER_LINEAR)))
    return made


def least_cosine(rows: NDArray[np.floating]) -> float:
    """The smallest cosine between any two unit rows."""
    return float((rows @ rows.T).min())


class Doubt:
    """Watches a model's first answers; warns once of each thing that is wrong.

    Args:
        name: the model, for the warning.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._thumbnails: list[NDArray[np.float32]] = []
        self._rows: list[NDArray[np.float32]] = []
        self._sure = self._broken = False

    def look(self, crops: Sequence[NDArray[np.uint8]], rows: NDArray[np.float32]) -> None:
        """Compare what pictures look like with what the model makes of them.

        Args:
            crops: ``(h, w, 3) uint8`` each.
            rows: their embeddings; one that is not finite becomes zeros, which are like nobody.
        """
        finite: NDArray[np.bool_] = np.isfinite(rows).all(axis=1)  # type: ignore[assignment]
        if not finite.all():
            rows[~finite] = 0
            if not self._broken:
                log.warning("%s: embeddings are not finite numbers; those say nothing", self._name)
            self._broken = True
        if not self._sure:
            self._compare(crops, rows, finite)

    def _compare(
        self,
        crops: Sequence[NDArray[np.uint8]],
        rows: NDArray[np.float32],
        finite: NDArray[np.bool_],
    ) -> None:
        for crop, row, sound in zip(crops, rows, finite, strict=True):
            if sound and len(self._rows) < CROPS:
                small = cv2.resize(crop, THUMBNAIL, interpolation=cv2.INTER_AREA)
                self._thumbnails.append(np.asarray(small, np.float32).ravel())
                self._rows.append(row.copy())
        if len(self._rows) < 2:
            return
        pictures, looks = np.stack(self._thumbnails), np.stack(self._rows)
        apart = np.abs(pictures[:, None] - pictures[None]).mean(axis=2)
        first, second = np.nonzero(np.triu(apart > DIFFERENT))
        if len(first) >= PAIRS and (looks @ looks.T)[first, second].min() > ALIKE:
            self.say_alike()
        self._sure |= len(first) >= PAIRS or len(self._rows) >= CROPS

    def say_alike(self) -> None:
        """Warn of a model that does not tell people apart."""
        log.warning(
            "%s: different people get one and the same embedding; looks cannot tell them apart "
            "with this model", self._name,
        )  # fmt: skip
        self._sure = True
