from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mtmc import reid
from mtmc.reid import onnx_session
from mtmc.reid.onnx_embedder import PREPROCESS_KEY
from mtmc.reid.preprocess import Preprocess

SIZE = (16, 8)
RECIPE = Preprocess(size=SIZE)


def model(batch: int | str, mixing: bool = False) -> onnx.ModelProto:
    """Mean colour of the upper and the lower half; ``mixing`` subtracts the batch's mean."""
    nodes = [
        helper.make_node("AveragePool", ["x"], ["pooled"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Reshape", ["pooled", "shape"], ["flat"]),
    ]
    if mixing:
        nodes += [
            helper.make_node("ReduceMean", ["flat", "axes"], ["mean"], keepdims=1),
            helper.make_node("Sub", ["flat", "mean"], ["y0"]),
            helper.make_node("Add", ["y0", "one"], ["y"]),
        ]
    else:
        nodes += [helper.make_node("Identity", ["flat"], ["y"])]
    rows = -1 if isinstance(batch, str) else batch
    return helper.make_model(
        helper.make_graph(
            nodes,
            "halves",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3, *SIZE])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 6])],
            [
                numpy_helper.from_array(np.array([rows, 6]), "shape"),
                numpy_helper.from_array(np.array([0]), "axes"),
                numpy_helper.from_array(np.ones(1, np.float32), "one"),
            ],
        ),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=9,
    )


def expected(crops, recipe=RECIPE) -> np.ndarray:
    rows = recipe(crops).reshape(-1, 3, 2, 8, 8).mean(axis=(3, 4)).reshape(-1, 6)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("batch", [1, "batch"])
@pytest.mark.parametrize("threads", [1, 3])
def test_embeddings_of_a_free_and_a_fixed_batch(tmp_path, crops, batch, threads) -> None:
    onnx.save(model(batch), tmp_path / "m.onnx")
    embedder = reid.load(tmp_path / "m.onnx", threads=threads, batch_size=2)
    assert (embedder.name, embedder.dim) == ("m", 6)
    np.testing.assert_allclose(embedder.embed(crops), expected(crops), atol=1e-5)
    assert embedder.embed([]).shape == (0, 6)


def test_a_fixed_batch_is_freed_only_where_that_changes_nothing(tmp_path, crops) -> None:
    onnx.save(model(1), tmp_path / "plain.onnx")
    onnx.save(model(1, mixing=True), tmp_path / "mixing.onnx")
    assert reid.load(tmp_path / "plain.onnx")._batch_size > 1
    mixing = reid.load(tmp_path / "mixing.onnx", batch_size=8)
    np.testing.assert_allclose(mixing.embed(crops), 1 / np.sqrt(6), atol=1e-6)


def test_preprocessing_comes_from_the_file(tmp_path, crops) -> None:
    recipe = Preprocess(size=SIZE, mean=(0, 0, 0), std=(1, 1, 1), color="bgr")
    proto = model("batch")
    helper.set_model_props(proto, {PREPROCESS_KEY: json.dumps(recipe.to_dict())})
    onnx.save(proto, tmp_path / "m.onnx")
    embedder = reid.load(tmp_path / "m.onnx")
    assert embedder.preprocess == recipe
    np.testing.assert_allclose(embedder.embed(crops), expected(crops, recipe), atol=1e-5)


def test_a_foreign_file_is_one_clear_line(tmp_path) -> None:
    (tmp_path / "odd.onnx").write_bytes(b"nothing like a model")
    with pytest.raises(reid.ReidError, match="not a readable ONNX model") as caught:
        reid.load(tmp_path / "odd.onnx")
    assert "\n" not in str(caught.value)


def test_a_model_that_is_no_embedder(tmp_path) -> None:
    proto = model(1)
    del proto.graph.node[1:]
    proto.graph.output[0].name = "pooled"
    del proto.graph.output[0].type.tensor_type.shape.dim[:]
    onnx.save(proto, tmp_path / "map.onnx")
    with pytest.raises(reid.ReidError, match=r"expected an output \(N, dim\)"):
        reid.load(tmp_path / "map.onnx")


def test_the_gpu_is_refused_where_there_is_none(tmp_path) -> None:
    onnx.save(model(1), tmp_path / "m.onnx")
    with pytest.raises(reid.ReidError, match="no GPU support"):
        reid.load(tmp_path / "m.onnx", device="cuda")


def test_osnet_equals_one_picture_at_a_time(shared_weights, crops) -> None:
    import onnxruntime

    path = shared_weights / "osnet_x0_25_msmt17.onnx"
    session = onnxruntime.InferenceSession(path)
    embedder = reid.load(path)
    rows = np.concatenate(
        [session.run(None, {"input": embedder.preprocess([c])})[0] for c in crops]
    )
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert embedder._batch_size > 1
    np.testing.assert_allclose(embedder.embed(crops), rows, atol=1e-5)


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_gpu_that_does_not_start_is_not_replaced_silently(tmp_path, monkeypatch) -> None:
    there = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnx_session.onnxruntime, "get_available_providers", lambda: there)
    assert onnx_session.providers_of("cuda:1")[0] == ("CUDAExecutionProvider", {"device_id": 1})
    onnx.save(model(1), tmp_path / "m.onnx")
    with pytest.raises(reid.ReidError, match="the GPU cannot be used"):
        reid.load(tmp_path / "m.onnx", device="cuda")
