"""A calibrated room without pictures: people who walk, and boxes of them in every camera."""

import json

import numpy as np

from mtmc.calibration import CameraModel

SIZE = (1280, 720)


def look_at(place, target=(5.0, 5.0, 0.0)):
    """A camera at ``place`` ``(x, y, z)`` m that looks at the target."""
    place, target = np.asarray(place, float), np.asarray(target, float)
    forward = (target - place) / np.linalg.norm(target - place)
    right = np.cross(forward, [0, 0, 1])
    right /= np.linalg.norm(right)
    extrinsic = np.eye(4)
    extrinsic[:3, :3] = np.stack([right, np.cross(forward, right), forward])
    extrinsic[:3, 3] = -extrinsic[:3, :3] @ place
    matrix = np.array([[700.0, 0, 640], [0, 700, 360], [0, 0, 1]])
    return CameraModel(matrix, np.zeros(5), extrinsic, SIZE)


def room():
    """Four cameras in the corners of 10 x 10 m."""
    corners = [(-2, -2, 4), (12, -2, 4), (12, 12, 4), (-2, 12, 4)]
    return {f"cam{n}": look_at(corner) for n, corner in enumerate(corners)}


def box_of(model, x, y, height=1.7):
    """``x1, y1, x2, y2`` px of somebody who stands there."""
    feet, head = model.project(np.array([[x, y, 0], [x, y, height]]))
    half = 0.2 * (feet[1] - head[1])
    return np.array([feet[0] - half, head[1], feet[0] + half, feet[1]])


def circling(people, steps, fps, radius=2.5, speed=1.0):
    """``(steps, people, 2)`` m: people who walk round the middle, far enough from each other."""
    angle = 2 * np.pi * np.arange(people) / people
    angle = angle + speed / radius * np.arange(steps)[:, None] / fps
    return 5 + radius * np.stack([np.cos(angle), np.sin(angle)], axis=2)


def wandering(people, steps, fps, seed=0, speed=1.2):
    """``(steps, people, 2)`` m: people who go from place to place, each their own way."""
    random = np.random.default_rng(seed)
    paths = np.empty((steps, people, 2))
    for person in range(people):
        places = random.uniform(2, 8, (steps, 2))
        ways = np.cumsum([0, *np.hypot(*np.diff(places, axis=0).T)])
        gone = speed / fps * np.arange(steps)
        paths[:, person] = np.stack([np.interp(gone, ways, axis) for axis in places.T], axis=1)
    return paths


def write_room(folder, models, paths, fps, missing=0.0, seed=0):
    """What ``mtmc run`` reads, and ``gt/``; returns the calibration file."""
    random = np.random.default_rng(seed)
    for name in ("det", "gt"):
        (folder / name).mkdir(parents=True)
    for name, model in models.items():
        found, true = [], []
        for frame, places in enumerate(paths, 1):
            for person, place in enumerate(places, 1):
                x1, y1, x2, y2 = np.clip(box_of(model, *place), 0, [*SIZE, *SIZE])
                box = f"{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f}"
                true.append(f"{frame},{person},{box},1,1,1")
                if random.random() >= missing:
                    found.append(f"{frame},-1,{box},0.9,-1,-1,-1")
        (folder / "det" / f"{name}.txt").write_text("\n".join(found) + "\n")
        (folder / "gt" / f"{name}.txt").write_text("\n".join(true) + "\n")
    cameras = [{"name": n, "fps": fps, "size": list(SIZE), "frames": len(paths)} for n in models]
    (folder / "cameras.yaml").write_text(json.dumps({"cameras": cameras}))
    entries = {
        name: {
            "intrinsic": model.matrix.tolist(),
            "extrinsic": model.extrinsic.tolist(),
            "resolution": list(SIZE),
        }
        for name, model in models.items()
    }
    (folder / "calibration.json").write_text(json.dumps(entries))
    return folder / "calibration.json"
