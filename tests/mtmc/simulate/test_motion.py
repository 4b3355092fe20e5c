import numpy as np
import pytest

from mtmc.simulate.body import JOINT_INDEX, JOINTS, Rest
from mtmc.simulate.motion import STANCE, Manner, Path, draw_manner, solve

DT = 1 / 30
AT_REST = {  # a plain body, metres, facing -y
    "pelvis": (0, 0, 0.95), "spine": (0, 0, 1.05), "chest": (0, 0, 1.2), "neck": (0, 0, 1.48),
    "head": (0, 0, 1.56), "clavicle": (0.02, 0, 1.44), "upperarm": (0.18, 0, 1.42),
    "forearm": (0.35, 0, 1.22), "hand": (0.5, -0.1, 1.05), "thigh": (0.1, 0, 0.92),
    "shin": (0.13, -0.03, 0.5), "foot": (0.16, 0, 0.09),
}  # fmt: skip


@pytest.fixture
def rest():
    joints = []
    for name in JOINTS:
        x, y, z = AT_REST[name.split(".")[0]]
        joints.append((-x if name.endswith(".R") else x, y, z))
    return Rest(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.75]]), np.array(joints))


def straight(speed, steps=150, sit=0.0):
    time = np.arange(steps) * DT
    return Path(
        np.stack([speed * time, 0 * time], 1), np.zeros(steps), np.full(steps, speed),
        np.full(steps, sit), np.ones(steps, bool), DT,
    )  # fmt: skip


@pytest.mark.parametrize("speed", [0.7, 1.3, 1.8])
def test_a_planted_foot_does_not_slide(rest, speed):
    poses = solve(straight(speed), rest, Manner())
    ankles = poses.joints[:, [JOINT_INDEX["foot.L"], JOINT_INDEX["foot.R"]]]
    flat = ankles[..., 2] < ankles[..., 2].min() + 0.002
    moved = np.linalg.norm(np.diff(ankles[..., :2], axis=0), axis=-1)
    planted = flat[1:] & flat[:-1]
    assert planted.mean() > 0.2 * STANCE
    assert moved[planted].max() < 0.012  # the path moves 0.023 m or more per step


def test_one_foot_is_always_on_the_ground(rest):
    poses = solve(straight(1.3), rest, Manner())
    ankles = poses.joints[:, [JOINT_INDEX["foot.L"], JOINT_INDEX["foot.R"]], 2]
    assert ankles.min(1).max() < ankles.min() + 0.09


def test_bones_keep_their_length(rest):
    poses = solve(straight(1.4), rest, Manner(hands="phone"))
    for a, b in (("thigh.L", "shin.L"), ("shin.R", "foot.R"), ("upperarm.L", "forearm.L")):
        i, j = JOINT_INDEX[a], JOINT_INDEX[b]
        length = np.linalg.norm(poses.joints[:, i] - poses.joints[:, j], axis=1)
        expected = np.linalg.norm(rest.joints[i] - rest.joints[j])
        np.testing.assert_allclose(length, expected, atol=1e-6)


def test_transforms_are_rotations_that_carry_the_joints(rest):
    poses = solve(straight(1.0), rest, Manner())
    identity = poses.rotations @ poses.rotations.swapaxes(-1, -2)
    np.testing.assert_allclose(identity, np.broadcast_to(np.eye(3), identity.shape), atol=1e-9)
    carried = np.einsum("tjab,jb->tja", poses.rotations, rest.joints) + poses.offsets
    np.testing.assert_allclose(carried, poses.joints, atol=1e-9)


def test_whoever_stands_looks_ahead_and_stands_upright(rest):
    poses = solve(straight(0.0), rest, Manner(lean=0.0))
    up = poses.joints[:, JOINT_INDEX["head"]] - poses.joints[:, 0]
    assert (up[:, 2] > 0.55).all()
    forward = poses.rotations[:, 0] @ np.array([0, -1.0, 0])
    assert (forward[:, 0] > 0.9).all()


def test_sitting_puts_the_hips_on_the_seat_and_leaves_the_feet_down(rest):
    poses = solve(straight(0.0, sit=1.0), rest, Manner())
    assert poses.joints[:, 0, 2] == pytest.approx(0.56, abs=0.02)
    feet = poses.joints[:, [JOINT_INDEX["foot.L"], JOINT_INDEX["foot.R"]], 2]
    assert feet.max() < 0.15


def test_manners_follow_the_seed():
    first, second = (draw_manner(np.random.default_rng(5), "") for _ in range(2))
    assert first == second
    assert draw_manner(np.random.default_rng(5), "handbag").hands == "carry"
