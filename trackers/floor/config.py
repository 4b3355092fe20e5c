"""Settings of the tracker on the floor."""

from __future__ import annotations

from dataclasses import dataclass

from mtmc.trackers.lifecycle import check_at_least, check_share


@dataclass(frozen=True, slots=True)
class FloorConfig:
    """Settings of the tracker on the floor; in metres and seconds, whatever the frame rate.

    Args:
        low_score: detections below are not looked at.
        birth_score: a detection nobody took starts a person from here on.
        min_hits: detections until a person is reported, all cameras counted; in the first step
            everybody is.
        max_age: seconds a person is kept without a detection in any camera.
        gate: squared Mahalanobis distance up to which a detection may be a person's.
        strangers: people per m² who may be at a place without being known yet: how likely a
            detection must be for a person to be theirs rather than somebody new's.
        walking: standard deviation, m/s, of the speed of somebody new.
        merge_reach: two people no further apart, m, whom no camera sees both
        merge_after: for so many seconds are one.
        sweeps: how often the cameras are gone through, each with what all the others say.
    """

    low_score: float = 0.3
    birth_score: float = 0.7
    min_hits: int = 2
    max_age: float = 2.0
    gate: float = 20.0
    strangers: float = 0.005
    walking: float = 1.0
    merge_reach: float = 0.5
    merge_after: float = 1.0
    sweeps: int = 3

    def __post_init__(self) -> None:
        check_share(low_score=self.low_score, birth_score=self.birth_score)
        check_at_least(1, min_hits=self.min_hits, sweeps=self.sweeps)
        check_at_least(0, max_age=self.max_age)
        check_at_least(
            1e-6,
            gate=self.gate,
            strangers=self.strangers,
            walking=self.walking,
            merge_reach=self.merge_reach,
            merge_after=self.merge_after,
        )
