"""ONNX files as other projects write them: shapes, numbers and pixels of every kind."""

from __future__ import annotations

import logging

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mtmc import reid
from mtmc.reid.onnx_embedder import METRICS_KEY, PREPROCESS_KEY
from mtmc.reid.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess

SIZE = (32, 16)
MEAN, STD = np.array(IMAGENET_MEAN, np.float32), np.array(IMAGENET_STD, np.float32)
KINDS = {
    "float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "uint8": TensorProto.UINT8
}  # fmt: skip


class Graph:
    """Nodes and constants, one after the other."""

    def __init__(self):
        self.nodes, self.constants, self.at = [], [], "images"

    def step(self, operator, *values, **attributes):
        names = []
        for value in values:
            names.append(f"c{len(self.constants)}")
            self.constants.append(numpy_helper.from_array(np.asarray(value), names[-1]))
        result = f"x{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, [self.at, *names], [result], **attributes))
        self.at = result
        return self


def write(
    path,
    *,
    batch="n",
    pixels=(),
    kind="float32",
    last=False,
    tail=(),
    logits=False,
    props=None,
    size=SIZE,
):
    """Means of 8 cells, squashed as in real networks, times a fixed matrix: 12 numbers."""
    rng, graph = np.random.default_rng(0), Graph()
    graph.step("Cast", to=TensorProto.FLOAT)
    if last:
        graph.step("Transpose", perm=[0, 3, 1, 2])
    for operator, value in pixels:
        graph.step(operator, np.asarray(value, np.float32).reshape(1, -1, 1, 1))
    sides = (256, 128) if isinstance(size[0], str) else size
    kernel = [max(1, sides[0] // 4), max(1, sides[1] // 2)]
    graph.step("AveragePool", kernel_shape=kernel, strides=kernel).step("Tanh")
    graph.step("Flatten", axis=1).step("MatMul", rng.normal(size=(24, 12)).astype(np.float32))
    outputs = []
    if logits:
        matrix = rng.normal(size=(12, 30)).astype(np.float32)
        graph.constants.append(numpy_helper.from_array(matrix, "classes"))
        graph.nodes.append(helper.make_node("MatMul", [graph.at, "classes"], [logits]))
        outputs.append(helper.make_tensor_value_info(logits, TensorProto.FLOAT, [batch, 30]))
    for operator, *values in tail:
        graph.step(operator, *values)
    out = KINDS["float16" if kind == "float16" else "float32"]
    graph.step("Cast", to=out)
    graph.nodes.append(helper.make_node("Identity", [graph.at], ["embedding"]))
    outputs.append(helper.make_tensor_value_info("embedding", out, None))
    shape = [batch, *size, 3] if last else [batch, 3, *size]
    inputs = [helper.make_tensor_value_info("images", KINDS[kind], shape)]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "g", inputs, outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", 13)], ir_version=8,
    )  # fmt: skip
    helper.set_model_props(model, props or {})
    onnx.save(model, str(path))
    return path


LEVELS = [("Sub", 255 * MEAN), ("Div", 255 * STD)]
UNIT = [("Sub", MEAN), ("Div", STD)]


@pytest.fixture
def expected(tmp_path, crops):
    """Embeddings by the same network in the usual form."""
    return reid.load(write(tmp_path / "usual.onnx")).embed(crops)


@pytest.mark.parametrize(
    "options",
    [
        {"batch": 1}, {"batch": 8}, {"batch": 3}, {"last": True}, {"last": True, "batch": 1},
        {"kind": "float16"}, {"kind": "float16", "batch": 1},
        {"tail": [("Unsqueeze", np.array([2, 3]))]}, {"tail": [("Unsqueeze", np.array([1]))]},
        {"tail": [("Unsqueeze", np.array([2, 3]))], "batch": 8}, {"pixels": LEVELS},
        {"pixels": UNIT}, {"pixels": [("Div", [255.0] * 3), *UNIT]}, {"pixels": LEVELS, "batch": 4},
        {"pixels": [("Mul", 1 / (255 * STD)), ("Add", -MEAN / STD)]},
        {"pixels": LEVELS, "kind": "uint8"}, {"pixels": LEVELS, "kind": "uint8", "last": True},
        {"pixels": LEVELS, "last": True}, {"logits": "logits"},
    ],
    ids=str,
)  # fmt: skip
def test_every_form_gives_the_same_embeddings(options, tmp_path, crops, expected, caplog):
    rows = reid.load(write(tmp_path / "m.onnx", **options)).embed(crops)
    assert rows.dtype == np.float32
    # Levels are whole numbers, half precision has ten bits.
    atol = 0.02 if options.get("kind") else 1e-4
    np.testing.assert_allclose(rows, expected, atol=atol)
    assert not caplog.records


def test_a_free_size_is_the_usual_one(tmp_path, crops):
    usual = reid.load(write(tmp_path / "usual.onnx", size=(256, 128)))
    free = reid.load(write(tmp_path / "free.onnx", size=("h", "w")))
    np.testing.assert_array_equal(free.embed(crops), usual.embed(crops))


def test_an_output_can_be_named(tmp_path, crops, expected):
    path = write(tmp_path / "two.onnx", logits="output")
    np.testing.assert_allclose(reid.load(f"{path}@embedding").embed(crops), expected, atol=1e-5)
    assert reid.load(f"{path}@output").dim == 30
    with pytest.raises(reid.ReidError, match=r"no output 'feature' \(outputs: output"):
        reid.load(f"{path}@feature")


def test_two_outputs_that_could_be_meant_are_asked_back(tmp_path):
    path = write(tmp_path / "two.onnx", logits="features")
    with pytest.raises(reid.ReidError, match=r"cannot tell which .*two\.onnx@NAME"):
        reid.load(path)


def test_a_file_with_such_a_name_is_taken_as_it_is(tmp_path):
    assert reid.load(write(tmp_path / "m.onnx@2.onnx")).dim == 12
    with pytest.raises(reid.ReidError, match="no such model file"):
        reid.load(tmp_path / "gone.onnx@embedding")


def test_normalisation_that_nobody_sees_is_found_by_trying(tmp_path, crops, expected, caplog):
    # As a convolution of one pixel: folded like this by optimisers.
    path = write(tmp_path / "m.onnx")
    model = onnx.load(path)
    weights = np.diag(1 / (255 * STD)).reshape(3, 3, 1, 1).astype(np.float32)
    model.graph.initializer.append(numpy_helper.from_array(weights, "w"))
    model.graph.initializer.append(numpy_helper.from_array(-MEAN / STD, "b"))
    cast, pool = model.graph.node[0], model.graph.node[1]
    pool.input[0] = "folded"
    model.graph.node.insert(1, helper.make_node("Conv", [cast.output[0], "w", "b"], ["folded"]))
    onnx.save(model, str(path))
    np.testing.assert_allclose(reid.load(path).embed(crops), expected, atol=1e-4)
    assert [r.getMessage().count("grey levels only") for r in caplog.records] == [1]


def test_numbers_that_are_none_are_refused(tmp_path):
    path = write(tmp_path / "nan.onnx", tail=[("Log",)])
    with pytest.raises(reid.ReidError, match="not finite"):
        reid.load(path)


def test_what_goes_wrong_later_is_said_once(tmp_path, crops, caplog):
    embedder = reid.load(write(tmp_path / "m.onnx"))
    answer = embedder._run
    embedder._run = lambda planes: answer(planes) * np.nan
    assert not embedder.embed(crops).any()
    embedder.embed(crops)
    assert [r.getMessage().count("not finite") for r in caplog.records] == [1]


def test_one_embedding_for_all_is_said_once(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    rng = np.random.default_rng(0)
    blocks = [np.full((40, 20, 3), rng.integers(0, 256, 3), np.uint8) for _ in range(12)]
    embedder = reid.load(write(tmp_path / "m.onnx"))
    for crop in blocks:
        embedder.embed([crop])
    assert not caplog.records
    embedder = reid.load(tmp_path / "m.onnx")
    embedder._run = lambda planes: np.full((len(planes), 12), 12**-0.5, np.float32)
    embedder.embed(blocks[:1] * 40)  # one person, again and again: no proof
    assert not caplog.records
    for crop in blocks:
        embedder.embed([crop])
    assert [r.getMessage().count("one and the same") for r in caplog.records] == [1]


def test_a_model_that_is_blind_from_the_start_is_said_once(tmp_path, crops, caplog):
    zeros = np.zeros(12, np.float32)
    blind = reid.load(write(tmp_path / "b.onnx", tail=[("Mul", zeros), ("Add", zeros + 1)]))
    blind.embed(crops * 3)
    assert [r.getMessage().count("one and the same") for r in caplog.records] == [1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": (4000, 4000)}, "4000x4000 px; expected 1 to 2048"),
        ({"size": (0, 16)}, "not a readable ONNX model"),
        ({"batch": 0}, "takes 0 pictures"),
        ({"props": {PREPROCESS_KEY: "[" * 5000}}, "damaged metadata"),
        ({"props": {PREPROCESS_KEY: '{"size": [1e5, 16.5]}'}}, "damaged metadata"),
        ({"props": {PREPROCESS_KEY: '{"size": [100000, 16]}'}}, "damaged metadata"),
        ({"props": {PREPROCESS_KEY: "[1]"}}, "damaged metadata"),
        ({"props": {METRICS_KEY: "{"}}, "damaged metadata"),
        (
            {"tail": [("Unsqueeze", np.array([2])), ("Concat", np.zeros((1, 12, 1), np.float32))]},
            "",
        ),
    ],
    ids=str,
)
def test_damaged_files_are_one_line(options, message, tmp_path):
    with pytest.raises(reid.ReidError, match=message) as caught:
        reid.load(write(tmp_path / "m.onnx", **options))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("metrics", ['"x"', "[1]", '{"scores": 3}', '{"scores": {"a": 1}}'])
def test_metrics_of_another_kind_say_nothing(metrics, tmp_path):
    props = {METRICS_KEY: metrics}
    assert reid.load(write(tmp_path / "m.onnx", props=props)).even_distance is None


def test_preprocessing_is_what_the_range_means():
    crop = np.full((4, 4, 3), (30, 60, 90), np.uint8)
    levels = Preprocess(size=(2, 2), mean=(0, 0, 0), std=(1 / 255,) * 3)([crop])
    np.testing.assert_allclose(levels[0, :, 0, 0], [90, 60, 30], atol=1e-4)


@pytest.mark.parametrize("side", [40_000, 1 << 20])
def test_a_small_file_does_not_fill_the_memory(tmp_path, side):
    from mtmc.detectors.network.onnx import OnnxConfig, OnnxDetector
    from mtmc.errors import UserError

    path = write(tmp_path / "m.onnx")
    model = onnx.load(path)
    model.graph.initializer.append(numpy_helper.from_array(np.array([side, side]), "shape"))
    model.graph.node.append(helper.make_node("ConstantOfShape", ["shape"], ["large"]))
    model.graph.node.append(helper.make_node("ReduceSum", ["large"], ["sum"], keepdims=0))
    embedding = model.graph.node[-3]
    embedding.output[0] = "small"
    model.graph.node.append(helper.make_node("Add", ["small", "sum"], ["embedding"]))
    onnx.save(model, str(path))
    with pytest.raises(reid.ReidError, match="fill the memory"):
        reid.load(path)
    with pytest.raises(UserError, match="fill the memory"):
        OnnxDetector(OnnxConfig(str(path)), None)
