"""A tracker gets what it needs, and no more."""

import numpy as np
import pytest
from evaluate_sequence import FRAMES, walk_sequence

from mtmc.config import Plugin
from mtmc.errors import UserError
from mtmc.evaluate.perception import PerceptionConfig
from mtmc.evaluate.tracking import TrackingRun, track_all
from mtmc.mot import MotKind, read_mot
from trackers import Tracks


class Follower:
    """Gives every detection the number of its row, and notes what it was given."""

    needs_embeddings = False
    needs_image = False
    given: list

    def __init__(self, config):
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


def test_a_tracker_that_compares_looks_needs_reid(sequence, tmp_path, monkeypatch):
    monkeypatch.setattr(Follower, "needs_embeddings", True)
    plugin = Plugin("follower", Follower, None)
    run = TrackingRun(plugin, PerceptionConfig(tmp_path / "cache"), tmp_path / "out")
    with pytest.raises(UserError, match="tracker 'follower' compares looks: pass --reid"):
        track_all(run, [sequence])


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
