"""Settings of the completion."""

from __future__ import annotations

from dataclasses import dataclass

from mtmc.trackers.settings import Checked, setting, share

SEEN_REACH = 0.4  # m: how near to a place people tell whether a camera sees them there


@dataclass(frozen=True, slots=True)
class CompletionConfig(Checked):
    """How far what other cameras see completes what one camera saw badly.

    Args:
        support: between somebody who is drawn or found where a camera had lost them and the nearest
            sighting of them by another camera, at most.
        unsure: greatest standard deviation of where they are expected, as a share of their height
            in the image.
        seen_share: least share of the people at a place whom a camera must have seen there, for
            somebody to be drawn there for longer than `refine.fill_gap`, or before they were first
            seen and after they were last.
    """

    support: float = setting(0.5, ge=0, unit="s")
    unsure: float = setting(0.08, ge=0)
    seen_share: float = share(0.4)
