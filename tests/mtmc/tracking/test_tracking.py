import pickle
from types import SimpleNamespace

import numpy as np
import pytest

from mtmc.config import Plugin
from mtmc.trackers import Detections, Tracks
from mtmc.tracking import memory
from mtmc.tracking.camera import CameraTracking
from mtmc.tracking.crops import CropsConfig
from mtmc.tracking.memory import Memory
from mtmc.tracking.messages import CameraStep, Decisions
from mtmc.tracking.view import View
from mtmc.types import Frame, TrackKey
from tests.mtmc.rooms import SIZE, box_of, room

BOX = Detections(np.array([[10, 10, 40, 90.0]]), np.array([0.9]))


class Scripted:
    """A tracker that reports one track, always under the same id, whenever there is a box."""

    needs_floor = needs_embeddings = needs_image = False

    def __init__(self, config, fps):
        del config, fps

    def update(self, detections, image=None, steps=1):
        assert image is None
        count = len(detections)
        return Tracks(np.full(count, 77), detections.boxes, detections.scores, np.arange(count))


class Coasting(Scripted):
    """The same, but it goes on predicting when there is no box."""

    def update(self, detections, image=None, steps=1):
        if len(detections):
            self.last = super().update(detections, image)
            return self.last
        return Tracks(self.last.ids, self.last.boxes, self.last.scores, np.array([-1]))


def wanted(**settings):
    """Which of a track's frames are worth a crop."""
    plugin = Plugin("scripted", Scripted, SimpleNamespace())
    view = View("a", 10.0, (100, 100), None)
    tracking = CameraTracking(plugin, CropsConfig(**settings), view)
    box = Detections(np.array([[10, 10, 40, 40.0]]), np.array([0.9]))
    steps = (tracking.update(Frame("a", n, n / 10, None), box) for n in range(1, 4))
    return [len(sighting.wanted) for sighting in steps]


def test_small_boxes_are_worth_a_crop_where_people_are_small():
    assert sum(wanted(full_height=32)) > 0
    assert sum(wanted(full_height=400)) == 0


def follow(seen_at, fps=10.0, keep=True, tracker=Scripted):
    plugin = Plugin("scripted", tracker, SimpleNamespace())
    tracking = CameraTracking(plugin, CropsConfig(), View("a", fps, (100, 100), None))
    memory = Memory(keep)
    box = Detections(np.array([[10, 10, 40, 90.0]]), np.array([0.9]))
    ids = []
    for index in range(1, max(seen_at) + 1):
        found = box if index in seen_at else Detections()
        sighting = tracking.update(Frame("a", index, (index - 1) / fps, None), found)
        ids += sighting.tracks.ids.tolist()
        memory.take(sighting.unembedded())
    return tracking, memory, ids


def test_a_track_lost_for_long_begins_anew():
    _, memory, ids = follow({1, 2, 3, 15, 16, 60, 61})
    assert ids == [1, 1, 1, 1, 1, 2, 2]
    assert [(t.key.track_id, t.hits, t.closed) for t in memory.of("a")] == [
        (1, 5, True),
        (2, 2, False),
    ]


def test_at_a_low_frame_rate_a_few_frames_must_pass():
    _, _, ids = follow({1, 5, 12}, fps=1.0)
    assert ids == [1, 1, 2]


def test_what_has_ended_is_forgotten_unless_kept():
    tracking, memory, _ = follow({1, 2, 60}, keep=False)
    assert [t.key.track_id for t in memory.of("a")] == [2]
    assert tracking.count == 2


def ids_at(times, fps=10.0):
    """Of somebody who is there all the time, and whom the tracker always knows."""
    plugin = Plugin("scripted", Scripted, SimpleNamespace())
    tracking = CameraTracking(plugin, CropsConfig(), View("a", fps, (100, 100), None))
    box = Detections(np.array([[10, 10, 40, 90.0]]), np.array([0.9]))
    sightings = [
        tracking.update(Frame("a", index, time, None), box) for index, time in enumerate(times, 1)
    ]
    return [int(track) for sighting in sightings for track in sighting.tracks.ids]


def test_frames_that_a_run_has_no_time_for_part_no_track():
    """A camera of 10 frames per second of which only every 50th is worked on."""
    assert set(ids_at(np.arange(20) * 5.0)) == {1}


def test_a_camera_that_was_away_parts_them():
    regular = np.arange(20) / 10
    assert ids_at([*regular, *(regular + 60)]) == [1] * 20 + [2] * 20
    slow = np.arange(20) * 5.0
    assert ids_at([*slow, *(slow + 300)]) == [1] * 20 + [2] * 20


def test_boxes_of_the_first_frame_are_worth_a_crop():
    plugin = Plugin("scripted", Scripted, SimpleNamespace())
    tracking = CameraTracking(plugin, CropsConfig(), View("a", 10.0, (100, 100), None))
    wanted = [tracking.update(Frame("a", n, n / 10, None), BOX).wanted for n in range(1, 5)]
    assert [rows.tolist() for rows in wanted] == [[0], [], [], [0]]
    sighting = tracking.update(Frame("a", 5, 0.5, None), BOX)
    assert sighting.floor is None
    assert not len(sighting.unembedded().crops)


def test_predicted_boxes_are_no_sightings_and_end_with_the_tracklet():
    _, memory, ids = follow({1, 2, 3, 40}, tracker=Coasting)
    first, second = memory.of("a")
    assert first.frames == [[1, 3]]
    assert first.end == 0.2
    assert ids == [1] * 22 + [2]  # three seen, and predicted for almost two seconds
    assert second.frames == [[40, 40]]


