"""What must hold of the association of any scene, offline and online."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mtmc.associate.online.associator import OnlineAssociator, OnlineConfig
from mtmc.types import TrackKey
from tests.mtmc.associate.scenes import (
    FPS,
    make_tracklet,
    replay,
    replay_said,
    same_partition,
    whole,
)

DIM = 6


@dataclass(frozen=True)
class Visit:
    """One track to be: who was seen by which camera, from which frame and for how many."""

    camera: int
    person: int
    start: int
    length: int
    noise: int
    crops: int = 4


def offline(tracklets, distance=0.4):
    return whole(tracklets, distance)


def online(tracklets):
    return replay(OnlineAssociator(OnlineConfig(), 0.4), tracklets)


def scenes(cameras=3, crops=(0, 5), max_size=10):
    """A few people who visit a few cameras, several at once and some of them unlike themselves."""
    visit = st.builds(
        Visit,
        camera=st.integers(0, cameras - 1),
        person=st.integers(0, 3),
        start=st.integers(0, 120),
        length=st.integers(5, 60),
        noise=st.integers(0, 10**6),
        crops=st.integers(*crops),
    )
    return st.lists(visit, min_size=1, max_size=max_size)


def build(visits, names="abcdef", first_track=1, shift=0.0, walk=False):
    """The visits as tracklets, in their order; ``shift`` in seconds."""
    looks = np.eye(4, DIM) + 0.4
    tracklets = []
    for number, visit in enumerate(visits):
        random = np.random.default_rng(visit.noise)
        times = shift + (visit.start + np.arange(visit.length)) / FPS
        look = looks[visit.person] + 0.4 * random.normal(size=(visit.crops, DIM))
        path = None
        if walk:
            turn = (times - shift)[:, None] / 4 + [visit.person, visit.person + 1]
            path = 3 * np.cos(turn) + 0.1 * random.normal(size=(visit.length, 2))
        track = first_track + number
        tracklets.append(
            make_tracklet(names[visit.camera], track, times, look if visit.crops else None, path)
        )
    return tracklets


def partition(ids, tracklets):
    """The ids by the tracklets' position, which renaming does not change."""
    return {position: ids[tracklet.key] for position, tracklet in enumerate(tracklets)}


# At the greater one everybody looks alike.
DISTANCES = st.sampled_from([0.4, 2.0])
MODES = pytest.mark.parametrize("associate", [offline, online])
FEW = settings(max_examples=20, deadline=None, derandomize=True)


@FEW
@given(visits=scenes(), walk=st.booleans(), distance=DISTANCES)
def test_simultaneous_tracks_of_a_camera_are_never_one_person(visits, walk, distance):
    tracklets = build(visits, walk=walk)
    ids = offline(tracklets, distance)
    assert set(ids) == {t.key for t in tracklets}
    for position, a in enumerate(tracklets):
        for b in tracklets[position + 1 :]:
            assert ids[a.key] != ids[b.key] or not a.meets(b)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(visits=scenes(), walk=st.booleans(), distance=DISTANCES)
def test_online_no_frame_ever_shows_two_of_one_id(visits, walk, distance):
    said = replay_said(OnlineAssociator(OnlineConfig(), distance), build(visits, walk=walk))
    shown = [(key.camera, frame, number) for (key, frame), number in said.items()]
    assert len(set(shown)) == len(shown)


@FEW
@given(visits=scenes(), walk=st.booleans())
def test_people_are_numbered_without_gaps(visits, walk):
    tracklets = build(visits, walk=walk)
    for ids in (
        set(offline(tracklets).values()),
        set(replay_said(OnlineAssociator(OnlineConfig(), 0.4), tracklets).values()),
    ):
        assert ids == set(range(1, len(ids) + 1))


@MODES
@FEW
@given(visits=scenes(), walk=st.booleans(), data=st.data())
def test_the_order_of_cameras_and_tracks_does_not_matter(associate, visits, walk, data):
    before = build(visits, walk=walk)
    order = data.draw(st.permutations(range(len(visits))))
    shuffled = [before[i] for i in order]
    assert same_partition(associate(shuffled), associate(build(visits, walk=walk)))


@MODES
@FEW
@given(visits=scenes(), walk=st.booleans(), names=st.permutations("abc"), first=st.integers(2, 99))
def test_names_and_numbers_do_not_matter(associate, visits, walk, names, first):
    # Who comes at the very same moment is decided in the order of names.
    assume(len({visit.start for visit in visits}) == len(visits))
    before = build(visits, walk=walk)
    after = build(visits, names, first, walk=walk)
    assert same_partition(partition(associate(after), after), partition(associate(before), before))


@MODES
@FEW
@given(visits=scenes(), walk=st.booleans(), seconds=st.integers(1, 20))
def test_a_time_shift_does_not_matter(associate, visits, walk, seconds):
    moved = associate(build(visits, shift=float(seconds), walk=walk))
    assert same_partition(moved, associate(build(visits, walk=walk)))


@MODES
@FEW
@given(visits=scenes(crops=(0, 0)))
def test_with_nothing_known_nobody_is_merged(associate, visits):
    ids = associate(build(visits))
    assert sorted(ids.values()) == list(range(1, len(visits) + 1))


@MODES
@FEW
@given(visits=scenes(cameras=1, crops=(0, 0)))
def test_the_floor_alone_merges_nothing_within_a_camera(associate, visits):
    ids = associate(build(visits, walk=True))
    assert sorted(ids.values()) == list(range(1, len(visits) + 1))


@MODES
@FEW
@given(visits=scenes(cameras=1, crops=(3, 5), max_size=4), walk=st.booleans())
def test_one_camera_keeps_the_tracks_of_people_who_look_different(associate, visits, walk):
    everybody = [replace(v, person=n, noise=0) for n, v in enumerate(visits)]
    tracklets = build(everybody, walk=walk)
    for number, tracklet in enumerate(tracklets):
        tracklet.gallery = make_tracklet("x", 1, [0.0], np.eye(DIM)[[number] * 4]).gallery
    ids = associate(tracklets)
    assert sorted(ids.values()) == list(range(1, len(visits) + 1))


@MODES
@FEW
@given(
    distance=st.floats(2, 8),
    angle=st.floats(0, 6.28),
    seconds=st.integers(4, 12),
    seed=st.integers(0, 99),
)
def test_identical_twins_in_two_places_at_once_stay_two(associate, distance, angle, seconds, seed):
    """Each is seen by a camera of their own, which only the calibration can tell."""
    times = np.arange(seconds * FPS) / FPS
    apart = distance * np.array([np.cos(angle), np.sin(angle)])
    walk = np.column_stack([times / 2, np.sin(times)])
    noise = 0.1 * np.random.default_rng(seed).normal(size=(2, len(times), 2))
    look = np.ones((4, DIM))
    a = make_tracklet("a", 1, times, look, walk + noise[0])
    b = make_tracklet("b", 1, times, look, walk + apart + noise[1])
    ids = associate([a, b])
    assert ids[TrackKey("a", 1)] != ids[TrackKey("b", 1)]
