"""Whether a calibration can be right: by what an image shows, and by how tall people are in it."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mtmc.calibration.camera import BORDER, PERSON_HEIGHT, CameraModel
from mtmc.calibration.homography import FloorHomography
from mtmc.calibration.model import Calibration
from mtmc.errors import UserError
from mtmc.types import Doubles

log = logging.getLogger("mtmc")

UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "ft": 0.3048, "in": 0.0254}
CAMERA_HEIGHTS = (0.1, 200.0)  # m above the floor at which cameras are believed to stand
SLANTED, LYING = 15.0, 45.0  # degrees by which cameras hardly, and never, are turned
LEVEL = 0.2  # of the world's upward direction in the image plane; less is a view from above
LEAST_TALL = 4.0, 0.003  # px, and share of the image's height, of a person at its lower border
MOST_TALL = 50.0  # of them, likewise

STANDING = 0.8  # width over height of a box, above which nobody stands upright in it
STEEP = 0.85  # sine of the angle at which a camera looks down, above which it shows no heights
STEP = 0.05  # m
SAME_SHAPE = 0.02  # by which width over height may differ, by rounding and codecs
OFF_CENTER = 0.2  # of the image, by which lenses may be off its middle
BELIEVED = (1.0, 2.6)  # m, medians of people's heights that are believed; sitting people are less,
LIKELY = (1.25, 2.4)  # and those that speak for another reading of the same numbers
BETTER = 2.0  # times as many likely heights make the other direction the right one
ENOUGH = 20  # boxes that tell a median
LOOK, PLENTY = 0.2, 400  # s between looks at boxes; how many of these are enough to judge by


def inverse(extrinsic: Doubles) -> Doubles:
    """``(4, 4)`` the other way round."""
    result = np.eye(4)
    result[:3, :3] = extrinsic[:3, :3].T
    result[:3, 3] = -extrinsic[:3, :3].T @ extrinsic[:3, 3]
    return result


def check(model: CameraModel | FloorHomography, where: str) -> None:
    """Refuse what no camera sees; see ``check_camera`` and ``check_homography``.

    Raises:
        UserError: says what is wrong, and why that may be.
    """
    if isinstance(model, CameraModel):
        check_camera(model, where)
    else:
        check_homography(model, where, given=False)


def check_camera(camera: CameraModel, where: str) -> None:
    """Refuse a camera that stands nowhere cameras do, or sees nothing of the floor.

    Raises:
        UserError: says what is wrong, and why that may be.
    """
    wrong = _wrong(camera)
    if wrong is None:
        return
    other = replace(camera, extrinsic=inverse(camera.extrinsic))
    if _wrong(other) is None:
        why = "given camera -> world? It must be world -> camera"
    elif wrong.startswith("stands"):
        why = "translation in another unit? say unit: cm, mm, ft or in"
    else:
        why = "extrinsic must be world -> camera"
    raise UserError(f"{where}: {wrong}, with the world's z axis pointing up from the floor ({why})")


def _wrong(camera: CameraModel) -> str | None:
    height, (low, high) = camera.position[2], CAMERA_HEIGHTS
    if not low <= height <= high:
        return f"stands {height:.4g} m above the floor; expected {low:g} to {high:g}"
    if abs(turned := _roll(camera)) > LYING:
        return f"has its images turned by {turned:.0f} degrees; expected images that stand upright"
    width, depth = camera.size or (2 * camera.matrix[0, 2], 2 * camera.matrix[1, 2])
    grid = np.array([[x, y] for x in (0.0, 0.5, 1.0) for y in (0.0, 0.5, 1.0)]) * [width, depth]
    if not np.isfinite(camera.to_floor(grid)).any():
        return "sees nothing of the floor; expected images that show some"
    return None


def _roll(camera: CameraModel) -> float:
    """By how many degrees the images are turned; 0 where the camera looks straight down."""
    right, down = camera.extrinsic[:2, 2]  # how far up in the world they point
    steep = np.hypot(right, down) <= LEVEL
    return 0.0 if steep else float(np.degrees(np.arctan2(right, -down)))


def check_homography(model: FloorHomography, where: str, given: bool) -> None:
    """Refuse a homography by which people in the foreground would be specks, or giants.

    Args:
        model: as it was understood.
        where: the file and camera, for the error.
        given: whether the file has it in this direction.

    Raises:
        UserError: says what is wrong, and why that may be.
    """
    tall, height = _foreground(model), model.size[1]
    least = max(LEAST_TALL[0], LEAST_TALL[1] * height)
    if least <= tall <= MOST_TALL * height:
        return
    other = _turned(model)
    turned = _foreground(other) if isinstance(other, FloorHomography) else 0.0
    causes = []
    if least <= turned <= MOST_TALL * height and given:
        causes.append("given floor -> image? then say direction: floor_to_image")
    if tall < least:
        causes.append("in cm, mm, ft or px of a map? then say unit")
    why = "; or ".join(causes) or "is the unit, or the direction, another one?"
    raise UserError(
        f"{where}: homography: somebody at the lower border of the image would be {tall:.3g} px "
        f"tall ({why})"
    )


def _foreground(model: FloorHomography) -> float:
    """How tall people are, px, at the middle of the lower border of the image.

    As they would be wide lying there across the view, which is not foreshortened.
    """
    lowest = np.array([[0.5 * model.size[0], float(model.size[1])]])
    across = float(np.linalg.norm(model.jacobian(lowest)[0, :, 0]))  # m/px
    return PERSON_HEIGHT / max(across, 1e-12)


def apparent_heights(
    model: Calibration, boxes: NDArray[np.floating], size: tuple[int, int]
) -> Doubles:
    """How tall people are who stand where their boxes end.

    Args:
        model: for images of ``size``.
        boxes: ``(N, 4)`` px.
        size: ``(width, height)`` px.

    Returns:
        ``(N,)`` m; infinite where the box ends above the horizon, NaN where it does not tell: cut
        by the border, too wide for somebody upright, or seen from above.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    border = BORDER * np.array([*size, *size])
    whole = (boxes[:, :2] > border[:2]).all(axis=1)
    whole &= (boxes[:, 2:] < np.array(size) - border[2:]).all(axis=1)
    whole &= (width > 0) & (width < STANDING * height)
    result = np.full(len(boxes), np.nan)
    feet = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]])
    places = model.to_floor(feet)
    known = np.isfinite(places).all(axis=1)
    result[whole & ~known] = np.inf
    tell = np.flatnonzero(whole & known)
    if not len(tell):
        return result
    at = places[tell]
    across, along = _scales(model, at)
    level = along < STEEP * across
    by_floor = height[tell] / (across * np.sqrt(1 - np.minimum(along / across, STEEP) ** 2))
    by_head = model.heights(boxes[tell], at)
    tall = np.where(np.isfinite(by_head), by_head, by_floor)
    result[tell] = np.where(level, tall, np.nan)
    return result


