"""A camera's entry in a calibration file, whatever the format was: names and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from mtmc.calibration.camera import CameraModel
from mtmc.calibration.check import UNITS, check_camera, check_homography, inverse
from mtmc.calibration.homography import FloorHomography
from mtmc.calibration.model import Calibration
from mtmc.errors import UserError
from mtmc.types import Doubles

# Each quantity by the names it usually has, without capitals, underscores and blanks.
NAMES = {
    "homography": ("homography", "homographymatrix", "h"),
    "direction": ("direction",),
    "floor_error": ("floorerror",),
    "projection": ("projection", "projectionmatrix", "cameraprojectionmatrix", "p"),
    "intrinsic": (
        *("intrinsic", "intrinsics", "intrinsicmatrix", "cameramatrix", "matrix", "mtx", "k"),
    ),
    "fx": ("fx",),
    "fy": ("fy",),
    "cx": ("cx",),
    "cy": ("cy",),
    "distortion": (
        *("distortion", "distortions", "distortioncoefficients", "distortioncoeffs"),
        *("distcoeffs", "dist", "d"),
    ),
    "distortion_model": ("distortionmodel",),
    "camera_model": ("cameramodel",),
    "fisheye": ("fisheye",),
    "extrinsic": (
        *("extrinsic", "extrinsics", "extrinsicmatrix", "rt", "worldtocamera", "worldtocam"),
        *("world2camera", "world2cam", "w2c", "tcamworld"),
    ),
    "pose": (*("cameratoworld", "camtoworld", "camera2world", "cam2world", "c2w", "tworldcam"),),
    "rotation": ("rotation", "rotationmatrix", "rvec", "r"),
    "translation": ("translation", "translationvector", "tvec", "t"),
    "unit": ("unit", "units"),
    "scale": ("pixelspermeter", "pixelspermetre", "scale"),
    "metres_per_pixel": ("metersperpixel", "metresperpixel"),
    "origin": ("origin",),
    "resolution": ("resolution", "imagesize", "size"),
    "width": ("imagewidth", "width"),
    "height": ("imageheight", "height"),
    "rotation_count": ("rotationcount",),
}
SHARED = ("unit", "scale", "metres_per_pixel", "origin", "direction", "resolution", "floor_error")
UNIT_NAMES = {
    **dict.fromkeys(("meter", "meters", "metre", "metres"), "m"),
    **dict.fromkeys(("centimeter", "centimeters", "centimetre", "centimetres"), "cm"),
    **dict.fromkeys(("millimeter", "millimeters", "millimetre", "millimetres"), "mm"),
    **dict.fromkeys(("foot", "feet"), "ft"),
    **dict.fromkeys(("inch", "inches"), "in"),
    **dict.fromkeys(("pixel", "pixels"), "px"),
}
FISHEYE = {"fisheye", "equidistant", "kannalabrandt", "kannalabrandt4", "kb4", "opencvfisheye"}
PINHOLE = {
    *("pinhole", "perspective", "none", "opencv", "fullopencv", "standard", "plumbbob", "radtan"),
    *("radialtangential", "brown", "brownconrady", "rationalpolynomial", "rational"),
}
OTHER_LENSES = {  # camera models that nothing here can read; other words may be a maker's
    *("omni", "omniradtan", "omnidirectional", "mei", "scaramuzza", "ocam", "ds", "doublesphere"),
    *("ucm", "eucm", "fov", "atan", "division", "simpleradial", "radial", "simpleradialfisheye"),
    *("radialfisheye", "thinprismfisheye"),
}
TO_IMAGE, TO_FLOOR = "floor_to_image", "image_to_floor"
LARGEST = 1e12  # of any number that means something
LARGEST_SIDE = 100_000  # px
LONGEST_WORD = 40


@dataclass(frozen=True, slots=True, eq=False)
class Lens:
    """What a camera is like, wherever it stands.

    Args:
        matrix: ``(3, 3)`` intrinsics, px.
        distortion: OpenCV's coefficients.
        size: ``(width, height)`` px of the images it was calibrated on, None where unknown.
        fisheye: whether the coefficients are those of a fisheye lens.
    """

    matrix: Doubles
    distortion: Doubles
    size: tuple[int, int] | None
    fisheye: bool = False

    def at(self, extrinsic: Doubles) -> CameraModel:
        """A camera with this lens, ``(4, 4)`` world -> camera."""
        return CameraModel(self.matrix, self.distortion, extrinsic, self.size, self.fisheye)


def is_entry(content: Any) -> bool:
    """Whether a file's content is one camera's entry: names and numbers, or a 3x4 matrix."""
    if not isinstance(content, Mapping):
        return len(_flat(content, 12)) == 12
    own = {key: value for key, value in content.items() if _is_focal(value) or not _tells(value)}
    return _tells(own)


def _tells(value: Any) -> bool:
    """Whether a value has names that a camera's entry must have."""
    names = {"homography", "intrinsic", "projection", "fx"}
    return isinstance(value, Mapping) and not names.isdisjoint(_named(value))


