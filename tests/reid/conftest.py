from __future__ import annotations

import numpy as np
import pytest
import torch

# Small tensors: a second thread costs more than it gives, most of all on a busy machine.
torch.set_num_threads(1)


@pytest.fixture
def crops() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    sizes = rng.integers(20, 90, (7, 2))
    return [rng.integers(0, 256, (h, w, 3), dtype=np.uint8) for h, w in sizes]
