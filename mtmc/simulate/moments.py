"""One person at one moment, without a scene around: in the middle of a walk, standing, sitting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mtmc.simulate.body import Floats, Rest
from mtmc.simulate.cast import Pose
from mtmc.simulate.motion import Manner, Path, solve
from mtmc.simulate.ways import Seat

STEPS, DT = 14, 1 / 15  # of the walk around each moment, s


def draw_moment(
    person: int, rest: Rest, manner: Manner, spot: Floats, rng: np.random.Generator
) -> Pose:
    """Somebody who walks over a spot, or stands there.

    Args:
        person: index among the people the renderer was given.
        rest: the person's body.
        manner: how the person moves.
        spot: ``(2,)`` m.
        rng: decides direction, speed and the phase of the step.
    """
    heading = float(rng.uniform(-np.pi, np.pi))
    speed = 0.0 if rng.random() < 0.3 else float(rng.uniform(0.7, 1.6))
    steps = np.arange(STEPS) - STEPS // 2
    ahead = np.array([np.cos(heading), np.sin(heading)])
    position = spot + steps[:, None] * DT * speed * ahead
    return _pose(person, rest, manner, _path(position, heading, speed, 0.0, 0.45), rng)


def draw_seated(
    person: int, rest: Rest, manner: Manner, seat: Seat, rng: np.random.Generator
) -> Pose:
    """Somebody on a seat; arguments as `draw_moment`."""
    position = np.tile(np.array(seat.position, float), (STEPS, 1))
    return _pose(person, rest, manner, _path(position, seat.heading, 0.0, 1.0, seat.height), rng)


def _path(position: Floats, heading: float, speed: float, sit: float, seat: float) -> Path:
    return Path(
        position=position,
        heading=np.full(STEPS, heading),
        speed=np.full(STEPS, speed),
        sit=np.full(STEPS, sit),
        present=np.ones(STEPS, dtype=bool),
        dt=DT,
        seat=seat,
    )


def _pose(person: int, rest: Rest, manner: Manner, path: Path, rng: np.random.Generator) -> Pose:
    poses = solve(path, rest, replace(manner, seed=int(rng.integers(1 << 31))))
    now = STEPS // 2
    r, o = poses.rotations, poses.offsets
    return Pose(person, r[now], o[now], r[now + 1], o[now + 1], poses.joints[now])
