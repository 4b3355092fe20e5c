"""From a path on the floor to the pose of every joint: walking, standing, sitting, hands.

Feet are planned first: each is planted for 62 % of a stride at the place the hips pass over in the
middle of it, so feet do not slide at any speed or in a turn (phases of gait: Perry, Gait Analysis,
1992). Legs then follow by two-bone inverse kinematics, trunk and arms by forward kinematics. All
functions work on all time steps of one person at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mtmc.simulate.body import JOINT_INDEX, JOINTS, PARENTS, Floats, Rest

STANCE = 0.62
SOLE = 0.012  # m of shoe under the foot


@dataclass(frozen=True)
class Path:
    """Where one person is over time.

    Attributes:
        position: ``(T, 2)`` m; heading: ``(T,)`` rad; speed: ``(T,)`` m/s.
        sit: ``(T,)`` 0 stands, 1 sits; seat: height of the seat in m.
        present: ``(T,)`` bool, in the place.
        dt: seconds per step.
    """

    position: Floats
    heading: Floats
    speed: Floats
    sit: Floats
    present: np.ndarray
    dt: float
    seat: float = 0.45


@dataclass(frozen=True)
class Manner:
    """How one person moves. Angles in rad; `hands` is what the hands do."""

    stride: float = 1.0
    arm_swing: float = 0.42
    elbow: float = 0.25
    lean: float = 0.04
    sway: float = 0.018
    abduct: float = 0.10
    hands: str = "swing"
    seed: int = 0


@dataclass(frozen=True)
class Poses:
    """Global transforms of the joints: rest point x of joint j goes to ``R[j] @ x + o[j]``.

    Attributes:
        rotations: ``(T, J, 3, 3)``; offsets: ``(T, J, 3)`` m; joints: ``(T, J, 3)`` m.
    """

    rotations: Floats
    offsets: Floats
    joints: Floats


def draw_manner(rng: np.random.Generator, bag: str) -> Manner:
    """Draw a way of moving that fits what is carried."""
    hands = str(rng.choice(["swing", "phone", "pockets"], p=[0.7, 0.15, 0.15]))
    return Manner(
        stride=float(rng.normal(1.0, 0.06)),
        arm_swing=float(rng.uniform(0.25, 0.55)),
        elbow=float(rng.uniform(0.15, 0.45)),
        lean=float(rng.normal(0.05, 0.03)),
        abduct=float(rng.uniform(0.07, 0.16)),
        hands="carry" if bag == "handbag" else hands,
        seed=int(rng.integers(1 << 31)),
    )


def _rot(axis: int, angle: Floats) -> Floats:
    """Rotations about a coordinate axis, ``(T, 3, 3)``."""
    c, s = np.cos(angle), np.sin(angle)
    r = np.zeros((*np.shape(angle), 3, 3))
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    r[..., axis, axis] = 1
    r[..., i, i], r[..., j, j] = c, c
    r[..., i, j], r[..., j, i] = -s, s
    return r


def _frame(along: Floats, toward: Floats) -> Floats:
    """Orthonormal frames ``(..., 3, 3)`` whose columns are along, toward (made normal), across."""
    a = along / np.linalg.norm(along, axis=-1, keepdims=True)
    t = toward - a * (toward * a).sum(-1, keepdims=True)
    t = t / np.maximum(np.linalg.norm(t, axis=-1, keepdims=True), 1e-9)
    return np.stack([a, t, np.cross(a, t)], axis=-1)


def _noise(seed: int, steps: int, dt: float, period: float) -> Floats:
    """Smooth noise of unit deviation, ``(T,)``."""
    rng = np.random.default_rng(seed)
    sigma = max(period / dt / 4, 1)
    raw = gaussian_filter1d(rng.normal(size=steps + 2 * int(4 * sigma)), sigma, mode="wrap")
    raw = raw[int(4 * sigma) :][:steps]
    return np.asarray(raw * np.sqrt(2 * sigma * np.sqrt(np.pi)))


def stride_length(speed: Floats, leg: float, manner: Manner) -> Floats:
    """Metres per stride (two steps) at a speed: grows with its square root."""
    return np.asarray(manner.stride * leg * 1.62 * np.sqrt(np.clip(speed, 0.25, 3.0) / 1.3))


def _phase(path: Path, leg: float, manner: Manner) -> Floats:
    """Strides walked, ``(T,)``; stops only when both feet are on the ground, and turns step."""
    rate = np.clip(path.speed, 0, 3) / stride_length(path.speed, leg, manner)
    phase = np.zeros(len(rate))
    planted = path.heading[0]
    now = manner.seed % 97 / 97.0
    for t in range(len(rate)):
        in_swing = (now % 0.5) > STANCE - 0.5  # one foot in the air
        turned = abs((path.heading[t] - planted + np.pi) % (2 * np.pi) - np.pi) > 0.35
        step = rate[t]
        if step < 0.6 and (in_swing or (turned and path.sit[t] < 0.02)):
            step = max(step, 0.75)
        if not in_swing:
            planted += (
                0.2 * ((path.heading[t] - planted + np.pi) % (2 * np.pi) - np.pi) * (step > 0)
            )
        now += step * path.dt
        phase[t] = now
    return phase


@dataclass(frozen=True)
class _Feet:
    ankle: Floats  # (T, 3)
    pitch: Floats  # (T,)
    heading: Floats  # (T,)


_PITCH_AT = np.array([0.0, 0.09, 0.38, STANCE, 0.74, 0.92, 1.0])
_PITCH = np.array([-0.30, 0.0, 0.0, 0.85, 0.55, -0.20, -0.30])


def _foot(
    path: Path, phase: Floats, side: float, rest: Rest, hip_half: float, amp: Floats
) -> _Feet:
    """One foot's ankle over time. `side`: +1 left, -1 right."""
    shifted = phase + (0.0 if side > 0 else 0.5)
    stride = np.floor(shifted)
    share = shifted - stride
    steps = np.arange(len(phase), dtype=float)
    turn = np.unwrap(path.heading)

    def print_of(k: Floats) -> tuple[Floats, Floats]:
        """Footprint of stride k: the ground under the hip in the middle of its stance."""
        middle = np.interp(k + 0.5 * STANCE, shifted, steps)
        x = np.interp(middle, steps, path.position[:, 0])
        y = np.interp(middle, steps, path.position[:, 1])
        heading = np.interp(middle, steps, turn)
        x = x - side * hip_half * np.sin(heading)
        y = y + side * hip_half * np.cos(heading)
        return np.stack([x, y], -1), heading

    here, heading_here = print_of(stride)
    there, heading_there = print_of(stride + 1)
    swing = np.clip((share - STANCE) / (1 - STANCE), 0, 1)
    ease = swing * swing * (3 - 2 * swing)
    ground = here + (there - here) * ease[:, None]
    heading = heading_here + (heading_there - heading_here) * ease
    pitch = np.interp(share, _PITCH_AT, _PITCH) * amp
    ankle_height = rest.joints[JOINT_INDEX["foot.L"]][2] - rest.vertices[:13380, 2].min() + SOLE
    ball, heel = 0.13, 0.045
    # The foot turns about its ball when the heel is up, about the heel when the toes are.
    pivot = np.where(pitch > 0, ball, -heel)
    forward = pivot - pivot * np.cos(pitch) + ankle_height * np.sin(pitch)
    height = ankle_height * np.cos(pitch) + pivot * np.sin(pitch)
    height = height + 0.045 * amp * np.sin(np.pi * swing) ** 2
    height += 0.03 * np.clip(1 - amp, 0, 1) * np.sin(np.pi * swing) ** 2
    direction = np.stack([np.cos(heading), np.sin(heading)], -1)
    ankle = np.concatenate([ground + direction * forward[:, None], height[:, None]], 1)
    return _Feet(ankle, pitch, heading)


