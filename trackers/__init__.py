"""Tracking: detections of one frame in, tracks with ids out."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mtmc.trackers.convert import (
    from_supervision,
    from_ultralytics,
    to_supervision,
    to_ultralytics,
)
from mtmc.trackers.rate import NOMINAL_FPS, check_rate
from mtmc.trackers.settings import from_names
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
    "to_supervision",
    "to_ultralytics",
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


def create(
    name: str, config: Any = None, fps: float = NOMINAL_FPS, **settings: float | bool
) -> Tracker:
    """A new tracker for one camera.

    Times are in seconds. ``_frames`` behind a setting's name has them in frames, as papers and
    other programs count: ``create("bytetrack", max_age_frames=60, fps=30)`` is ``max_age=2.0``.

    Args:
        name: a key of `TRACKERS`.
        config: an instance of the tracker's `Config`; the defaults where None.
        fps: frames per second, which say how many frames a second is.
        settings: of the tracker's `Config`, by name, in place of what ``config`` says.

    Raises:
        ValueError: there is no tracker or setting of a name, or a value is out of its range,
            the rate included.
    """
    cls = tracker_class(name)
    check_rate(fps)
    if settings:
        config = from_names(config or cls.Config(), settings, fps, f"tracker {name!r}")
    tracker: Tracker = cls(config) if name in SCENE_TRACKERS else cls(config, fps)
    return tracker
