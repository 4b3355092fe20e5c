"""The networks that come with the package, by their names."""

import numpy as np
import pytest

from mtmc import reid
from mtmc.reid.errors import ReidError


@pytest.mark.parametrize(("name", "dim"), [("simulated", 256), ("simulated-lite", 320)])
def test_a_name_opens_unit_vectors_and_their_scale(name, dim, crops, monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)  # the package's own, wherever the user is
    embedder = reid.load(name, threads=1)
    rows = embedder.embed(crops)
    assert (embedder.name, embedder.dim, rows.shape) == (name, dim, (len(crops), dim))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert embedder.even_distance is not None
    assert 0 < embedder.even_distance < 1


def test_a_wrong_name_is_told_the_right_ones() -> None:
    with pytest.raises(ReidError, match="simulated, simulated-lite, color"):
        reid.load("simulated_lite")


def test_no_training_starts_from_what_comes_as_onnx_only() -> None:
    learner = pytest.importorskip("mtmc.reid.training.learner")
    from mtmc.reid.models import build
    from mtmc.reid.training.config import ModelConfig

    config = ModelConfig(name="efficientnet_lite0", start_from="simulated-lite")
    with pytest.raises(ReidError, match="onnx only"):
        learner.starting_weights(config, build(config.name))
