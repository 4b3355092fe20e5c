"""Settings of the completion."""

from __future__ import annotations

from dataclasses import dataclass

from mtmc.config import require, require_fraction


@dataclass(frozen=True, slots=True)
class CompletionConfig:
    """How far what other cameras see completes what one camera saw badly.

    Args:
        support: seconds between somebody who is drawn or found where a camera had lost them and
            the nearest sighting of them by another camera, at most.
        unsure: greatest standard deviation of where they are expected, as a share of their height
            in the image.
        fill_gap: longest time, s, between two sightings by one camera that is filled in wherever
            they go in its view;
        seen_share: longer ones, and the time before the first sighting and after the last, only
            where the camera saw at least this share of the people who were
        seen_reach: so near, m.
    """

    support: float = 0.5
    unsure: float = 0.08
    fill_gap: float = 3.3
    seen_share: float = 0.4
    seen_reach: float = 0.4

    def __post_init__(self) -> None:
        require_fraction(self, "seen_share")
        require(self.seen_reach > 0, f"seen_reach must be above 0, got {self.seen_reach}")
        for name in ("support", "unsure", "fill_gap"):
            value = getattr(self, name)
            require(value >= 0, f"{name} must be at least 0, got {value}")
