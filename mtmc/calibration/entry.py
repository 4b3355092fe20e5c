"""A camera's entry in a JSON or YAML calibration: intrinsics, distortion, extrinsics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtmc.calibration.camera import CameraModel
from mtmc.errors import UserError

Floats = NDArray[np.float64]


def parse_entry(entry: Any, where: str) -> CameraModel:
    """The camera of an entry; see ``load_calibration``.

    Args:
        entry: the camera's keys and values.
        where: the file and camera, for errors.

    Raises:
        UserError: a key is missing or wrong.
    """
    if not isinstance(entry, Mapping):
        raise UserError(f"{where}: expected keys intrinsic, distortion, extrinsic")
    extrinsic = entry.get("extrinsic")
    if isinstance(extrinsic, list) and extrinsic and isinstance(extrinsic[0], Mapping):
        extrinsic = extrinsic[0].get("tf")
    world_to_camera = _numbers(extrinsic, 16, f"{where}: extrinsic").reshape(4, 4)
    rotation = world_to_camera[:3, :3]
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3):
        raise UserError(f"{where}: extrinsic: its upper left 3x3 part is not a rotation")
    return CameraModel(
        _numbers(entry.get("intrinsic"), 9, f"{where}: intrinsic").reshape(3, 3),
        _numbers(entry.get("distortion", [0.0] * 5), None, f"{where}: distortion"),
        world_to_camera,
        _resolution(entry.get("resolution"), f"{where}: resolution"),
    )


def _resolution(value: Any, where: str) -> tuple[int, int] | None:
    if isinstance(value, Mapping):
        value = [value.get("width"), value.get("height")]
    if value is None:
        return None
    width, height = (int(number) for number in _numbers(value, 2, where))
    if width < 1 or height < 1:
        raise UserError(f"{where}: expected width and height in pixels, got {width} x {height}")
    return width, height


def _numbers(value: Any, count: int | None, where: str) -> Floats:
    if isinstance(value, Mapping):
        value = value.get("doubles")
    try:
        numbers = np.asarray(value, np.float64).ravel()
    except (TypeError, ValueError):
        numbers = np.zeros(0)
    valid = len(numbers) == count if count else len(numbers) in {4, 5, 8, 12, 14}
    if value is None or not valid or not np.isfinite(numbers).all():
        raise UserError(f"{where}: expected {count or '4, 5, 8, 12 or 14'} finite numbers")
    return numbers