def _is_focal(value: Any) -> bool:
    """Whether a value is intrinsics as names and numbers."""
    return isinstance(value, Mapping) and "fx" in {str(key).lower() for key in value}


def shared(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a file says of all its cameras, beside their entries."""
    plain = {key: value for key, value in content.items() if not isinstance(value, Mapping)}
    return {name: value for name, value in _named(plain).items() if name in SHARED}


def with_shared(entry: Any, common: Mapping[str, Any]) -> Any:
    """An entry with what is said of all cameras and not of this one."""
    if not isinstance(entry, Mapping) or not common:
        return entry
    known = _named(entry)
    return {**{name: value for name, value in common.items() if name not in known}, **entry}


def parse_entry(entry: Any, where: str) -> Calibration:
    """The camera of an entry; see ``load_calibration``.

    Args:
        entry: the camera's names and numbers, or its 3x4 matrix.
        where: the file and camera, for errors.

    Raises:
        UserError: a number is missing or wrong.
    """
    values = _values(entry, where, "intrinsic, distortion, extrinsic, or homography")
    if "intrinsic" in values:
        return _camera(values, where)
    if "projection" in values:
        return _projected(values, where)
    if "homography" in values:
        return _homography(values, where)
    return _camera(values, where)


def parse_lens(entry: Any, where: str) -> Lens:
    """Only intrinsics, distortion and resolution of an entry.

    Raises:
        UserError: a number is missing or wrong.
    """
    return _lens(_values(entry, where, "intrinsic, distortion"), where)


def _values(entry: Any, where: str, expected: str) -> dict[str, Any]:
    """The quantities of an entry, each under its own name."""
    if not isinstance(entry, Mapping):
        if not is_entry(entry):
            raise UserError(f"{where}: expected keys {expected}")
        entry = {"projection": entry}
    values = _named(entry)
    if "intrinsic" not in values and "fx" in values:
        values["intrinsic"] = {name: values.get(name) for name in ("fx", "fy", "cx", "cy")}
    if len(_flat(values.get("intrinsic"), 12)) == 12:  # a "camera matrix" of 3x4 numbers
        values.setdefault("projection", values["intrinsic"])
        del values["intrinsic"]
    if _flat(values.get("rotation_count", 0), 1) not in ([0.0], []):
        raise UserError(
            f"{where}: rotation_count: the calibration is of turned images; turn the videos and "
            "calibrate these"
        )
    return values


def _named(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The quantities an entry has."""
    plain = {
        str(key).lower().replace("_", "").replace(" ", ""): value for key, value in entry.items()
    }
    found = {
        quantity: next((plain[name] for name in names if plain.get(name) is not None), None)
        for quantity, names in NAMES.items()
    }
    return {quantity: value for quantity, value in found.items() if value is not None}


def _homography(values: Mapping[str, Any], where: str) -> FloorHomography:
    size = _resolution(values, where)
    if size is None:
        raise UserError(f"{where}: a homography needs the resolution of the images it is for")
    matrix: Doubles = _numbers(values["homography"], 9, f"{where}: homography").reshape(3, 3)
    direction = _word(values.get("direction", TO_FLOOR))
    if direction not in {TO_FLOOR, TO_IMAGE}:
        raise UserError(f"{where}: direction: expected {TO_FLOOR} or {TO_IMAGE}, got {direction!r}")
    if direction == TO_IMAGE:
        if not np.linalg.cond(matrix) < 1 / np.finfo(float).eps:
            raise UserError(f"{where}: homography: is singular: it maps the floor to a line")
        matrix = np.asarray(np.linalg.inv(matrix), np.float64)
    error = float(_numbers(values.get("floor_error", 0.0), 1, f"{where}: floor_error")[0])
    if not 0 <= error <= LARGEST_ERROR:
        raise UserError(f"{where}: floor_error: expected 0 to {LARGEST_ERROR:g} m, got {error:g}")
    try:
        model = FloorHomography(_metric(values, where) @ matrix, size, error)
    except ValueError as problem:
        raise UserError(f"{where}: homography: {problem}") from problem
    check_homography(model, where, given=direction == TO_FLOOR)
    return model


def _metric(values: Mapping[str, Any], where: str) -> Doubles:
    """``(3, 3)`` from the floor in the entry's unit to m; a map's y axis points down."""
    if (unit := _unit(values, where)) != "px":
        factor = UNITS[unit]
        return np.diag([factor, factor, 1.0])
    if "scale" in values:
        per_metre = _numbers(values["scale"], 1, f"{where}: pixels_per_meter")[0]
    else:
        each = _numbers(values.get("metres_per_pixel"), 1, f"{where}: meters_per_pixel")[0]
        per_metre = 1 / each if each > 0 else 0.0
    if not per_metre > 0:
        raise UserError(
            f"{where}: unit: px needs pixels_per_meter (or meters_per_pixel), more than 0"
        )
    x, y = _numbers(values.get("origin", [0, 0]), 2, f"{where}: origin")
    matrix = np.array([[1, 0, -x], [0, -1, y], [0, 0, per_metre]])
    return np.asarray(matrix / per_metre, np.float64)


def _unit(values: Mapping[str, Any], where: str) -> str:
    said = _word(values.get("unit", "m"))
    unit = UNIT_NAMES.get(said, said)
    maps = "homography" in values and "intrinsic" not in values
    known = [*UNITS, "px"] if maps else [*UNITS]
    if unit not in known:
        raise UserError(f"{where}: unit: expected {', '.join(known)}, got {said!r}")
    return unit


def _lens(values: Mapping[str, Any], where: str) -> Lens:
    given = values.get("intrinsic")
    if _is_focal(given):
        plain = {str(key).lower(): number for key, number in given.items()}  # type: ignore[union-attr]
        given = [plain.get(name) for name in ("fx", "fy", "cx", "cy")]
    fisheye = _is_fisheye(values, where)
    numbers = _numbers(given, (4, 9), f"{where}: intrinsic")
    matrix = numbers.reshape(3, 3) if len(numbers) == 9 else _focal(numbers)
    if matrix[0, 0] <= 0 or matrix[1, 1] <= 0 or not np.allclose(matrix[2], [0, 0, 1]):
        raise UserError(f"{where}: intrinsic: expected rows fx 0 cx, 0 fy cy, 0 0 1")
    distortion = values.get("distortion", [])
    if isinstance(distortion, list) and not distortion:
        distortion = [0.0] * 4
    counts = (4,) if fisheye else DISTORTION_COUNTS
    distortion = _numbers(distortion, counts, f"{where}: distortion")
    return Lens(matrix, distortion, _resolution(values, where), fisheye)


def _focal(numbers: Doubles) -> Doubles:
    fx, fy, cx, cy = numbers
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])


