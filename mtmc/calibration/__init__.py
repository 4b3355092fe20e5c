"""Cameras that know where they stand."""

from mtmc.calibration.camera import PERSON_HEIGHT, CameraModel
from mtmc.calibration.load import load_calibration

__all__ = ["PERSON_HEIGHT", "CameraModel", "load_calibration"]
