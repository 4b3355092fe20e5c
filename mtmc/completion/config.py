"""Settings of the completion."""

from __future__ import annotations

from dataclasses import dataclass

from mtmc.config import require, require_fraction


@dataclass(frozen=True, slots=True)
class CompletionConfig:
    """How far what other cameras see completes what one camera saw; in metres and seconds.

    Args:
        acceleration: how speed changes: standard deviation, m/s, within one second.
        spread: standard deviation, m, of positions beyond their known covariance, which two
            cameras that disagree have.
        hidden: share of boxes that end above the feet.
        support: a person is drawn or found where a camera had lost them only if another camera
            sees them no more than this before or after, s.
        fill_gap: longest time, s, between two sightings in one camera that is filled in
            wherever the person goes;
        seen_share: longer ones, and before the first sighting and after the last, only where this
            camera saw at least this share of the people who were there.
        seen_reach: how far around, m.
        adopt_overlap: least IoU of a detection of nobody with where somebody is expected.
    """

    acceleration: float = 0.7
    spread: float = 0.1
    hidden: float = 0.2
    support: float = 0.5
    fill_gap: float = 3.3
    seen_share: float = 0.4
    seen_reach: float = 0.4
    adopt_overlap: float = 0.5

    def __post_init__(self) -> None:
        require_fraction(self, "hidden", "seen_share", "adopt_overlap")
        for name in ("acceleration", "spread", "seen_reach"):
            require(getattr(self, name) > 0, f"{name} must be above 0, got {getattr(self, name)}")
        for name in ("support", "fill_gap"):
            require(getattr(self, name) >= 0, f"{name} must be at least 0, got {getattr(self, name)}")
