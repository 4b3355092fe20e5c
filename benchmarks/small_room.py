"""A small room full of people, as boxes of a detector: no pictures, so it takes a second.

What rendered rooms with their furniture do not show: cameras so near that bodies are as large as
what cameras disagree by, calibrations that are a little off, four frames per second, and boxes of a
real detector, whose errors last.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path as File

import numpy as np

from mtmc.evaluate.floor import FloorPeople, scene_of
from mtmc.evaluate.scene import ScoredScene
from mtmc.mot import MotRows, format_mot
from mtmc.simulate.body import Floats
from mtmc.simulate.camera import Camera, look_at
from mtmc.simulate.choreography import plan, walk
from mtmc.simulate.motion import Path
from mtmc.simulate.ways import Floor
from mtmc.types import Mask

SIZE = (1920, 1024)  # px
ROOM = (0.0, 0.0, 7.6, 3.4)  # m: xmin, ymin, xmax, ymax
DOOR = (0.6, 1.0)  # m
STRIDE = 0.7  # m, of a step
NEAREST, SMALLEST = 0.4, 30.0  # m, px: nearer people, and smaller boxes, are not found
PACE = 0.6  # of what people walk where there is room


@dataclass(frozen=True)
class SmallRoom:
    """What is simulated.

    Args:
        people: who come in one after the other, and leave again.
        seconds: how long.
        fps: frames per second.
        off: standard deviation of what the calibrations are off by, m at the cameras; and of their
            directions, degrees, ten times that.
        noise: standard deviation of the edges of boxes, as a share of their height, most of which
            lasts for a second.
        missed: share of boxes that are missing without a reason,
        hidden: and of those of which somebody in front covers more than half.
        false: share of frames in which the first camera has a box at a place where nobody is.
        doubled: share of people in a camera who have a second box, of a part of them.
        seed: everything random follows from it.
    """

    people: int = 8
    seconds: float = 60.0
    fps: float = 4.0
    off: float = 0.03
    noise: float = 0.015
    missed: float = 0.03
    hidden: float = 0.7
    false: float = 0.5
    doubled: float = 0.0
    seed: int = 0


def write_small_room(config: SmallRoom, out: File) -> Floats:
    """Write ``det/``, ``calibration/`` and ``cameras.yaml``, as `mtmc run` reads them.

    Returns:
        ``(N, 4)`` frame and person from 1, and where they are, m. Who comes back is another one.
    """
    rng = np.random.default_rng(config.seed)
    floor = Floor(ROOM, [], [DOOR], stops=[(2.5, 1.7), (4.0, 1.0), (5.0, 2.4)])
    plans = plan(floor, config.people, PACE * config.seconds, rng)
    # Among others, people walk slower.
    paths = walk(floor, plans, PACE * config.seconds, config.fps / PACE, rng)
    tall = rng.normal(1.72, 0.08, config.people)
    frames = len(paths[0].present) - 1
    there = np.stack([path.present[:frames] for path in paths], axis=1)
    bodies = np.stack([_bodies(p, h) for p, h in zip(paths, tall, strict=True)], axis=1)[:frames]
    cameras = _cameras(rng)
    for name in ("det", "calibration"):
        (out / name).mkdir(parents=True)
    entries = []
    for camera in cameras:
        rows = _detections(camera, bodies, there, config, rng, thing=camera is cameras[0])
        (out / "det" / f"{camera.name}.txt").write_text(format_mot(rows))
        about = json.dumps(_nudged(camera, config.off, rng).calibration())
        (out / "calibration" / f"{camera.name}.json").write_text(about)
        entries.append(
            {"name": camera.name, "fps": config.fps, "size": list(SIZE), "frames": frames}
        )
    (out / "cameras.yaml").write_text(json.dumps({"cameras": entries}))
    frame, person = np.nonzero(there)
    where = np.stack([path.position[:frames] for path in paths], axis=1)[frame, person]
    # By geometry alone, who comes back is somebody new.
    visit = np.cumsum(np.diff(there, axis=0, prepend=False) & there, axis=0)[frame, person]
    who = np.unique(np.column_stack([person, visit]), axis=0, return_inverse=True)[1].ravel()
    return np.column_stack([frame + 1, who + 1, where])


def _bodies(path: Path, tall: float) -> Floats:
    """``(T, K, 3)`` m, points that bound a walking body."""
    ahead = np.stack([np.cos(path.heading), np.sin(path.heading)], axis=1)
    aside = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)
    phase = np.pi * np.cumsum(path.speed) * path.dt / STRIDE
    swing = 0.45 * STRIDE * np.minimum(path.speed, 1.0) * np.sin(phase)
    points = []
    for side in (-1, 1):
        for along, height in ((-0.1, 0.0), (0.16, 0.0)):  # heel and toe
            points.append((side * swing + along, side * 0.1, height))
        points.append((-0.6 * side * swing, side * 0.28, 0.45))  # a hand
        points += [(0.0 * swing, side * 0.23, 0.82), (0.0 * swing, side * 0.08, 1.0)]
    for along in (-0.1, 0.1):
        points.append((along + 0.0 * swing, 0.0, 0.95))
    places = [
        np.column_stack([path.position + f[:, None] * ahead + s * aside, np.full(len(f), z * tall)])
        for f, s, z in points
    ]
    return np.stack(places, axis=1)


def _cameras(rng: np.random.Generator) -> list[Camera]:
    """One in each corner, at 2.1 m."""
    x0, y0, x1, y1 = ROOM
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2, 0.9])
    eyes = [(x0 + 0.2, y0 + 0.3), (x1 - 0.2, y1 - 0.2), (x1 - 0.1, y0 + 0.3), (x0 + 0.2, y1 - 0.4)]
    return [
        look_at(f"cam{i}", np.array([x, y, 2.1]), middle + rng.normal(0, 0.1, 3), *SIZE, 83.0, k1=0)
        for i, (x, y) in enumerate(eyes, 1)
    ]


def _nudged(camera: Camera, off: float, rng: np.random.Generator) -> Camera:
    """The camera as a calibration finds it, which is a little off."""
    ahead = camera.rotation[2] + np.radians(10 * off) * rng.normal(0, 1, 3)
    eye = camera.origin + rng.normal(0, off, 3)
    return look_at(camera.name, eye, eye + ahead, *SIZE, 83.0, k1=0)


def _detections(
    camera: Camera,
    bodies: Floats,
    there: Mask,
    config: SmallRoom,
    rng: np.random.Generator,
    *,
    thing: bool,
) -> MotRows:
    """What a detector finds in one camera."""
    boxes, near = _whole(camera, bodies)
    tall = boxes[..., 3] - boxes[..., 1]
    noise = config.noise * tall[..., None] * _lasting(boxes.shape, config.fps, rng)
    boxes = np.clip(boxes + noise, 0, [*SIZE, *SIZE])
    wide, high = np.moveaxis(boxes[..., 2:] - boxes[..., :2], -1, 0)
    seen = there & (near > NEAREST) & (np.minimum(wide, high) > SMALLEST) & (high > 0.3 * tall)
    rate = np.where(_covered(boxes, near, seen), config.hidden, config.missed)
    seen &= rng.random(seen.shape) >= rate
    frame, person = np.nonzero(seen)
    found = boxes[frame, person]
    if config.doubled:
        again = rng.random(len(found)) < config.doubled
        found = np.concatenate([found, _parts(found[again], rng)])
        frame = np.concatenate([frame, frame[again]])
    scores = np.clip(rng.normal(0.9, 0.06, len(frame)), 0.3, 0.99)
    false = np.nonzero(rng.random(len(there)) < config.false * thing)[0]
    x, y = rng.uniform([300, 200], [1400, 500])
    fake = np.tile([x, y, x + 150, y + 400], (len(false), 1))
    fake += rng.normal(0, 3, fake.shape)
    return MotRows.make(
        np.concatenate([frame, false]) + 1,
        np.full(len(frame) + len(false), -1),
        np.concatenate([found, fake]),
        scores=np.concatenate([scores, rng.uniform(0.6, 0.85, len(false))]),
    )


def _parts(boxes: Floats, rng: np.random.Generator) -> Floats:
    """Boxes ``(N, 4)`` px of what a detector takes for a body of its own: from the head on."""
    wide, high = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    parts = boxes.copy()
    parts[:, 3] -= rng.uniform(0.1, 0.7, len(boxes)) * high
    parts[:, [0, 2]] += (rng.normal(0, 0.15, len(boxes)) * wide)[:, None]
    return np.clip(parts, 0, [*SIZE, *SIZE])


def _whole(camera: Camera, bodies: Floats) -> tuple[Floats, Floats]:
    """Boxes ``(T, P, 4)`` px around bodies, and how near these are ``(T, P)``, m."""
    pixels, depth = camera.project(bodies.reshape(-1, 3))
    pixels = pixels.reshape(*bodies.shape[:3], 2)
    boxes = np.concatenate([pixels.min(axis=2), pixels.max(axis=2)], axis=2)
    return boxes, depth.reshape(bodies.shape[:3]).min(axis=2)


def _lasting(shape: tuple[int, ...], fps: float, rng: np.random.Generator) -> Floats:
    """Noise of variance 1 that stays alike for a second along the first axis."""
    stay = np.exp(-1 / fps)
    fresh = rng.normal(0, 1, shape)
    noise = fresh.copy()
    for frame in range(1, shape[0]):
        noise[frame] = stay * noise[frame - 1] + np.sqrt(1 - stay**2) * fresh[frame]
    return noise


def _covered(boxes: Floats, near: Floats, seen: Mask) -> Mask:
    """``(T, P)`` of whom somebody nearer to the camera covers more than half."""
    low = np.maximum(boxes[:, :, None, :2], boxes[:, None, :, :2])
    high = np.minimum(boxes[:, :, None, 2:], boxes[:, None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=3)
    area = np.prod(np.maximum(boxes[..., 2:] - boxes[..., :2], 1), axis=2)
    front = (near[:, None, :] < near[:, :, None]) & seen[:, None, :]
    return np.asarray(np.where(front, shared, 0).max(axis=2) > 0.5 * area, np.bool_)


def placed_scene(truth: Floats, result: Floats) -> ScoredScene:
    """The scene of places that are known already.

    Args:
        truth: ``(N, 4)`` frame, id, and x and y, m, in any order.
        result: ``(M, 4)`` likewise.
    """
    moments = np.unique(np.concatenate([truth[:, 0], result[:, 0]]))
    return scene_of(_placed(truth, moments), _placed(result, moments), len(moments))


def _placed(rows: Floats, moments: Floats) -> FloorPeople:
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    steps, ids = np.searchsorted(moments, rows[:, 0]), rows[:, 1].astype(np.int64)
    return FloorPeople(steps, ids, rows[:, 2:], np.ones(len(rows), bool))
