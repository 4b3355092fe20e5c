"""One person in a picture as every layout tells it; each is read as the same box."""

import logging

import numpy as np
import pytest

from mtmc.detectors.network.onnx import OnnxConfig, OnnxDetector
from mtmc.errors import UserError
from mtmc.types import Frame
from tests.mtmc.detectors.networks import write_network

SIDE, ANCHORS = 160, 525  # 20 x 20 + 10 x 10 + 5 x 5 cells
CENTER = np.array([80.0, 82, 25, 75])
CORNERS = np.array([67.5, 44.5, 92.5, 119.5])
PERSON = {"names": {0: "person"}}
COCO = {"names": {n: "person" if n == 0 else f"class{n}" for n in range(80)}}


def rows(count, columns, *filled, fill=0.0):
    """``(1, count, columns)`` with one row of numbers, zeros after them."""
    table = np.full((1, count, columns), fill)
    line = np.concatenate([np.atleast_1d(part) for part in filled])
    table[0, 7, : len(line)] = line
    return table


def sideways(table):
    return table.transpose(0, 2, 1)


def keypoints(count=51):
    return np.random.default_rng(0).uniform(30, 150, count)


def masks():
    return np.random.default_rng(0).normal(size=32)


def raw_yolox(columns=85):
    """Around cell (5, 3) of stride 16, the 86th of the second level."""
    table = np.zeros((1, ANCHORS, columns))
    table[0, 400 + 5 * 10 + 4, :6] = [
        80 / 16 - 4, 82 / 16 - 5, np.log(25 / 16), np.log(75 / 16), 0.95, 0.95
    ]  # fmt: skip
    return table


def split(box, scores, *, boxes="pred_boxes", classes="logits", fill=-9.0, count=300):
    table = rows(count, len(scores), scores, fill=fill)
    return {boxes: rows(count, 4, box), classes: table}


PROTOS = np.zeros((1, 32, 40, 40))
HALF = {"output": sideways(rows(ANCHORS, 84, CENTER, 0.9)).astype(np.float16)}
ROW = [0, *CORNERS, 0, 0.9]
OBJECTS = (np.array([[0]]), np.array([[CORNERS]]), np.array([[0.9]]))