def _is_fisheye(values: Mapping[str, Any], where: str) -> bool:
    """Whether one of the names of the lens model, or a switch, says so."""
    found = _word(values.get("fisheye", False)) in {"true", "1", "1.0", "yes"}
    for name in ("camera_model", "distortion_model"):
        said = _word(values.get(name, "none"))
        plain = "".join(letter for letter in said if letter.isalnum())
        known = plain in FISHEYE | PINHOLE
        if plain in OTHER_LENSES or (name == "distortion_model" and not known):
            raise UserError(
                f"{where}: {name}: expected plumb_bob, rational_polynomial, or equidistant for a "
                f"fisheye lens, got {said!r}"
            )
        found |= plain in FISHEYE
    return found


def _camera(values: Mapping[str, Any], where: str) -> CameraModel:
    extrinsic = _extrinsic(values, where)
    camera = _lens(values, where).at(extrinsic)
    check_camera(camera, where)
    return camera


def _projected(values: Mapping[str, Any], where: str) -> CameraModel:
    """Of a 3x4 matrix, world -> image px."""
    matrix = _numbers(values["projection"], 12, f"{where}: projection").reshape(3, 4)
    # Of either sign, as of any scale, it projects alike; in front of the camera depth is positive.
    matrix = matrix * (np.sign(np.linalg.det(matrix[:, :3])) or 1.0)
    lens, rotation, position, *_ = cv2.decomposeProjectionMatrix(matrix)
    if not abs(position[3, 0]) > 1e-12 or not abs(lens[2, 2]) > 1e-12:
        raise UserError(f"{where}: projection: is singular: expected 3x4, world -> image px")
    turned = np.diag(np.sign(np.diag(lens)))
    lens, rotation = lens @ turned, turned @ rotation
    lens /= lens[2, 2]
    lens[0, 1] = 0.0 if abs(lens[0, 1]) < SKEWED * lens[0, 0] else lens[0, 1]
    extrinsic = np.eye(4)
    extrinsic[:3, :3] = rotation
    position = position[:3, 0] / position[3, 0] * UNITS[_unit(values, where)]
    extrinsic[:3, 3] = -rotation @ position
    return _camera({**values, "intrinsic": lens, "extrinsic": extrinsic, "unit": "m"}, where)


