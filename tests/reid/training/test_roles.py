"""What each vector of a network is for."""

from __future__ import annotations

import pytest
import torch

from mtmc.reid.checkpoint import Checkpoint, classification_layers
from mtmc.reid.errors import ReidError
from mtmc.reid.models import MODELS, Entry
from mtmc.reid.models.base import EmbeddingNet, Vector
from mtmc.reid.training.learner import Learner
from tests.reid.training.test_engine import config, trainer

HERE = "tests.reid.training.test_roles"
CPU = torch.device("cpu")


class Roles(EmbeddingNet):
    """Vectors of 2, 3, 4, ... numbers with one role each, in the order of the letters."""

    def __init__(self, roles: str = "mcs") -> None:
        vectors = [
            Vector(2 + i, metric=role == "m", classified=role == "c", served=role == "s")
            for i, role in enumerate(roles)
        ]
        super().__init__(vectors, "bn")
        self.layers = torch.nn.ModuleList(torch.nn.Linear(3, v.dim) for v in self.vectors)

    def parts(self, images):
        return [layer(images.mean(dim=(2, 3))) for layer in self.layers]


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(MODELS, "roles", Entry(f"{HERE}:Roles"))


def model(roles: str) -> dict[str, object]:
    return {"name": "roles", "args": {"roles": roles}}


def test_each_vector_goes_to_whom_it_concerns() -> None:
    network, images = Roles("smcs"), torch.randn(5, 3, 4, 4)
    parts = network.parts(images)
    outputs = network.training_outputs(images)
    layers = classification_layers(network, 7, bias=False)
    assert torch.equal(outputs.metric[0], parts[1])
    assert [v.shape for v in outputs.classified] == [(5, 4)]
    assert [tuple(layer.weight.shape) for layer in layers] == [(7, 4)]
    assert outputs.classified_by(layers).logits[0].shape == (5, 7)
    assert network.dim == 2 + 5
    assert torch.equal(network.eval()(images), network.training_outputs(images).embeddings)


def test_training_and_the_file_know_the_roles(tmp_path, little_people) -> None:
    settings = config(model=model("mcs"), schedule={"epochs": 1, "milestones": []})
    list(trainer(settings, little_people, tmp_path).run())
    saved = Checkpoint.open(tmp_path / "best.pt")
    assert saved.dim == 4
    assert list(saved.classifiers) == ["0.weight"]
    assert saved.classifiers["0.weight"].shape[1] == 3
    assert len(saved.build_classifiers(saved.build())) == 1


@pytest.mark.parametrize(
    ("roles", "loss", "message"),
    [
        ("ms", {}, "model.name: no vector of roles is classified; set loss.cross_entropy=0"),
        ("cs", {}, "model.name: no vector of roles is compared; set loss.triplet=none"),
    ],
)
def test_a_loss_without_a_vector_is_refused(roles, loss, message) -> None:
    with pytest.raises(ReidError, match=message):
        Learner(config(model=model(roles), loss=loss), CPU)


def test_without_a_classification_loss_there_is_nothing_that_passes_for_a_teacher() -> None:
    learner = Learner(config(model=model("ms"), loss={"cross_entropy": 0.0}), CPU)
    learner.begin(people=3)
    assert learner.classifiers(averaged=False) == {}
    learner.begin_epoch(1)
    rng = torch.Generator().manual_seed(0)
    images = torch.randn(4, 3, 4, 4, generator=rng)
    losses = learner.learn(learner.forward(images), torch.tensor([0, 0, 1, 1]))
    assert float(losses["loss"]) == float(losses["triplet"]) > 0
