"""Every setting of the associators changes who is who, in crowds that are hard to tell apart."""

from functools import cache

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
]


ROOMS = [(0.4, False), (0.5, True), (0.6, False)]  # how alike people are, and whether they walk


def room(number):
    """Anew each time, as associators cut tracklets."""
    noise, walk = ROOMS[number]
    return crowd(number, people=6, cameras=2, visits=3, noise=noise, walk=walk)[0]


def offline(number, **settings):
    return OfflineAssociator(OfflineConfig(**settings), 0.5).finish(room(number)).ids


def online(number, **settings):
    return replay_said(OnlineAssociator(OnlineConfig(**settings), 0.5), room(number))


@cache
def plain(associate, number):
    return associate(number)


def is_felt(associate, settings):
    """Whether who is who is another in some room; most changes show in the first."""
    numbers = range(len(ROOMS))
    return any(associate(n, **settings) != plain(associate, n) for n in numbers)


@pytest.mark.parametrize("settings", CHANGES + CUTS, ids=str)
def test_offline_feels_it(settings):
    assert is_felt(offline, settings)


@pytest.mark.parametrize("settings", ONLINE, ids=str)
def test_online_feels_it(settings):
    assert is_felt(online, settings)
