"""Listed point pairs: where floor points are in the image and in metres."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mtmc.config import read_yaml
from mtmc.errors import UserError, unknown_name
from mtmc.reid.text import read_text
from mtmc.types import Doubles

COLUMNS = ("camera", "x", "y", "floor_x", "floor_y")


@dataclass(frozen=True, slots=True, eq=False)
class PointPairs:
    """One camera's point pairs.

    Args:
        pixels: ``(N, 2)`` px.
        floor: ``(N, 2)`` m.
        size: ``(width, height)`` px of the image, None where the file does not tell.
    """

    pixels: Doubles
    floor: Doubles
    size: tuple[int, int] | None = None


def read_points(paths: Sequence[Path]) -> dict[str, PointPairs]:
    """The point pairs of CSV and YAML files, by camera.

    Raises:
        UserError: a file cannot be read or breaks its format, or two have one camera.
    """
    found: dict[str, PointPairs] = {}
    for path in paths:
        pairs = _read_csv(path) if path.suffix.lower() == ".csv" else _read_yaml(path)
        if not pairs:
            raise UserError(f"{path}: has no points")
        for name, points in pairs.items():
            if name in found:
                raise UserError(f"{path}: camera {name!r} is in another file, too")
            found[name] = points
    return found


def _read_csv(path: Path) -> dict[str, PointPairs]:
    """Rows of ``COLUMNS``, in any order of the columns, as spreadsheets write them.

    Cells are separated by commas, or by semicolons or tabs; then numbers may have decimal commas.
    """
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from error
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    lines = [line for line in lines if line.strip(" ,;\t")]
    delimiter = next((mark for mark in ";\t" if lines and mark in lines[0]), ",")
    if lines:
        lines[0] = lines[0].lower()
    reader = csv.DictReader(lines, skipinitialspace=True, delimiter=delimiter)
    reader.fieldnames = [name.strip() for name in reader.fieldnames or []]
    if missing := [name for name in COLUMNS if name not in (reader.fieldnames or [])]:
        raise UserError(
            f"{path}: column {missing[0]!r} is missing; expected a first line {','.join(COLUMNS)}"
        )
    rows: dict[str, list[Any]] = {}
    for row in reader:
        cells = [row[name] for name in COLUMNS[1:]]
        if delimiter != ",":
            cells = [cell.replace(",", ".") if cell else cell for cell in cells]
        rows.setdefault(str(row["camera"]).strip(), []).append(cells)
    return {name: _pairs(values, f"{path}: {name}") for name, values in rows.items()}


def _read_yaml(path: Path) -> dict[str, PointPairs]:
    """``cameras: {NAME: {resolution: [W, H], points: [[x, y, floor_x, floor_y], ...]}}``."""
    content = read_yaml(path)
    entries = content.get("cameras", content)
    if not isinstance(entries, Mapping):
        raise UserError(f"{path}: expected an entry with points per camera")
    result = {}
    for name, entry in entries.items():
        where = f"{path}: {name}"
        result[str(name)] = _entry({"points": entry} if isinstance(entry, list) else entry, where)
    return result


def _entry(entry: Any, where: str) -> PointPairs:
    if not isinstance(entry, Mapping):
        raise UserError(f"{where}: expected points, a list of [x, y, floor_x, floor_y]")
    for key in entry:
        if key not in {"points", "resolution"}:
            raise unknown_name(f"key of {where},", key, {"points", "resolution"})
    size = entry.get("resolution")
    return _pairs(entry.get("points"), where, None if size is None else _size(size, where))


def _pairs(rows: Any, where: str, size: tuple[int, int] | None = None) -> PointPairs:
    for number, row in enumerate(rows if isinstance(rows, list) else [], 1):
        if not _is_four_numbers(row):
            raise UserError(
                f"{where}: point {number}: expected 4 finite numbers x, y (px), floor_x, floor_y "
                f"(m), got {row!r}"
            )
    if not isinstance(rows, list):
        raise UserError(f"{where}: expected points, a list of [x, y, floor_x, floor_y]")
    table = np.array(rows, np.float64).reshape(-1, 4)
    return PointPairs(table[:, :2], table[:, 2:], size)


def _is_four_numbers(row: Any) -> bool:
    try:
        numbers = np.asarray(row, np.float64)
    except (TypeError, ValueError):
        return False
    return numbers.shape == (4,) and bool(np.isfinite(numbers).all())


def _size(value: Any, where: str) -> tuple[int, int]:
    whole = isinstance(value, list) and len(value) == 2
    if not whole or not all(isinstance(v, int) and v > 0 for v in value):
        raise UserError(f"{where}: resolution: expected [width, height] in pixels, got {value!r}")
    return value[0], value[1]
