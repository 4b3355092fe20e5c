"""OSNet weights as torchreid publishes them, under our names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from torch import Tensor

from mtmc.reid.checkpoint import Checkpoint, load_plain
from mtmc.reid.errors import ReidError
from mtmc.reid.models import MODELS, build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STEM = "conv1.conv.weight"  # (channels, 3, 7, 7)
STEM_CHANNELS = 64  # at width 1
# Their names -> ours, one step after the other. The stages are called conv2 to conv4 there, the
# streams of a block conv2a to conv2d, or conv2.0 to conv2.3 where normalisations were searched.
RENAMED: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
    (r"^conv1\.conv\.", "stem.0."),
    (r"^conv1\.bn\.", "stem.1."),
    (r"^conv5\.", "last."),
    (r"^fc\.", "describe."),
    (r"^(?:conv([23])\.2|pool([23]))\.0\.", lambda m: f"transitions.{int(m[1] or m[2]) - 2}."),
    (r"^conv([234])\.([01])\.", lambda m: f"stages.{int(m[1]) - 2}.{m[2]}."),
    (r"\.conv2a\.", ".streams.0.0."),
    (r"\.conv2([bcd])\.(\d)\.", lambda m: f".streams.{' bcd'.index(m[1])}.{m[2]}."),
    (r"\.conv2\.(\d)\.layers\.(\d)\.", r".streams.\1.\2."),
    (r"(\.streams\.\d\.\d)\.conv([12])\.", lambda m: f"{m[1]}.{int(m[2]) - 1}."),
    (r"(\.streams\.\d\.\d)\.bn\.", r"\1.2."),
    (r"\.conv1\.", ".reduce."),
    (r"\.conv3\.", ".expand."),
    (r"\.downsample\.", ".skip."),
    (r"\.IN\.", ".instance."),
    (r"\.gate\.fc1\.", ".gate.1."),
    (r"\.gate\.fc2\.", ".gate.3."),
    (r"\.conv\.(weight)$", r".0.\1"),
    (r"\.bn\.", ".1."),
]


def read_torchreid(path: Path) -> Checkpoint:
    """A checkpoint of ours from a ``.pth`` that torchreid wrote.

    Which OSNet it is, its sizes and names tell. The classification layer, of the people it was
    trained on, is left out.

    Raises:
        ReidError: the file cannot be read, or holds another network.
    """
    weights = _weights(path)
    name, args = _architecture(path, weights)
    ours = {_renamed(key): value for key, value in weights.items() if not _of_classifier(key)}
    network = build(name, **args)
    wanted = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    # Counters of batches, which nothing here looks at, are missing in old files.
    ours |= {key: wanted_value for key, wanted_value in network.state_dict().items()
             if key.endswith("num_batches_tracked")}  # fmt: skip
    found = {key: tuple(value.shape) for key, value in ours.items()}
    if found != wanted:
        odd = sorted(set(found.items()) ^ set(wanted.items()))[0]
        raise ReidError(f"{path}: looks like {name}, but {odd[0]} does not fit; not imported")
    return Checkpoint(name, args, ours, network.preprocess(), network.dim)


def _weights(path: Path) -> dict[str, Tensor]:
    content = load_plain(path, "OSNet weights as torchreid publishes them (.pth)")
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    named: dict[str, Any] = content if isinstance(content, dict) else {}
    weights = {
        key.removeprefix("module."): value
        for key, value in named.items()
        if isinstance(key, str) and isinstance(value, Tensor)
    }
    if STEM not in weights or "fc.0.weight" not in weights:
        raise ReidError(
            f"{path}: expected the weights of an OSNet (x0.25 to x1.0, ibn or ain) as torchreid "
            "publishes them; models of other kinds can be used as ONNX files"
        )
    return weights


def _architecture(path: Path, weights: dict[str, Tensor]) -> tuple[str, dict[str, Any]]:
    """The registered name, and arguments where no name has them."""
    width = len(weights[STEM]) / STEM_CHANNELS
    instance = "none"
    if "conv1.bn.running_mean" not in weights:
        instance = "ain" if any(".layers." in key for key in weights) else "ibn"
    args = {"width": width, "instance": instance}
    for name, entry in MODELS.items():
        if name.startswith("osnet") and {"instance": "none", **entry.args} == args:
            return name, {}
    if instance == "none":
        raise ReidError(f"{path}: an OSNet of unknown width {width:g}; not imported")
    return f"osnet_{instance}_x1_0", {"width": width}


def _of_classifier(key: str) -> bool:
    return key.startswith("classifier.")


def _renamed(key: str) -> str:
    for pattern, ours in RENAMED:
        key = re.sub(pattern, ours, key)
    return key