LAYOUTS = {
    "yolov8": ({"o": sideways(rows(ANCHORS, 84, CENTER, 0.9))}, {}),
    "yolov8, one class": ({"o": sideways(rows(ANCHORS, 5, CENTER, 0.9))}, {}),
    "yolov8, transposed": ({"o": rows(ANCHORS, 84, CENTER, 0.9)}, {}),
    "yolov8, transposed, two classes": (
        {"o": rows(ANCHORS, 6, CENTER, 0.9)},
        {"metadata": {"names": ["pedestrian", "dog"]}},
    ),
    "yolov8, transposed, one class": ({"o": rows(ANCHORS, 5, CENTER, 0.9)}, {"metadata": PERSON}),
    "yolov8, shares": ({"o": sideways(rows(ANCHORS, 84, CENTER / SIDE, 0.9))}, {}),
    "yolov8, half precision": (HALF, {}),
    "yolov8, half precision throughout": (HALF, {"dtype": np.float16}),
    "yolov8, grey levels": (HALF, {"dtype": np.uint8}),
    "yolov8, channels last": (HALF, {"shape": (1, SIDE, SIDE, 3)}),
    "yolov8, grey levels, channels last": (
        HALF, {"dtype": np.uint8, "shape": ("n", SIDE, SIDE, 3)}
    ),
    "yolov8, axes with names": (HALF, {"shape": ("n", "num_channels", SIDE, SIDE)}),
    "yolov8, logits": (
        {"o": sideways(rows(ANCHORS, 6, CENTER, 3, fill=-9.0))},
        {"metadata": {"names": {0: "person", 1: "cat"}}},
    ),
    "yolo pose": (
        {"o": sideways(rows(ANCHORS, 56, CENTER, 0.9, keypoints()))}, {"metadata": PERSON}
    ),
    "yolo pose without names": ({"o": sideways(rows(ANCHORS, 56, CENTER, 0.9, keypoints()))}, {}),
    "yolo pose of 5 points, transposed": (
        {"o": rows(ANCHORS, 20, CENTER, 0.9, keypoints(15))}, {"metadata": PERSON}
    ),
    "yolo segmentation": (
        {"o": sideways(rows(ANCHORS, 116, CENTER, 0.9, np.zeros(79), masks())), "p": PROTOS},
        {"metadata": COCO},
    ),
    "yolo segmentation without names": (
        {"o": sideways(rows(ANCHORS, 116, CENTER, 0.9, np.zeros(79), masks())), "p": PROTOS}, {}
    ),
    "yolov5": ({"o": rows(3 * ANCHORS, 85, CENTER, 0.95, 0.95)}, {}),
    "yolov5, one class": ({"o": rows(3 * ANCHORS, 6, CENTER, 0.95, 0.95)}, {}),
    "yolov5, sideways": ({"o": sideways(rows(3 * ANCHORS, 85, CENTER, 0.95, 0.95))}, {}),
    "yolov5 with its heads": (
        {
            "o": rows(3 * ANCHORS, 85, CENTER, 0.95, 0.95),
            **{f"h{n}": np.zeros((1, 3, n, n, 85)) for n in (20, 10, 5)},
        },
        {},
    ),
    "yolov5 segmentation": (
        {"o": rows(3 * ANCHORS, 38, CENTER, 0.95, 0.95, masks()), "p": PROTOS},
        {"metadata": PERSON},
    ),
    "yolov7 with its suppression": ({"o": np.array([ROW, [0, *CORNERS, 3, 0.9]])}, {}),
    "flat, score before class": (
        {"o": np.array([[0, *CORNERS, 0.9, 0], [0, *CORNERS, 0.8, 3]])}, {}
    ),
    "yolox": ({"o": raw_yolox()}, {}),
    "yolox, one class": ({"o": raw_yolox(6)}, {}),
    "yolox, decoded": ({"o": rows(ANCHORS, 85, CENTER, 0.95, 0.95)}, {}),
    "yolox, decoded, one class": (
        {"o": rows(ANCHORS, 6, CENTER, 0.95, 0.95)}, {"metadata": PERSON}
    ),
    "end to end": ({"o": rows(300, 6, CORNERS, 0.9, 0)}, {"metadata": COCO}),
    "end to end, shares": ({"o": rows(300, 6, CORNERS / SIDE, 0.9, 0)}, {"metadata": COCO}),
    "end to end, half precision": (
        {"o": rows(300, 6, CORNERS, 0.9, 0).astype(np.float16)}, {"metadata": COCO}
    ),
    "end to end pose": ({"o": rows(300, 57, CORNERS, 0.9, 0, keypoints())}, {"metadata": PERSON}),
    "end to end segmentation": (
        {"o": rows(300, 38, CORNERS, 0.9, 0, masks()), "p": PROTOS}, {"metadata": COCO}
    ),
    "rt-detr of ultralytics": ({"o": rows(300, 84, CENTER / SIDE, 0.9)}, {}),
    "rt-detr of ultralytics, one class": ({"o": rows(300, 5, CENTER / SIDE, 0.9)}, {}),
    "rt-detr of ultralytics, decided": (
        {"o": rows(300, 6, CENTER / SIDE, 0.9, 0)}, {"metadata": COCO}
    ),
    "rt-detr of its authors": (
        {
            "labels": np.zeros((1, 300), np.int64),
            "boxes": rows(300, 4, CORNERS),
            "scores": rows(300, 1, 0.9)[..., 0],
        },
        {"extras": [("orig_target_sizes", (1, 2), np.int64)]},
    ),
    "rt-detr of transformers": (split(CENTER / SIDE, [3.0, *[-9.0] * 79]), {}),
    "detr": (split(CENTER / SIDE, [-9, 3.0, *[-9.0] * 89, 0.8], fill=0.0), {}),
    "rf-detr": (split(CENTER / SIDE, [-9, 3.0, *[-9.0] * 89], boxes="dets", classes="labels"), {}),
    "yolo-nas": (
        {"b": rows(ANCHORS, 4, CORNERS), "s": rows(ANCHORS, 80, 0.9)}, {}
    ),
    "pp-yoloe": (
        {"b": rows(ANCHORS, 4, CORNERS), "s": sideways(rows(ANCHORS, 80, 0.9))}, {}
    ),
    "paddle": (
        {"o": np.array([[0, 0.9, *CORNERS], [2, 0.9, *CORNERS]]), "n": np.array([2], np.int32)},
        {"extras": [("im_shape", (1, 2), np.float32), ("scale_factor", (1, 2), np.float32)]},
    ),
    "tensorrt's suppression": (
        {
            "num_dets": np.array([[1]], np.int32),
            "det_boxes": rows(100, 4, CORNERS),
            "det_scores": rows(100, 1, 0.9)[..., 0],
            "det_classes": np.zeros((1, 100), np.int32),
        },
        {},
    ),
    "mmdeploy": (
        {"dets": rows(100, 5, CORNERS, 0.9), "labels": np.zeros((1, 100), np.int64)}, {}
    ),
    "torchvision": (
        {
            "boxes": np.array([CORNERS, CORNERS]),
            "labels": np.array([1, 3]),
            "scores": np.array([0.9, 0.9]),
        },
        {"shape": (3, SIDE, SIDE)},
    ),
    "tensorflow": (
        {
            "detection_boxes": rows(100, 4, CORNERS[[1, 0, 3, 2]] / SIDE),
            "detection_classes": np.ones((1, 100)),
            "detection_scores": rows(100, 1, 0.9)[..., 0],
            "num_detections": np.array([100.0]),
        },
        {"dtype": np.uint8, "shape": (1, SIDE, SIDE, 3)},
    ),
}  # fmt: skip


