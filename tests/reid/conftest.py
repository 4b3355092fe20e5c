from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

# Small tensors: a second thread costs more than it gives, most of all on a busy machine.
torch.set_num_threads(1)


class MeanColour:
    """An embedder simple enough to check by hand."""

    name, dim, even_distance = "mean colour", 3, None

    def embed(self, crops):
        rows = np.array([c.reshape(-1, 3).mean(axis=0) for c in crops], np.float32).reshape(-1, 3)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def crops() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    sizes = rng.integers(20, 90, (7, 2))
    return [rng.integers(0, 256, (h, w, 3), dtype=np.uint8) for h, w in sizes]


@pytest.fixture
def people(tmp_path):
    """Three people in the layout of Market-1501, and an empty configuration beside them."""
    rng = np.random.default_rng(0)
    for folder in ("bounding_box_train", "query", "bounding_box_test"):
        (tmp_path / "data" / folder).mkdir(parents=True)
        for pid in (1, 2, 3):
            for camera in (1, 2):
                file = tmp_path / "data" / folder / f"{pid:04d}_c{camera}s1_000001_00.png"
                picture = np.full((20, 10, 3), (80 * pid, 240 - 80 * pid, 40 * pid), np.uint8)
                cv2.imwrite(str(file), picture + rng.integers(0, 9, (20, 10, 3), dtype=np.uint8))
    (tmp_path / "c.yaml").write_text("{}\n")
    return tmp_path / "data"