def _scales(model: Calibration, places: Doubles) -> tuple[Doubles, Doubles]:
    """Px per metre of the floor at places ``(N, 2)`` m: across the view, and along it."""
    here = model.from_floor(places)
    moves = [model.from_floor(places + STEP * side) - here for side in np.eye(2)]
    across, along = np.linalg.svd(np.stack(moves, axis=2) / STEP, compute_uv=False).T
    return np.maximum(across, 1e-12), along


def doubt_at_sight(model: Calibration, size: tuple[int, int]) -> str | None:
    """What speaks against a calibration before anybody is seen, None where nothing does.

    Args:
        model: as it was read.
        size: ``(width, height)`` px of the images it is used for.
    """
    stretch = 1.0 if model.size is None else size[0] * model.size[1] / (size[1] * model.size[0])
    if model.size is not None and abs(stretch - 1) > SAME_SHAPE:
        was, now = ("x".join(map(str, pixels)) for pixels in (model.size, size))
        return f"is of {was} images, and these are {now}: another shape, not another size"
    if not isinstance(model, CameraModel):
        return None
    if abs(turned := _roll(model)) > SLANTED:
        return (
            f"has its images turned by {turned:.0f} degrees; if they are not, is it given camera "
            "-> world? It must be world -> camera"
        )
    center = model.matrix[:2, 2] / (model.size or size)
    if np.abs(center - 0.5).max() <= OFF_CENTER:
        return None
    width, height = model.size or size
    x, y = model.matrix[:2, 2]
    return (
        f"has its centre at {x:.0f}, {y:.0f} px of {width}x{height} images; if it is of images of "
        "another size, say which: resolution"
    )


