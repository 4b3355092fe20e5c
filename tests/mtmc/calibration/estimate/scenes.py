"""People who walk about in a room, as cameras with known places see them."""

import numpy as np

from mtmc.calibration import CameraModel
from mtmc.calibration.estimate.sightings import SeenTracks

SIZE = (1280, 720)
FPS = 5


def room_camera(x, y, yaw, height=2.7, tilt=0.42, focal=1000.0):
    """Stands at ``(x, y)`` and looks ``yaw`` rad to the left of +y."""
    sin, cos = np.sin(tilt), np.cos(tilt)
    level = np.array([[1, 0, 0], [0, -sin, -cos], [0, cos, -sin]])
    sin, cos = np.sin(yaw), np.cos(yaw)
    extrinsic = np.eye(4)
    extrinsic[:3, :3] = level @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
    extrinsic[:3, 3] = -extrinsic[:3, :3] @ [x, y, height]
    matrix = np.array([[focal, 0, SIZE[0] / 2], [0, focal, SIZE[1] / 2], [0, 0, 1]])
    return CameraModel(matrix, np.zeros(5), extrinsic, SIZE)


CAMERAS = {
    "a": room_camera(0.0, -6.0, 0.0),
    "b": room_camera(-6.0, 1.0, -1.5, height=3.0, tilt=0.45),
    "c": room_camera(5.0, 5.0, 2.4, height=2.5, tilt=0.38, focal=900.0),
}
OFFSETS = {"a": 0.0, "b": 1.7, "c": -3.3}


def walks(people=4, seconds=60, seed=0):
    """``(people, T)`` positions x + iy m within 2.5 m of the origin, walked at about 1 m/s."""
    rng = np.random.default_rng(seed)
    result = []
    for _ in range(people):
        goals = rng.uniform(-2.2, 2.2, (40, 2)) @ [1, 1j]
        at = np.concatenate([[0], np.cumsum(np.abs(np.diff(goals)) + 0.3)])
        result.append(np.interp(np.arange(seconds * FPS) / FPS * 1.1, at, goals))
    return np.array(result)


def see(model, positions, offset, seed=0, noise=2.0, swap=False):
    """What a camera whose clock is ``offset`` s late sees of the walkers."""
    rng = np.random.default_rng(seed)
    rows = []
    for person, path in enumerate(positions):
        tall = 1.7 * (1 + 0.04 * np.sin(3 * person + 1))
        feet = np.column_stack([path.real, path.imag, np.zeros(len(path))])
        low, high = model.project(feet), model.project(feet + np.array([0, 0, tall]))
        half = 0.17 * (low[:, 1] - high[:, 1])
        boxes = np.column_stack([low[:, 0] - half, high[:, 1], low[:, 0] + half, low[:, 1]])
        boxes = np.clip(boxes + noise * rng.standard_normal(boxes.shape), 0, [*SIZE, *SIZE])
        frames = np.flatnonzero((boxes[:, 2] - boxes[:, 0] > 10) & (boxes[:, 3] - boxes[:, 1] > 40))
        # Tracks break now and then; some change over to somebody else.
        track = 100 * person + frames // 100
        if swap:
            track = np.where(frames > 200, 100 * ((person + 1) % len(positions)) + 2, track)
        rows += [(f / FPS - offset, t, *boxes[f]) for f, t in zip(frames, track, strict=True)]
    table = np.array(rows)
    return SeenTracks.make(SIZE, table[:, 0], table[:, 1].astype(np.int64), table[:, 2:])


def scene(swap=False, cameras=CAMERAS):
    positions = walks()
    return {
        name: see(model, positions, OFFSETS[name], seed, swap=swap)
        for seed, (name, model) in enumerate(cameras.items())
    }


def floor_errors(found, truth=CAMERAS, rigid=True):
    """m, of each camera's floor at a grid of places, after the best turn and shift of all."""
    grid = np.array([[x, y] for x in (-2.0, 0, 2) for y in (-2.0, 0, 2)])
    names = [name for name in found if name in truth]
    estimated = np.concatenate(
        [found[name].model.to_floor(truth[name].from_floor(grid)) for name in names]
    ) @ [1, 1j]
    true = np.tile(grid @ [1, 1j], len(names))
    if rigid:
        estimated, middle = estimated - estimated.mean(), true.mean()
        turn = np.vdot(estimated, true - middle)
        estimated = estimated * turn / abs(turn) + middle
    return np.abs(estimated - true)
