from __future__ import annotations

import numpy as np
import pytest
import torch

from mtmc import reid
from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.export import export_onnx
from mtmc.reid.models import build
from mtmc.reid.preprocess import Preprocess
from mtmc.reid.training.averaging import refresh_batch_norm


def checkpoint(name, size, members=0) -> Checkpoint:
    torch.manual_seed(0)
    networks = [build(name) for _ in range(1 + members)]
    for network in networks:  # without having seen data, all pictures look the same to it
        refresh_batch_norm(network, [torch.randn(8, 3, *size)])
    return Checkpoint(
        model=name,
        args={},
        weights=networks[0].state_dict(),
        preprocess=Preprocess(size=size, interpolation="linear"),
        dim=networks[0].dim,
        members=[n.state_dict() for n in networks[1:]],
        metrics={"scores": {"folder": {"rank1": 0.5, "even_distance": 0.4}}},
    )


@pytest.mark.parametrize(
    ("name", "size", "members"),
    [("mobilenet_025", (64, 32), 2), ("robust_reid_1x", (80, 32), 0), ("hacnn", (80, 32), 0)],
)
def test_exported_embeddings_are_the_checkpoints(tmp_path, crops, name, size, members) -> None:
    checkpoint(name, size, members).save(tmp_path / "best.pt")
    assert export_onnx(tmp_path / "best.pt", tmp_path / "best.onnx") < 1e-4
    by_torch = reid.load(tmp_path / "best.pt", device="cpu")
    by_onnx = reid.load(tmp_path / "best.onnx", batch_size=3)
    assert by_onnx.preprocess == by_torch.preprocess
    assert by_onnx.dim == by_torch.dim
    assert by_onnx.even_distance == by_torch.even_distance == 0.4
    rows = by_torch.embed(crops)
    np.testing.assert_allclose(by_onnx.embed(crops), rows, atol=1e-4)
    assert np.abs(rows[0] - rows[1]).max() > 1e-3  # they do differ between crops


def test_a_checkpoint_that_cannot_be_read(tmp_path) -> None:
    with pytest.raises(reid.ReidError, match="no such file"):
        export_onnx(tmp_path / "none.pt", tmp_path / "none.onnx")
    assert not (tmp_path / "none.onnx").exists()