def _extrinsic(values: Mapping[str, Any], where: str) -> Doubles:
    """``(4, 4)`` world -> camera, m."""
    result = np.eye(4)
    name = "extrinsic" if "extrinsic" in values else "pose"
    if name in values:
        given = values[name]
        if isinstance(given, list) and given and isinstance(given[0], Mapping):
            given = given[0].get("tf")
        numbers = _numbers(given, (12, 16), f"{where}: {name}")
        result[: len(numbers) // 4] = numbers.reshape(-1, 4)
    elif "rotation" in values:
        result[:3, :3] = _rotation(values["rotation"], where)
        result[:3, 3] = _numbers(values.get("translation"), 3, f"{where}: translation")
    else:
        raise UserError(
            f"{where}: extrinsic: expected 12 or 16 finite numbers, world -> camera, or a rotation "
            "and a translation (with intrinsics alone, mtmc calibrate points --intrinsics finds it)"
        )
    rotation = result[:3, :3]
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3) or np.linalg.det(rotation) < 0:
        raise UserError(f"{where}: extrinsic: its upper left 3x3 part is not a rotation")
    result[:3, 3] *= UNITS[_unit(values, where)]
    return inverse(result) if name == "pose" and name in values else result


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
    if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise UserError(
            f"{where}: resolution: expected width and height in pixels, got {width} x {height}"
        )
    return width, height


DISTORTION_COUNTS = (4, 5, 8, 12, 14)
LARGEST_ERROR = 100.0  # m
SKEWED = 1e-6  # of the focal length; less is a rounding error


def _numbers(value: Any, expected: int | tuple[int, ...], where: str) -> Doubles:
    """A list or matrix of so many numbers."""
    expected = (expected,) if isinstance(expected, int) else expected
    if isinstance(value, Mapping):
        value = value.get("doubles", value.get("data"))
    numbers = np.array(_flat(value, max(expected)))
    if len(numbers) not in expected or not (np.abs(numbers) < LARGEST).all():
        *most, last = map(str, expected)
        counts = " or ".join(filter(None, [", ".join(most), last]))
        raise UserError(f"{where}: expected {counts} finite number{'s' * (expected != (1,))}")
    return numbers


def _word(value: Any) -> str:
    """A value that ought to be a word, in small letters; of lists, perhaps endless, the kind."""
    plain = isinstance(value, str | int | float)
    return str(value)[:LONGEST_WORD].strip().lower() if plain else type(value).__name__


def _flat(value: Any, most: int) -> list[float]:
    """The numbers of nested lists in order; none where there is something else among them.

    Stops as soon as there are more than ``most``, however much there is: lists may hold themselves.
    """
    found: list[float] = []
    rest, left = [value], 4 * most + 16  # what is still to be looked at, and how much of it
    while rest and len(found) <= most:
        first, left = rest.pop(), left - 1
        if left < 0 or isinstance(first, bool):
            return []
        if isinstance(first, list | tuple | np.ndarray):
            rest += list(reversed(first[: most + 1]))
            continue
        try:
            found.append(float(first))
        except (TypeError, ValueError, OverflowError):
            return []
    return found
