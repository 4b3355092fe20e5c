import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from mtmc.detectors import detector_settings
from mtmc.detectors.motfile import (
    MotFileConfig,
    MotFileDetector,
    plain_scores,
    read_detections,
    stated_curve,
)
from mtmc.detectors.motion import MotionConfig, MotionDetector
from mtmc.detectors.ultralytics import UltralyticsConfig, UltralyticsDetector
from mtmc.errors import UserError
from mtmc.trackers.scores import PROBABILITIES
from mtmc.types import Frame
from tests.mtmc.conftest import block_frames


def test_what_the_command_line_means(tmp_path):
    (tmp_path / "det").mkdir()
    (tmp_path / "det" / "a.txt").touch()
    (tmp_path / "openvino").mkdir()
    assert detector_settings("motion") == {"name": "motion"}
    assert detector_settings("simulated") == {"name": "onnx", "weights": "simulated"}
    assert detector_settings("m.onnx") == {"name": "onnx", "weights": "m.onnx"}
    assert detector_settings("m.pt") == {"name": "ultralytics", "weights": "m.pt"}
    assert detector_settings(str(tmp_path / "det"))["name"] == "motfile"
    assert detector_settings(str(tmp_path / "saved_model"))["name"] == "ultralytics"
    (tmp_path / "openvino" / "m.xml").touch()
    assert detector_settings(str(tmp_path / "openvino"))["name"] == "openvino"
    assert detector_settings("m.xml") == {"name": "openvino", "weights": "m.xml"}


def test_motion_finds_what_moves_and_only_that():
    detector = MotionDetector(MotionConfig(min_height=0.2), None)
    frames = [Frame("a", i, i / 10, im) for i, im in enumerate(block_frames(20, people=0), 1)]
    assert [len(d) for d in detector.detect(frames)][5:] == [0] * 15
    image = next(block_frames(1, people=0)).copy()
    image[30:90, 50:72] = (40, 40, 230)
    found = detector.detect([Frame("a", 21, 2.0, image)])[0]
    assert len(found) == 1
    assert found.boxes[0] == pytest.approx([50, 30, 72, 90], abs=5)
    # Another camera knows nothing of that background.
    assert len(detector.detect([Frame("b", 1, 0.0, image)])[0]) == 0


def test_motion_ignores_a_change_of_the_whole_picture():
    detector = MotionDetector(MotionConfig(), None)
    for image in block_frames(10, people=0):
        detector.detect([Frame("a", 1, 0.0, image)])
    bright = np.full((120, 160, 3), 250, np.uint8)
    assert len(detector.detect([Frame("a", 11, 1.0, bright)])[0]) == 0


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({}, [50, 40, 60, 80]),
        ({"threshold": 1e6}, None),
        ({"min_height": 0.6}, None),
        ({"width": 32}, [45, 40, 65, 80]),  # in steps of five pixels
    ],
)
def test_motion_settings_say_what_is_a_person(settings, found):
    detector = MotionDetector(MotionConfig(**settings), None)
    for image in block_frames(10, people=0):
        detector.detect([Frame("a", 1, 0.0, image)])
    image = next(block_frames(1, people=0)).copy()
    image[40:80, 50:60] = (40, 40, 230)
    boxes = detector.detect([Frame("a", 11, 1.0, image)])[0].boxes.tolist()
    assert boxes == ([pytest.approx(found, abs=1)] if found else [])


@pytest.mark.parametrize("size", [(2000, 1), (1, 2000), (1, 1)])
def test_motion_takes_images_of_any_size(size):
    detector = MotionDetector(MotionConfig(), None)
    image = np.zeros((size[1], size[0], 3), np.uint8)
    assert len(detector.detect([Frame("a", 1, 0.0, image)])[0]) == 0


def test_motfile_finds_its_folder(tmp_path):
    videos = tmp_path / "videos"
    videos.mkdir()
    row = "3,-1,10,20,30,40,0.9,-1,-1,-1\n"

    def detections(folder, name):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(row)

    detections(tmp_path / "det", "a.txt")
    assert MotFileDetector(MotFileConfig(), videos).last_frame("a") == 3
    detections(videos / "det", "b.txt")
    detector = MotFileDetector(MotFileConfig(), videos)
    assert detector.last_frame("b") == 3
    with pytest.raises(UserError, match=r"videos/det/a\.txt: no such file"):
        detector.last_frame("a")
    # A MOTChallenge sequence, whose one camera is named like its folder.
    detections(videos / "det", "det.txt")
    assert MotFileDetector(MotFileConfig(), videos).last_frame("videos") == 3
    with pytest.raises(UserError, match=r"det/c\.txt: no such file"):
        MotFileDetector(MotFileConfig(), videos).last_frame("c")


