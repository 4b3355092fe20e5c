"""The same networks through OpenVINO, and those that only it can open."""

import cv2
import numpy as np
import pytest

from mtmc.commands.demo import demo_folder
from mtmc.detectors import detector_settings
from mtmc.detectors.network.layouts import yolox_grid
from mtmc.detectors.network.onnx import OnnxConfig, OnnxDetector
from mtmc.detectors.network.openvino import OpenvinoConfig, OpenvinoDetector
from mtmc.detectors.network.preprocess import letterbox
from mtmc.errors import UserError
from mtmc.perception.keys import settings_key
from mtmc.reid.openvino_session import without_telemetry
from mtmc.types import Frame
from tests.mtmc.detectors.networks import write_network
from tests.mtmc.detectors.test_onnx_layouts import ANCHORS, CENTER, CORNERS, LAYOUTS, SIDE, rows

without_telemetry()
ov = pytest.importorskip("openvino")
BOX = (0.25, 0.125, 0.5, 0.75)


def detect(weights, *pictures, **options):
    detector = OpenvinoDetector(OpenvinoConfig(str(weights), **options), None)
    return detector.detect([Frame(str(n), 1, 0.0, image) for n, image in enumerate(pictures)])


def blank(width=2 * SIDE, height=2 * SIDE, colour=(0, 0, 0)):
    return np.full((height, width, 3), colour, np.uint8)


@pytest.fixture(scope="module")
def scenes():
    """Two cameras of the demo at two moments."""
    found = []
    for video in sorted((demo_folder() / "videos").glob("*"))[:2]:
        capture = cv2.VideoCapture(str(video))
        pictures = [capture.read()[1] for _ in range(190)]
        found += [pictures[149], pictures[189]]
    return found


def test_the_shipped_detector_finds_the_same_people(scenes):
    scenes = [letterbox(image, (320, 512), centered=True).image for image in scenes]
    frames = [Frame("a", n, n / 10, image) for n, image in enumerate(scenes, 1)]
    expected = OnnxDetector(OnnxConfig("simulated"), None).detect(frames)
    detector = OpenvinoDetector(OpenvinoConfig("simulated"), None)
    together = detector.detect(frames)
    assert sum(map(len, expected)) > 3
    for wanted, found, frame in zip(expected, together, frames, strict=True):
        np.testing.assert_allclose(found.boxes, wanted.boxes, atol=1e-2)
        np.testing.assert_allclose(found.scores, wanted.scores, atol=1e-4)
        (alone,) = detector.detect([frame])
        np.testing.assert_allclose(alone.boxes, found.boxes, atol=1e-3)


def cells(ops, image, shape):
    """YOLOv8's head as exporters write it: the mean of each cell is its score, the grid is baked.

    ``shape`` is what the rows are brought to at last.
    """
    corners, strides = yolox_grid((SIDE, SIDE))
    means = []
    for stride in (8, 16, 32):
        level = ops.avg_pool(image, [stride] * 2, [0, 0], [0, 0], [stride] * 2, True)
        level = ops.reduce_mean(level, np.array([1]), keep_dims=True)
        means.append(ops.reshape(level, np.array([1, 1, -1]), False))
    centers = ops.multiply(ops.constant(corners.T[None] + np.float32(0.5)),
                           ops.constant(strides.T[None].astype(np.float32)))  # fmt: skip
    sizes = ops.add(ops.multiply(centers, np.float32(0)), np.float32(20))
    return ops.reshape(ops.concat([centers, sizes, ops.concat(means, 2)], 1), shape, False)


def test_what_would_be_padding_is_not_computed(tmp_path):
    shape = np.array([1, 5, ANCHORS])
    weights = save(tmp_path / "person.xml", {"o": lambda ops, image: cells(ops, image, shape)})
    picture = blank(2 * SIDE, SIDE)
    picture[80:96, 208:224] = 255
    detector = OpenvinoDetector(OpenvinoConfig(str(weights), confidence=0.9), None)
    assert detector._network.suited(picture.shape[:2]).size == (96, SIDE)
    tall = np.ascontiguousarray(picture.swapaxes(0, 1))
    for image, center in ((picture, (216, 88)), (tall, (88, 216)), (blank(), None)):
        (found,) = detector.detect([Frame("a", 1, 0.0, image)])
        expected = [] if center is None else [[*np.subtract(center, 20), *np.add(center, 20)]]
        assert found.boxes == pytest.approx(np.array(expected).reshape(-1, 4), abs=0.01)


@pytest.mark.parametrize("name", ["yolov8", "yolox"])
def test_networks_with_another_grid_stay_as_they_are(name, tmp_path):
    outputs, options = LAYOUTS[name]
    found = detect(write_network(tmp_path / "m.onnx", outputs, **options), blank(2 * SIDE, SIDE))
    shift = 0 if name == "yolox" else SIDE / 2  # above the picture
    expected = (2 * CORNERS[None] - [0, shift, 0, shift]).clip(0, [2 * SIDE, SIDE] * 2)
    assert found[0].boxes == pytest.approx(expected, abs=0.3)


