"""What flows through the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of one camera.

    Args:
        camera: the camera's name.
        index: 1-based number of the frame in its own video, as in MOT files.
        time: seconds on the clock that all cameras share.
        image: ``(H, W, 3) uint8`` BGR; None where a resumed run only needs the frame's time.
        steps: frames since the camera's last one that was delivered, this one included: more than
            1 where some are missing.
    """

    camera: str
    index: int
    time: float
    image: Image | None
    steps: int = 1

    @property
    def pixels(self) -> Image:
        """The image of a frame that has one.

        Raises:
            ValueError: the frame was read without its image.
        """
        if self.image is None:
            raise ValueError(f"frame {self.index} of camera {self.camera!r} has no image")
        return self.image


class TrackKey(NamedTuple):
    """One track of one camera."""

    camera: str
    track_id: int
