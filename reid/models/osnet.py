from __future__ import annotations

from typing import Literal, get_args

from torch import Tensor, nn

from mtmc.reid.models.base import EmbeddingNet, Neck
from mtmc.reid.models.blocks import conv_bn_relu

Instance = Literal["none", "ibn", "ain"]

CHANNELS = (64, 256, 384, 512)  # of the stem and the three stages, at width 1
DIM = 512
SCALES = 4  # streams of a block; the t-th sees 2t + 1 pixels
BOTTLENECK, SQUEEZE = 4, 16  # by what a block's inner channels and its gate's are fewer
# Where each block of each stage normalises within an image: not, its residual, or its sum.
PLACES = {
    "none": (("", ""), ("", ""), ("", "")),
    "ibn": (("sum", "sum"), ("", ""), ("", "")),
    "ain": (("residual", "residual"), ("", "residual"), ("residual", "")),
}


class OSNet(EmbeddingNet):
    """A light network whose blocks see people at four scales at once and weigh these by content.

    Args:
        width: multiplier of all channel counts but the embedding's; published with 0.25, 0.5, 0.75
            and 1.
        instance: where features are normalised within each image, which takes out its light and
            colour cast: ``none``; ``ibn`` (in the stem and the first stage); ``ain`` (where a
            search found it to help across datasets).
        neck: see `EmbeddingNet`.

    Raises:
        ValueError: an argument is out of range.

    Source:
        Zhou et al., "Omni-Scale Feature Learning for Person Re-Identification", ICCV 2019, Fig. 4
        and Table 1; ``ain``: "Learning Generalisable Omni-Scale Representations for Person
        Re-Identification", TPAMI 2021.
    """

    def __init__(
        self, width: float = 1.0, instance: Instance = "none", neck: Neck = "none"
    ) -> None:
        if not 0.25 <= width <= 4:
            raise ValueError(f"width must be in 0.25..4, got {width}")
        if instance not in get_args(Instance):
            raise ValueError(f"instance must be one of {get_args(Instance)}, got {instance!r}")
        super().__init__((DIM,), neck)
        stem, *stages = (int(width * channels) for channels in CHANNELS)
        self.stem = conv_bn_relu(3, stem, 7, stride=2)
        if instance != "none":
            self.stem[1] = nn.InstanceNorm2d(stem, affine=True)
        self.shrink = nn.MaxPool2d(3, stride=2, padding=1)
        self.stages, self.transitions = nn.ModuleList(), nn.ModuleList()
        before = stem
        for channels, places in zip(stages, PLACES[instance], strict=True):
            blocks = [OmniScale(before, channels, places[0])]
            blocks += [OmniScale(channels, channels, place) for place in places[1:]]
            self.stages.append(nn.Sequential(*blocks))
            if channels != stages[-1]:
                self.transitions.append(conv_bn_relu(channels, channels, 1))
            before = channels
        self.halve = nn.AvgPool2d(2)
        self.last = conv_bn_relu(before, before, 1)
        self.describe = nn.Sequential(
            nn.Linear(before, DIM), nn.BatchNorm1d(DIM), nn.ReLU(inplace=True)
        )

    def parts(self, images: Tensor) -> list[Tensor]:
        """The described mean of the last features."""
        x = self.shrink(self.stem(images))
        for stage, transition in zip(self.stages, self.transitions, strict=False):
            x = self.halve(transition(stage(x)))
        return [self.describe(self.last(self.stages[-1](x)).mean(dim=(2, 3)))]


class OmniScale(nn.Module):
    """A residual block of streams that look ever wider, summed with weights of one shared gate.

    Args:
        inputs: channels.
        outputs: channels.
        place: of an instance normalisation: the ``residual``, the ``sum``, or nowhere.

    Source: Zhou et al., Fig. 4 and equations 2 and 3.
    """

    def __init__(self, inputs: int, outputs: int, place: str) -> None:
        super().__init__()
        middle = outputs // BOTTLENECK
        self.place = place
        self.reduce = conv_bn_relu(inputs, middle, 1)
        self.streams = nn.ModuleList(
            nn.Sequential(*(_light(middle) for _ in range(depth))) for depth in range(1, SCALES + 1)
        )
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(middle, middle // SQUEEZE, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(middle // SQUEEZE, middle, 1),
            nn.Sigmoid(),
        )
        # The instance normalisation of a residual takes the place of the batch's.
        self.expand = conv_bn_relu(middle, outputs, 1, relu=False)
        if place == "residual":
            self.expand = nn.Sequential(self.expand[0])
        self.instance = nn.InstanceNorm2d(outputs, affine=True) if place else nn.Identity()
        self.skip: nn.Module = nn.Identity()
        if inputs != outputs:
            self.skip = conv_bn_relu(inputs, outputs, 1, relu=False)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs, H, W)`` to ``(N, outputs, H, W)``."""
        reduced = self.reduce(x)
        seen = [stream(reduced) for stream in self.streams]
        mixed = sum((self.gate(one) * one for one in seen[1:]), self.gate(seen[0]) * seen[0])
        residual = self.expand(mixed)
        if self.place == "residual":
            residual = self.instance(residual)
        total = self.skip(x) + residual
        if self.place == "sum":
            total = self.instance(total)
        return nn.functional.relu(total)


def _light(channels: int) -> nn.Sequential:
    """A 3x3 convolution in two steps, across channels and then across the map: Fig. 3b."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
    )