def solve(path: Path, rest: Rest, manner: Manner) -> Poses:
    """Pose one person along a path.

    Args:
        path: where the person is over time.
        rest: the person's body.
        manner: how the person moves.
    """
    steps = len(path.speed)
    j = rest.joints
    index = JOINT_INDEX
    thigh = float(np.linalg.norm(j[index["shin.L"]] - j[index["thigh.L"]]))
    shin = float(np.linalg.norm(j[index["foot.L"]] - j[index["shin.L"]]))
    hip_half = abs(j[index["thigh.L"]][0])
    speed = gaussian_filter1d(path.speed, max(0.12 / path.dt, 0.5), mode="nearest")
    amp = np.clip(speed / 1.2, 0, 1.15)
    phase = _phase(path, thigh + shin, manner)
    feet = {
        "L": _foot(path, phase, 1.0, rest, hip_half * 0.75, amp),
        "R": _foot(path, phase, -1.0, rest, hip_half * 0.75, amp),
    }
    trunk = _trunk(path, manner, phase, amp, feet, rest, 0.992 * (thigh + shin))
    rotations = np.zeros((steps, len(JOINTS), 3, 3))
    joints = np.zeros((steps, len(JOINTS), 3))
    rotations[:, 0], joints[:, 0] = trunk.pelvis, trunk.position

    def follow(name: str, local: Floats) -> None:
        i = index[name]
        parent = PARENTS[i]
        rotations[:, i] = rotations[:, parent] @ local
        joints[:, i] = joints[:, parent] + rotations[:, parent] @ (j[i] - j[parent])

    follow("spine", trunk.spine)
    follow("chest", trunk.chest)
    follow("neck", trunk.neck)
    follow("head", trunk.head)
    for side in "LR":
        follow(f"clavicle.{side}", np.broadcast_to(np.eye(3), (steps, 3, 3)))
        _arm(side, path, manner, phase, amp, rest, rotations, joints)
        _leg(side, feet[side], path, rest, rotations, joints, thigh, shin)
    offsets = joints - np.einsum("tjab,jb->tja", rotations, j)
    return Poses(rotations, offsets, joints)


