"""Looks that the detector tells along with the people it finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mtmc.errors import UserError
from mtmc.perception.log import Inference
from mtmc.trackers import Detections
from mtmc.types import Floats, Image

FROM_DETECTOR = "detector"  # as --reid


class GivenLooks:
    """In the place of an embedder: a detector, or the files with its answers, describes people.

    See ``Embedder``; how far apart looks are is learned from the footage.
    """

    name = FROM_DETECTOR
    dim = 0  # known with the first detection
    even_distance: float | None = None

    def embed(self, crops: Sequence[Image]) -> Floats:
        """Never asked: every detection comes with its looks.

        Raises:
            UserError: it was.
        """
        raise UserError(
            "--reid detector: the detector tells no embeddings; give --reid another model, or, for "
            "--detector motfile, detections with embeddings (.npy, .npz or .parquet)"
        )

    def take(self, found: Detections) -> Inference:
        """What a detector told of a frame.

        Raises:
            UserError: its embeddings are of other lengths than before.
        """
        looks = found.embeddings
        if looks is None or len(looks) == 0:
            return Inference(replace(found, embeddings=None))
        self.dim = self.dim or looks.shape[1]
        if looks.shape[1] != self.dim:
            raise UserError(
                f"--reid detector: embeddings of {looks.shape[1]} numbers after some of "
                f"{self.dim}; expected one model's"
            )
        return Inference(replace(found, embeddings=None), np.arange(len(found)), looks)