def doubt(model: Calibration, boxes: NDArray[np.floating], size: tuple[int, int]) -> str | None:
    """What speaks against a calibration in the heights of people, and why that may be.

    Args:
        model: for images of ``size``.
        boxes: ``(N, 4)`` px, of people.
        size: ``(width, height)`` px.

    Returns:
        A text, or None where nothing does, or there are too few boxes to tell by.
    """
    found = _believed(model, boxes, size)
    if found is None:
        return None
    tall, share = found
    turned = _believed(other, boxes, size) if (other := _turned(model)) is not None else None
    fits = turned is not None and BELIEVED[0] <= turned[0] <= BELIEVED[1]
    fits = fits and turned is not None and turned[1] > BETTER * share
    if BELIEVED[0] <= tall <= BELIEVED[1] and not fits:
        return None
    what = "most people would stand above the horizon"
    if np.isfinite(tall):
        what = f"people would be {tall:.3g} m tall; expected about {PERSON_HEIGHT:g}"
        if BELIEVED[0] <= tall <= BELIEVED[1]:
            what = "people would be of all sizes"
    causes = [_other_way(model)] if fits else []
    causes += [cause] if (cause := _other_unit(tall)) else []
    why = "; or ".join(causes) or "is it this camera's, and of images of this size?"
    return f"{what} ({why})"


def _believed(
    model: Calibration, boxes: NDArray[np.floating], size: tuple[int, int]
) -> tuple[float, float] | None:
    """The median of people's heights, m, and the share of those that can be; None by few boxes."""
    tall = apparent_heights(model, boxes, size)
    tall = np.sort(tall[~np.isnan(tall)])
    if len(tall) < ENOUGH:
        return None
    fine = (tall >= LIKELY[0]) & (tall <= LIKELY[1])
    return float(tall[len(tall) // 2]), float(fine.mean())


def _other_way(model: Calibration) -> str:
    if isinstance(model, FloorHomography):
        return "is it given floor -> image? then say direction: floor_to_image"
    return "is it given camera -> world? It must be world -> camera"


def _other_unit(tall: float) -> str | None:
    for unit, metres in UNITS.items():
        if unit != "m" and LIKELY[0] <= tall * metres <= LIKELY[1]:
            return f"is it in {unit}? then say unit: {unit}"
        if unit != "m" and LIKELY[0] <= tall / metres <= LIKELY[1]:
            return f"is it in m, not {unit}? then leave out unit"
    return None


def _turned(model: Calibration) -> Calibration | None:
    """A calibration the other way round, where that is one."""
    if isinstance(model, CameraModel):
        return replace(model, extrinsic=inverse(model.extrinsic))
    if not isinstance(model, FloorHomography):
        return None
    try:
        matrix = np.asarray(np.linalg.inv(model.matrix), np.float64)
        return FloorHomography(matrix, model.size)
    except (ValueError, np.linalg.LinAlgError):
        return None


class HeightCheck:
    """Looks at people's heights while a run goes on, and warns once if they cannot be.

    Args:
        camera: its name, for the warning.
        model: its calibration for images of ``size``.
        size: ``(width, height)`` px.
    """

    def __init__(self, camera: str, model: Calibration, size: tuple[int, int]) -> None:
        self._camera, self._model, self._size = camera, model, size
        self._boxes: list[Doubles] = []
        self._count, self._next, self._done = 0, -np.inf, False

    def add(self, time: float, boxes: NDArray[np.floating]) -> None:
        """Take in the boxes ``(N, 4)`` px of people seen at a time, s."""
        if self._done or time < self._next or not len(boxes):
            return
        self._next = time + LOOK
        self._boxes.append(np.array(boxes, np.float64))
        self._count += len(boxes)
        if self._count >= PLENTY:
            self.finish()

    def finish(self) -> None:
        """Warn, if there is reason to, by what was seen so far."""
        if not self._done and self._boxes:
            said = doubt(self._model, np.concatenate(self._boxes), self._size)
            if said:
                log.warning("camera %s: by its calibration %s", self._camera, said)
        self._done, self._boxes = True, []
