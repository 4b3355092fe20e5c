"""Settings of the tracker on the floor."""

from __future__ import annotations

from dataclasses import dataclass

from mtmc.trackers.settings import TrackerConfig, setting, share

# How likely a detection must be for a person to be theirs rather than somebody new's.
STRANGERS = 0.005  # people per m² who may be at a place without being known yet
WALKING = 1.0  # standard deviation, m/s, of the speed of somebody new
MERGE_REACH = 0.5  # m: two people no further apart, whom no camera sees both, may be one
SWEEPS = 3  # how often the cameras are gone through, each with what all the others say


@dataclass(frozen=True, slots=True)
class FloorConfig(TrackerConfig):
    """Settings of the tracker on the floor.

    Args:
        birth_score: a detection nobody took starts a person from this score on.
        min_hits: detections until a person is reported, all cameras counted; in the first step
            everybody is.
        max_age: a person is kept for so long without a detection in any camera.
        low_score: detections below are not looked at.
        gate: squared Mahalanobis distance up to which a detection may be a person's.
        merge_after: two people close to each other for so long, whom no camera sees both, are one.
    """

    min_hits: int = setting(2, ge=1, public=True)
    max_age: float = setting(2.0, ge=0, unit="s", public=True)
    low_score: float = share(0.3, public=True)
    gate: float = setting(20.0, gt=0)
    merge_after: float = setting(1.0, gt=0, unit="s")
