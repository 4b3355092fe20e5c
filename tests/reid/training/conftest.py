from __future__ import annotations

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="session")
def little_people(tmp_path_factory):
    """Ten people in two colours each, seen by two cameras, in Market-1501's layout."""
    root = tmp_path_factory.mktemp("people")
    rng = np.random.default_rng(0)
    clothes = rng.integers(30, 226, (10, 2, 3))
    for pid in range(10):
        for camera in (1, 2):
            for shot in range(4):
                picture = np.full((48, 24, 3), 60 + 60 * camera, np.uint8)
                shift = rng.integers(-2, 3)
                picture[6:26, 6 + shift : 18 + shift] = clothes[pid, 0]
                picture[26:46, 8 + shift : 16 + shift] = clothes[pid, 1]
                noise = rng.integers(-12, 13, picture.shape)
                picture = (picture + noise).clip(0, 255).astype(np.uint8)
                name = f"{pid + 1:04d}_c{camera}s1_{shot:06d}_00.png"
                if pid < 6:
                    folder = "bounding_box_train"
                else:
                    folder = "query" if camera == 1 else "bounding_box_test"
                (root / folder).mkdir(exist_ok=True)
                cv2.imwrite(str(root / folder / name), picture)
    return root
