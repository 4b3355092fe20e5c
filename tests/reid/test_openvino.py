"""ReID models in OpenVINO's format: the same embeddings as from ONNX."""

import numpy as np
import onnx
import pytest

from mtmc import reid
from mtmc.reid.openvino_session import without_telemetry
from mtmc.reid.preprocess import Preprocess
from tests.reid.test_onnx_embedder import model
from tests.reid.test_onnx_foreign import LEVELS, UNIT, write

without_telemetry()
ov = pytest.importorskip("openvino")


def converted(source, name="m.xml"):
    target = source.with_name(name)
    ov.save_model(ov.Core().read_model(source), target, compress_to_fp16=False)
    return target


def test_the_shipped_network_says_the_same(tmp_path, crops):
    source = reid.embedder.WEIGHTS / "simulated.onnx"
    target = tmp_path / "m.xml"
    ov.save_model(ov.Core().read_model(source), target, compress_to_fp16=False)
    wanted, found = reid.load(source), reid.load(target, threads=2)
    assert (found.name, found.dim) == ("m", wanted.dim)
    assert (found.preprocess, found.even_distance) == (wanted.preprocess, wanted.even_distance)
    many = [*crops, *[crop[::-1] for crop in crops]] * 3
    np.testing.assert_allclose(found.embed(many), wanted.embed(many), atol=1e-4)
    assert found.embed([]).shape == (0, wanted.dim)


@pytest.mark.parametrize(
    "options",
    [
        {"batch": 1}, {"batch": 3}, {"last": True}, {"kind": "float16"}, {"logits": "logits"},
        {"tail": [("Unsqueeze", np.array([2, 3]))]}, {"pixels": LEVELS}, {"pixels": UNIT},
        {"pixels": LEVELS, "kind": "uint8", "last": True}, {"size": ("h", "w")},
    ],
    ids=str,
)  # fmt: skip
def test_every_form_gives_the_same_embeddings(options, tmp_path, crops, caplog):
    source = write(tmp_path / "m.onnx", **options)
    wanted, found = reid.load(source), reid.load(converted(source))
    assert found.preprocess == wanted.preprocess
    atol = 1e-3 if options.get("kind") else 1e-4
    np.testing.assert_allclose(found.embed(crops), wanted.embed(crops), atol=atol)
    assert not caplog.records


def test_the_open_model_zoo_is_given_grey_levels_in_bgr(tmp_path, crops):
    onnx.save(model(1), tmp_path / "m.onnx")
    weights = converted(tmp_path / "m.onnx", "person-reidentification-retail-0287.xml")
    levels = Preprocess(size=(16, 8), mean=(0, 0, 0), std=(1 / 255,) * 3, color="bgr")
    rows = levels(crops).reshape(-1, 3, 2, 8, 8).mean(axis=(3, 4)).reshape(-1, 6)
    found = reid.load(weights).embed(crops)
    np.testing.assert_allclose(found, rows / np.linalg.norm(rows, axis=1)[:, None], atol=1e-5)


def test_an_output_can_be_named(tmp_path, crops):
    weights = converted(write(tmp_path / "m.onnx", logits="logits"))
    assert reid.load(weights).dim == 12
    assert reid.load(f"{weights}@logits").dim == 30
    with pytest.raises(reid.ReidError, match="has no output 'other'"):
        reid.load(f"{weights}@other")


def test_what_cannot_be_opened_is_one_line(tmp_path):
    weights = converted(write(tmp_path / "m.onnx"))
    with pytest.raises(reid.ReidError, match=r"m\.xml: models of OpenVINO run on the CPU only"):
        reid.load(weights, device="cuda")
    with pytest.raises(reid.ReidError, match=r"not found: expected an .xml of OpenVINO"):
        reid.load(tmp_path / "none.xml")
    weights.with_suffix(".bin").unlink()
    with pytest.raises(reid.ReidError, match="its weights are missing"):
        reid.load(weights)


def test_a_model_that_fills_the_memory_is_refused(tmp_path):
    from openvino import opset13 as ops

    image = ops.parameter([1, 3, 8, 8], np.float32, name="x")
    large = ops.tile(image, np.array([2**12, 1, 2**8, 2**8]))
    ov.save_model(ov.Model([ops.result(large)], [image]), tmp_path / "m.xml")
    with pytest.raises(reid.ReidError, match="fill the memory"):
        reid.load(tmp_path / "m.xml")
