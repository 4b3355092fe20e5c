"""The person detector's training, on pictures of rectangles that stand for people."""

import json

import cv2
import numpy as np
import pytest
import torch

from mtmc.detectors.network.onnx import OnnxConfig, OnnxDetector
from mtmc.detectors.network.preprocess import METADATA_KEY
from mtmc.detectors.training.augment import disguise, reframe
from mtmc.detectors.training.data import TrainingImages, read_coco
from mtmc.detectors.training.export import write_onnx
from mtmc.detectors.training.loss import IGNORED, NO_TARGET, assign, detection_loss
from mtmc.detectors.training.network import STRIDES, Exported, PersonNet, cell_centers
from mtmc.detectors.training.restore import restore
from mtmc.detectors.training.train import Progress, TrainingConfig, train
from mtmc.detectors.training.validate import Validation, calibrate, match
from mtmc.errors import UserError
from mtmc.types import Frame

SIZE = (96, 128)


@pytest.fixture(scope="module")
def coco(tmp_path_factory):
    """Grey pictures with a red upright rectangle each, in COCO's layout."""
    root = tmp_path_factory.mktemp("coco")
    (root / "images").mkdir()
    (root / "annotations").mkdir()
    rng = np.random.default_rng(0)
    for split, count in (("train", 12), ("val", 4)):
        images, annotations = [], []
        for number in range(count):
            image = rng.integers(90, 130, (*SIZE, 3)).astype(np.uint8)
            x, y = int(rng.integers(5, 90)), int(rng.integers(5, 30))
            image[y : y + 60, x : x + 25] = (30, 30, 220)
            name = f"{split}{number}.png"
            cv2.imwrite(str(root / "images" / name), image)
            images.append({"id": number, "file_name": name, "width": 128, "height": 96})
            annotations.append(
                {"id": number, "image_id": number, "category_id": 1, "bbox": [x, y, 25, 60]}
            )
        content = {"images": images, "annotations": annotations}
        content["categories"] = [{"id": 1, "name": "person"}]
        (root / "annotations" / f"instances_{split}.json").write_text(json.dumps(content))
    return root


def config(**changes):
    small = {"height": 96, "width": 128, "input_height": 96, "input_width": 128, "batch": 4}
    return TrainingConfig(**{**small, "epochs": 2, "device": "cpu", **changes})


