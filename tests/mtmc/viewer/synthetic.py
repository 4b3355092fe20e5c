"""A folder as `mtmc run` leaves it, of people who never were: as many, and as long, as asked for.

    uv run python -m tests.mtmc.viewer.synthetic OUT --people 200 --cameras 16 --seconds 3600

People walk about a floor in whose squares the cameras look, with gaps between. There are no videos.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import numpy as np

from mtmc.calibration.estimate.save import save_calibration
from mtmc.outputs.crops import seen_tracklets, write_crops
from mtmc.outputs.drawing import id_color
from mtmc.outputs.people import People, counted
from mtmc.outputs.report import to_json
from mtmc.outputs.tracks import TrackTable, write_mot_files, write_table
from mtmc.results import layout
from mtmc.results.crops import Crop
from mtmc.results.looks import write_looks
from mtmc.tracking.rows import ROW
from mtmc.types import TrackKey
from tests.mtmc.rooms import SIZE, look_at

SQUARE, GAP = 14.0, 8.0  # m of floor that a camera sees, and between two of them
SPEED = 1.3  # m/s
DIM = 32  # of the embeddings
HEIGHT = 1.7  # m
PICTURES = 3  # of a track


def write_results(
    out,
    people=6,
    cameras=4,
    seconds=30.0,
    fps=5.0,
    *,
    seed=0,
    names=(),
    calibrated=True,
    crops=True,
    looks=True,
    zero=None,
    mot=True,
    record=(),
):
    """Write a whole result folder.

    Args:
        out: the folder.
        people: how many.
        cameras: how many.
        seconds: how long it goes.
        fps: of all cameras.
        seed: of all that is random.
        names: the cameras' names; cam0, cam1 ... where there are none.
        calibrated: whether the cameras are.
        crops: whether there are pictures.
        looks: whether there are embeddings.
        zero: what the clock on the wall says at second 0, a ``datetime``.
        mot: whether to write `tracks/`, too.
        record: what else ``run.json`` says.

    Returns:
        The folder.
    """
    out, random = Path(out), np.random.default_rng(seed)
    out.mkdir(parents=True, exist_ok=True)
    names = list(names) or [f"cam{number}" for number in range(cameras)]
    models = {name: model for name, (model, _) in zip(names, squares(cameras), strict=True)}
    rows, owners = walks(people, cameras, seconds, fps, random)
    if not calibrated:
        rows["floor"] = np.nan
    ids = {TrackKey(names[camera], track): who for (camera, track), who in owners.items()}
    table = TrackTable(rows, names, ids)
    zeros = [zero] * cameras
    if mot:
        write_mot_files(table, out / layout.TRACKS)
    write_table(out / layout.TABLE, table, zeros)
    write_table(out / layout.THINGS, TrackTable(rows[:0], names, {}), zeros)
    found = People([1 / fps] * cameras, zeros).identities(table)
    (out / layout.PEOPLE).write_text(to_json({"identities": found, "things": []}))
    pictures = crops_of(rows, owners, names, random) if crops or looks else []
    if crops:
        write_crops(out / layout.CROPS, pictures)
    if looks:
        write_looks(out / layout.LOOKS, seen_tracklets(table, pictures), 0.3)
    if calibrated:
        save_calibration(out / layout.CALIBRATION, models)
    (out / layout.CONFIG).write_text("detector:\n  name: motfile\n")
    about = {
        name: {
            "source": f"videos/{name}.mp4",
            "fps": fps,
            "size": list(SIZE),
            "frames": int(seconds * fps),
            "tracks": sum(key.camera == name for key in ids),
            "calibrated": calibrated,
            **({"start": zero.isoformat(), "start_from": "name"} if zero else {}),
        }
        for name in names
    }
    said = {
        "status": "complete",
        "mode": "offline",
        "cameras": about,
        "given": [],
        "clock_zero": zero.isoformat() if zero else None,
        "frames": int(seconds * fps) * cameras,
        "identities": len(found),
        "people": {**counted(found), "things": 0},
        "seconds": 1.0,
        "detector": "motfile",
        "tracker": "coast",
        "reid": "simulated" if looks else "none",
        "classes": ["person"],
        "warnings": [],
        "notes": [],
        "versions": {"mtmc": "0"},
        **dict(record),
    }
    (out / layout.RECORD).write_text(to_json(said))
    return out


def squares(count):
    """A camera for each square of the floor, and the square's low corner ``(2,)`` m."""
    side = int(np.ceil(np.sqrt(count)))
    for number in range(count):
        low = (SQUARE + GAP) * np.array([number % side, number // side])
        x, y = low
        middle = (x + SQUARE / 2, y + SQUARE / 2, 0)
        yield look_at((x - 1.5, y - 1.5, 5), middle), low


def walks(people, cameras, seconds, fps, random):
    """Rows of the table, and the person of each ``(camera, track)``."""
    side = int(np.ceil(np.sqrt(cameras)))
    parts, owners, counts = [], {}, defaultdict(int)
    places = list(squares(cameras))
    for person in range(1, people + 1):
        times, points = walk(side * (SQUARE + GAP) - GAP, seconds, fps, random)
        for camera, (model, low) in enumerate(places):
            inside = ((points >= low) & (points < low + SQUARE)).all(axis=1)
            for run in np.split(np.arange(len(times)), np.flatnonzero(np.diff(inside)) + 1):
                if not len(run) or not inside[run[0]]:
                    continue
                counts[camera] += 1
                owners[camera, counts[camera]] = person
                parts.append(seen(model, camera, counts[camera], times[run], points[run], fps))
    return np.concatenate([np.zeros(0, ROW), *parts]), owners


def walk(reach, seconds, fps, random):
    """Times on the cameras' clock, s, and places ``(N, 2)`` m of one person."""
    length = seconds * random.uniform(0.2, 0.6)
    start = random.uniform(0, seconds - length)
    corners = random.uniform(0, reach, (int(length * SPEED / 8) + 3, 2))
    reached = np.cumsum([0, *np.linalg.norm(np.diff(corners, axis=0), axis=1)]) / SPEED
    ticks = np.arange(int(np.ceil(start * fps)), int((start + length) * fps) + 1)
    times = ticks / fps
    points = [np.interp(times - start, reached, axis) for axis in corners.T]
    return times, np.column_stack(points)


def seen(model, camera, track, times, points, fps):
    """The rows of one track."""
    rows = np.zeros(len(times), ROW)
    ground = np.column_stack([points, np.zeros(len(points))])
    feet, head = model.project(ground), model.project(ground + np.array([0, 0, HEIGHT]))
    half = 0.2 * (feet[:, 1] - head[:, 1])
    sides = [feet[:, 0] - half, head[:, 1], feet[:, 0] + half, feet[:, 1]]
    rows["box"] = np.clip(np.column_stack(sides), 0, [*SIZE, *SIZE])
    rows["camera"], rows["track"] = camera, track
    rows["frame"], rows["time"] = np.round(times * fps).astype(int) + 1, times
    rows["score"], rows["detected"], rows["floor"], rows["changed"] = 0.9, True, points, np.nan
    return rows


def crops_of(rows, owners, names, random):
    """Up to ``PICTURES`` crops of each track; one in three hundred looks like somebody else."""
    people = max(owners.values(), default=0)
    looks = random.normal(size=(people + 1, DIM))
    keys = rows["camera"].astype(np.int64) << 32 | rows["track"].astype(np.int64)
    starts = np.flatnonzero(np.diff(keys, prepend=-1) != 0)
    pictures, found = {}, []
    for part in np.split(rows, starts[1:]) if len(rows) else []:
        camera, track = int(part["camera"][0]), int(part["track"][0])
        person = owners[camera, track]
        other = int(random.integers(1, people + 1))
        shown = other if random.random() < 1 / 300 else person
        for row in np.unique(np.linspace(0, len(part) - 1, PICTURES).astype(int)):
            vector = (looks[shown] + 0.5 * random.normal(size=DIM)).astype(np.float32)
            quality = float(random.uniform(0.5, 1))
            key = TrackKey(names[camera], track)
            if (shown, camera) not in pictures:
                pictures[shown, camera] = picture(shown, camera, random)
            jpeg = pictures[shown, camera]
            box, frame, moment = part["box"][row], int(part["frame"][row]), float(part["time"][row])
            vector /= np.linalg.norm(vector)
            found.append(Crop(key, frame, moment, quality, box, jpeg, vector))
    return found


def picture(person, camera, random):
    """A JPEG: a figure in the person's colour, lighter or darker by the camera."""
    image = np.full((256, 100, 3), 60 + 10 * (camera % 12), np.uint8)
    cv2.circle(image, (50, 32), 20, (150, 180, 220), -1)
    cv2.rectangle(image, (24, 56), (76, 150), id_color(person), -1)
    cv2.rectangle(image, (28, 150), (72, 250), id_color(person // 12 + 1), -1)
    cv2.putText(image, str(person), (30, 110), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2)
    noise = random.integers(0, 24, image.shape, dtype=np.uint8)
    return cv2.imencode(".jpg", image + noise // 2, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


def main():
    """Write one from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    for name, value in (("people", 200), ("cameras", 16), ("seconds", 3600), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=value)
    given, began = parser.parse_args(), time.monotonic()
    zero = datetime.fromisoformat("2026-11-28T09:00:00+01:00") + timedelta(seconds=given.seed)
    write_results(**vars(given), zero=zero, mot=False)
    print(f"{given.out}: {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
