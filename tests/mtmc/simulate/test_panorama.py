import cv2
import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.simulate.panorama import Panorama, made_up_panoramas, read_panoramas


def place(top=(60, 60, 60), bottom=(30, 30, 30), sun=None):
    image = np.empty((64, 128, 3), np.uint8)
    image[:32], image[32:] = top, bottom
    if sun:
        row, column = sun
        image[row - 2 : row + 3, column - 2 : column + 3] = 255
    return Panorama(image)


def test_a_direction_shows_the_pixel_that_lies_there():
    image = np.zeros((64, 128, 3), np.uint8)
    image[16, 96] = 255  # 45 degrees up, a quarter turn to the left
    panorama = Panorama(image)
    azimuth = np.radians(np.linspace(-180, 180, 129)[:-1] + 180 / 128)
    elevation = np.full_like(azimuth, np.radians(90 - (16.5 / 64) * 180))
    seen = panorama.look(azimuth[None], elevation[None])[0, :, 0]
    assert seen.argmax() == 96
    assert seen[96] > 0.99


def test_looking_round_meets_itself():
    panorama = made_up_panoramas(0)[0]
    e = np.linspace(-1, 1, 9)[None]
    for turn in (-1, 2):
        a = np.full_like(e, 3.1)
        np.testing.assert_allclose(panorama.look(a, e), panorama.look(a + turn * 2 * np.pi, e))


def test_the_light_comes_from_where_it_is_bright():
    light = place(sun=(10, 40)).light
    azimuth = ((40.5 / 128) - 0.5) * 2 * np.pi
    elevation = (0.5 - 10.5 / 64) * np.pi
    expected = [
        np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)
    ]  # fmt: skip
    assert np.dot(light.sun, expected) > 0.98
    assert light.strength > 1
    assert place().light.strength < 0.1


def test_above_and_below_give_their_own_colours():
    light = place(top=(0, 0, 200), bottom=(120, 0, 0)).light
    assert light.sky[2] > 0.5 > light.sky[0]
    assert light.ground[0] > 0.15 > light.ground[2]


def test_made_up_places_follow_from_the_seed_and_differ():
    one, two = made_up_panoramas(1), made_up_panoramas(1)
    assert all(np.array_equal(a.image, b.image) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one[0].image, one[1].image)
    assert not np.array_equal(one[0].image, made_up_panoramas(2)[0].image)


def test_what_is_no_panorama_is_said(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        read_panoramas(tmp_path / "none")
    with pytest.raises(UserError, match="holds no image"):
        read_panoramas(tmp_path)
    cv2.imwrite(str(tmp_path / "photo.jpg"), np.zeros((30, 40, 3), np.uint8))
    with pytest.raises(UserError, match=r"photo\.jpg: expected a picture that is twice as wide"):
        read_panoramas(tmp_path)


def test_colours_are_read_as_they_are(tmp_path):
    red = np.zeros((32, 64, 3), np.uint8)
    red[..., 2] = 255  # BGR
    cv2.imwrite(str(tmp_path / "red.png"), red)
    seen = read_panoramas(tmp_path)[0].look(np.zeros((1, 1)), np.zeros((1, 1)))
    np.testing.assert_allclose(seen[0, 0], [1, 0, 0], atol=1e-6)