def test_cells_near_a_middle_answer_on_the_grid_of_the_size():
    boxes = torch.tensor([[40.0, 20.0, 60.0, 70.0], [8.0, 8.0, 120.0, 250.0]])
    answers = assign(boxes, torch.tensor([False, False]), (256, 128))
    counts = [(256 // s) * (128 // s) for s in STRIDES]
    fine, middle, coarse = answers.split(counts)
    assert set(fine.tolist()) == {NO_TARGET, 0}
    assert set(middle.tolist()) == {NO_TARGET}
    assert set(coarse.tolist()) == {NO_TARGET, 1}
    centers = cell_centers(32, 16, 8, boxes.device)[fine == 0]
    assert ((centers - torch.tensor([50.0, 45.0])).abs() < 12).all()


def test_who_does_not_matter_is_no_error_either_way():
    boxes = torch.tensor([[40.0, 20.0, 60.0, 70.0]])
    answers = assign(boxes, torch.tensor([True]), (96, 128))
    assert set(answers.tolist()) == {NO_TARGET, IGNORED}
    assert assign(torch.zeros(0, 4), torch.zeros(0, dtype=torch.bool), (96, 128)).max() == NO_TARGET


def test_perfect_answers_cost_next_to_nothing():
    boxes = torch.tensor([[40.0, 20.0, 60.0, 70.0]])
    ignored = torch.tensor([False])
    answers = assign(boxes, ignored, SIZE)[None]
    given = boxes[0].expand(1, answers.shape[1], 4).clone().requires_grad_()
    sure = torch.where(answers >= 0, 12.0, -12.0)
    right = detection_loss(sure, given, [boxes], [ignored], SIZE)
    wrong = detection_loss(-sure, given, [boxes], [ignored], SIZE)
    assert right < 1e-3
    assert wrong > 1


def test_boxes_follow_their_pictures():
    image = np.zeros((60, 80, 3), np.uint8)
    image[20:50, 30:45] = (255, 0, 255)
    boxes = np.array([[30, 20, 45, 50]], np.float32)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        framed, moved = reframe(image, boxes, SIZE, rng)
        x1, y1, x2, y2 = np.clip(moved[0], 0, [128, 96, 128, 96])
        if (x2 - x1) * (y2 - y1) < 100:
            continue
        magenta = ((framed.astype(int) - 128) * [1, -1, 1] > 0).all(axis=2)
        if magenta[0, 0]:
            continue  # so is the padding
        rows, columns = np.nonzero(magenta)
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert seen == pytest.approx([x1, y1, x2, y2], abs=1.5)
        assert disguise(framed, moved, rng).shape == (*SIZE, 3)


def test_a_sample_depends_on_its_number_alone(coco):
    images = read_coco(coco, "train")
    one = TrainingImages(images, SIZE, seed=3, epochs=2)
    other = TrainingImages(images, SIZE, seed=3, epochs=2)
    numbers = [5, 17, 0]
    for number, again in zip(numbers, [other[n] for n in numbers], strict=True):
        for value, same in zip(one[number], again, strict=True):
            assert torch.equal(value, same)
    assert not torch.equal(one[0][0], one[12][0])


def test_training_lowers_the_loss_and_a_cut_off_one_ends_the_same(coco, tmp_path):
    seen: list[Progress] = []
    train(coco, tmp_path / "whole.onnx", config(epochs=5), progress=seen.append)
    assert seen[-1].loss < 0.9 * seen[0].loss
    assert [p.step for p in seen] == [*range(1, 16), 15]

    class CutOffError(Exception):
        pass

    def cut(progress):
        if progress.step == 7:
            raise CutOffError

    with pytest.raises(CutOffError):
        train(coco, tmp_path / "cut.onnx", config(epochs=5), progress=cut)
    train(coco, tmp_path / "cut.onnx", config(epochs=5), resume=True)
    states = [
        torch.load(tmp_path / f"{name}.onnx.state", weights_only=True) for name in ("whole", "cut")
    ]
    for name, value in states[0]["averaged"].items():
        assert torch.equal(value, states[1]["averaged"][name]), name


def test_a_training_of_other_settings_is_not_resumed(coco, tmp_path):
    with pytest.raises(UserError, match="nothing to go on from"):
        train(coco, tmp_path / "none.onnx", config(), resume=True)
    train(coco, tmp_path / "a.onnx", config(epochs=1))
    with pytest.raises(UserError, match="other settings"):
        train(coco, tmp_path / "a.onnx", config(epochs=1, seed=4), resume=True)


def test_a_training_can_start_from_another(coco, tmp_path):
    train(coco, tmp_path / "a.onnx", config(epochs=1))
    start = str(tmp_path / "a.onnx.state")
    train(coco, tmp_path / "b.onnx", config(epochs=1, rate=1e-9, average=0.0, start=start))
    one, two = (
        torch.load(tmp_path / f"{n}.onnx.state", weights_only=True)["averaged"] for n in "ab"
    )
    assert torch.allclose(one["score.weight"], two["score.weight"], atol=1e-6)
    other = dict(torch.load(start, weights_only=True))
    other["averaged"] = {n: v * 3 if n == "score.weight" else v for n, v in one.items()}
    torch.save(other, tmp_path / "c.onnx.state")
    both = f"{start},{tmp_path / 'c.onnx.state'}"
    train(coco, tmp_path / "d.onnx", config(epochs=0, start=both))
    mean = torch.load(tmp_path / "d.onnx.state", weights_only=True)["averaged"]
    assert torch.allclose(mean["score.weight"], 2 * one["score.weight"])
    with pytest.raises(UserError, match="nothing to go on from"):
        train(coco, tmp_path / "c.onnx", config(start=str(tmp_path / "none")))


def test_an_exported_network_says_the_same_when_its_normalisation_is_unfolded(tmp_path):
    network, again = PersonNet(), PersonNet().eval()
    for norm in (m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)):
        torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
        torch.nn.init.normal_(norm.bias)
    images = torch.rand(4, 3, *SIZE)
    network.train()(images)  # statistics that differ from those of new layers
    write_onnx(network.eval(), tmp_path / "a.onnx", SIZE, Validation(0, 0, 0, 1.0, 0.0), {})
    restore(again, str(tmp_path / "a.onnx"), images)
    logits, boxes = network(images)
    same_logits, same_boxes = again(images)
    assert torch.allclose(logits, same_logits, atol=1e-4)
    assert torch.allclose(boxes, same_boxes, rtol=1e-4, atol=1e-2)
    inputs = []
    first = next(m for m in again.modules() if isinstance(m, torch.nn.BatchNorm2d))
    first.register_forward_pre_hook(lambda _, given: inputs.append(given[0]))
    again(images)
    assert torch.allclose(first.running_mean, inputs[0].mean((0, 2, 3)), atol=1e-4)
    with pytest.raises(UserError, match="nothing to start from"):
        restore(again, str(tmp_path / "none.onnx"), images)


def test_sets_that_are_none_are_refused_in_one_line(coco, tmp_path):
    with pytest.raises(UserError, match="mtmc simulate"):
        read_coco(tmp_path, "train")
    (tmp_path / "annotations").mkdir()
    path = tmp_path / "annotations" / "instances_train.json"
    for text, message in (("{", "not valid JSON"), ('{"images": []}', "not in COCO")):
        path.write_text(text)
        with pytest.raises(UserError, match=message):
            read_coco(tmp_path, "train")


def test_the_exported_file_answers_as_torch_does_and_says_how_to_read_it(tmp_path):
    torch.manual_seed(0)
    network = PersonNet().eval()
    torch.nn.init.normal_(network.score.weight, std=0.5)
    path = tmp_path / "net.onnx"
    validation = Validation(0.5, 0.6, 0.7, slope=1.5, offset=5.0)
    assert write_onnx(network, path, SIZE, validation, {"seed": 0}) < 1e-4
    detector = OnnxDetector(
        OnnxConfig(weights=str(path), confidence=0.3, iou=1.0, soft_nms=0.0), None
    )
    assert detector._network.metadata.keys() >= {METADATA_KEY, "names"}
    image = np.random.default_rng(1).integers(0, 255, (*SIZE, 3)).astype(np.uint8)
    (found,) = detector.detect([Frame("a", 1, 0.0, image)])
    inputs = torch.from_numpy(image[..., ::-1].copy()).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        answer = Exported(network, 1.5, 5.0)(inputs)[0].numpy()
    expected = np.sort(answer[4][answer[4] >= 0.3])
    assert len(expected) > 5
    assert np.sort(found.scores) == pytest.approx(expected[-len(found) :], abs=1e-4)


def test_each_person_is_found_once_by_the_strongest():
    truth = np.array([[0, 0, 10, 20], [100, 0, 110, 20]], np.float32)
    found = np.array([[0, 0, 10, 19], [0, 0, 10, 20], [100, 0, 110, 20]], np.float32)
    hit, matters = match(found, truth, np.array([True, False]))
    assert hit.tolist() == [True, False, False]
    assert matters.tolist() == [True, True, False]


def test_calibration_is_as_steep_as_the_odds_of_a_hit():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, 20000).astype(np.float32)
    hits = rng.random(20000) < 1 / (1 + np.exp(-(1.7 * logits - 0.6)))
    assert calibrate(logits, hits) == pytest.approx(1.7, abs=0.08)