def test_motfile_checks_all_files_before_the_first_frame(tmp_path):
    (tmp_path / "det").mkdir()
    (tmp_path / "det" / "a.txt").write_text("3,-1,10,20,30,40,0.9,-1,-1,-1\n")
    (tmp_path / "det" / "b.txt").write_text("3,-1,10\n")
    detector = MotFileDetector(MotFileConfig(), tmp_path)
    assert detector.last_frame("a") >= 0
    for camera in ("b", "c"):
        with pytest.raises(UserError, match=rf"{camera}\.txt"):
            detector.last_frame(camera)


def test_motfile_reads_each_cameras_own_file(tmp_path):
    (tmp_path / "det").mkdir()
    (tmp_path / "det" / "a.txt").write_text(
        "2,-1,10,20,30,40,0.9,-1,-1,-1\n1,-1,150,20,30,40,0.5,-1,-1,-1\n2,-1,0,0,5,5,0.1,-1,-1,-1\n"
    )
    detector = MotFileDetector(MotFileConfig(confidence=0.2), tmp_path)
    blank = np.zeros((100, 160, 3), np.uint8)
    found = detector.detect([Frame("a", i, 0.0, blank) for i in (1, 2, 3)])
    assert [d.boxes.tolist() for d in found] == [[[150, 20, 160, 60]], [[10, 20, 40, 60]], []]
    assert detector.last_frame("a") == 2
    with pytest.raises(UserError, match=r"b\.txt: no such file"):
        detector.detect([Frame("b", 1, 0.0, blank)])
    with pytest.raises(UserError, match="no such folder"):
        MotFileDetector(MotFileConfig(folder=str(tmp_path / "gone")), tmp_path)


def test_scores_stay_as_they_are_and_are_told_from_margins():
    for given, margins in (([0.0, 0.3, 1.0], False), ([-0.9, 0.1, 2.5], True)):
        scores = np.array(given)
        assert plain_scores(scores) is scores
        assert stated_curve(scores).margins is margins
    wide = np.linspace(-20, 300, 101)
    scores = plain_scores(wide)
    assert scores.std() == pytest.approx(1)
    assert scores == pytest.approx(wide * scores[-1] / wide[-1])


def test_margins_are_kept_where_they_are_probable_enough(tmp_path):
    (tmp_path / "det").mkdir()
    rows = [f"1,-1,{10 * n},20,8,30,{margin}" for n, margin in enumerate((-0.9, 0.1, 2.5))]
    (tmp_path / "det" / "a.txt").write_text("\n".join(rows))
    frame = Frame("a", 1, 0.0, np.zeros((100, 160, 3), np.uint8))
    for confidence, left in ((0.0, [-0.9, 0.1, 2.5]), (0.5, [0.1, 2.5])):
        detector = MotFileDetector(MotFileConfig(confidence=confidence), tmp_path)
        (found,) = detector.detect([frame])
        assert found.scores.tolist() == pytest.approx(left)
        assert detector.curve.margins


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([-1, -1, -1], [1, 1, 1]),
        ([0, 0], [1, 1]),
        ([99.0, 99.0], [1, 1]),
        ([0.4, -1, 0.9], [0.4, 1, 0.9]),  # some drawn by hand
        ([0.4, 0.4], [0.4, 0.4]),
        ([1.0], [1.0]),
        ([40, 93.5], [0.4, 0.935]),  # percents
        ([40, -1, 100], [0.4, 1, 1]),
    ],
)
def test_no_scores_are_no_low_scores(given, expected):
    scores = plain_scores(np.array(given, float))
    assert scores.tolist() == expected
    assert stated_curve(scores) == PROBABILITIES  # what is in 0..1 is believed


def detections(tmp_path, text, **options):
    (tmp_path / "c.txt").write_text(text)
    return read_detections(tmp_path / "c.txt", **options)


@pytest.mark.parametrize(
    ("again", "left", "best"),
    [
        ("1,-1,100,100,60,160,0.9", 2, 0.9),  # the same row
        ("1,-1,100.4,99.7,60,160.2,0.95", 2, 0.95),  # rounded otherwise, by another detector
        ("1,-1,103,100,60,160,0.9", 3, 0.9),  # somebody behind
        ("2,-1,100,100,60,160,0.9", 3, 0.9),
    ],
)
def test_a_detection_given_twice_counts_once(tmp_path, caplog, again, left, best):
    text = f"1,-1,100,100,60,160,0.9\n1,-1,400,100,60,160,0.5\n{again}\n"
    rows = detections(tmp_path, text)
    assert (len(rows), rows.scores.max()) == (left, best)
    assert len(caplog.records) == (left == 2)


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ("300,100,60,160", None),
        ("600,300,80,200", None),  # cut by the border
        ("0.4,0.2,0.05,0.3", "shares of the image"),
        ("1900,700,60,160", "of other images"),
        ("300,100,-60,160", "outside"),
        ("400,200,460,360", "x1, y1, x2, y2"),
    ],
)
def test_boxes_that_cannot_be_in_the_images_are_named(tmp_path, caplog, box, said):
    (tmp_path / "det").mkdir()
    (tmp_path / "det" / "c.txt").write_text("".join(f"{f},-1,{box},0.9\n" for f in (1, 2)))
    detector = MotFileDetector(MotFileConfig(), tmp_path)
    image = np.zeros((480, 640, 3), np.uint8)
    for index in (1, 2):
        detector.detect([Frame("c", index, 0.0, image)])
    assert [said in record.message for record in caplog.records] == [True] * bool(said)


