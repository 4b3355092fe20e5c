"""Tracking: detections of one frame in, tracks with ids out."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mtmc.trackers.convert import from_supervision, from_ultralytics
from mtmc.trackers.rate import NOMINAL_FPS
from mtmc.trackers.types import Detections, SceneTracker, Tracker, Tracks

__all__ = [
    "SCENE_TRACKERS",
    "TRACKERS",
    "Detections",
    "SceneTracker",
    "Tracker",
    "Tracks",
    "create",
    "from_supervision",
    "from_ultralytics",
    "tracker_class",
]

# name -> "module:Class", loaded on use.
TRACKERS: dict[str, str] = {
    "coast": "mtmc.trackers.coast:Coast",
    "sort": "mtmc.trackers.sort:Sort",
    "ocsort": "mtmc.trackers.ocsort:OcSort",
    "bytetrack": "mtmc.trackers.bytetrack:ByteTrack",
    "botsort": "mtmc.trackers.botsort:BotSort",
    "motdt": "mtmc.trackers.motdt:Motdt",
}
# Those that follow people over all calibrated cameras together.
SCENE_TRACKERS: dict[str, str] = {
    "floor": "mtmc.trackers.floor.tracker:FloorTracker",
}


def tracker_class(name: str) -> Any:
    """The class of a tracker; its `Config` attribute is the dataclass of its settings.

    Args:
        name: a key of `TRACKERS` or `SCENE_TRACKERS`.

    Raises:
        ValueError: there is no tracker of that name.
    """
    every = TRACKERS | SCENE_TRACKERS
    if name not in every:
        raise ValueError(f"no tracker {name!r}; there are {', '.join(sorted(every))}")
    module, _, attribute = every[name].partition(":")
    return getattr(import_module(module), attribute)


def create(name: str, config: Any = None, fps: float = NOMINAL_FPS) -> Tracker:
    """A new tracker for one camera.

    Args:
        name: a key of `TRACKERS`.
        config: an instance of the tracker's `Config`, whose times are in seconds; the defaults
            where None.
        fps: frames per second, which say how many frames a second is.

    Raises:
        ValueError: there is no tracker of that name.
    """
    cls = tracker_class(name)
    tracker: Tracker = cls(config) if name in SCENE_TRACKERS else cls(config, fps)
    return tracker
