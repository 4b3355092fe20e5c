"""Networks are asked once per image, weights and settings."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest

from mtmc.config import Plugin
from mtmc.errors import UserError
from mtmc.evaluate.frames import PerceptionConfig, SequenceFrames, read_detections
from mtmc.trackers import Detections
from tests.mtmc.evaluate.evaluate_sequence import FRAMES


@dataclass(frozen=True)
class BrightConfig:
    weights: str = ""
    threshold: int = 100


class BrightDetector:
    """Finds the bright part of an image, and notes which frames it saw."""

    Config = BrightConfig
    stateful = False
    seen: list

    def __init__(self, config, root):
        self.config = config

    def detect(self, frames):
        type(self).seen.extend(frame.index for frame in frames)
        found = []
        for frame in frames:
            y, x = np.nonzero(frame.pixels[..., 0] > self.config.threshold)
            box = [x.min(), y.min(), x.max() + 1, y.max() + 1]
            found.append(Detections(np.array([box], np.float32), np.array([0.5], np.float32)))
        return found


@pytest.fixture
def detector():
    BrightDetector.seen = []
    return Plugin("bright", BrightDetector, BrightConfig())


def run(sequence, config, with_images=False):
    return list(SequenceFrames(sequence, config, with_images))


def test_public_detections_need_no_images(sequence, tmp_path):
    for image in sequence.image_folder.iterdir():
        image.unlink()
    found = run(sequence, PerceptionConfig(tmp_path / "cache"))
    assert [d.boxes[0].tolist() for d, _ in found[:2]] == [[1, 10, 13, 40], [2, 10, 14, 40]]
    assert all(image is None for _, image in found)
    assert not (tmp_path / "cache").exists()


def test_second_run_asks_no_detector(sequence, detector, tmp_path):
    config = PerceptionConfig(tmp_path / "cache", detector)
    first = run(sequence, config)
    assert detector.cls.seen == list(range(1, FRAMES + 1))
    assert first[4][0].boxes.tolist() == [[5, 10, 17, 40]]
    second = run(sequence, config)
    assert len(detector.cls.seen) == FRAMES
    for (before, _), (after, _) in zip(first, second, strict=True):
        np.testing.assert_array_equal(before.boxes, after.boxes)
        np.testing.assert_array_equal(before.scores, after.scores)


def test_other_settings_weights_or_images_are_asked_anew(sequence, detector, tmp_path):
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"one")

    def asked(**settings):
        detector.cls.seen.clear()
        plugin = dataclasses.replace(detector, config=BrightConfig(**settings))
        run(sequence, PerceptionConfig(tmp_path / "cache", plugin))
        return bool(detector.cls.seen)

    assert asked(weights=str(weights))
    assert not asked(weights=str(weights))
    assert asked(weights=str(weights), threshold=50)
    weights.write_bytes(b"two")
    assert asked(weights=str(weights))
    copy = tmp_path / "copy.bin"
    copy.write_bytes(b"one")
    assert not asked(weights=str(copy))
    image = sequence.image_folder / "000003.png"
    image.write_bytes((sequence.image_folder / "000004.png").read_bytes())
    assert asked(weights=str(copy))


def test_cut_off_run_goes_on(sequence, detector, tmp_path):
    config = PerceptionConfig(tmp_path / "cache", detector)
    frames = iter(SequenceFrames(sequence, config))
    next(frames)
    frames.close()
    asked = len(detector.cls.seen)
    assert 0 < asked < FRAMES
    run(sequence, config)
    assert len(detector.cls.seen) == FRAMES


def test_detector_with_a_memory_starts_anew_instead(sequence, detector, tmp_path, monkeypatch):
    monkeypatch.setattr(BrightDetector, "stateful", True)
    config = PerceptionConfig(tmp_path / "cache", detector)
    frames = iter(SequenceFrames(sequence, config))
    next(frames)
    frames.close()
    detector.cls.seen.clear()
    run(sequence, config)
    assert detector.cls.seen == list(range(1, FRAMES + 1))
    run(sequence, config)
    assert len(detector.cls.seen) == FRAMES


class TestEmbeddings:
    @pytest.fixture(autouse=True)
    def embedder(self, monkeypatch):
        self.crops = []
        test = self

        class Embedder:
            def embed(self, crops):
                test.crops += crops
                means = np.array([crop.mean(axis=(0, 1)) for crop in crops]).reshape(-1, 3)
                return (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)

        monkeypatch.setattr("mtmc.reid.load", lambda model, threads: Embedder())

    def test_public_detections_get_embeddings_once(self, sequence, tmp_path):
        config = PerceptionConfig(tmp_path / "cache", reid="color")
        first = run(sequence, config)
        assert len(self.crops) == FRAMES
        assert self.crops[0].shape == (30, 12, 3)
        assert first[0][0].embeddings.shape == (1, 3)
        second = run(sequence, config)
        assert len(self.crops) == FRAMES
        for (before, _), (after, _) in zip(first, second, strict=True):
            np.testing.assert_array_equal(before.embeddings, after.embeddings)

    def test_other_boxes_are_other_crops(self, sequence, detector, tmp_path):
        for threshold in (100, 50):
            plugin = dataclasses.replace(detector, config=BrightConfig(threshold=threshold))
            run(sequence, PerceptionConfig(tmp_path / "cache", plugin, reid="color"))
        assert len(self.crops) == 2 * FRAMES

    def test_frames_without_people(self, sequence, tmp_path):
        sequence.detection_file.write_text("3,-1,3,10,12,30,0.9\n")
        found = run(sequence, PerceptionConfig(tmp_path / "cache", reid="color"))
        assert [len(detections) for detections, _ in found] == [0, 0, 1] + [0] * (FRAMES - 3)


def test_images_are_given_where_wanted(sequence, tmp_path):
    found = run(sequence, PerceptionConfig(tmp_path / "cache"), with_images=True)
    assert all(image.shape == (48, 64, 3) for _, image in found)


def test_missing_and_broken_images(sequence, detector, tmp_path):
    config = PerceptionConfig(tmp_path / "cache", detector)
    (sequence.image_folder / "000005.png").write_bytes(b"")
    with pytest.raises(UserError, match=r"000005\.png: not a readable image"):
        run(sequence, config)
    (sequence.image_folder / "000005.png").unlink()
    with pytest.raises(UserError, match=f"{FRAMES - 1} images; expected {FRAMES}"):
        run(sequence, config)


class TestDetectionFiles:
    def read(self, tmp_path, text, length=3):
        file = tmp_path / "det.txt"
        file.write_text(text)
        return read_detections(file, length)

    def test_by_frame_in_the_order_of_the_file(self, tmp_path):
        found = self.read(tmp_path, "3,-1,9,0,5,5,1\n1,-1,1,0,5,5,1\n1,-1,0,0,5,5,1\n")
        assert [d.boxes[:, 0].tolist() for d in found] == [[1, 0], [], [9]]

    def test_boxes_without_area_are_left_out(self, tmp_path):
        found = self.read(tmp_path, "1,-1,0,0,0,5,1\n1,-1,0,0,5,-1,1\n1,-1,0,0,5,5,1\n")
        assert [len(d) for d in found] == [1, 0, 0]

    def test_scores_that_are_no_shares_are_margins(self, tmp_path):
        found = self.read(tmp_path, "1,-1,0,0,5,5,-0.5\n1,-1,9,0,5,5,3\n2,-1,0,0,5,5,0\n")
        assert np.concatenate([d.scores for d in found]).tolist() == [-0.5, 3, 0]

    def test_folder_of_detections(self, sequence, tmp_path):
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "walk.txt").write_text("2,-1,7,0,5,5,1\n")
        found = run(sequence, PerceptionConfig(tmp_path / "cache", folder=tmp_path / "mine"))
        assert [len(detections) for detections, _ in found][:3] == [0, 1, 0]
