from dataclasses import replace

import cv2
import numpy as np

from mtmc.simulate.clutter import obstacle, patch, shape
from mtmc.simulate.panorama import made_up_panoramas
from mtmc.simulate.photo import Eye, develop, draw_eye, expose

PLAIN = Eye(
    2.5, 0.0, 0.03, 1.0, 1.0, 1.0, 1.0, (1.0, 1.0, 1.0), 0.0, 0.2, 0.0, 0.0, 95, 0.0, None, (60, 90)
)


def rng(seed=0):
    return np.random.default_rng(seed)


def taken(eye=PLAIN, light=0.18, seed=0, level=0.18):
    return expose(np.full((40, 20, 3), light, np.float32), eye, level, rng(seed)).astype(float)


def test_exposure_settles_on_the_scene():
    dark = expose(np.full((40, 20, 3), 0.018, np.float32), PLAIN, 0.018, rng())
    np.testing.assert_allclose(dark, taken(), atol=1)


def test_each_trait_does_what_it_is_called():
    plain = taken().mean((0, 1))
    assert np.all(taken(replace(PLAIN, exposure=2.0)).mean((0, 1)) > plain + 15)
    assert np.all(taken(replace(PLAIN, gamma=1.4)).mean((0, 1)) < plain - 8)
    blue, _, red = taken(replace(PLAIN, white=(1.5, 1.0, 0.7))).mean((0, 1))
    assert red > blue + 30
    assert taken().std() < 1
    assert taken(replace(PLAIN, noise=6.0)).std() > 4


def test_edges_are_overdrawn_by_sharpening():
    light = np.full((40, 20, 3), 0.1, np.float32)
    light[:, 10:] = 0.3
    flat = expose(light, PLAIN, 0.18, rng()).astype(int)
    sharp = expose(light, replace(PLAIN, sharpen=1.5), 0.18, rng()).astype(int)
    assert sharp.max() > flat.max() + 3
    assert sharp.min() < flat.min() - 3


def test_a_crop_is_stored_at_its_cameras_size():
    image = rng().integers(0, 255, (70, 30, 3)).astype(np.uint8)
    for size, expected in ((None, (70, 30)), ((128, 64), (128, 64))):
        data = develop(image, replace(PLAIN, size=size, coarse=1.0), rng())
        assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape[:2] == expected


def test_cameras_differ_and_stay_within_reason():
    eyes = [draw_eye(rng(seed)) for seed in range(200)]
    assert len({e.exposure for e in eyes}) == 200
    assert min(e.height for e in eyes) >= 1.5
    assert max(e.height for e in eyes) <= 6.0
    assert min(e.tall[0] for e in eyes) >= 30
    assert max(e.tall[1] for e in eyes) <= 210
    assert {e.size for e in eyes} >= {None, (128, 64)}


def test_things_have_soft_edges_and_the_light_of_some_place():
    places = made_up_panoramas(0)
    for seed in range(20):
        for mask in (shape(60, 30, rng(seed)), obstacle(60, 30, rng(seed))):
            assert mask.shape == (60, 30)
            assert 0 <= mask.min() <= mask.max() <= 1.0001
        piece = patch(60, 30, places, rng(seed))
        assert piece.shape == (60, 30, 3)
        assert np.isfinite(piece).all()
        assert piece.min() >= 0
