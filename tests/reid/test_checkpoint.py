from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from torch.nn import functional

from mtmc import reid
from mtmc.reid.checkpoint import Checkpoint, load_plain, save_plain
from mtmc.reid.models import build
from mtmc.reid.preprocess import Preprocess


@pytest.fixture
def network():
    torch.manual_seed(0)
    return build("mobilenet_025")


@pytest.fixture
def checkpoint(network):
    return Checkpoint(
        model="mobilenet_025",
        args={},
        weights=network.state_dict(),
        preprocess=Preprocess(size=(64, 32)),
        dim=network.dim,
        metrics={"rank1": 0.5, "dataset": "tiny"},
    )


def test_served_embeddings_are_the_networks(tmp_path, checkpoint, network, crops) -> None:
    path = tmp_path / "best.pt"
    checkpoint.save(path)
    embedder = reid.load(path, device="cpu", batch_size=3)
    assert (embedder.name, embedder.dim) == ("best", 256)
    with torch.no_grad():
        expected = functional.normalize(
            network.eval()(torch.from_numpy(checkpoint.preprocess(crops)))
        )
    np.testing.assert_allclose(embedder.embed(crops), expected.numpy(), atol=1e-5)
    assert embedder.embed([]).shape == (0, 256)


def test_everything_comes_back(tmp_path, checkpoint) -> None:
    checkpoint.save(tmp_path / "best.pt")
    back = Checkpoint.open(tmp_path / "best.pt")
    assert back.metrics == checkpoint.metrics
    assert back.preprocess == checkpoint.preprocess
    assert back.versions["torch"] == torch.__version__.split("+")[0]
    assert all(torch.equal(back.weights[k], v) for k, v in checkpoint.weights.items())


def test_an_interrupted_save_leaves_the_old_file(tmp_path, checkpoint) -> None:
    path = tmp_path / "best.pt"
    checkpoint.save(path)
    before = path.read_bytes()

    class Unwritable:
        def __reduce__(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_plain({"weights": Unwritable()}, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


class Surprise:
    def __reduce__(self):
        return print, ("this must not run",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "damaged or not a torch file"),
        (b"\x89PNG not a model at all", "not a torch file"),
        (pickle.dumps({"a": 1}), "not a torch file"),
    ],
)
def test_a_foreign_file_is_one_clear_line(tmp_path, content, message) -> None:
    path = tmp_path / "odd.pt"
    path.write_bytes(content)
    with pytest.raises(reid.ReidError, match=message) as caught:
        reid.load(path)
    assert "odd.pt" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_code_is_run_from_a_file(tmp_path, capsys) -> None:
    path = tmp_path / "evil.pt"
    torch.save({"x": Surprise()}, path)
    with pytest.raises(reid.ReidError, match="other than plain types"):
        load_plain(path)
    assert "must not run" not in capsys.readouterr().out


def test_a_cut_off_checkpoint(tmp_path, checkpoint) -> None:
    path = tmp_path / "best.pt"
    checkpoint.save(path)
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(reid.ReidError, match="damaged"):
        reid.load(path)


def test_a_state_dict_of_someone_else(tmp_path, network) -> None:
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    with pytest.raises(reid.ReidError, match="not a checkpoint of this project"):
        reid.load(tmp_path / "weights.pt")


def test_weights_of_another_architecture(tmp_path, checkpoint) -> None:
    odd = Checkpoint(**{**vars(checkpoint), "args": {"width": 0.5}})
    odd.save(tmp_path / "best.pt")
    with pytest.raises(reid.ReidError, match="weights do not fit mobilenet_025") as caught:
        reid.load(tmp_path / "best.pt")
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_bad_device(tmp_path, checkpoint) -> None:
    with pytest.raises(reid.ReidError, match="no such model file"):
        reid.load(tmp_path / "none.pt")
    checkpoint.save(tmp_path / "best.pt")
    with pytest.raises(reid.ReidError, match="device 'cuda:99' cannot be used"):
        reid.load(tmp_path / "best.pt", device="cuda:99")
    with pytest.raises(reid.ReidError, match="batch_size must be at least 1"):
        reid.load(tmp_path / "best.pt", batch_size=0)


