"""Decoding against networks made of constants, whose answer is known by construction."""

import json
from dataclasses import asdict

import cv2
import numpy as np
import pytest

from mtmc.commands.demo import demo_folder
from mtmc.detectors.network.onnx import OnnxConfig, OnnxDetector
from mtmc.detectors.network.preprocess import METADATA_KEY, Preprocess, letterbox
from mtmc.errors import UserError
from mtmc.mot import MotKind, read_mot
from mtmc.trackers.geometry import iou
from mtmc.types import Frame
from tests.mtmc.detectors.networks import write_network


def constant_model(path, output, batch=1, metadata=None):
    """An ONNX file for pictures of 64 px that answers ``output`` whatever it sees."""
    return write_network(path, {"output": output}, shape=(batch, 3, 64, 64), metadata=metadata)


def detect(weights, size=(128, 128), count=1, **options):
    detector = OnnxDetector(OnnxConfig(weights=weights, **options), None)
    image = np.zeros((size[1], size[0], 3), np.uint8)
    return detector.detect([Frame("a", 1, 0.0, image)] * count)


def test_yolox_boxes_are_decoded_on_the_grid(tmp_path):
    # 64 px: 8x8 cells of stride 8, 4x4 of 16, 2x2 of 32.
    output = np.zeros((1, 84, 85))
    row = 64 + 1 * 4 + 2  # stride 16, cell x=2, y=1
    output[0, row, :6] = [0.5, 0.5, np.log(1.5), np.log(2), 0.9, 0.8]
    found = detect(constant_model(tmp_path / "m.onnx", output))[0]
    # centre (40, 24), size 24 x 32 px in the network; twice that in the picture
    assert found.boxes.tolist() == pytest.approx(np.array([[56, 16, 104, 80]]))
    assert found.scores.tolist() == pytest.approx([0.72])


def test_yolov8_boxes_are_centres_and_the_best_class_decides(tmp_path):
    output = np.zeros((1, 6, 84))
    output[0, :, 0] = [32, 32, 20, 40, 0.6, 0.1]  # a person
    output[0, :, 1] = [33, 32, 20, 40, 0.5, 0.1]  # the same, weaker
    output[0, :, 2] = [10, 10, 8, 8, 0.4, 0.7]  # something else
    output[0, :, 3] = [10, 50, 8, 8, 0.05, 0.0]  # too weak
    found = detect(constant_model(tmp_path / "m.onnx", output), person_class=0)[0]
    assert found.boxes.tolist() == pytest.approx(np.array([[44, 24, 84, 104]]))
    assert found.scores.tolist() == pytest.approx([0.6])


def test_a_weaker_box_that_overlaps_a_stronger_one_is_believed_less(tmp_path):
    output = np.zeros((1, 5, 84))
    output[0, :, 0] = [20, 32, 20, 40, 0.8]  # somebody
    output[0, :, 1] = [20, 20, 20, 16, 0.7]  # the head and shoulders of the same: IoU 0.4
    output[0, :, 2] = [52, 32, 20, 40, 0.3]  # somebody else
    output[0, :, 3] = [52, 20, 20, 16, 0.12]  # falls below the least score
    weights = constant_model(tmp_path / "m.onnx", output)
    assert detect(weights)[0].scores.tolist() == pytest.approx([0.8, 0.7, 0.3, 0.12])
    found = detect(weights, soft_nms=0.5)[0]
    kept = 0.7 * np.exp(-(0.4**2) / 0.5)
    assert found.scores.tolist() == pytest.approx([0.8, kept, 0.3])
    with pytest.raises(ValueError, match="soft_nms must be at least 0"):
        OnnxConfig(soft_nms=-1.0)


def test_the_file_says_how_boxes_are_thinned(tmp_path):
    output = np.zeros((1, 5, 84))
    output[0, :, 0] = [20, 32, 20, 40, 0.8]
    output[0, :, 1] = [20, 20, 20, 16, 0.7]
    stored = json.dumps(asdict(Preprocess("yolov8", soft_nms=0.1)))
    path = constant_model(tmp_path / "m.onnx", output, metadata={METADATA_KEY: stored})
    assert detect(path)[0].scores.tolist() == pytest.approx([0.8, 0.7 * np.exp(-1.6)])
    assert detect(path, soft_nms=0.0)[0].scores.tolist() == pytest.approx([0.8, 0.7])


def test_end_to_end_boxes_are_taken_as_they_are(tmp_path):
    output = np.zeros((1, 5, 6))
    output[0, 0] = [8, 8, 16, 40, 0.9, 0]
    output[0, 1] = [8, 8, 16, 41, 0.8, 0]  # overlapping, but the network has decided
    output[0, 2] = [8, 8, 16, 40, 0.9, 2]
    found = detect(constant_model(tmp_path / "m.onnx", output))[0]
    assert len(found) == 2