def detect(weights, side=2 * SIDE, frames=1, **options):
    detector = OnnxDetector(OnnxConfig(weights, **options), None)
    image = np.zeros((side, side, 3), np.uint8)
    for index in range(1, frames):
        detector.detect([Frame("a", index, index / 10, image)])
    return detector.detect([Frame("a", frames, frames / 10, image)])[0]


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_gives_the_one_box(name, tmp_path):
    outputs, options = LAYOUTS[name]
    found = detect(write_network(tmp_path / "m.onnx", outputs, **options))
    # The picture is twice the network's input.
    assert found.boxes == pytest.approx(2 * CORNERS[None], abs=0.3)
    assert 0.85 < found.scores[0] < 0.96


def test_boxes_follow_the_picture_where_detr_stretches_it(tmp_path):
    weights = write_network(tmp_path / "m.onnx", LAYOUTS["rf-detr"][0])
    detector = OnnxDetector(OnnxConfig(weights), None)
    found = detector.detect([Frame("a", 1, 0.0, np.zeros((SIDE, 4 * SIDE, 3), np.uint8))])[0]
    assert found.boxes == pytest.approx((CORNERS * [4, 1, 4, 1])[None], abs=0.3)


def dense(tmp_path, columns, scores, names):
    output = sideways(rows(ANCHORS, columns, CENTER, scores))
    return write_network(tmp_path / "m.onnx", {"o": output}, metadata={"names": names})


@pytest.mark.parametrize(
    "names",
    [
        {0: "car", 1: "pedestrian"}, {0: "head", 1: "Person"}, ["bus", "people"],
        '["bus", "human"]', {0: "helmet", 1: " persons"},
    ],
)  # fmt: skip
def test_people_are_known_by_name(names, tmp_path):
    assert len(detect(dense(tmp_path, 6, [0.1, 0.9], names))) == 1


def test_two_classes_of_people_are_both_people(tmp_path):
    names = {0: "pedestrian", 1: "people", 2: "bicycle"}
    for scores in ([0.9, 0.2, 0], [0.2, 0.9, 0]):
        assert detect(dense(tmp_path, 7, scores, names)).scores == pytest.approx([0.9])
    assert len(detect(dense(tmp_path, 7, [0.3, 0.2, 0.9], names))) == 0


@pytest.mark.parametrize("names", [{0: "car", 1: "bus"}, {0: "car"}, ["car", "bus", "van"]])
def test_other_classes_are_not_taken_for_people(names, tmp_path):
    weights = dense(tmp_path, 4 + len(names), [0.9], names)
    with pytest.raises(UserError, match=r"no class is called person \(classes: 0 car"):
        detect(weights)
    assert len(detect(weights, person_class=0)) == 1


def test_a_chosen_class_wins_over_names(tmp_path):
    weights = dense(tmp_path, 6, [0.9, 0.1], {0: "head", 1: "person"})
    assert len(detect(weights)) == 0
    assert len(detect(weights, person_class=0)) == 1


def test_classes_without_names(tmp_path, caplog):
    two = write_network(tmp_path / "2.onnx", {"o": sideways(rows(ANCHORS, 6, CENTER, 0.9))})
    with pytest.raises(UserError, match=r"2 classes without names; set detector\.person_class"):
        detect(two)
    with pytest.raises(UserError, match=r"has 2 classes, so detector\.person_class cannot be 2"):
        detect(two, person_class=2)
    assert not caplog.records
    decided = write_network(tmp_path / "d.onnx", {"o": rows(300, 6, CORNERS, 0.9, 0)})
    assert len(detect(decided)) == 1
    assert "class 0 is taken for people" in caplog.text
    caplog.clear()
    detect(decided, person_class=0)
    assert not caplog.records


