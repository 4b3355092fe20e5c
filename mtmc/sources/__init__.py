"""Cameras: what they are, how their frames are read, and how they are aligned in time."""

from mtmc.sources.align import align
<<<<<<< HEAD
from mtmc.sources.camera import Camera
from mtmc.sources.cameras import find_cameras, home_of
from mtmc.sources.reader import CameraReader, SourcesConfig, open_cameras
=======
from mtmc.sources.cameras import Camera, find_cameras
from mtmc.sources.reader import CameraReader, open_cameras
from mtmc.sources.source import SourcesConfig
>>>>>>> main

__all__ = [
    "Camera",
    "CameraReader",
    "SourcesConfig",
    "align",
    "find_cameras",
    "home_of",
    "open_cameras",
]