def test_a_track_that_is_to_end_is_not_taken_up_again():
    tracking, memory, _ = follow({1, 2})
    tracking.obey(Decisions(ended=[TrackKey("a", 1), TrackKey("b", 2)]))
    sighting = tracking.update(Frame("a", 3, 0.2, None), BOX)
    assert sighting.tracks.ids.tolist() == [2]
    assert sighting.step.ended.tolist() == [1]
    memory.take(sighting.unembedded())
    assert [(t.key.track_id, t.hits, t.closed) for t in memory.of("a")] == [
        (1, 2, True),
        (2, 1, False),
    ]
    assert tracking.update(Frame("a", 4, 0.3, None), BOX).tracks.ids.tolist() == [2]


def test_a_track_found_to_be_somebody_elses_goes_on_under_another_id():
    tracking, memory, _ = follow({1, 2})
    (tracklet,) = memory.open()
    tracklet.renewed = True
    tracking.obey(Decisions(renewed=[tracklet.key]))
    for index, renewed in ((3, [[1, 2]]), (4, [])):
        sighting = tracking.update(Frame("a", index, index / 10, None), BOX)
        assert sighting.tracks.ids.tolist() == [2]
        assert sighting.step.renewed.tolist() == renewed
        assert memory.take(sighting.unembedded()) == [tracklet]
    assert (tracklet.key, tracklet.hits, tracklet.renewed) == (TrackKey("a", 2), 4, False)


def test_of_who_turns_out_to_be_somebody_else_a_crop_is_wanted_at_once():
    """Though the last one was just taken: it was taken of the other."""
    tracking, _, _ = follow({1, 2})
    frames = [Frame("a", index, 0.2 + 0.001 * index, None) for index in (3, 4)]
    assert tracking.update(frames[0], BOX).wanted.tolist() == []
    tracking.obey(Decisions(renewed=[TrackKey("a", 1)]))
    assert tracking.update(frames[1], BOX).wanted.tolist() == [0]


def test_what_is_told_crosses_a_process():
    """Whoever hears of a camera by mail knows what one in the same process knows."""
    model = room()["cam0"]
    plugin = Plugin("scripted", Scripted, SimpleNamespace())
    tracking = CameraTracking(plugin, CropsConfig(), View("a", 10.0, SIZE, model))
    here, there = Memory(keep=True), Memory(keep=True)
    random = np.random.default_rng(0)
    for index in range(1, 30):
        found = Detections(box_of(model, 5, 5 + index / 10)[None], np.array([0.9]))
        sighting = tracking.update(Frame("a", index, index / 10, None), found)
        step = sighting.embedded(random.normal(size=(len(sighting.wanted), 4)).astype(np.float32))
        here.take(step)
        there.take(pickle.loads(pickle.dumps(step)))
        if index == 10:
            answer = Decisions({TrackKey("a", 1): 7}, renewed=[TrackKey("a", 1)])
            tracking.obey(pickle.loads(pickle.dumps(answer)))
        if index == 20:
            tracking.obey(pickle.loads(pickle.dumps(Decisions(ended=[TrackKey("a", 2)]))))
    for mine, theirs in zip(here.of("a"), there.of("a"), strict=True):
        assert (mine.key, mine.frames, mine.times) == (theirs.key, theirs.frames, theirs.times)
        assert mine.path == theirs.path
        assert mine.path.ticks
        np.testing.assert_array_equal(mine.gallery.sums(), theirs.gallery.sums())
        assert len(mine.gallery)
    assert [t.key.track_id for t in here.of("a")] == [2, 3]


def test_people_who_turn_out_to_be_one_are_renamed_unless_seen_together():
    memory = Memory(keep=True)

    def step(frame, ids, people, merged=()):
        count = len(ids)
        boxes = np.tile([0, 0, 9, 9.0], (count, 1)).astype(np.float32)
        columns = np.array(ids), boxes, np.ones(count, np.float32), np.ones(count, bool)
        merged = np.array(merged, np.int64).reshape(-1, 2)
        return CameraStep("a", frame, frame / 10, *columns, np.array(people), merged=merged)

    memory.take(step(1, [1, 2], [5, 6]))
    memory.take(step(2, [3], [5]))
    memory.take(step(3, [], [], [(5, 6)]))
    assert {t.key.track_id: t.person for t in memory.of("a")} == {1: 5, 2: 6, 3: 6}


def test_somebody_who_never_leaves_takes_no_more_memory_all_the_time(monkeypatch):
    """Online: every other picture is dropped, so that each one seen is a run of its own."""
    monkeypatch.setattr(memory, "LATELY", 40)
    plugin = Plugin("scripted", Scripted, SimpleNamespace())
    model = room()["cam0"]
    tracking = CameraTracking(plugin, CropsConfig(), View("a", 10.0, SIZE, model))
    known = Memory(keep=False)
    box = Detections(box_of(model, 5, 5)[None], np.array([0.9]))
    for index in range(1, 401, 2):
        known.take(tracking.update(Frame("a", index, index / 10, None), box).unembedded())
    (tracklet,) = known.of("a")
    assert tracklet.hits == 200
    assert len(tracklet.frames) <= 50
    assert len(tracklet.path.ticks) <= 50
    assert tracklet.frames[-1] == [399, 399]
    assert tracklet.path.ticks[-1] == pytest.approx(39.9 / 0.2, abs=1)
