import numpy as np
import pytest

from mtmc.perception.cut import cut_out
from mtmc.tracking.crops import CropsConfig, CropsTaken, crop_quality, wants_crop
from mtmc.tracking.gallery import Gallery
from mtmc.tracking.tracklet import TICK, FloorPath, Tracklet
from mtmc.types import TrackKey


def unit(*values):
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


def tracklet(camera="a", track=1, frames=(), fps=10):
    result = Tracklet(TrackKey(camera, track), frames[0] / fps, frames[0] / fps)
    for frame in frames:
        result.see(frame, frame / fps)
    return result


def test_a_full_gallery_drops_the_worse_of_the_most_alike():
    gallery = Gallery(capacity=2)
    gallery.add(unit(1, 0), 0.5)
    gallery.add(unit(0, 1), 0.9)
    gallery.add(unit(1, 0.1), 0.6)
    assert gallery.rows() == pytest.approx(np.stack([unit(0, 1), unit(1, 0.1)]))


def test_settling_adds_up_neighbours_in_time_and_keeps_the_sums():
    gallery = Gallery()
    for time, angle in enumerate((0.0, 0.1, 1.5, 1.6, 0.0, 0.1)):
        gallery.add(unit(np.cos(angle), np.sin(angle)), 0.5 + angle / 10, time)
    before, totals = gallery.sum(), gallery.weights().sum(axis=0)
    gallery.settle(3)
    assert len(gallery) == 3
    assert gallery.times() == pytest.approx([0.5, 2.5, 4.5], abs=0.01)
    assert gallery.sum() == pytest.approx(before, abs=2e-3)
    assert gallery.weights().sum(axis=0) == pytest.approx(totals)
    assert np.linalg.norm(gallery.rows(), axis=1) == pytest.approx([1, 1, 1])
    first = gallery.part(np.array([True, False, False]))
    assert first.weights()[0] == pytest.approx([1.01, 0.5**2 + 0.51**2])


def test_tracks_meet_only_in_a_common_frame_of_one_camera():
    a = tracklet(frames=[1, 2, 3, 10, 11])
    assert a.frames == [[1, 3], [10, 11]]
    assert not a.meets(tracklet(track=2, frames=[5, 6, 7]))
    assert a.meets(tracklet(track=2, frames=[5, 6, 10]))
    assert not a.meets(tracklet(track=2, frames=[12]))
    assert not a.meets(tracklet(camera="b", track=2, frames=[1, 2]))


def test_a_floor_path_has_one_point_per_tick_and_no_unknown_ones():
    path = FloorPath()
    for time in (0, TICK / 2, TICK * 1.01, TICK * 2.01):
        path.add(time, np.array([time, 0.0]), 0.1 * np.eye(2), np.array([time, -2.0, 3.0]))
    path.add(TICK * 3.01, np.array([np.nan, 0.0]), 0.1 * np.eye(2))
    path.add(TICK * 4.01, np.array([0.0, 0.0]), np.full((2, 2), np.inf))
    assert path.ticks == [0, 1, 2]
    assert path.rays == [(0.0, 1.0)] * 3  # away from the camera
    later = path.part(slice(1, 3))
    assert later.ticks == [1, 2]
    assert later == path.part(np.array([1, 2]))


def test_quality_falls_with_occlusion_smallness_and_the_border():
    size = (200, 200)
    alone = np.array([[50, 20, 90, 120]], np.float32)
    score = np.ones(1, np.float32)
    assert crop_quality(alone, score, size, 100) == pytest.approx([1.0])
    assert crop_quality(alone, score * 0.5, size, 100) == pytest.approx([0.5])
    assert crop_quality(alone, score, size, 200) == pytest.approx([0.5])
    assert crop_quality(alone - [50, 0, 50, 0], score, size, 100) == pytest.approx([0.5])
    pair = np.array([[50, 20, 90, 120], [70, 40, 110, 140]], np.float32)
    # the second stands nearer and hides 20 x 80 of the first's 40 x 100
    assert crop_quality(pair, np.ones(2), size, 100) == pytest.approx([0.6, 1.0])
    assert len(crop_quality(np.zeros((0, 4)), np.zeros(0), size, 100)) == 0


def test_crops_are_spaced_in_time_unless_much_better():
    config = CropsConfig(interval=1.0, min_quality=0.2)
    track = CropsTaken()
    assert wants_crop(track, 0.1, 0.5, config)
    assert not wants_crop(track, 0.1, 0.1, config)
    track.add(0.1, 0.5)
    assert not wants_crop(track, 0.3, 0.5, config)  # a new track's second comes after 0.25 s
    assert wants_crop(track, 0.36, 0.5, config)
    for _ in range(3):
        track.add(0.35, 0.4)
    assert not wants_crop(track, 1.0, 0.64, config)
    assert wants_crop(track, 1.0, 0.66, config)  # much better than the best so far
    assert wants_crop(track, 1.36, 0.5, config)


def test_crops_may_come_more_often_or_be_worse():
    track = CropsTaken()
    for _ in range(4):
        track.add(0.0, 0.5)
    assert not wants_crop(track, 0.6, 0.1, CropsConfig())
    assert not wants_crop(track, 0.6, 0.4, CropsConfig())
    assert wants_crop(track, 0.6, 0.4, CropsConfig(interval=0.5))
    assert wants_crop(track, 1.1, 0.1, CropsConfig(min_quality=0.05))


def test_a_crop_has_a_pixel_wherever_the_box_is():
    image = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)
    assert cut_out(image, np.array([2.4, 3.0, 5.2, 7.9])).shape == (5, 4, 3)
    for box in ([-5, -5, -1, -1], [20, 20, 30, 30], [3, 3, 3, 3]):
        assert cut_out(image, np.array(box, float)).size > 0
