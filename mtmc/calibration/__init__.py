"""Cameras that know where they stand."""

from mtmc.calibration.camera import CameraModel
from mtmc.calibration.homography import FloorHomography
from mtmc.calibration.load import load_calibration
from mtmc.calibration.model import Calibration

__all__ = ["Calibration", "CameraModel", "FloorHomography", "load_calibration"]
