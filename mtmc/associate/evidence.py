"""How strongly what was seen speaks for two tracklets being one person.

All evidence is in log odds (nats): positive for the same person, negative for two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mtmc.associate.adaptation import Adaptation
from mtmc.associate.looks import USUAL_COHERENCE, Looks, distances
from mtmc.config import require
from mtmc.tracking.tracklet import Tracklet

Floats = NDArray[np.floating]

CROP_NOISE = 3.0  # a crop adds so many times the variance that many crops leave


@dataclass(frozen=True)
class EvidenceConfig:
    """How appearance and floor positions are weighed.

    Args:
        max_distance: distance between the looks of two tracklets of different cameras, see
            ``Looks.directions``, up to which they are more likely one person than two. ``auto``
            learns it from the footage, see ``thresholds.calibrate``; None takes the one that suits
            the embedder.
        same_camera: the same within one camera, where light and view do not change, as a share of
            ``max_distance``; what ``auto`` learns, it learns for both.
        camera_colours: with ``auto``, take out of the embeddings what sets the cameras apart, as
            far as people recognised in two of them show it.
        appearance_weight: log odds of equal looks; twice ``max_distance`` has the opposite. The
            fewer crops, the less it is.
        appearance_limit: appearance never speaks louder than this, log odds.
        floor_spread: how far apart two cameras see one person beyond the known uncertainty, m.
        floor_area: of the scene, m²: how unlikely it is to meet another person at a place.
        floor_hidden: share of floor positions behind the true one as the camera sees it, since
            something hides the feet.
        floor_outliers: share of floor positions that are just wrong.
        floor_memory: seconds after which another look at the floor counts as a new one.
        floor_limit: so many looks at the floor count at most.
        floor_track: log odds that a tracker over all cameras is right: in favour of tracklets it
            took for one person, against those of two at one time.
        passage: the time between two tracks never speaks louder than this, log odds: how long
            people take from camera to camera is learned; None lets it say nothing.
        topology: ``topology[a][b]`` the least and greatest time in s that people take from camera
            ``a`` to camera ``b``; the least is 0 where both see one place. What is not given is
            learned.
    """

    max_distance: float | Literal["auto"] | None = "auto"
    same_camera: float = 0.7
    camera_colours: bool = True
    appearance_weight: float = 12.0
    appearance_limit: float = 4.0
    floor_spread: float = 0.3
    floor_area: float = 60.0
    floor_hidden: float = 0.2
    floor_outliers: float = 0.1
    floor_memory: float = 1.0
    floor_limit: float = 10.0
    floor_track: float = 6.0
    passage: float | None = 3.0
    topology: dict[str, dict[str, tuple[float, float]]] | None = None

    def __post_init__(self) -> None:
        if self.max_distance is not None and self.max_distance != "auto":
            require(0 < self.max_distance <= 2, "max_distance must be in 0..2, or auto")
        for name in (
            "same_camera",
            "appearance_weight",
            "appearance_limit",
            "floor_spread",
            "floor_area",
            "floor_memory",
            "floor_limit",
            "floor_track",
        ):
            value = getattr(self, name)
            require(math.isfinite(value) and value > 0, f"{name} must be above 0, got {value}")
        require(0 < self.floor_outliers < 1, "floor_outliers must be between 0 and 1")
        wrong = self.floor_outliers + 2 * self.floor_hidden
        require(
            self.floor_hidden >= 0 and wrong < 1,
            "floor_hidden must be at least 0, and floor_outliers + 2 * floor_hidden below 1",
        )
        require(self.passage is None or self.passage > 0, "passage must be above 0, or null")
        for before, others in (self.topology or {}).items():
            for after, (least, most) in others.items():
                require(
                    least <= most,
                    f"topology.{before}.{after} must be the least and the greatest time, s",
                )


@dataclass(frozen=True, slots=True)
class Scale:
    """What distances mean.

    Args:
        across: distance between two looks of different cameras that is as likely one person's as
            two people's.
        within: the same for two looks of one camera.
        coherence: cosine similarity to expect between two crops of one tracklet.
        adaptation: of looks, before they are compared; None where they are compared as they are.
    """

    across: float
    within: float
    coherence: float = USUAL_COHERENCE
    adaptation: Adaptation | None = None

    @classmethod
    def given(
        cls, max_distance: float, config: EvidenceConfig, looks: Looks | None = None
    ) -> Scale:
        """From one number; the coherence from ``looks``, where there are any."""
        coherence = looks.coherence() if looks else USUAL_COHERENCE
        return cls(max_distance, config.same_camera * max_distance, coherence)

    def adapted(self, looks: Looks) -> Looks:
        """The looks as they are to be compared."""
        return looks if self.adaptation is None else self.adaptation(looks)


def appearance(a: Looks, b: Looks, scale: Scale, config: EvidenceConfig) -> NDArray[np.float32]:
    """Log odds by appearance between all looks of ``a`` and ``b``.

    Linear in the distance, zero where ``scale`` says, bounded by ``appearance_limit``. Between
    two normal distributions the slope is inverse to the variance, hence the factor for few crops.

    Returns:
        ``(N, M)``, 0 where nothing is known.
    """
    if a.sums.shape[1] != b.sums.shape[1]:  # nothing at all is known of one side
        return np.zeros((len(a.sums), len(b.sums)), np.float32)
    same_camera = a.cameras[:, None] == b.cameras[None]
    even = np.where(same_camera, np.float32(scale.within), np.float32(scale.across))
    noise = [(CROP_NOISE / np.maximum(x.crops, 1)).astype(np.float32) for x in (a, b)]
    odds = (1 - distances(a, b, scale.coherence) / even).astype(np.float32, copy=False)
    odds *= np.float32(config.appearance_weight) / (1 + noise[0][:, None] + noise[1])
    np.clip(odds, -config.appearance_limit, config.appearance_limit, out=odds)
    odds[a.weights == 0] = 0
    odds[:, b.weights == 0] = 0
    return odds


def looks_of(tracklets: Sequence[Tracklet], scale: Scale) -> Looks:
    """The looks of tracklets as they are to be compared."""
    return scale.adapted(Looks.of(tracklets))
