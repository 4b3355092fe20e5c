"""``zones.yaml``: lines that people cross and zones they stay in, on the floor or in an image."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mtmc.config import read_yaml
from mtmc.errors import UserError, quoted, unknown_name
from mtmc.types import Doubles


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A line that people cross, or a zone that they are in.

    Args:
        name: its name.
        is_line: whether it is one; else it is a polygon.
        camera: in whose image it is; None for the floor.
        points: ``(2, 2)`` the line's ends or ``(K, 2)`` the zone's corners, px of the video or m.
    """

    name: str
    is_line: bool
    camera: str | None
    points: Doubles


EXPECTED = "expected `lines:` and `zones:`, each `name: {camera: NAME, points: [[x, y], ...]}`"


def read_zones(path: Path, cameras: Collection[str], floor: bool) -> list[Place]:
    """Read a file of lines and zones.

    Args:
        path: a YAML file.
        cameras: the run's, by name.
        floor: whether the run has one: a camera is calibrated.

    Raises:
        UserError: it cannot be read, or something in it is wrong; names it.
    """
    found: list[Place] = []
    for section, entries in read_yaml(path).items():
        if section not in {"lines", "zones"}:
            raise UserError(f"{path}: {quoted(section)}: {EXPECTED}")
        if not isinstance(entries, Mapping):
            raise UserError(f"{path}: {section}: {EXPECTED}")
        for name, entry in entries.items():
            where = f"{path}: {section}.{name}"
            points, camera = _points(where, entry, section), _camera(where, entry, cameras, floor)
            found.append(Place(str(name), section == "lines", camera, points))
    names = [each.name for each in found]
    if not names:
        raise UserError(f"{path}: neither a line nor a zone; {EXPECTED}")
    if twice := [name for name in names if names.count(name) > 1]:
        raise UserError(f"{path}: {twice[0]}: is a line and a zone; give each a name of its own")
    return found


def _camera(
    where: str, entry: Mapping[str, Any], known: Collection[str], floor: bool
) -> str | None:
    camera = entry.get("camera")
    if camera is None and not floor:
        raise UserError(
            f"{where}: is on the floor, which this run does not know without a calibration; say "
            "`camera: NAME` and give pixels"
        )
    if camera is not None and str(camera) not in known:
        raise UserError(f"{where}: {unknown_name('camera', camera, known)}")
    return None if camera is None else str(camera)


def _points(where: str, entry: Any, section: str) -> Doubles:
    if not isinstance(entry, Mapping) or not entry.keys() <= {"camera", "points"}:
        raise UserError(f"{where}: expected `points:` and, of an image, `camera:`")
    points = entry.get("points")
    count = "two points [x, y]" if section == "lines" else "at least three points [x, y]"
    try:
        array = np.array(points, np.float64)
        right = array.ndim == 2 and array.shape[1] == 2 and bool(np.isfinite(array).all())
    except (TypeError, ValueError):
        right = False
    if not right or (len(array) != 2 if section == "lines" else len(array) < 3):
        raise UserError(f"{where}.points: expected {count}, got {quoted(points)}")
    if section == "lines" and math.dist(*array) == 0:
        raise UserError(f"{where}.points: both ends are the same point")
    return array
