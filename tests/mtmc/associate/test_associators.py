import numpy as np
import pytest

from mtmc.associate.online.associator import OnlineAssociator, OnlineConfig
from mtmc.types import TrackKey
from tests.mtmc.associate.scenes import (
    crowd,
    make_tracklet,
    replay,
    same_partition,
    whole,
)

DISTANCE = 0.5


def offline(tracklets, distance=DISTANCE):
    return whole(tracklets, distance)


def online(tracklets, distance=DISTANCE, **options):
    return replay(OnlineAssociator(OnlineConfig(**options), distance), tracklets)


MODES = pytest.mark.parametrize("associate", [offline, online])


def check_constraint(tracklets, ids):
    assert set(ids) == {t.key for t in tracklets}
    for position, a in enumerate(tracklets):
        for b in tracklets[position + 1 :]:
            assert ids[a.key] != ids[b.key] or not a.meets(b)


@MODES
@pytest.mark.parametrize("seed", range(3))
def test_people_who_look_different_are_told_apart(associate, seed):
    tracklets, truth = crowd(seed)
    ids = associate(tracklets)
    assert same_partition(ids, truth)
    assert sorted(set(ids.values())) == list(range(1, 7))


@MODES
@pytest.mark.parametrize("seed", range(3))
def test_the_floor_tells_twins_apart(associate, seed):
    tracklets, truth = crowd(seed, people=3, visits=1, walk=True)
    twin = np.ones(8, np.float32)
    for tracklet in tracklets:
        tracklet.gallery = make_tracklet("x", 1, [0.0], twin).gallery
    ids = associate(tracklets)
    check_constraint(tracklets, ids)
    assert same_partition(ids, truth)


@MODES
def test_nobody_at_all(associate):
    if associate is offline:
        assert offline([]) == {}
    else:
        associator = OnlineAssociator(OnlineConfig(), DISTANCE)
        assert associator.update(0.0, []).ids == {}
        assert associator.finish([]).ids == {}


def test_people_are_numbered_in_the_order_of_their_first_sighting():
    looks = np.eye(3, 8, dtype=np.float32)
    tracklets = [
        make_tracklet("b", 1, 5 + np.arange(30) / 10, looks[0]),
        make_tracklet("a", 1, 1 + np.arange(30) / 10, looks[1]),
        make_tracklet("a", 2, 3 + np.arange(30) / 10, looks[0]),
    ]
    assert offline(tracklets) == {
        TrackKey("a", 1): 1,
        TrackKey("a", 2): 2,
        TrackKey("b", 1): 2,
    }


def test_a_wrong_first_join_is_mended_by_matching_one_to_one():
    """Two people in both cameras; the pair that looks most alike is the wrong one."""
    base = np.eye(2, 8)
    between = base[0] * 0.72 + base[1] * 0.69
    times = np.arange(30) / 10
    tracklets = [
        make_tracklet("a", 1, times, base[0]),
        make_tracklet("a", 2, times, base[1] + 0.9 * base[0]),
        make_tracklet("b", 1, times, base[0] + 0.55 * base[1]),
        make_tracklet("b", 2, times, between + 0.6 * base[1]),
    ]
    ids = offline(tracklets, distance=0.6)
    assert ids[TrackKey("a", 1)] == ids[TrackKey("b", 1)]
    assert ids[TrackKey("a", 2)] == ids[TrackKey("b", 2)]


def test_online_waits_for_crops_but_not_for_ever():
    config = OnlineConfig(patience=0.5, min_crops=2, max_patience=2.0)
    associator = OnlineAssociator(config, DISTANCE)
    track = make_tracklet("a", 1, [0.0])
    assert associator.look(0.0, [track]) == {}
    assert associator.look(1.0, [track]) == {}
    for _ in range(2):
        track.gallery.add(np.eye(1, 4, dtype=np.float32)[0], 0.9)
    assert associator.look(1.2, [track]) == {}  # all tracks are looked at every half second
    assert associator.look(1.5, [track]) == {track.key: 1}
    assert associator.look(2.0, [track]) == {}
    bare = make_tracklet("b", 1, [2.0])
    assert associator.look(2.5, [track, bare]) == {}
    assert associator.look(3.5, [track, bare]) == {}
    assert associator.look(4.0, [track, bare]) == {bare.key: 2}


def test_online_believes_what_it_finds_twice():
    associator = OnlineAssociator(OnlineConfig(), DISTANCE)
    look = np.eye(2, 8, dtype=np.float32)
    known = make_tracklet("a", 1, np.arange(20) / 10, np.repeat(look[:1], 4, axis=0))
    assert associator.look(2.0, [known]) == {known.key: 1}
    new = make_tracklet("b", 1, np.arange(20, 31) / 10, np.repeat(look[:1], 4, axis=0))
    assert associator.look(3.0, [known, new]) == {}
    assert associator.look(3.5, [known, new]) == {new.key: 1}
    stranger = make_tracklet("c", 1, np.arange(20, 31) / 10, np.repeat(look[1:], 4, axis=0))
    assert associator.look(4.5, [known, stranger]) == {}
    assert associator.look(6.0, [known, stranger]) == {stranger.key: 2}  # it is due


def test_online_knows_who_comes_back():
    look = np.eye(2, 8, dtype=np.float32)
    tracklets = [
        make_tracklet("a", 1, np.arange(40) / 10, look[0]),
        make_tracklet("a", 2, 20 + np.arange(40) / 10, look[1]),
        make_tracklet("a", 3, 60 + np.arange(40) / 10, look[0]),
    ]
    assert list(online(tracklets).values()) == [1, 2, 1]