# Those whose inputs or outputs are of another kind.
OTHER = [
    "yolov8", "yolov8, half precision", "yolov8, half precision throughout", "yolov8, grey levels",
    "yolov8, channels last", "yolov8, grey levels, channels last", "yolov8, axes with names",
    "yolox", "rt-detr of its authors", "rf-detr", "torchvision", "tensorflow", "paddle",
    "flat, score before class",
]  # fmt: skip


@pytest.mark.parametrize("name", OTHER)
def test_each_layout_gives_the_one_box(name, tmp_path):
    outputs, options = LAYOUTS[name]
    found = detect(write_network(tmp_path / "m.onnx", outputs, **options), blank())[0]
    assert found.boxes == pytest.approx(2 * CORNERS[None], abs=0.3)
    assert 0.85 < found.scores[0] < 0.96


def save(path, outputs, shape=(1, 3, SIDE, SIDE), info=None):
    """A model whose outputs are made of its input by functions, by name."""
    from openvino import opset13 as ops

    image = ops.parameter(shape, np.float32, name="image")
    results = []
    for name, make in outputs.items():
        node = make(ops, image)
        node.output(0).set_names({name})
        results.append(ops.result(node))
    model = ov.Model(results, [image], path.stem)
    for key, value in (info or {}).items():
        model.set_rt_info(value, ["model_info", key])
    ov.save_model(model, path, compress_to_fp16=False)
    return path


def found_rows(label, image=0):
    """A `DetectionOutput` whose score is the mean of the first channel as a share of 255."""

    def make(ops, picture):
        mean = ops.reduce_mean(picture, np.array([2, 3]), keep_dims=False)
        blue = ops.reshape(ops.gather(mean, np.array([0]), np.array(1)), [1, 1, 1, 1], False)
        score = ops.divide(blue, np.float32(255))
        before = np.array([[[[image, label]]]], np.float32)
        row = ops.concat([ops.constant(before), score, ops.constant(np.float32([[[BOX]]]))], 3)
        return ops.concat([row, ops.constant(np.float32([[[[-1, *[0] * 6]]]]))], 2)

    return make


@pytest.mark.parametrize(
    ("name", "label"),
    [("person-detection-retail-0013", 1), ("person-detection-0202", 0),
     ("pedestrian-detection-adas-0002", 1)],
)  # fmt: skip
def test_rows_of_the_open_model_zoo(name, label, tmp_path, caplog):
    weights = save(tmp_path / f"{name}.xml", {"detection_out": found_rows(label)})
    blue, red = blank(400, 200, (230, 0, 0)), blank(400, 200, (0, 0, 230))
    people, nobody = detect(weights, blue, red)
    # Grey levels in BGR, of the whole picture.
    assert people.boxes == pytest.approx(np.array([[100, 25, 200, 150]]), abs=0.01)
    assert people.scores == pytest.approx(230 / 255, abs=1e-4)
    assert len(nobody) == 0
    assert not caplog.records


def test_other_models_of_that_kind_are_not_believed_silently(tmp_path, caplog):
    blue = blank(colour=(230, 0, 0))
    car = save(tmp_path / "person-vehicle-bike-0.xml", {"o": found_rows(0)})
    assert len(detect(car, blue)[0]) == 0
    assert "class 1 is taken for people" in caplog.text
    assert len(detect(car, blue, person_class=0)[0]) == 1


def test_boxes_from_the_operation_itself(tmp_path):
    """One prior box over the left half; the network is sure of somebody there."""
    from openvino import opset8

    def make(_, image):
        nothing = opset8.multiply(opset8.reduce_max(image, np.array([0, 1, 2, 3]), True),
                                  opset8.constant(np.zeros((1, 1, 1, 1), np.float32)))  # fmt: skip
        nothing = opset8.reshape(nothing, np.array([1, 1]), False)
        offsets = opset8.add(opset8.constant(np.zeros((1, 4), np.float32)), nothing)
        scores = opset8.constant(np.float32([[0.1, 0.9]]))
        priors = np.float32([[[0, 0, 0.5, 1], [0.1, 0.1, 0.2, 0.2]]])
        return opset8.detection_output(offsets, scores, opset8.constant(priors), {
            "background_label_id": 0, "top_k": 10, "keep_top_k": [5], "normalized": True,
            "code_type": "caffe.PriorBoxParameter.CENTER_SIZE", "share_location": True,
            "nms_threshold": 0.45, "confidence_threshold": 0.01,
            "variance_encoded_in_target": False,
        })  # fmt: skip

    weights = save(tmp_path / "person-detection-retail-0013.xml", {"o": make})
    (found,) = detect(weights, blank(300, 100))
    assert found.boxes == pytest.approx(np.array([[0, 0, 150, 100]]), abs=0.1)
    assert found.scores == pytest.approx(0.9)


