"""Every setting of the associators changes who is who, in crowds that are hard to tell apart."""

import pytest

from mtmc.associate.offline import OfflineAssociator, OfflineConfig
from mtmc.associate.online.associator import OnlineAssociator, OnlineConfig
from tests.mtmc.associate.scenes import crowd, replay_said

CHANGES = [
    {"max_distance": 0.3},
    {"camera_colours": False},
    {"appearance_weight": 4.0},
    {"appearance_limit": 0.5},
    {"floor_limit": 0.5},
    {"passage": None},
    {"topology": {"c0": {"c1": (30.0, 40.0)}, "c1": {"c0": (30.0, 40.0)}}},
]
CUTS = [{"change": 0.3}]  # the others have tests of their own, in cuts
ONLINE = [
    {"revise": 2.0},
    {"patience": 3.0},
    {"min_crops": 9},
    {"max_patience": 0.5},
    {"revise_memory": 1.0},
]


def rooms():
    """Anew each time, as associators cut tracklets."""
    for seed, (noise, walk) in enumerate([(0.4, False), (0.5, True), (0.6, False)]):
        yield crowd(seed, people=6, cameras=2, visits=3, noise=noise, walk=walk)[0]


def offline(**settings):
    config = OfflineConfig(**settings)
    return [dict(OfflineAssociator(config, 0.5).finish(tracklets).ids) for tracklets in rooms()]


def online(**settings):
    config = OnlineConfig(**settings)
    return [replay_said(OnlineAssociator(config, 0.5), tracklets) for tracklets in rooms()]


@pytest.fixture(scope="module")
def plain():
    return {associate: associate() for associate in (offline, online)}


@pytest.mark.parametrize("settings", CHANGES + CUTS, ids=str)
def test_offline_feels_it(plain, settings):
    assert offline(**settings) != plain[offline]


@pytest.mark.parametrize("settings", ONLINE, ids=str)
def test_online_feels_it(plain, settings):
    assert online(**settings) != plain[online]
