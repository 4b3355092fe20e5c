"""Where people are hidden in the pictures of an anonymised run: also those nobody tracked."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mtmc.errors import UserError
from mtmc.files import replacing
from mtmc.trackers.geometry import iou
from mtmc.types import Floats, Ints

SAME = 0.5  # IoU from which on a box is that of another frame, moved on
REACH = 0.3  # s that somebody whom the detector misses for a moment stays hidden


class Hidden:
    """Boxes of people, by camera and frame.

    Args:
        boxes: by camera, the frames ``(N,)`` and the boxes ``(N, 4)`` px in them, in any order.
    """

    def __init__(self, boxes: Mapping[str, tuple[Ints, Floats]]) -> None:
        self._boxes = {}
        for name, (frames, mine) in boxes.items():
            order = np.argsort(frames, kind="stable")
            self._boxes[name] = frames[order], mine[order]

    def at(self, camera: str, frame: int, fps: float) -> Floats:
        """``(K, 4)`` px, where people are in a frame or, for all that is known, still are."""
        frames, boxes = self._boxes[camera]
        near = round(REACH * fps)
        first, now, then, last = np.searchsorted(
            frames, [frame - near, frame, frame + 1, frame + near + 1]
        )
        known = boxes[now:then]
        others = np.concatenate([boxes[first:now], boxes[then:last]])
        overlaps = iou(others, known)
        missed = np.ones(len(others), bool)
        missed[overlaps.rows[overlaps.values >= SAME]] = False
        return np.concatenate([known, others[missed]])

    def write(self, path: Path) -> None:
        """Write an ``.npz`` file that ``read`` reads."""
        arrays = {"cameras": np.array(list(self._boxes), dtype=str)}
        for number, (frames, boxes) in enumerate(self._boxes.values()):
            arrays |= {f"frames{number}": frames.astype(np.int32), f"boxes{number}": boxes}
        with replacing(path) as partial:
            np.savez_compressed(partial, **arrays)  # type: ignore[arg-type]

    @classmethod
    def read(cls, path: Path) -> Hidden:
        """What ``write`` has written.

        Raises:
            UserError: the file is damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                names = file["cameras"].tolist()
                return cls(
                    {n: (file[f"frames{i}"], file[f"boxes{i}"]) for i, n in enumerate(names)}
                )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise UserError(
                f"{path}: not what an anonymised run writes ({error}); run `mtmc run` again"
            ) from error
