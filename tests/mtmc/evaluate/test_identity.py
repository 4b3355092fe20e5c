import pytest

from mtmc.evaluate.identity import Identity, identity
from tests.mtmc.evaluate.trackeval_oracle import scene_of

STANDING = {frame: {1: 0} for frame in range(1, 6)}


def test_perfect():
    counts = identity(scene_of(STANDING, STANDING))
    assert counts == Identity(IDTP=5)
    assert counts.ratios() == {"IDF1": 1, "IDP": 1, "IDR": 1}


def test_the_longer_half_is_the_identity():
    result = {1: {7: 0}, 2: {7: 0}, 3: {8: 0}, 4: {8: 0}, 5: {8: 0}}
    assert identity(scene_of(STANDING, result)) == Identity(IDTP=3, IDFN=2, IDFP=2)


def test_precision_and_recall():
    result = {1: {7: 0}, 2: {7: 0, 9: 50}, 3: {7: 0}}
    ratios = identity(scene_of(STANDING, result)).ratios()
    assert ratios["IDP"] == pytest.approx(3 / 4)
    assert ratios["IDR"] == pytest.approx(3 / 5)
    assert ratios["IDF1"] == pytest.approx(3 / (3 + 1 / 2 + 2 / 2))


def test_two_people_share_one_track():
    """The track can be one of them only."""
    truth = {1: {1: 0}, 2: {1: 0}, 3: {2: 0}, 4: {2: 0}, 5: {2: 0}}
    result = {frame: {7: 0} for frame in range(1, 6)}
    assert identity(scene_of(truth, result)) == Identity(IDTP=3, IDFN=2, IDFP=2)


def test_nothing():
    assert identity(scene_of(STANDING, {})) == Identity(IDFN=5)
    assert identity(scene_of({}, STANDING)) == Identity(IDFP=5)
    assert identity(scene_of({}, {})).ratios()["IDF1"] == 0
