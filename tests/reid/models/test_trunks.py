from __future__ import annotations

import pytest
import torch

from mtmc.reid.errors import ReidError
from mtmc.reid.models import build
from mtmc.reid.models.trunks import Trunk


@pytest.mark.parametrize(
    ("name", "last_stride", "channels", "rows"),
    [
        ("mobilenet_025", 1, (32, 64, 128, 256), (16, 8, 4, 4)),
        ("efficientnet_lite0", 2, (24, 40, 112, 1280), (16, 8, 4, 2)),
        ("timm:resnet18", 2, (64, 128, 256, 512), (16, 8, 4, 2)),
        ("densenet121", 2, (256, 512, 1024, 1024), (16, 8, 4, 2)),
    ],
)
def test_four_stages_halve_the_map(name, last_stride, channels, rows) -> None:
    trunk = Trunk(name, last_stride).eval()
    assert trunk.channels == channels
    x, found = torch.randn(2, 3, 64, 32), []
    for stage in range(4):
        x = trunk.advance(stage, x)
        read = trunk.ending(stage, x)
        found.append(read.shape)
    assert [(s[1], s[2], s[3]) for s in found] == [
        (c, r, r // 2) for c, r in zip(channels, rows, strict=True)
    ]


@pytest.mark.parametrize("name", ["mobilenet_025", "timm:resnet18"])
def test_the_last_map_is_the_whole_networks(name) -> None:
    torch.manual_seed(0)
    network = build(name, neck="none").eval()
    trunk = Trunk(name).eval()
    inner = network.network if name.startswith("timm") else network
    trunk.net.load_state_dict(inner.state_dict())
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        pooled = trunk(images).mean(dim=(2, 3))
        torch.testing.assert_close(pooled, network(images))


@pytest.mark.parametrize(
    ("name", "last_stride", "message"),
    [
        ("lomo", 2, "unknown trunk 'lomo'"),
        ("densenet200", 2, "did you mean 'densenet201'"),
        ("timm:vit_tiny_patch16_224", 2, "expected a ResNet or an EfficientNet of timm's"),
        ("densenet121", 1, "last_stride can only be 2 here, got 1"),
    ],
)
def test_what_cannot_be_cut_is_refused(name, last_stride, message) -> None:
    with pytest.raises(ReidError, match=message):
        Trunk(name, last_stride)


def test_timm_models_see_the_pixels_that_theirs_saw() -> None:
    assert build("timm:tf_efficientnet_lite0").preprocess().mean == (0.5, 0.5, 0.5)
    assert build("timm:resnet18").preprocess().mean == (0.485, 0.456, 0.406)