@dataclass(frozen=True)
class _Trunk:
    position: Floats
    pelvis: Floats
    spine: Floats
    chest: Floats
    neck: Floats
    head: Floats


def _trunk(
    path: Path,
    manner: Manner,
    phase: Floats,
    amp: Floats,
    feet: dict[str, _Feet],
    rest: Rest,
    reach: float,
) -> _Trunk:
    steps, dt = len(phase), path.dt
    cycle = 2 * np.pi * phase
    heading = np.asarray(
        gaussian_filter1d(np.unwrap(path.heading), max(0.1 / dt, 0.5), mode="nearest")
    )
    idle = np.clip(1 - amp * 1.5, 0, 1) * (1 - path.sit)
    shift = idle * 0.03 * _noise(manner.seed, steps, dt, 5.0)
    sway = manner.sway * amp * np.sin(cycle + 0.6) + shift
    position = np.zeros((steps, 3))
    forward = np.stack([np.cos(heading), np.sin(heading)], -1)
    left = np.stack([-forward[:, 1], forward[:, 0]], -1)
    position[:, :2] = path.position + left * sway[:, None] - forward * (0.34 * path.sit)[:, None]
    # Hips as high as the straighter leg lets them be.
    hip_drop = rest.joints[0][2] - rest.joints[JOINT_INDEX["thigh.L"]][2]
    highest = np.full(steps, np.inf)
    for foot in feet.values():
        away = ((foot.ankle[:, :2] - path.position) ** 2).sum(1)
        highest = np.minimum(
            highest, foot.ankle[:, 2] + np.sqrt(np.maximum(reach**2 - away, (0.8 * reach) ** 2))
        )
    standing = gaussian_filter1d(highest, max(0.06 / dt, 0.4), mode="nearest") + hip_drop
    seated = path.seat + 0.11
    position[:, 2] = standing + (seated - standing) * path.sit
    rising = np.sin(np.pi * np.clip(path.sit, 0, 1))
    lean = manner.lean * (0.4 + amp) + 0.62 * rising - 0.06 * path.sit
    lean = lean + 0.025 * _noise(manner.seed + 1, steps, dt, 6.0)
    yaw = 0.10 * amp * np.cos(cycle)
    look = 0.30 * _noise(manner.seed + 2, steps, dt, 3.5) * (0.5 + 0.5 * idle)
    nod = 0.10 * _noise(manner.seed + 3, steps, dt, 4.0) + 0.03
    if manner.hands == "phone":
        look, nod = look * 0.25, 0.42 + 0.4 * nod
    twist = -0.9 * yaw + 0.08 * idle * _noise(manner.seed + 4, steps, dt, 6.0)
    tilt = 0.035 * amp * np.cos(cycle + 0.4) + 0.6 * shift
    root = _rot(2, heading + np.pi / 2 - yaw)
    return _Trunk(
        position,
        root @ _rot(1, tilt) @ _rot(0, 0.25 * lean - 0.12 * path.sit),
        _rot(0, 0.45 * lean) @ _rot(1, -0.7 * tilt) @ _rot(2, -0.5 * twist),
        _rot(0, 0.30 * lean + 0.05) @ _rot(1, -0.5 * tilt) @ _rot(2, -0.9 * twist),
        _rot(0, 0.35 * nod - 0.35 * lean) @ _rot(2, 0.4 * look),
        _rot(0, 0.65 * nod - 0.35 * lean) @ _rot(2, 0.6 * look),
    )