def test_small_boxes_side_by_side_are_two(tmp_path):
    assert len(detections(tmp_path, "1,-1,10,10,4,9,0.9\n1,-1,10.8,10,4,9,0.9\n")) == 2


@pytest.mark.parametrize("tail", ["{}", "{},1", "{},-1,-1", "{},0.8,-1"])
@pytest.mark.parametrize(
    ("classes", "options", "left", "warned"),
    [
        ((-1, -1, -1), {}, 3, False),
        ((1, 1, 1), {}, 3, False),
        ((1, 3, 3), {}, 1, True),
        ((3, 3, 3), {}, 3, True),
        ((1, 3, 3), {"person_class": 3}, 2, False),
    ],
)
def test_classes_of_detections(tmp_path, caplog, tail, classes, options, left, warned):
    ends = [tail.format(kind) for kind in classes]
    text = "".join(f"1,-1,{100 * i},100,60,160,0.9,{end}\n" for i, end in enumerate(ends))
    assert len(detections(tmp_path, text, **options)) == left
    assert bool(caplog.records) is warned


def test_classes_that_count_from_0(tmp_path, caplog):
    rows = "".join(f"1,-1,{100 * k},0,60,160,0.9,{k}\n" for k in (0, 1, 2))
    assert detections(tmp_path, rows).boxes[:, 0].tolist() == [0]
    assert "0 is taken for people" in caplog.text
    with pytest.raises(UserError, match=r"classes 2, 7; expected people as 0 or 1"):
        detections(tmp_path, rows.replace(",0.9,0", ",0.9,7").replace(",0.9,1", ",0.9,7"))
    with pytest.raises(UserError, match=r"person_class 5: column 8 holds only 0, 1, 2"):
        detections(tmp_path, rows, person_class=5)


def test_missing_weights_name_the_ways_out():
    with pytest.raises(UserError, match=r"yolo11n\.pt.*not found: download .* --detector"):
        UltralyticsDetector(UltralyticsConfig(), None)


OFFLINE = """
import socket, sys, threading
lookups = []
def refuse(host, *rest, **options):
    lookups.append(host)
    raise OSError("no network here")
socket.getaddrinfo = refuse
from mtmc.config import choose
from mtmc.registry import DETECTORS
plugin = choose(DETECTORS, {"name": sys.argv[1], "weights": sys.argv[2]}, "")
plugin.cls(plugin.config, None)
for thread in threading.enumerate():
    if thread is not threading.current_thread() and not thread.daemon:
        thread.join(20)
assert "openvino" in sys.modules
print("lookups", lookups)
"""


@pytest.mark.parametrize("name", ["openvino", pytest.param("ultralytics", marks=pytest.mark.slow)])
def test_openvino_tells_nobody_that_it_runs(name, request, tmp_path):
    pytest.importorskip("openvino")
    weights = "simulated"
    if name == "ultralytics":
        pytest.importorskip("ultralytics")
        folder = request.getfixturevalue("shared_weights")
        weights = str(folder / "yolov8n_int8_openvino_model")
    environment = {k: v for k, v in os.environ.items() if k not in {"CI", "TF_BUILD"}}
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, name, weights],
        env={**environment, "HOME": str(tmp_path)},
        check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "lookups []" in done.stdout, done.stdout + done.stderr
    assert not (tmp_path / "intel").exists()


def test_ultralytics_finds_people_in_a_batch(shared_data, shared_weights):
    import cv2

    pytest.importorskip("ultralytics")
    pytest.importorskip("openvino")
    image = cv2.imread(str(shared_data / "mot17/train/MOT17-09-FRCNN/img1/000001.jpg"))
    weights = str(shared_weights / "yolov8n_int8_openvino_model")
    detector = UltralyticsDetector(UltralyticsConfig(weights=weights), None)
    frames = [Frame("a", 1, 0.0, image), Frame("b", 1, 0.0, image[:, ::-1].copy())]
    found = detector.detect(frames)
    assert all(len(d[d.scores > 0.5]) >= 3 for d in found)
    assert detector.detect([]) == []


@pytest.mark.parametrize(
    ("setting", "argument"),
    [
        ({"image_size": 320}, {"imgsz": 320}),
        ({"confidence": 0.4}, {"conf": 0.4}),
        ({"iou": 0.4}, {"iou": 0.4}),
        ({"device": "cuda:1"}, {"device": "cuda:1"}),
        ({"half": True}, {"half": True}),
    ],
)
def test_ultralytics_is_told_what_was_set(setting, argument):
    told = {}
    detector = object.__new__(UltralyticsDetector)
    detector._config = UltralyticsConfig(**setting)
    detector._model = SimpleNamespace(predict=lambda images, **options: told.update(options) or [])
    detector._predict([])
    assert told.items() >= argument.items()
