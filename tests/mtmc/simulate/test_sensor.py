import numpy as np

from mtmc.simulate.camera import Picture
from mtmc.simulate.sensor import Sensor

LIGHT = np.linspace(0, 2, 48 * 64 * 3).reshape(48, 64, 3)


def take(light=LIGHT, seed=0, **settings):
    return Sensor(Picture(**settings), LIGHT, np.random.default_rng(seed)).expose(light)


def test_the_same_seed_takes_the_same_picture():
    first = take()
    assert first.shape == (48, 64, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, take())
    assert (first != take(seed=1)).any()


def test_more_exposure_is_brighter_and_a_warm_balance_is_redder():
    assert take(exposure=1.5).mean() > take().mean() + 5
    warm = take(white=(1.1, 1.0, 0.9), noise=0.0).mean((0, 1)) - take(noise=0.0).mean((0, 1))
    assert warm[0] > 0 > warm[2]  # (blue, green, red) gains; pictures are BGR


def test_noise_has_the_deviation_asked_for():
    flat = np.full((64, 64, 3), 0.4)
    sensor = Sensor(
        Picture(noise=4.0, vignette=0.0, saturation=1.0), flat, np.random.default_rng(0)
    )
    assert 2.5 < sensor.expose(flat).std((0, 1)).mean() < 6


def test_exposure_settles_on_the_scene():
    dim = Sensor(Picture(noise=0.0), LIGHT / 50, np.random.default_rng(0)).expose(LIGHT / 50)
    np.testing.assert_allclose(dim.mean(), take(noise=0.0).mean(), atol=12)
