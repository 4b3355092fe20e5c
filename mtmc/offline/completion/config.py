"""Settings of the completion."""

from __future__ import annotations

from dataclasses import dataclass

from mtmc.config import require, require_fraction


@dataclass(frozen=True, slots=True)
class CompletionConfig:
    """How far what other cameras see completes what one camera saw badly.

    Args:
        acceleration: how speed changes: standard deviation, m/s, within one second.
        spread: standard deviation, m, of positions beyond their known covariance, which two
            cameras that disagree have.
        hidden: share of boxes that end above the feet.
        support: seconds between somebody who is drawn or found where a camera had lost them and
            the nearest sighting of them by another camera, at most.
        unsure: greatest standard deviation of where they are expected, as a share of their height
            in the image.
        adopt_overlap: least IoU of a detection of nobody with where somebody is expected.
        fill_gap: longest time, s, between two sightings by one camera that is filled in wherever
            they go in its view;
        seen_share: longer ones, and the time before the first sighting and after the last, only
            where the camera saw at least this share of the people who were
        seen_reach: so near, m.
    """

    acceleration: float = 0.7
    spread: float = 0.1
    hidden: float = 0.2
    support: float = 0.5
    unsure: float = 0.05
    adopt_overlap: float = 0.5
    fill_gap: float = 3.3
    seen_share: float = 0.4
    seen_reach: float = 0.4

    def __post_init__(self) -> None:
        require_fraction(self, "adopt_overlap", "seen_share")
        require(0 <= self.hidden <= 0.5, f"hidden must be in 0..0.5, got {self.hidden}")
        for name in ("acceleration", "spread", "seen_reach"):
            require(getattr(self, name) > 0, f"{name} must be above 0, got {getattr(self, name)}")
        for name in ("support", "unsure", "fill_gap"):
            value = getattr(self, name)
            require(value >= 0, f"{name} must be at least 0, got {value}")
