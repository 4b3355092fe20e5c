"""Cameras: what they are, how their frames are read, and how they are aligned in time."""

from mtmc.sources.align import align
from mtmc.sources.camera import Camera
from mtmc.sources.cameras import find_cameras, home_of
from mtmc.sources.reader import CameraReader, open_cameras
from mtmc.sources.source import SourcesConfig

__all__ = [
    "Camera",
    "CameraReader",
    "SourcesConfig",
    "align",
    "find_cameras",
    "home_of",
    "open_cameras",
]