@pytest.mark.parametrize(
    ("model", "args"),
    [
        ("timm:resnet18", {"pretrained": True, "pretrained_cfg": {"url": "http://x"}}),
        ("timm:resnet18", {"checkpoint_path": "other.pt", "cache_dir": "/tmp"}),
        ("metric:timm:resnet18", {"dims": 4, "args": {"pretrained": True}}),
    ],
)
def test_opening_and_saving_never_fetch_weights(tmp_path, monkeypatch, model, args) -> None:
    import timm

    network = build(model, **{k: {} if k == "args" else v for k, v in args.items() if k == "dims"})
    saved = Checkpoint(model, args, network.state_dict(), Preprocess(), network.dim)
    assert "pretrained" not in str(saved.args)
    # A file by an earlier version, or made to fetch.
    fields = {**vars(saved), "args": args, "preprocess": saved.preprocess.to_dict()}
    save_plain({"format": "reid-checkpoint", "version": 1, **fields}, tmp_path / "old.pt")
    asked = []
    original = timm.create_model

    def create(name, **options):
        asked.append({key: value for key, value in options.items() if value})
        return original(name, **{**options, "pretrained": False})

    monkeypatch.setattr(timm, "create_model", create)
    assert reid.load(tmp_path / "old.pt", device="cpu").dim == network.dim
    assert asked
    assert not any(asked)


@pytest.mark.parametrize(
    "change",
    [
        {"model": None}, {"model": 5}, {"model": "timm:"}, {"model": "metric:lomo"},
        {"args": None}, {"args": []}, {"args": {1: 2}}, {"args": {"width": 1e9}},
        {"args": {"width": -1}}, {"args": {"width": float("nan")}}, {"args": {"width": "x"}},
        {"args": {"neck": "zz"}}, {"weights": None}, {"weights": {"a": "x"}}, {"weights": {}},
        {"weights": {1: torch.zeros(1)}}, {"members": {"a": 1}}, {"members": [None]},
        {"members": [{}]}, {"dim": "x"}, {"dim": 10**12}, {"metrics": 3}, {"config": None},
        {"versions": []}, {"preprocess": None}, {"preprocess": {"size": [1e5, 2]}},
        {"preprocess": {"size": [10**9, 10**9]}}, {"preprocess": {"mean": "abc"}}, {"x": 1},
        {None: 1}, {"classifiers": 3},
    ],
    ids=str,
)  # fmt: skip
def test_damaged_fields_are_one_line(tmp_path, checkpoint, change) -> None:
    fields = {**vars(checkpoint), "preprocess": checkpoint.preprocess.to_dict(), **change}
    save_plain({"format": "reid-checkpoint", "version": 1, **fields}, tmp_path / "m.pt")
    with pytest.raises(reid.ReidError) as caught:
        reid.load(tmp_path / "m.pt", device="cpu")
    assert "\n" not in str(caught.value)
    assert str(tmp_path / "m.pt") in str(caught.value)


@pytest.mark.parametrize("metrics", [{"scores": None}, {"scores": [1]}, {"scores": {"a": 3}}])
def test_metrics_of_another_kind_say_nothing(tmp_path, checkpoint, metrics) -> None:
    checkpoint.metrics.clear()
    checkpoint.metrics.update(metrics)
    checkpoint.save(tmp_path / "m.pt")
    assert reid.load(tmp_path / "m.pt", device="cpu").even_distance is None


def test_weights_that_are_no_numbers_are_said_once(tmp_path, checkpoint, crops, caplog) -> None:
    checkpoint.weights.update({k: v * torch.nan for k, v in checkpoint.weights.items()})
    checkpoint.save(tmp_path / "m.pt")
    embedder = reid.load(tmp_path / "m.pt", device="cpu")
    embedder.embed(crops)
    assert not embedder.embed(crops).any()
    assert [r.getMessage().count("not finite") for r in caplog.records] == [1]
