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
        fill_gap: longest time between two sightings by one camera that is filled in wherever they
            go in its view. Longer ones are, and the time before the first sighting and after the
            last, only where the camera sees people, see `seen_share`.
        seen_share: least share of the people at a place whom a camera must have seen there.
    """

    support: float = setting(0.5, ge=0, unit="s")
    unsure: float = setting(0.08, ge=0)
    fill_gap: float = setting(3.3, ge=0, unit="s", public=True)
    seen_share: float = share(0.4)
