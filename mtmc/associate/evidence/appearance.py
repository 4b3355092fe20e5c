"""How strongly what was seen speaks for two tracklets being one person.

All evidence is in log odds (nats): positive for the same person, negative for two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtmc.associate.evidence.adaptation import Adaptation
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.looks import USUAL_COHERENCE, Looks, distances, pair_distances
from mtmc.tracking.tracklet import Tracklet

Floats = NDArray[np.floating]

CROP_NOISE = 3.0  # a crop adds so many times the variance that many crops leave


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
    noise = _noise(a)[:, None], _noise(b)
    odds = _weighed(distances(a, b, scale.coherence), same_camera, noise, scale, config)
    odds[a.weights == 0] = 0
    odds[:, b.weights == 0] = 0
    return odds


def pair_appearance(
    a: Looks, b: Looks, scale: Scale, config: EvidenceConfig
) -> NDArray[np.float32]:
    """``(N,)`` the same between each look of ``a`` and the one of ``b`` in its row."""
    apart = pair_distances(a, b, scale.coherence)
    odds = _weighed(apart, a.cameras == b.cameras, (_noise(a), _noise(b)), scale, config)
    odds[(a.weights == 0) | (b.weights == 0)] = 0
    return odds


def _noise(looks: Looks) -> NDArray[np.float32]:
    return np.asarray(CROP_NOISE / np.maximum(looks.crops, 1), np.float32)


def _weighed(
    apart: Floats,
    same_camera: NDArray[np.bool_],
    noise: tuple[NDArray[np.float32], NDArray[np.float32]],
    scale: Scale,
    config: EvidenceConfig,
) -> NDArray[np.float32]:
    """Log odds by distances of any shape."""
    even = np.where(same_camera, np.float32(scale.within), np.float32(scale.across))
    odds = (1 - apart / even).astype(np.float32, copy=False)
    odds *= np.float32(config.appearance_weight) / (1 + noise[0] + noise[1])
    np.clip(odds, -config.appearance_limit, config.appearance_limit, out=odds)
    return odds


def looks_of(tracklets: Sequence[Tracklet], scale: Scale) -> Looks:
    """The looks of tracklets as they are to be compared."""
    return scale.adapted(Looks.of(tracklets))
