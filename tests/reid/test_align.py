"""Exits in one space, fitted to a finished network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mtmc import reid
from mtmc.reid.align import PARTS, align, fit
from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.commands.export import run as export
from mtmc.reid.data.images import images_of
from mtmc.reid.errors import ReidError
from mtmc.reid.models import build
from mtmc.reid.models.fitted import Fit
from mtmc.reid.preprocess import Preprocess
from mtmc.reid.staged import StagedEmbedder
from tests.reid.test_staged import until

CPU = torch.device("cpu")
NETWORKS = {"exits:mobilenet_025": {"hidden": 16, "dim": 8}, "mobilenet_025": {"neck": "bn"}}


def checkpoint(name: str) -> Checkpoint:
    torch.manual_seed(0)
    network = build(name, **NETWORKS[name]).eval()
    norms = [m for m in network.modules() if hasattr(m, "running_mean")]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():  # batch statistics of such pictures, as if it had learned from them
        network.train()(torch.randn(16, 3, 1, 1) + 0.2 * torch.randn(16, 3, 64, 32))
    size = Preprocess(size=(64, 32))
    return Checkpoint(name, NETWORKS[name], network.state_dict(), size, network.dim)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Sixty people of a colour each, two pictures."""
    import cv2

    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    rows = []
    for pid in range(60):
        shade = rng.integers(0, 200, 3)
        for number in range(2):
            noise = rng.integers(0, 50, (64, 32, 3))
            cv2.imwrite(str(folder / f"{pid}_{number}.png"), (shade + noise).astype(np.uint8))
            rows.append((folder / f"{pid}_{number}.png", pid, 1))
    return images_of(rows)


def test_what_is_linear_is_found() -> None:
    torch.manual_seed(0)
    features, truth = torch.randn(400, 6) * 3 + 1, torch.randn(6, 4)
    wanted = torch.nn.functional.normalize(features @ truth)
    part = np.arange(400) % PARTS
    layer = Fit(6, 64, 4)
    cosines = fit(layer, features, wanted, part)
    assert len(cosines) == 80
    assert float(cosines.mean()) > 0.98
    with torch.no_grad():
        guesses = layer(features[::PARTS])
    again = torch.nn.functional.cosine_similarity(guesses, wanted[::PARTS])
    torch.testing.assert_close(again.double(), cosines, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("part", [0, 1])
def test_those_measured_on_have_no_say(part) -> None:
    torch.manual_seed(0)
    features, wanted = torch.randn(100, 3), torch.nn.functional.normalize(torch.randn(100, 2))
    parts, layers = np.arange(100) % PARTS, [Fit(3, 0, 2), Fit(3, 0, 2)]
    fit(layers[0], features, wanted, parts)
    changed = wanted.clone()
    changed[parts == part] *= -1
    fit(layers[1], features, changed, parts)
    assert torch.equal(layers[0].last.weight, layers[1].last.weight) == (part == 0)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_end_stays_and_the_exits_guess_it(name, pictures, tmp_path, crops) -> None:
    before = checkpoint(name)
    before.save(tmp_path / "before.pt")
    after, found = align(before, pictures, CPU)
    after.save(tmp_path / "after.pt")
    export(tmp_path / "after.pt", None, int8=False, calibration=None)
    old, new = (reid.load(tmp_path / f"{n}.pt", device="cpu") for n in ("before", "after"))
    np.testing.assert_allclose(old.embed(crops), new.embed(crops), atol=1e-6)
    assert isinstance(new, StagedEmbedder)
    assert new.reliability == pytest.approx(found.reliability)
    assert new.reliability[-1] == 1
    assert min(found.cosine) > 0.2  # of a guess without knowledge: 0
    assert found.fitted_to == 4 * found.measured_on == 96
    served = reid.load(tmp_path / "after.onnx", device="cpu")
    assert served.reliability == pytest.approx(new.reliability)
    for number in (1, 2, 3):
        expected, _ = new.embed_until(crops, until([number] * len(crops)))
        for model in ("after.pt", "after.onnx"):
            alone = reid.load(f"{tmp_path / model}@{number}", device="cpu").embed(crops)
            np.testing.assert_allclose(alone, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"members": [{}]}, "an ensemble has no stages"),
        ({"model": "fitted:x"}, "is aligned already"),
        ({"model": "osnet_x0_25", "args": {}}, "cannot be cut into stages; expected exits:"),
    ],
)
def test_what_has_no_stages_is_refused(change, message, pictures) -> None:
    from dataclasses import replace

    with pytest.raises(ReidError, match=message):
        align(replace(checkpoint("mobilenet_025"), **change), pictures, CPU)


def test_few_people_are_too_few(pictures) -> None:
    with pytest.raises(ReidError, match="at least 5 people, got 4"):
        align(checkpoint("mobilenet_025"), pictures.where(pictures.pids < 4), CPU)
