"""OSNet weights as torchreid publishes them; the oracle is a published file's ONNX form."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mtmc import reid
from mtmc.reid.commands.import_ import run
from mtmc.reid.errors import ReidError
from mtmc.reid.models import build
from mtmc.reid.torchreid import read_torchreid

EPSILON = 1e-5  # of batch normalisation


def theirs(name: str) -> str:  # noqa: PLR0911
    """A name of ours as theirs: the way back, written on its own, of the plain form and ``ibn``."""
    stage = {"0": "conv2", "1": "conv3", "2": "conv4"}
    parts = name.split(".")
    tail = {"0": "conv", "1": "bn"}
    if parts[0] == "stem":
        return ".".join(["conv1", tail[parts[1]], *parts[2:]])
    if parts[0] == "last":
        return ".".join(["conv5", tail[parts[1]], *parts[2:]])
    if parts[0] == "describe":
        return ".".join(["fc", *parts[1:]])
    if parts[0] == "transitions":
        return ".".join([stage[parts[1]], "2", "0", tail[parts[2]], *parts[3:]])
    block, what, rest = [stage[parts[1]], parts[2]], parts[3], parts[4:]
    if what == "streams":
        stream, depth, layer = rest[:3]
        letter = "abcd"[int(stream)]
        inner = [f"conv2{letter}"] if stream == "0" else [f"conv2{letter}", depth]
        return ".".join([*block, *inner, {"0": "conv1", "1": "conv2", "2": "bn"}[layer], *rest[3:]])
    if what == "gate":
        return ".".join([*block, "gate", {"1": "fc1", "3": "fc2"}[rest[0]], *rest[1:]])
    if what == "instance":
        return ".".join([*block, "IN", *rest])
    outer = {"reduce": "conv1", "expand": "conv3", "skip": "downsample"}[what]
    return ".".join([*block, outer, tail[rest[0]], *rest[1:]])


def searched(name: str) -> str:
    """The same of the form that was searched for, ``ain``."""
    name = theirs(name)
    for letter, stream in zip("abcd", "0123", strict=True):
        name = name.replace(".conv2a.", ".conv2.0.layers.0.")
        name = name.replace(f".conv2{letter}.", f".conv2.{stream}.layers.")
    return name.replace("conv2.2.0.", "pool2.0.").replace("conv3.2.0.", "pool3.0.")


def published(name: str, path, rename=theirs, prefix="module.", **args):
    """A network of ours with random weights, written as they would."""
    torch.manual_seed(0)
    network = build(name, **args).eval()
    for value in network.buffers():
        if value.dtype.is_floating_point:
            value.uniform_(0.5, 1.5)
    weights = {prefix + rename(key): value for key, value in network.state_dict().items()}
    weights[f"{prefix}classifier.weight"] = torch.zeros(7, 512)
    torch.save(weights, path)
    return network


@pytest.mark.parametrize(
    ("name", "rename", "args"),
    [
        ("osnet_x0_25", theirs, {}),
        ("osnet_x0_75", theirs, {}),
        ("osnet_ibn_x1_0", theirs, {}),
        ("osnet_ain_x1_0", searched, {}),
        ("osnet_ain_x1_0", searched, {"width": 0.25}),
    ],
)
def test_every_published_kind_is_told_and_read(tmp_path, name, rename, args) -> None:
    network = published(name, tmp_path / "net.pth", rename, **args)
    checkpoint = read_torchreid(tmp_path / "net.pth")
    assert (checkpoint.model, checkpoint.args) == (name, args)
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        assert torch.equal(checkpoint.build()(images), network(images))


@pytest.fixture(scope="module")
def oracle(shared_weights):
    path = shared_weights / "osnet_x0_25_msmt17.onnx"
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    return path


def unfolded(path) -> dict[str, torch.Tensor]:
    """An ONNX file's tensors as the ``.pth`` it was exported from: folded norms become biases."""
    import onnx

    weights = {}
    for tensor in onnx.load(path).graph.initializer:
        value = torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy())
        if tensor.name.startswith("val_"):  # no weight
            continue
        if not tensor.name.endswith(".weight_bias"):
            weights[tensor.name] = value
            continue
        layer, _, last = tensor.name.removesuffix(".weight_bias").rpartition(".")
        assert last in {"conv", "conv2"}
        weights |= norm(f"{layer}.bn", value)
    return weights | norm("fc.1", torch.zeros(512))


def norm(name: str, bias: torch.Tensor) -> dict[str, torch.Tensor]:
    ones, zeros = torch.ones_like(bias), torch.zeros_like(bias)
    return {
        f"{name}.weight": ones,
        f"{name}.bias": bias,
        f"{name}.running_mean": zeros,
        f"{name}.running_var": ones - EPSILON,
    }


def test_the_published_osnet_gives_the_published_embeddings(oracle, tmp_path, capsys) -> None:
    torch.save({"state_dict": unfolded(oracle)}, tmp_path / "osnet_x0_25_msmt17.pth")
    run(tmp_path / "osnet_x0_25_msmt17.pth", None)
    assert "osnet_x0_25;" in capsys.readouterr().out
    rng = np.random.default_rng(0)
    crops = [rng.integers(0, 256, (200, 90, 3), dtype=np.uint8) for _ in range(3)]
    ours = reid.load(tmp_path / "osnet_x0_25_msmt17.onnx").embed(crops)
    assert np.abs(ours - reid.load(oracle).embed(crops)).max() < 1e-4
    run(tmp_path / "osnet_x0_25_msmt17.pth", tmp_path / "ours.pt")
    assert np.abs(ours - reid.load(tmp_path / "ours.pt").embed(crops)).max() < 1e-4


def test_other_files_are_refused_in_one_line(tmp_path) -> None:
    torch.save({"layer1.weight": torch.zeros(3)}, tmp_path / "resnet.pth")
    with pytest.raises(ReidError, match="expected the weights of an OSNet"):
        read_torchreid(tmp_path / "resnet.pth")
    published("osnet_x0_25", tmp_path / "net.pth", prefix="")
    weights = torch.load(tmp_path / "net.pth", weights_only=True)
    torch.save(weights | {"conv3.0.conv1.conv.weight": torch.zeros(1)}, tmp_path / "odd.pth")
    with pytest.raises(ReidError, match=r"osnet_x0_25, but stages\.1\.0\.reduce\.0\.weight"):
        read_torchreid(tmp_path / "odd.pth")
    with pytest.raises(ReidError, match=r"x.txt: expected a name that ends in .onnx or .pt"):
        run(tmp_path / "net.pth", tmp_path / "x.txt")
    with pytest.raises(ReidError, match=r"gone.pth: no such file"):
        run(tmp_path / "gone.pth", None)
    with pytest.raises(ReidError, match=r"`reid import .*net.pth`"):
        reid.load(tmp_path / "net.pth")


def test_what_is_no_torch_file_is_told_what_was_expected(tmp_path):
    (tmp_path / "a.pth").write_bytes(b"")
    with pytest.raises(ReidError, match="expected OSNet weights as torchreid"):
        read_torchreid(tmp_path / "a.pth")
