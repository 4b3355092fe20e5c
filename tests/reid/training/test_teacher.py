"""Training with a teacher, from the file it is read from to the student's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mtmc import reid
from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.data import open_dataset
from mtmc.reid.evaluation.benchmark import evaluate
from mtmc.reid.export import export_onnx
from mtmc.reid.preprocess import Preprocess
from mtmc.reid.training.batches import Batches
from mtmc.reid.training.engine import Trainer
from mtmc.reid.training.teacher import Teacher, resized
from tests.reid.training.test_engine import config, same, trainer, weights

CPU = torch.device("cpu")
LARGE = {"model": {"name": "mobilenet_050"}, "input_size": [48, 24], "augment": {"erase": 0.0}}


@pytest.fixture(scope="module")
def taught(tmp_path_factory, little_people):
    """A teacher of the little people, larger than the student in every way."""
    out = tmp_path_factory.mktemp("teacher")
    settings = config(**LARGE, schedule={"epochs": 25, "lr": 0.05, "milestones": [18]})
    list(trainer(settings, little_people, out).run())
    export_onnx(out / "best.pt", out / "best.onnx")
    return out


def student(teacher, sections=None, **distillation):
    return config(distillation={"teacher": str(teacher), **distillation}, **(sections or {}))


def batches(settings, root, size=(48, 24)) -> tuple[Batches, Preprocess]:
    from mtmc.reid.data.decode import decode_all
    from mtmc.reid.data.images import combine

    images, recipe = combine([open_dataset("folder", root).train]), Preprocess(size=size)
    return Batches(settings, decode_all(images.paths, recipe), images.pids, recipe, CPU), recipe


@pytest.mark.parametrize(
    ("file", "distillation"),
    [
        ("best.pt", {}),
        ("best.pt", {"similarity_weight": 1.0, "soft_weight": 0.0, "label_weight": 0.0}),
        ("best.onnx", {"head": "means", "temperature": 5.0, "scale_soft": True}),
    ],
)
def test_a_distillation_cut_off_ends_in_the_very_same_weights(
    tmp_path, little_people, taught, file, distillation
) -> None:
    settings = student(taught / file, {"schedule": {"epochs": 3}}, **distillation)
    list(trainer(settings, little_people, tmp_path / "whole").run())
    for report in trainer(settings, little_people, tmp_path / "cut").run():
        if report.epoch == 2:
            break
    resumed = trainer(settings, little_people, tmp_path / "cut")
    assert resumed.resume() == 2
    list(resumed.run())
    assert same(weights(tmp_path / "whole" / "best.pt"), weights(tmp_path / "cut" / "best.pt"))


@pytest.mark.parametrize(
    ("file", "distillation"),
    [
        ("best.pt", {"scale_soft": True}),
        ("best.onnx", {"head": "means", "scale_soft": True}),
        ("best.onnx", {"soft_weight": 0.0, "similarity_weight": 1.0, "label_weight": 0.0}),
    ],
)
def test_a_student_learns_from_the_teacher_alone(
    tmp_path, little_people, taught, file, distillation
) -> None:
    """What it learns of people is in no label: lambda is 0."""
    sections = {"schedule": {"epochs": 25, "lr": 0.05, "milestones": [18]}, "data": {}}
    settings = student(taught / file, sections, **{"label_weight": 0.0, **distillation})
    settings = replace(settings, augment=replace(settings.augment, erase=0.0))
    reports = list(trainer(settings, little_people, tmp_path).run())
    dataset = open_dataset("folder", little_people)
    untrained = config(schedule={"epochs": 1, "lr": 1e-12})
    list(trainer(untrained, little_people, tmp_path / "untrained").run())
    before = reid.load(tmp_path / "untrained" / "best.pt", device="cpu")
    assert reports[-1].losses["loss"] < reports[0].losses["loss"]
    assert reports[-1].scores["folder"]["mAP"] > evaluate(before, dataset).to_dict()["mAP"]


def test_its_own_opinion_is_that_of_its_classification_layer(little_people, taught) -> None:
    settings = student(taught / "best.pt")
    images, recipe = batches(settings, little_people)
    teacher = Teacher(settings.distillation, recipe, CPU)
    teacher.meet(images, 6)
    crops, labels = images.plain(torch.arange(len(images)))
    answers = teacher(crops)
    checkpoint = Checkpoint.open(taught / "best.pt")
    with torch.no_grad():
        features = checkpoint.build()(crops)
    torch.testing.assert_close(answers.logits, features @ checkpoint.classifiers["0.weight"].T)
    assert (answers.logits.argmax(dim=1) == labels).float().mean() > 0.9
    assert not answers.embeddings.requires_grad


def test_the_head_of_means(little_people, taught) -> None:
    settings = student(taught / "best.onnx", head="means")
    images, recipe = batches(settings, little_people)
    teacher = Teacher(settings.distillation, recipe, CPU)
    teacher.meet(images, 6)
    crops, labels = images.plain(torch.arange(len(images)))
    answers = teacher(crops)
    rows, people = answers.embeddings.numpy(), labels.numpy()
    means = np.stack([rows[people == p].sum(axis=0) for p in range(6)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    cosines = rows @ means.T
    scale = answers.logits.numpy() / cosines
    np.testing.assert_allclose(scale, scale[0, 0], rtol=1e-3)
    assert 1 <= scale[0, 0] < 317


def test_checkpoint_and_onnx_see_the_same_in_any_crop(little_people, taught) -> None:
    """Another size, colour order and normalisation, undone before the teacher looks."""
    settings = student(taught / "best.pt", soft_weight=0.0, similarity_weight=1.0)
    images, _ = batches(settings, little_people)
    crops, _ = images.plain(torch.arange(12))
    odd = Preprocess(size=(48, 24), mean=(0.1, 0.2, 0.3), std=(0.5, 0.6, 0.7), color="bgr")
    pixels = crops * torch.tensor(Preprocess().std).view(3, 1, 1)
    pixels = (pixels + torch.tensor(Preprocess().mean).view(3, 1, 1)).flip(1)
    as_odd = (pixels - torch.tensor(odd.mean).view(3, 1, 1)) / torch.tensor(odd.std).view(3, 1, 1)
    expected = Teacher(settings.distillation, Preprocess(size=(48, 24)), CPU)(crops).embeddings
    onnx = replace(settings.distillation, teacher=str(taught / "best.onnx"))
    got = Teacher(onnx, odd, CPU)(as_odd).embeddings
    torch.testing.assert_close(got, expected, atol=1e-4, rtol=0)
    assert resized(crops, (24, 12)).shape == (12, 3, 24, 12)
    torch.testing.assert_close(
        resized(crops, (24, 12)).mean(dim=(2, 3)), crops.mean(dim=(2, 3)), atol=0.03, rtol=0
    )


def test_a_teacher_that_does_not_suit_is_refused(tmp_path, little_people, taught) -> None:
    def begin(file, **distillation):
        return trainer(student(file, **distillation), little_people, tmp_path)

    with pytest.raises(reid.ReidError, match=r"best.onnx: has no classification layer.*means"):
        begin(taught / "best.onnx")
    with pytest.raises(reid.ReidError, match="no such file"):
        begin(tmp_path / "none.pt")
    checkpoint = Checkpoint.open(taught / "best.pt")
    replace(checkpoint, classifiers={}).save(tmp_path / "bare.pt")
    with pytest.raises(reid.ReidError, match=r"bare.pt: has no classification layer"):
        begin(tmp_path / "bare.pt")
    rows = checkpoint.classifiers["0.weight"]
    replace(checkpoint, classifiers={"0.weight": rows[:4]}).save(tmp_path / "four.pt")
    with pytest.raises(reid.ReidError, match="tells 4 people apart, the training set has 6"):
        begin(tmp_path / "four.pt")
    # The same number of people, but others: what it says of ours is chance.
    replace(checkpoint, classifiers={"0.weight": rows.roll(1, 0)}).save(tmp_path / "other.pt")
    with pytest.raises(reid.ReidError, match=r"recognises \d.* so it learned other people"):
        begin(tmp_path / "other.pt")
    replace(checkpoint, classifiers={"0.weight": rows[:, :9]}).save(tmp_path / "narrow.pt")
    with pytest.raises(reid.ReidError, match="the classification layers do not fit"):
        begin(tmp_path / "narrow.pt")


def test_averaged_weights_go_with_averaged_classification_layers(tmp_path, little_people) -> None:
    swa = {
        "cycles": {"cycles": 2, "length": 2},
        "average": {"method": "swa"},
        "schedule": {"epochs": 6},
        "augment": {"erase": 0.0},
    }
    running = Trainer(config(**swa), [open_dataset("folder", little_people)], [], CPU, tmp_path)
    ends = []
    for report in running.run():
        if running._config.ends_cycle(report.epoch):
            state = torch.load(tmp_path / "last.pt", weights_only=True)
            ends.append(state["learner"]["classifiers"]["0.weight"])
    averaged = Checkpoint.open(tmp_path / "best.pt").classifiers["0.weight"]
    torch.testing.assert_close(averaged, (ends[0] + ends[1]) / 2)
