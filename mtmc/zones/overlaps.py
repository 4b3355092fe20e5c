"""Which calibrated cameras see one floor."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from mtmc.calibration import Calibration

COLUMNS, ROWS = 48, 36  # points of an image whose floor is looked at
CELL = 1.0  # m
REACH = 20.0  # m from the nearest floor in view; farther away people are small
LEAST = 4  # cells


def overlaps(calibration: Mapping[str, Calibration]) -> dict[tuple[str, str], int]:
    """By two names in their order, the m² of floor that both cameras see, where it is any."""
    seen = {name: _cells(model) for name, model in sorted(calibration.items())}
    shared = {(a, b): len(seen[a] & seen[b]) for a, b in combinations(seen, 2)}
    return {both: cells for both, cells in shared.items() if cells >= LEAST}


def _cells(model: Calibration) -> set[tuple[int, int]]:
    """The cells of the floor in an image; none where its size is not known."""
    if model.size is None:
        return set()
    width, height = model.size
    x, y = np.meshgrid(np.linspace(0, width, COLUMNS), np.linspace(0, height, ROWS))
    floor = model.to_floor(np.column_stack([x.ravel(), y.ravel()]))
    floor = floor[np.isfinite(floor).all(axis=1)]
    if not len(floor):
        return set()
    nearest = model.to_floor(np.array([[width / 2, height]]))[0]
    near = floor[np.hypot(*(floor - nearest).T) <= REACH]
    return {(int(a), int(b)) for a, b in np.floor(near / CELL)}
