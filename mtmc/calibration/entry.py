"""A camera's entry in a calibration file, whatever the format was: names and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from mtmc.calibration.camera import CameraModel
from mtmc.calibration.homography import FloorHomography
from mtmc.calibration.model import Calibration
from mtmc.errors import UserError
from mtmc.types import Doubles

# Each quantity by the names it usually has, without capitals and underscores.
NAMES = {
    "homography": ("homography",),
    "floor_error": ("floorerror",),
    "intrinsic": ("intrinsic", "intrinsics", "cameramatrix", "k"),
    "distortion": ("distortion", "distortioncoefficients", "distcoeffs", "dist", "d"),
    "extrinsic": ("extrinsic",),
    "rotation": ("rotation", "rotationmatrix", "rvec", "r"),
    "translation": ("translation", "translationvector", "tvec", "t"),
    "unit": ("unit",),
    "resolution": ("resolution", "imagesize"),
    "width": ("imagewidth",),
    "height": ("imageheight",),
}
UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001}
HEIGHTS = (0.1, 200.0)  # m above the floor at which cameras are believed to stand


@dataclass(frozen=True, slots=True, eq=False)
class Lens:
    """What a camera is like, wherever it stands.

    Args:
        matrix: ``(3, 3)`` intrinsics, px.
        distortion: OpenCV's coefficients.
        size: ``(width, height)`` px of the images it was calibrated on, None where unknown.
    """

    matrix: Doubles
    distortion: Doubles
    size: tuple[int, int] | None


def is_entry(content: Mapping[str, Any]) -> bool:
    """Whether a file's content is one camera's entry."""
    names = _named(content)
    return "homography" in names or "intrinsic" in names


def parse_entry(entry: Any, where: str) -> Calibration:
    """The camera of an entry; see ``load_calibration``.

    Args:
        entry: the camera's names and numbers.
        where: the file and camera, for errors.

    Raises:
        UserError: a number is missing or wrong.
    """
    if not isinstance(entry, Mapping):
        raise UserError(f"{where}: expected keys intrinsic, distortion, extrinsic, or homography")
    values = _named(entry)
    if "homography" in values and "intrinsic" not in values:
        return _homography(values, where)
    return _camera(values, where)


def _named(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The quantities an entry has."""
    plain = {str(key).lower().replace("_", ""): value for key, value in entry.items()}
    found = {
        quantity: next((plain[name] for name in names if plain.get(name) is not None), None)
        for quantity, names in NAMES.items()
    }
    return {quantity: value for quantity, value in found.items() if value is not None}


def _homography(values: Mapping[str, Any], where: str) -> FloorHomography:
    size = _resolution(values, where)
    if size is None:
        raise UserError(f"{where}: a homography needs the resolution of the images it is for")
    matrix = _numbers(values["homography"], 9, f"{where}: homography").reshape(3, 3)
    error = _numbers(values.get("floor_error", 0.0), 1, f"{where}: floor_error")[0]
    try:
        return FloorHomography(matrix, size, float(error))
    except ValueError as problem:
        raise UserError(f"{where}: homography: {problem}") from problem


def parse_lens(entry: Any, where: str) -> Lens:
    """Only intrinsics, distortion and resolution of an entry.

    Raises:
        UserError: a number is missing or wrong.
    """
    if not isinstance(entry, Mapping):
        raise UserError(f"{where}: expected keys intrinsic, distortion")
    return _lens(_named(entry), where)


def _lens(values: Mapping[str, Any], where: str) -> Lens:
    matrix = _numbers(values.get("intrinsic"), 9, f"{where}: intrinsic").reshape(3, 3)
    if matrix[0, 0] <= 0 or matrix[1, 1] <= 0 or not np.allclose(matrix[2], [0, 0, 1]):
        raise UserError(f"{where}: intrinsic: expected rows fx 0 cx, 0 fy cy, 0 0 1")
    distortion = _numbers(values.get("distortion", [0.0] * 5), None, f"{where}: distortion")
    return Lens(matrix, distortion, _resolution(values, where))


def _camera(values: Mapping[str, Any], where: str) -> CameraModel:
    extrinsic = _extrinsic(values, where)
    lens = _lens(values, where)
    camera = CameraModel(lens.matrix, lens.distortion, extrinsic, lens.size)
    height, (low, high) = camera.position[2], HEIGHTS
    if not low <= height <= high:
        raise UserError(
            f"{where}: stands {height:.4g} m above the floor; expected {low:g} to {high:g}, with "
            "the world's z axis pointing up from the floor (translation in cm or mm? say unit: cm)"
        )
    return camera


def _extrinsic(values: Mapping[str, Any], where: str) -> Doubles:
    """``(4, 4)`` world -> camera, m."""
    result = np.eye(4)
    if "extrinsic" in values:
        given = values["extrinsic"]
        if isinstance(given, list) and given and isinstance(given[0], Mapping):
            given = given[0].get("tf")
        result = _numbers(given, 16, f"{where}: extrinsic").reshape(4, 4)
    elif "rotation" in values:
        result[:3, :3] = _rotation(values["rotation"], where)
        result[:3, 3] = _numbers(values.get("translation"), 3, f"{where}: translation")
    else:
        raise UserError(
            f"{where}: extrinsic: expected 16 finite numbers, or a rotation and a translation"
        )
    rotation = result[:3, :3]
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3) or np.linalg.det(rotation) < 0:
        raise UserError(f"{where}: extrinsic: its upper left 3x3 part is not a rotation")
    unit = str(values.get("unit", "m"))
    if unit not in UNITS:
        raise UserError(f"{where}: unit: expected {', '.join(UNITS)}, got {unit!r}")
    result[:3, 3] *= UNITS[unit]
    return result


def _rotation(value: Any, where: str) -> Doubles:
    """``(3, 3)`` of a matrix or a rotation vector."""
    numbers = _numbers(value, (3, 9), f"{where}: rotation")
    if len(numbers) == 9:
        return numbers.reshape(3, 3)
    matrix: Doubles = cv2.Rodrigues(numbers)[0]
    return matrix


def _resolution(values: Mapping[str, Any], where: str) -> tuple[int, int] | None:
    value = values.get("resolution")
    if value is None and "width" in values:
        value = [values["width"], values.get("height")]
    if isinstance(value, Mapping):
        value = [value.get("width"), value.get("height")]
    if value is None:
        return None
    width, height = (int(number) for number in _numbers(value, 2, f"{where}: resolution"))
    if width < 1 or height < 1:
        raise UserError(
            f"{where}: resolution: expected width and height in pixels, got {width} x {height}"
        )
    return width, height


DISTORTION_COUNTS = (4, 5, 8, 12, 14)


def _numbers(value: Any, counts: int | tuple[int, ...] | None, where: str) -> Doubles:
    """A list or matrix of so many numbers; of distortion coefficients for None."""
    counts = counts or DISTORTION_COUNTS
    expected = (counts,) if isinstance(counts, int) else counts
    if isinstance(value, Mapping):
        value = value.get("doubles", value.get("data"))
    try:
        numbers = np.asarray(value, np.float64).ravel()
    except (TypeError, ValueError):
        numbers = np.zeros(0)
    if value is None or len(numbers) not in expected or not np.isfinite(numbers).all():
        *most, last = map(str, expected)
        raise UserError(
            f"{where}: expected {' or '.join(filter(None, [', '.join(most), last]))} finite numbers"
        )
    return numbers
