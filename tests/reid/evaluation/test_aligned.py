"""Retrieval by global and aligned local features."""

from __future__ import annotations

import json
import sys

import cv2
import numpy as np
import pytest
import torch

from mtmc.reid.checkpoint import Checkpoint
from mtmc.reid.cli import main
from mtmc.reid.data import open_dataset
from mtmc.reid.data.decode import read_image
from mtmc.reid.embedder import load
from mtmc.reid.errors import ReidError
from mtmc.reid.evaluation import aligned
from mtmc.reid.evaluation.aligned import PARTS, retrieve_aligned
from mtmc.reid.evaluation.benchmark import Protocol, retrieve
from mtmc.reid.evaluation.rerank import Reranking
from mtmc.reid.local_distance import local_distances
from mtmc.reid.models import build
from mtmc.reid.preprocess import Preprocess

MODEL = "aligned:mobilenet_025"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    torch.manual_seed(0)
    args = {"local_dim": 4, "last_stride": 1}
    network = build(MODEL, **args)
    path = tmp_path_factory.mktemp("aligned") / "best.pt"
    size = Preprocess((64, 32))
    Checkpoint(MODEL, args, network.state_dict(), size, network.dim).save(path)
    return path


def described(checkpoint, images):
    """Each image by itself, straight from the network."""
    opened = Checkpoint.open(checkpoint)
    network = opened.build()
    batch = opened.preprocess.resize([read_image(path) for path in images.paths])
    pixels = torch.from_numpy(batch).permute(0, 3, 1, 2)
    with torch.no_grad():
        outputs = network.training_outputs(opened.preprocess.normalize_tensor(pixels))
    return outputs.metric[0], outputs.local


@pytest.mark.parametrize("rerank", [False, True])
def test_three_distances_of_what_the_network_says(checkpoint, people, rerank, monkeypatch) -> None:
    monkeypatch.setattr(aligned, "ROWS", 4)
    monkeypatch.setattr(aligned, "PAIRS", 5)
    dataset = open_dataset("folder", people)
    got = retrieve_aligned(load(checkpoint), dataset, Protocol(rerank=rerank, metric="aligned"))
    one, other = (described(checkpoint, side) for side in (dataset.query, dataset.gallery))
    every = [torch.cat(both) for both in zip(one, other, strict=True)]
    whole, local = torch.cdist(every[0], every[0]), local_distances(every[1], every[1])
    assert local.shape[0] == 12
    for part, distances in zip(PARTS, (whole, local, whole + local), strict=True):
        expected = distances[:6, 6:].numpy()
        if rerank:
            squared = distances.square().numpy()
            gathered = Reranking(6, 12)
            gathered.add(0, squared.copy())
            expected = gathered.distances(lambda i, j, known=squared: known[i, j])
        np.testing.assert_allclose(got[part].distances, expected, atol=1e-4)
        served = retrieve(load(checkpoint), dataset)
        np.testing.assert_allclose(got[part].query.features, served.query.features, atol=1e-5)


def test_eval_tells_all_three(checkpoint, people, monkeypatch, tmp_path, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    call = ["reid", "eval", str(checkpoint), "--dataset", f"folder={people}", "--metric", "aligned"]
    monkeypatch.setattr("sys.argv", [*call, "--json", "found.json", "--multi-query"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    assert " local " in capsys.readouterr().err
    results = json.loads((tmp_path / "found.json").read_text())["results"]
    assert [row["distance"] for row in results] == list(PARTS)
    assert [row["model"] for row in results] == [str(checkpoint)] * 3


def test_what_cannot_be_aligned_is_refused(checkpoint, people, monkeypatch, tmp_path) -> None:
    dataset, wanted = open_dataset("folder", people), Protocol(metric="aligned")
    with pytest.raises(ReidError, match=r"metric=aligned needs local features"):
        retrieve_aligned(load("color"), dataset, wanted)
    opened = Checkpoint.open(checkpoint)
    network = build(MODEL, local_dim=0)
    plain = Checkpoint(
        MODEL, {"local_dim": 0}, network.state_dict(), opened.preprocess, network.dim
    )
    plain.save(tmp_path / "plain.pt")
    with pytest.raises(ReidError, match=r"plain: has no local features to align"):
        retrieve_aligned(load(tmp_path / "plain.pt"), dataset, wanted)
    monkeypatch.setattr(aligned.os, "sysconf", lambda name: 8)
    with pytest.raises(ReidError, match=r"6 queries and 6 gallery images take 0.0 GB"):
        retrieve_aligned(load(checkpoint), dataset, wanted)
    for given, message in (
        ({"metric": "l2"}, "metric should be cosine or aligned, got 'l2'"),
        ({"metric": "aligned", "camera_centred": True}, "leave it or metric=aligned out"),
    ):
        with pytest.raises(ValueError, match=message):
            Protocol(**given)


def test_explain_draws_the_path_and_tells_both_distances(
    checkpoint, people, monkeypatch, tmp_path, capsys
) -> None:
    one, other = sorted((people / "query").iterdir())[:2]
    whole, local = described(checkpoint, open_dataset("folder", people).query)
    monkeypatch.setattr("sys.argv", ["reid", "explain", str(one), str(other), "--model"])
    for model, code in ((checkpoint, 0), (one, 2)):
        monkeypatch.setattr("sys.argv", [*sys.argv[:5], str(model), "-o", str(tmp_path / "e.png")])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == code
    told = capsys.readouterr().err
    assert f"global {float(torch.dist(whole[0], whole[1])):.3f}" in told
    assert f"local {float(local_distances(local[:1], local[1:2])):.3f}" in told
    assert "expected a checkpoint (.pt) of an aligned:<trunk>" in told
    picture = cv2.imread(str(tmp_path / "e.png"))
    assert picture.shape[1] > picture.shape[0] > 400
    assert picture.std() > 20
