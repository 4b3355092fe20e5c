"""A tracker gets what it needs, and no more."""

import dataclasses

import numpy as np
import pytest

from mtmc.config import Plugin
from mtmc.errors import UserError
from mtmc.evaluate.frames import PerceptionConfig
from mtmc.evaluate.tracking import TrackingRun, refined, track_all
from mtmc.mot import MotKind, read_mot
from mtmc.trackers import Detections, Tracks
from mtmc.trackers.offline import RefineConfig, refine
from tests.mtmc.evaluate.evaluate_sequence import FRAMES, walk_sequence


class Follower:
    """Gives every detection the number of its row, and notes what it was given."""

    needs_embeddings = False
    needs_floor = False
    needs_image = False
    given: list

    def __init__(self, config, fps):
        pass

    def update(self, detections, image=None):
        type(self).given.append((detections, image))
        rows = np.arange(len(detections))
        return Tracks(rows + 1, detections.boxes, detections.scores, rows)


@pytest.fixture
def run(tmp_path):
    Follower.given = []
    config = PerceptionConfig(tmp_path / "cache", reid="color")
    return TrackingRun(Plugin("follower", Follower, None), config, tmp_path / "out")


def test_tracks_are_written(run, sequence, tmp_path):
    assert track_all(run, [sequence]) > 0
    rows = read_mot(tmp_path / "out" / "walk.txt", MotKind.TRACKS, FRAMES)
    assert rows.frames.tolist() == list(range(1, FRAMES + 1))
    assert set(rows.ids) == {1}
    assert rows.boxes[0].tolist() == [1, 10, 13, 40]


def test_what_is_not_needed_is_not_made(run, sequence, tmp_path):
    track_all(run, [sequence])
    assert all(d.embeddings is None and image is None for d, image in Follower.given)
    assert not (tmp_path / "cache").exists()


def test_embeddings_and_images_where_needed(run, sequence, monkeypatch):
    monkeypatch.setattr(Follower, "needs_embeddings", True)
    monkeypatch.setattr(Follower, "needs_image", True)
    track_all(run, [sequence])
    assert len(Follower.given) == FRAMES
    for detections, image in Follower.given:
        assert len(detections.embeddings) == 1
        assert image.shape == (48, 64, 3)


def without_reid(run):
    return dataclasses.replace(run, perception=dataclasses.replace(run.perception, reid=None))


def test_a_tracker_that_compares_looks_may_do_without(run, sequence, monkeypatch):
    monkeypatch.setattr(Follower, "needs_embeddings", True)
    track_all(without_reid(run), [sequence])
    assert len(Follower.given) == FRAMES


def test_one_that_cannot_asks_for_reid(run, sequence, monkeypatch):
    def update(self, detections, image=None):
        raise ValueError("needs detections with embeddings")

    monkeypatch.setattr(Follower, "needs_embeddings", True)
    monkeypatch.setattr(Follower, "update", update)
    with pytest.raises(UserError, match=r"tracker 'follower': needs .*; pass --reid"):
        track_all(without_reid(run), [sequence])


def test_offline_fills_gaps_and_sees_looks(run, sequence, tmp_path, monkeypatch):
    lines = sequence.detection_file.read_text().splitlines(keepends=True)
    sequence.detection_file.write_text("".join(lines[:8] + lines[12:]))
    given = []

    def spy(rows, config, last_step, looks):
        given.append((rows, last_step, looks))
        return refine(rows, config, last_step, looks)

    monkeypatch.setattr("mtmc.evaluate.tracking.refine", spy)
    track_all(run, [sequence])
    online = read_mot(tmp_path / "out" / "walk.txt", MotKind.TRACKS)
    track_all(dataclasses.replace(run, offline=RefineConfig(ghost_age=0)), [sequence])
    offline = read_mot(tmp_path / "out" / "walk.txt", MotKind.TRACKS)
    assert len(online) == FRAMES - 4
    assert offline.frames.tolist() == list(range(1, FRAMES + 1))
    ((rows, last_step, looks),) = given
    assert last_step == FRAMES
    assert len(rows) == len(looks) == FRAMES - 4


def test_offline_takes_the_detections_own_boxes():
    box, beside = np.array([[0, 0, 10, 20]]), np.array([[3, 0, 13, 20]])
    found = []
    for _ in range(12):
        tracks = Tracks(np.array([1, 2]), np.concatenate([beside, beside]), np.ones(2), [0, -1])
        found.append((Detections(box, np.ones(1)), tracks))
    rows = refined(found, RefineConfig(ghost_age=0, extend=0).at_rate(30))
    assert set(rows.ids) == {1}
    np.testing.assert_allclose(rows.boxes, np.repeat(box, 12, axis=0), atol=1e-4)


def test_offline_without_any_track():
    assert len(refined([], RefineConfig().at_rate(30))) == 0
    assert len(refined([(Detections(), Tracks())] * 3, RefineConfig().at_rate(30))) == 0


def test_what_is_missing_shows_before_anything_starts(run, sequence, tmp_path, monkeypatch):
    monkeypatch.setattr(Follower, "needs_image", True)
    other = walk_sequence(tmp_path / "other")
    (other.image_folder / "000003.png").unlink()
    with pytest.raises(UserError, match="19 images; expected 20"):
        track_all(run, [sequence, other])
    assert not Follower.given


def test_a_sequence_without_anybody(run, sequence, tmp_path):
    sequence.detection_file.write_text("")
    track_all(run, [sequence])
    assert (tmp_path / "out" / "walk.txt").read_text() == ""


def test_done_is_told(run, sequence):
    finished = []
    track_all(run, [sequence], finished.append)
    assert finished == [sequence]
