"""The architectures, by name."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mtmc.reid.errors import ReidError, one_line
from mtmc.reid.registry import lookup, unknown

if TYPE_CHECKING:
    from mtmc.reid.models.base import EmbeddingNet

# Families with a member for each name that may follow: argument of the class that takes the name.
TIMM, METRIC, EXITS, FITTED = "timm:", "metric:", "exits:", "fitted:"
FAMILIES = {
    TIMM: ("mtmc.reid.models.timm_backbone:TimmBackbone", "backbone"),
    METRIC: ("mtmc.reid.models.metric:MetricNet", "features"),
    EXITS: ("mtmc.reid.models.exits:ExitNet", "trunk"),
    "aligned:": ("mtmc.reid.models.aligned:AlignedNet", "trunk"),
    FITTED: ("mtmc.reid.models.fitted:FittedNet", "network"),
    "two_heads:": ("mtmc.reid.models.two_heads:TwoHeads", "trunk"),
}


@dataclass(frozen=True)
class Entry:
    """An architecture: the class and the arguments that make it this one."""

    target: str
    args: dict[str, Any] = field(default_factory=dict)


class Profile(NamedTuple):
    """The size of a network.

    Args:
        parameters: learned numbers, without classification layers.
        flops: multiply-adds of one image (what papers in this field call FLOPs).
        input_size: ``(height, width)`` they were counted at.
        dim: embedding size.
    """

    parameters: int
    flops: int
    input_size: tuple[int, int]
    dim: int


def _robust_reid(*repeats: int) -> dict[str, Any]:
    """What Robust-ReID changes of HA-CNN (Lawen et al., Table 1); ablations undo single ones."""
    return {"blocks": "shuffle", "repeats": repeats, "pooling": "gem", "neck": "l2"}


MODELS = {
    "hacnn": Entry("mtmc.reid.models.harmonious:HarmoniousNet"),
    "robust_reid_1x": Entry("mtmc.reid.models.harmonious:HarmoniousNet", _robust_reid(7, 10, 7)),
    "robust_reid_2x": Entry(
        "mtmc.reid.models.harmonious:HarmoniousNet",
        # "Deeper and wider", in bold in Table 1.
        _robust_reid(8, 11, 8) | {"stem": 36, "channels": (240, 320, 480), "part_dim": 960},
    ),
    "osnet_x0_25": Entry("mtmc.reid.models.osnet:OSNet", {"width": 0.25}),
    "osnet_x0_5": Entry("mtmc.reid.models.osnet:OSNet", {"width": 0.5}),
    "osnet_x0_75": Entry("mtmc.reid.models.osnet:OSNet", {"width": 0.75}),
    "osnet_x1_0": Entry("mtmc.reid.models.osnet:OSNet", {"width": 1.0}),
    "osnet_ibn_x1_0": Entry("mtmc.reid.models.osnet:OSNet", {"width": 1.0, "instance": "ibn"}),
    "osnet_ain_x1_0": Entry("mtmc.reid.models.osnet:OSNet", {"width": 1.0, "instance": "ain"}),
    "resnet50": Entry("mtmc.reid.models.resnet:ResNet50"),
    "resnet50_xception": Entry("mtmc.reid.models.resnet:ResNet50", {"xception": True}),
    "mobilenet_025": Entry("mtmc.reid.models.mobilenet:MobileNetV1", {"width": 0.25}),
    "mobilenet_050": Entry("mtmc.reid.models.mobilenet:MobileNetV1", {"width": 0.5}),
    "mobilenet_075": Entry("mtmc.reid.models.mobilenet:MobileNetV1", {"width": 0.75}),
    "mobilenet_100": Entry("mtmc.reid.models.mobilenet:MobileNetV1", {"width": 1.0}),
    "efficientnet_lite0": Entry("mtmc.reid.models.efficientnet:EfficientNetLite", {"size": 0}),
    "efficientnet_lite1": Entry("mtmc.reid.models.efficientnet:EfficientNetLite", {"size": 1}),
    "efficientnet_lite2": Entry("mtmc.reid.models.efficientnet:EfficientNetLite", {"size": 2}),
    "lomo": Entry("mtmc.reid.models.lomo:Lomo"),
}


# What `reid list` shows, without making any network; a test counts anew.
FIGURES = {
    "hacnn": Profile(2_921_612, 543_994_538, (160, 64), 1024),
    "robust_reid_1x": Profile(2_909_516, 725_275_306, (160, 64), 1024),
    "robust_reid_2x": Profile(5_757_761, 1_713_145_802, (160, 64), 1920),
    "osnet_x0_25": Profile(201_864, 82_314_880, (256, 128), 512),
    "osnet_x0_5": Profile(630_034, 272_899_328, (256, 128), 512),
    "osnet_x0_75": Profile(1_285_754, 571_752_192, (256, 128), 512),
    "osnet_x1_0": Profile(2_169_508, 978_875_392, (256, 128), 512),
    "osnet_ibn_x1_0": Profile(2_170_532, 978_875_392, (256, 128), 512),
    "osnet_ain_x1_0": Profile(2_169_508, 978_875_392, (256, 128), 512),
    "resnet50": Profile(23_512_128, 4_053_270_528, (256, 128), 2048),
    "resnet50_xception": Profile(13_486_336, 2_384_986_112, (256, 128), 2048),
    "mobilenet_025": Profile(213_072, 13_314_048, (128, 128), 256),
    "mobilenet_050": Profile(818_592, 48_648_192, (128, 128), 512),
    "mobilenet_075": Profile(1_816_560, 106_002_432, (128, 128), 768),
    "mobilenet_100": Profile(3_206_976, 185_376_768, (128, 128), 1024),
    "efficientnet_lite0": Profile(2_959_488, 59_401_984, (128, 64), 320),
    "efficientnet_lite1": Profile(3_724_160, 78_549_760, (128, 64), 320),
    "efficientnet_lite2": Profile(4_358_656, 90_310_528, (128, 64), 352),
    "lomo": Profile(0, 6_488_064, (128, 48), 26960),
}


def build(name: str, **args: Any) -> EmbeddingNet:
    """Make a network with random weights.

    Args:
        name: one of `MODELS`; ``timm:`` and the name of a timm model; ``exits:``, ``two_heads:`` or
            ``aligned:`` and the name of a trunk; or ``metric:`` and the name of a model whose
            embeddings a learned metric compares.
        args: the architecture's own arguments, beyond those that the name implies.

    Raises:
        ReidError: no such model, or an argument it does not take.
    """
    entry = _entry(name)
    cls = lookup("model", name, {name: entry.target})
    known = inspect.signature(cls).parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in known.values())
    for key in args:
        if key not in known and not open_ended:
            raise unknown(f"argument of model '{name}':", key, known)
    try:
        network: EmbeddingNet = cls(**{**entry.args, **args})
    except (TypeError, ValueError, ArithmeticError, RuntimeError, MemoryError) as error:
        raise ReidError(f"model '{name}': {one_line(error, 200)}") from error
    return network


def _entry(name: str) -> Entry:
    if name in MODELS:
        return MODELS[name]
    for family, (target, argument) in FAMILIES.items():
        if name.startswith(family):
            return Entry(target, {argument: name[len(family) :]})
    raise unknown("model", name, [*MODELS, *(f"{family}<name>" for family in FAMILIES)])
