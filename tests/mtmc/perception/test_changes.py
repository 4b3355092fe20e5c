"""Where a camera's picture changes between looks, and whose change it is."""

import numpy as np
import pytest

from mtmc.perception.changes import LAG, Changes
from mtmc.types import Frame

BOX, FAR = [100, 100, 160, 260], [400, 100, 460, 260]
RANDOM = np.random.default_rng(0)


def looks(boxes, spots, fps=5, seconds=8, cameras=("a",), gain=1.0):
    """The shares of all frames of a noisy scene with something lighter on it for some seconds.

    ``spots``: from and until second, and where.
    """
    scene = RANDOM.integers(40, 200, (360, 640, 3)).astype(float)
    changes, found = Changes(cameras), {}
    for index in range(seconds * fps):
        time = index / fps
        image = scene + RANDOM.normal(0, 1, scene.shape)
        for start, end, (x1, y1, x2, y2) in spots:
            if start <= time < end:
                image[y1:y2, x1:x2] += 60
        image = np.clip(image * (gain if time >= 5 else 1), 0, 255).astype(np.uint8)
        frame = Frame("a", index + 1, time, image)
        shares = changes.shares(frame, np.array(boxes, np.float32).reshape(-1, 4))
        if shares is not None:
            found[time] = shares
    return found


def test_once_a_second_with_what_was_some_seconds_ago():
    found = looks([BOX, FAR], [(5.0, 9.0, (110, 120, 140, 140))])
    assert list(found) == [float(t) for t in range(LAG, 8)]
    for time, (near, far) in found.items():
        assert far < 0.002
        assert near == pytest.approx(600 / 9600 if time >= 5 else 0, abs=0.004)


def test_who_passes_changes_nothing_of_what_is_behind():
    passing = [110, 60, 130, 280]
    found = looks([BOX, passing], [(5.0, 9.0, passing)])
    behind, walker = found[5.0]
    assert np.isnan(walker) or walker > 0.9
    assert np.isnan(behind) or behind < 0.002
    covered = looks([BOX, [60, 40, 200, 320]], [(5.0, 9.0, (60, 40, 200, 320))])
    assert np.isnan(covered[5.0][0])


def test_other_light_and_cameras_without_pictures_tell_nothing():
    assert list(looks([BOX], [], gain=0.6)) == [3.0, 4.0]
    assert not looks([BOX], [], cameras=())


def test_nobody_is_nobody():
    assert all(len(shares) == 0 for shares in looks([], []).values())