@pytest.mark.parametrize("batch", [1, 2])
def test_any_number_of_frames_goes_through_a_fixed_batch(tmp_path, batch):
    output = np.zeros((batch, 6, 84))
    output[:, :, 0] = [[32, 32, 20, 40, 0.6, 0.1]] * batch
    path = constant_model(tmp_path / "m.onnx", output, batch)
    assert [len(found) for found in detect(path, count=3, person_class=0)] == [1] * 3


def test_images_side_by_side_and_alone_give_the_same_bits():
    images = np.random.default_rng(0).integers(0, 255, (3, 60, 90, 3), dtype=np.uint8)
    frames = [Frame("a", n, n / 10, image) for n, image in enumerate(images, 1)]
    config = OnnxConfig("simulated", confidence=0.0, threads=2)
    together = OnnxDetector(config, None).begin(frames)
    alone = OnnxDetector(config, None)
    for found, frame in zip(together(), frames, strict=True):
        (wanted,) = alone.detect([frame])
        assert len(wanted)
        assert np.array_equal(found.boxes, wanted.boxes)
        assert np.array_equal(found.scores, wanted.scores)


def test_boxes_end_at_the_image_and_nonsense_is_left_out(tmp_path):
    output = np.zeros((1, 5, 6))
    output[0, 0] = [-20, 10, 30, 900, 0.9, 0]
    output[0, 1] = [70, 0, 80, 20, 0.9, 0]  # beyond the right border
    output[0, 2] = [np.nan, 0, 80, 20, 0.9, 0]
    found = detect(constant_model(tmp_path / "m.onnx", output), size=(64, 64))[0]
    assert found.boxes.tolist() == [[0, 10, 30, 64]]


def test_letterbox_keeps_the_aspect():
    image = np.full((50, 100, 3), 7, np.uint8)
    padded, scale, shift = letterbox(image, (64, 64), centered=True)
    assert (scale, shift) == ((0.64, 0.64), (0, 16))
    assert (padded[16:48] == 7).all()
    assert (padded[:16] == 114).all()
    _, _, shift = letterbox(image, (64, 64), centered=False)
    assert shift == (0, 0)


def test_files_that_are_no_detectors(tmp_path):
    with pytest.raises(UserError, match="not found"):
        OnnxDetector(OnnxConfig(weights=str(tmp_path / "gone.onnx")), None)
    (tmp_path / "junk.onnx").write_text("junk")
    with pytest.raises(UserError, match="not an ONNX model"):
        OnnxDetector(OnnxConfig(weights=str(tmp_path / "junk.onnx")), None)
    with pytest.raises(UserError, match=r"output of shape \(1, 512\)"):
        detect(constant_model(tmp_path / "reid.onnx", np.zeros((1, 512))))
    with pytest.raises(UserError, match="cannot tell what its output"):
        detect(constant_model(tmp_path / "odd.onnx", np.zeros((1, 7, 3))))
    with pytest.raises(UserError, match=r"has 2 classes, so detector\.person_class cannot be 7"):
        detect(constant_model(tmp_path / "two.onnx", np.zeros((1, 6, 84))), person_class=7)


def test_yolox_nano_finds_the_people_of_a_real_frame(shared_data, shared_weights):
    image = cv2.imread(str(shared_data / "mot17/train/MOT17-11-FRCNN/img1/000001.jpg"))
    detector = OnnxDetector(OnnxConfig(weights=str(shared_weights / "yolox_nano.onnx")), None)
    found = detector.detect([Frame("a", 1, 0.0, image)] * 2)
    assert len(found[0][found[0].scores > 0.3]) >= 4
    assert np.array_equal(found[0].boxes, found[1].boxes)


def test_the_shipped_detector_finds_most_people_of_the_demo():
    rows = read_mot(demo_folder() / "gt" / "cam3.txt", MotKind.TRUTH)
    reader = cv2.VideoCapture(str(demo_folder() / "videos" / "cam3.mp4"))
    detector = OnnxDetector(OnnxConfig(weights="simulated"), None)
    people = found = false = 0
    for number in range(1, 391):
        _, image = reader.read()
        if number % 40:
            continue
        truth = rows[(rows.frames == number) & (rows.visibility >= 0.5)].boxes
        boxes = detector.detect([Frame("cam3", number, 0.0, image)])[0]
        sure = boxes[boxes.scores >= 0.5].boxes
        pairs = iou(truth, sure)
        hits = len(set(pairs.rows[pairs.values >= 0.5]))
        people, found, false = people + len(truth), found + hits, false + len(sure) - hits
    assert found >= 0.7 * people > 0
    assert false <= 0.3 * people


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_the_gpu_is_refused_where_there_is_none(monkeypatch):
    with pytest.raises(UserError, match=r"detector\.device cuda: .* no GPU support"):
        OnnxDetector(OnnxConfig("simulated", device="cuda"), None)
    there = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: there)
    with pytest.raises(UserError, match=r"detector\.device cuda: the GPU cannot be used"):
        OnnxDetector(OnnxConfig("simulated", device="cuda"), None)