@pytest.mark.parametrize("label", [0, 1])
def test_boxes_and_labels_of_the_open_model_zoo(label, tmp_path):
    boxes = np.zeros((100, 5), np.float32)
    boxes[:3] = [*CORNERS, 0.9], [*(CORNERS + 2), 0.8], [10, 10, 30, 60, 0.7]

    def make_boxes(ops, image):
        nothing = ops.multiply(ops.reduce_max(image, np.arange(4), False), np.float32(0))
        return ops.add(ops.constant(boxes), nothing)

    def make_labels(ops, image):
        return ops.constant(np.full(100, label, np.int64))

    weights = save(
        tmp_path / "person-detection-0203.xml", {"boxes": make_boxes, "labels": make_labels}
    )
    (found,) = detect(weights, blank(4 * SIDE, SIDE))
    assert found.boxes == pytest.approx(
        np.array([CORNERS, [10, 10, 30, 60]]) * [4, 1, 4, 1], abs=0.01
    )
    assert found.scores == pytest.approx([0.9, 0.7])


def test_a_converted_file_says_what_it_said_before(tmp_path):
    outputs, _ = LAYOUTS["yolov8, transposed, two classes"]
    names = {"names": ["dog", "pedestrian"]}
    source = write_network(tmp_path / "m.onnx", outputs, metadata=names)
    ov.save_model(ov.Core().read_model(source), tmp_path / "m.xml")
    assert len(detect(tmp_path / "m.xml", blank())[0]) == 0  # only a dog
    assert len(detect(tmp_path / "m.xml", blank(), classes=("dog",))[0]) == 1


def test_what_exporters_to_openvino_write(tmp_path):
    table = rows(ANCHORS, 6, CENTER, 0.1, 0.9)
    table[0, 8] = table[0, 7] + [20, 0, 0, 0, 0, 0]

    def make(ops, image):
        nothing = ops.multiply(ops.reduce_max(image, np.arange(4), False), np.float32(0))
        return ops.add(ops.constant(table.transpose(0, 2, 1).astype(np.float32)), nothing)

    info = {"labels": "traffic_light person", "iou_threshold": "0.05"}
    weights = save(tmp_path / "m.xml", {"o": make}, info=info)
    assert len(detect(weights, blank())[0]) == 1
    assert len(detect(weights, blank(), iou=0.7)[0]) == 2
    assert len(detect(weights, blank(), classes=("traffic light",))[0]) == 0


@pytest.mark.parametrize("shape", [(1, 3, -1, -1), (-1, 3, -1, -1), (2, 3, SIDE, SIDE)])
def test_open_and_fixed_shapes(shape, tmp_path):
    """The score is what the first pixel of each picture says."""

    def make(ops, image):
        pixel = ops.slice(image, [0, 0, 0, 0], [100, 1, 1, 1], [1, 1, 1, 1], [0, 1, 2, 3])
        score = ops.reshape(pixel, np.array([-1, 1, 1]), False)
        one = ops.add(ops.multiply(score, np.float32(0)), np.float32(1))
        sides = [ops.multiply(one, np.float32(side)) for side in CENTER]
        row = ops.concat([*sides, score], 2)
        return ops.transpose(ops.tile(row, np.array([1, ANCHORS, 1])), np.array([0, 2, 1]))

    weights = save(tmp_path / "person.xml", {"o": make}, shape)
    pictures = [blank(SIDE, SIDE, (0, 0, level)) for level in (255, 0, 204)]
    found = detect(weights, *pictures, image_size=SIDE)
    assert [len(each) for each in found] == [1, 0, 1]
    assert found[2].scores == pytest.approx(0.8)


def test_files_that_cannot_be_opened(tmp_path):
    good = save(tmp_path / "m.xml", {"o": found_rows(1)})
    (tmp_path / "more").mkdir()
    for name in ("a.xml", "b.xml"):
        (tmp_path / "more" / name).write_bytes(good.read_bytes())
    (tmp_path / "text.xml").write_text("<html></html>")
    (tmp_path / "cut.xml").write_text(good.read_text()[:300])
    (tmp_path / "cut.bin").touch()
    (tmp_path / "model.tflite").touch()
    for weights, message in [
        ("", "no weights given"),
        ("none.xml", "not found"),
        ("more", "expected one .xml in this folder, there is a.xml, b.xml"),
        ("more/a.xml", "its weights are missing: a.bin beside it"),
        ("text.xml", "not a model in OpenVINO's format"),
        ("cut.xml", "not a model in OpenVINO's format"),
        ("model.tflite", "not a model of OpenVINO"),
    ]:
        with pytest.raises(UserError, match=message) as told:
            detect(tmp_path / weights if weights else "")
        assert "\n" not in str(told.value)


def test_a_folder_with_a_model_is_opened_without_ultralytics(tmp_path):
    save(tmp_path / "yolo.xml", {"o": found_rows(1)})
    for value in (str(tmp_path), str(tmp_path / "yolo.xml")):
        settings = detector_settings(value)
        assert settings == {"name": "openvino", "weights": value}
        assert len(detect(settings["weights"], blank(colour=(230, 0, 0)))[0]) == 1


def test_weights_beside_the_file_count_in_the_key(tmp_path):
    weights = save(tmp_path / "m.xml", {"o": found_rows(1)})
    before = settings_key({"weights": str(weights)})
    weights.with_suffix(".bin").write_bytes(b"other")
    assert settings_key({"weights": str(weights)}) != before