def _arm(
    side: str, path: Path, manner: Manner, phase: Floats, amp: Floats, rest: Rest,
    rotations: Floats, joints: Floats,
) -> None:  # fmt: skip
    """Pose one arm by forward kinematics from a hanging arm."""
    j, index = rest.joints, JOINT_INDEX
    sign = 1.0 if side == "L" else -1.0
    swing = -sign * np.cos(2 * np.pi * phase) * amp
    ahead = manner.arm_swing * (swing - 0.15 * amp) - 0.04
    ahead = -ahead  # positive turns an arm backwards about x
    elbow = manner.elbow + 0.35 * amp * np.clip(swing + 0.4, 0, 2) * manner.arm_swing / 0.4
    abduct, inward = manner.abduct + 0.0 * phase, 0.0 * phase
    busy = manner.hands == "phone" and side == "R"
    if busy:
        ahead, elbow, inward = 0.12 * ahead - 0.42, 0 * elbow + 1.75, inward + 0.35
    elif manner.hands == "pockets":
        ahead, elbow = 0.15 * ahead + 0.18, 0 * elbow + 0.75
        abduct, inward = abduct + 0.12, inward + 0.25
    elif manner.hands == "carry" and side == "L":
        ahead, elbow, abduct = 0.35 * ahead, 0 * elbow + 0.12, abduct + 0.08
    ahead = ahead + 0.05 * _noise(
        manner.seed + 10 + index[f"hand.{side}"], len(phase), path.dt, 5.0
    )
    if not busy:
        ahead = ahead * (1 - path.sit) - 0.55 * path.sit
        elbow = elbow * (1 - path.sit) + 0.95 * path.sit
    shoulder, elbow_at, wrist = (j[index[f"{n}.{side}"]] for n in ("upperarm", "forearm", "hand"))
    forearm = wrist - elbow_at
    down, front = np.array([0.0, 0, -1]), np.array([0.0, -1, 0])
    hanging_upper = _frame(down, front) @ _frame(elbow_at - shoulder, forearm).T
    # At rest the forearm bends in the plane of the arm: its own hinge normal stays the same.
    bend = np.cross(elbow_at - shoulder, forearm)
    hanging_lower = _frame(down, front) @ _frame(forearm, np.cross(bend, forearm)).T
    chest = rotations[:, index["chest"]]
    turn = chest @ _rot(1, -sign * abduct) @ _rot(0, ahead) @ _rot(2, -sign * inward)
    upper, lower = index[f"upperarm.{side}"], index[f"forearm.{side}"]
    parent = index[f"clavicle.{side}"]
    rotations[:, upper] = turn @ hanging_upper
    joints[:, upper] = joints[:, parent] + rotations[:, parent] @ (shoulder - j[parent])
    rotations[:, lower] = turn @ _rot(0, -elbow) @ hanging_lower
    joints[:, lower] = joints[:, upper] + rotations[:, upper] @ (elbow_at - shoulder)
    hand = index[f"hand.{side}"]
    rotations[:, hand] = rotations[:, lower]
    joints[:, hand] = joints[:, lower] + rotations[:, lower] @ forearm


def _leg(
    side: str,
    foot: _Feet,
    path: Path,
    rest: Rest,
    rotations: Floats,
    joints: Floats,
    thigh: float,
    shin: float,
) -> None:
    """Pose one leg by two-bone inverse kinematics to its planned ankle."""
    j, index = rest.joints, JOINT_INDEX
    hip_rest, knee_rest, ankle_rest = (j[index[f"{n}.{side}"]] for n in ("thigh", "shin", "foot"))
    hip = joints[:, 0] + rotations[:, 0] @ (hip_rest - j[0])
    to = foot.ankle - hip
    distance = np.linalg.norm(to, axis=1)
    reach = np.clip(distance, abs(thigh - shin) + 0.02, 0.9995 * (thigh + shin))
    to = to / distance[:, None]
    ankle = hip + to * reach[:, None]
    # Knees point where the foot and the body point.
    sign = 1.0 if side == "L" else -1.0
    heading = 0.5 * foot.heading + 0.5 * np.unwrap(path.heading) + sign * (0.08 + 0.12 * path.sit)
    front = np.stack([np.cos(heading), np.sin(heading), np.zeros_like(heading)], -1)
    cosine = (thigh**2 + reach**2 - shin**2) / (2 * thigh * reach)
    frame = _frame(to, front)
    sine = np.sqrt(np.maximum(1 - cosine**2, 0))
    knee = hip + thigh * (cosine[:, None] * frame[..., 0] + sine[:, None] * frame[..., 1])
    rest_front = np.array([0.0, -1, 0])
    upper, lower, end = (index[f"{n}.{side}"] for n in ("thigh", "shin", "foot"))
    rotations[:, upper] = _frame(knee - hip, front) @ _frame(knee_rest - hip_rest, rest_front).T
    # A bent knee's shin still faces forwards: take its front from the bend.
    bend_front = np.where((cosine > 0.999)[:, None], front, knee - 0.5 * (hip + ankle))
    rotations[:, lower] = (
        _frame(ankle - knee, bend_front) @ _frame(ankle_rest - knee_rest, rest_front).T
    )
    splay = foot.heading + sign * 0.10
    rotations[:, end] = _rot(2, splay + np.pi / 2) @ _rot(0, foot.pitch)
    joints[:, upper], joints[:, lower], joints[:, end] = hip, knee, ankle
