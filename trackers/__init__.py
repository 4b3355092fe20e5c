"""Single-camera tracking: detections of one frame in, tracks with ids out."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from trackers.types import Detections, Tracker, Tracks

__all__ = ["TRACKERS", "Detections", "Tracker", "Tracks", "create", "tracker_class"]

# name -> "module:Class", loaded on use.
TRACKERS: dict[str, str] = {
    "coast": "trackers.coast:Coast",
    "sort": "trackers.sort:Sort",
    "ocsort": "trackers.ocsort:OcSort",
    "bytetrack": "trackers.bytetrack:ByteTrack",
    "botsort": "trackers.botsort:BotSort",
    "motdt": "trackers.motdt:Motdt",
    "floor": "trackers.floor:FloorTracker",
}


def tracker_class(name: str) -> Any:
    """The class of a tracker; its `Config` attribute is the dataclass of its settings.

    Args:
        name: a key of `TRACKERS`.

    Raises:
        ValueError: there is no tracker of that name.
    """
    if name not in TRACKERS:
        raise ValueError(f"no tracker {name!r}; there are {', '.join(sorted(TRACKERS))}")
    module, _, attribute = TRACKERS[name].partition(":")
    return getattr(import_module(module), attribute)


def create(name: str, config: Any = None) -> Tracker:
    """A new tracker for one camera.

    Args:
        name: a key of `TRACKERS`.
        config: an instance of the tracker's `Config`; the defaults where None.

    Raises:
        ValueError: there is no tracker of that name.
    """
    tracker: Tracker = tracker_class(name)(config)
    return tracker