@pytest.mark.parametrize(
    ("names", "people"),
    [
        ("{-5: 'person'}", None), ("{0: 'person', 7: 'car'}", None), ("17", None),
        ("[" * 5000, None), ("{'a': 'person'}", None), ("{0: 'person'}", 1), ("[None]", None),
    ],
)  # fmt: skip
def test_damaged_names_are_none(names, people, tmp_path):
    weights = dense(tmp_path, 6, [0.9, 0.1], names)
    if people is None:
        with pytest.raises(UserError, match="person"):
            detect(weights)
    else:  # one name for two score columns: the second holds something else
        assert len(detect(weights)) == people


AMBIGUOUS = {
    "one class or two": ({"o": rows(ANCHORS, 6, CENTER, 0.9, 0.9)}, "can be of 2 classes"),
    "raw heads": ({f"h{n}": np.zeros((1, 3, n, n, 6)) for n in (20, 10)}, "raw heads"),
    "a vector": ({"o": np.zeros((1, 512))}, "not a detector"),
    "a picture": ({"o": np.zeros((1, 3, 160, 160))}, "not a detector"),
    "no scores": ({"o": sideways(rows(ANCHORS, 20, CENTER, keypoints(16)))}, "cannot be read"),
    "narrow": ({"o": np.zeros((1, 300, 3))}, "cannot tell"),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_outputs_that_cannot_be_told(name, tmp_path):
    outputs, message = AMBIGUOUS[name]
    with pytest.raises(UserError, match=message):
        detect(write_network(tmp_path / "m.onnx", outputs))


@pytest.mark.parametrize(
    ("layout", "outputs"),
    [
        ("yolov5", {"o": rows(ANCHORS, 6, CENTER, 0.95, 0.95)}),
        ("yolox", {"o": rows(ANCHORS, 6, CENTER, 0.95, 0.95)}),
        ("yolox", {"o": rows(3 * ANCHORS, 85, CENTER, 0.95, 0.95)}),
        ("yolov8", {"o": rows(ANCHORS, 84, CENTER, 0.9)}),
        ("end2end", {"o": rows(300, 6, CORNERS, 0.9, 0)}),
        ("detr", {"o": rows(300, 84, CENTER / SIDE, 0.9)}),
    ],
)
def test_a_layout_can_be_named(layout, outputs, tmp_path):
    weights = write_network(tmp_path / "m.onnx", outputs)
    assert len(detect(weights, layout=layout, person_class=0)) == 1


@pytest.mark.parametrize("layout", ["yolox", "yolov5", "yolov8", "end2end"])
def test_a_layout_that_does_not_fit_is_refused(layout, tmp_path):
    weights = write_network(tmp_path / "m.onnx", LAYOUTS["rf-detr"][0])
    with pytest.raises(UserError, match=f"cannot be read as {layout}"):
        detect(weights, layout=layout)


def test_nobody_found_against_the_scores_is_said_once(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    beyond = sideways(rows(ANCHORS, 5, CENTER + np.array([400, 0, 0, 0]), 0.9))
    detect(write_network(tmp_path / "m.onnx", {"o": beyond}), frames=40)
    assert [r.getMessage().count("finds nobody") for r in caplog.records] == [1]
    caplog.clear()
    no_number = sideways(rows(ANCHORS, 5, CENTER, np.nan))
    detect(write_network(tmp_path / "m.onnx", {"o": no_number}), frames=40)
    assert ["not numbers" in r.getMessage() for r in caplog.records] == [True]


@pytest.mark.parametrize(
    "outputs", [{"o": sideways(rows(ANCHORS, 84, CENTER, 0.2, 0.9))}, LAYOUTS["yolov8"][0]]
)
def test_an_empty_place_and_people_are_no_reason_to_warn(outputs, tmp_path, caplog):
    detect(write_network(tmp_path / "m.onnx", outputs, metadata=COCO), frames=40)
    assert not caplog.records


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": (1, 3, 5000, 5000)}, "5000x5000 px; expected 1 to 4096"),
        ({"shape": (1, 3, 0, 160)}, "expected 1 to 4096"),
        ({"shape": (1, 4, 160, 160)}, "expected one image input"),
        ({"shape": (1, 3)}, "expected one image input"),
        ({"dtype": np.int32}, "expected one image input"),
        ({"extras": [("prompt", (1, 77), np.int64)]}, "expected one image input"),
        ({"metadata": {"task": "obb"}}, "made for the task 'obb'"),
    ],
)
def test_networks_that_take_something_else(options, message, tmp_path):
    weights = write_network(tmp_path / "m.onnx", LAYOUTS["yolov8"][0], **options)
    with pytest.raises(UserError, match=message):
        detect(weights)
