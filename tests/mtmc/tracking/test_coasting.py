import numpy as np
import pytest

from mtmc.trackers import Tracks
from mtmc.tracking.coasting import Coasting
from mtmc.tracking.view import View
from tests.mtmc.rooms import SIZE, box_of, room

MODEL = room()["cam0"]
NOBODY = Tracks()


def seen(person, place):
    return Tracks(np.array([person]), box_of(MODEL, *place)[None], np.array([0.8]), np.array([0]))


def test_somebody_lost_is_shown_where_the_others_see_them():
    coasting = Coasting(View("cam0", 2.0, SIZE, MODEL))
    assert coasting.extended(seen(3, (5, 5)), {3: (5, 5)}, 0.0).det_index.tolist() == [0]
    shown = coasting.extended(NOBODY, {3: (5.6, 4.6)}, 0.5)
    assert (shown.ids.tolist(), shown.det_index.tolist()) == ([3], [-1])
    assert shown.scores == pytest.approx([0.8])
    assert shown.boxes[0] == pytest.approx(box_of(MODEL, 5.6, 4.6), abs=6)


def test_whom_nobody_sees_or_who_was_lost_long_ago_is_not_shown():
    coasting = Coasting(View("cam0", 2.0, SIZE, MODEL))
    coasting.extended(seen(3, (5, 5)), {3: (5, 5)}, 0.0)
    assert len(coasting.extended(NOBODY, {}, 0.5)) == 0
    assert len(coasting.extended(NOBODY, {3: (5, 5)}, 1.0)) == 1
    assert len(coasting.extended(NOBODY, {3: (5, 5)}, 1.5)) == 0


def test_who_has_left_the_image_is_not_shown():
    coasting = Coasting(View("cam0", 2.0, SIZE, MODEL))
    coasting.extended(seen(3, (5, 5)), {3: (5, 5)}, 0.0)
    assert len(coasting.extended(NOBODY, {3: (-5, 5)}, 0.5)) == 0
    assert len(coasting.extended(NOBODY, {3: (-9, -9)}, 0.5)) == 0  # behind the camera


def test_the_others_tracks_stay_as_they_are():
    coasting = Coasting(View("cam0", 2.0, SIZE, MODEL))
    coasting.extended(seen(3, (5, 5)), {3: (5, 5)}, 0.0)
    shown = coasting.extended(seen(4, (6, 6)), {3: (5, 5), 4: (6, 6)}, 0.5)
    assert shown.ids.tolist() == [4, 3]
    assert shown.det_index.tolist() == [0, -1]


def test_it_is_shown_from_one_frame_to_the_next_however_far_apart_they_are():
    """A camera of 10 frames per second of which only one in 3 s is worked on."""
    coasting = Coasting(View("cam0", 10.0, SIZE, MODEL))
    for time in (0.0, 3.0, 6.0):
        coasting.extended(seen(3, (5, 5)), {3: (5, 5)}, time)
    assert len(coasting.extended(NOBODY, {3: (5, 5)}, 9.0)) == 1
    assert len(coasting.extended(NOBODY, {3: (5, 5)}, 12.0)) == 0
