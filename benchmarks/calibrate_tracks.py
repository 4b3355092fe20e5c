"""How well `mtmc calibrate tracks` finds cameras whose places are known.

    uv run python benchmarks/calibrate_tracks.py ROOT SIZE FPS

ROOT holds `gt/<camera>.txt` and `calibration/`, as made by `mtmc simulate`. The boxes get 2 px of
noise and the cameras' clocks are put off; ids across cameras are not used.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from mtmc.calibration import load_calibration
from mtmc.calibration.estimate.sightings import SeenTracks
from mtmc.calibration.estimate.tracks import calibrate_tracks
from mtmc.calibration.load import load_lenses
from mtmc.mot import MotKind, read_mot

OFFSETS = (0.0, 2.35, -4.1, 7.0)  # s
NOISE = 2.0  # px
FAR = 15.0  # m beyond which nobody is looked at


def read(root, size, fps):
    """Sightings and clock offsets of all cameras."""
    rng = np.random.default_rng(0)
    sightings, offsets = {}, {}
    for number, path in enumerate(sorted((root / "gt").glob("*.txt"))):
        rows = read_mot(path, MotKind.TRUTH)
        rows = rows[rows.scores > 0]
        boxes = np.clip(rows.boxes, 0, [*size, *size])
        boxes = boxes + NOISE * rng.standard_normal(boxes.shape)
        offsets[path.stem] = OFFSETS[number % len(OFFSETS)]
        times = (rows.frames - 1) / fps - offsets[path.stem]
        sightings[path.stem] = SeenTracks.make(size, times, rows.ids, boxes)
    return sightings, offsets


def floor_errors(found, sightings, truth, rigid):
    """m, of all feet in all cameras, after the best turn and shift of the floor where rigid."""
    estimated, true = [], []
    for name, camera in found.items():
        boxes = sightings[name].boxes[sightings[name].boxes[:, 3] < sightings[name].size[1] - 2]
        feet = np.column_stack([boxes[:, [0, 2]].mean(axis=1), boxes[:, 3]])
        a, b = camera.model.to_floor(feet), truth[name].to_floor(feet)
        known = np.isfinite(a).all(axis=1) & (np.linalg.norm(b, axis=1) < FAR)
        estimated.append(a[known] @ [1, 1j])
        true.append(b[known] @ [1, 1j])
    a, b = np.concatenate(estimated), np.concatenate(true)
    keep = np.ones(len(a), bool)
    for _ in range(5 if rigid else 0):
        turn = np.vdot(a[keep] - a[keep].mean(), b[keep] - b[keep].mean())
        a = (a - a[keep].mean()) * turn / abs(turn) + b[keep].mean()
        keep = np.abs(a - b) <= np.quantile(np.abs(a - b), 0.8)
    return np.abs(a - b)


def main():
    """Print the table."""
    root, fps = Path(sys.argv[1]), float(sys.argv[3])
    width, height = map(int, sys.argv[2].split("x"))
    sightings, offsets = read(root, (width, height), fps)
    truth = load_calibration(root / "calibration", list(sightings))
    lenses = load_lenses(root / "calibration", list(sightings))
    first = next(iter(sightings))
    print("| known before | placed | floor error m, median | 90 % | worst time offset s | s |")
    print("|---|---|---|---|---|---|")
    for label, known, given in (
        ("nothing", {}, {}),
        ("intrinsics", {}, lenses),
        (first, {first: truth[first]}, {}),
        (f"{first}, intrinsics", {first: truth[first]}, lenses),
    ):
        began = time.monotonic()
        found = calibrate_tracks(sightings, known, given, first, 15.0).found
        took = time.monotonic() - began
        errors = floor_errors(found, sightings, truth, not known)
        late = max(abs(camera.offset - offsets[name]) for name, camera in found.items())
        print(
            f"| {label} | {len(found)} of {len(truth)} | {np.median(errors):.2f} | "
            f"{np.quantile(errors, 0.9):.2f} | {late:.2f} | {took:.1f} |"
        )


if __name__ == "__main__":
    main()
