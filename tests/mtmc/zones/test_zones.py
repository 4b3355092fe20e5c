"""Zones with a directory over them, as one associator."""

import pickle

import numpy as np
import pytest

from mtmc.associate.online.associator import OnlineAssociator, OnlineConfig
from mtmc.registry import ASSOCIATORS
from mtmc.tracking.messages import CameraStep
from mtmc.zones.associator import ZonesAssociator, ZonesConfig
from tests.mtmc.associate.scenes import same_partition
from tests.mtmc.zones.walks import Walks, corridor, said

EVEN = 0.5


def zones(walks, **options):
    return ZonesAssociator(ZonesConfig(revise=2.0, **options), EVEN, walks.cameras)


@pytest.mark.parametrize("zone_cameras", [1, 2])
def test_people_keep_their_ids_from_zone_to_zone(zone_cameras):
    stays, topology = corridor(people=4, cameras=4)
    walks = Walks(stays)
    ids, _ = said(zones(walks, topology=topology, zone_cameras=zone_cameras), walks)
    assert same_partition(ids, walks.truth)
    assert sorted(set(ids.values())) == [1, 2, 3, 4]


def test_without_a_topology_people_are_found_again_by_looks_and_times():
    stays, _ = corridor(people=4, cameras=3)
    walks = Walks(stays)
    assert same_partition(said(zones(walks, zone_cameras=1), walks)[0], walks.truth)


def test_who_is_quicker_than_the_way_takes_is_somebody_else():
    stays = [("a", 0, 0, 20), ("b", 0, 23, 40)]
    walks = Walks(stays)
    for least, people in ((2.0, 1), (10.0, 2)):
        topology = {"a": {"b": (least, 60.0)}}
        ids, _ = said(zones(walks, topology=topology, zone_cameras=1), walks)
        assert len(set(ids.values())) == people


def test_a_person_in_two_zones_at_once_is_one_where_they_see_one_place():
    stays = [("a", 0, 0, 30), ("b", 0, 2, 28), ("a", 1, 1, 30), ("b", 1, 3, 30)]
    walks = Walks(stays)
    topology = {"a": {"b": (0.0, 5.0)}, "b": {"a": (0.0, 5.0)}}
    ids, _ = said(zones(walks, topology=topology, zone_cameras=1), walks)
    assert same_partition(ids, walks.truth)


def test_two_people_whom_one_camera_shows_never_share_an_id():
    # Twins, whom only the camera that sees both tells apart.
    stays = [("a", 0, 0, 20), ("b", 0, 26, 50), ("b", 0, 27, 50), ("b", 0, 28, 50)]
    walks = Walks(stays)
    topology = {"a": {"b": (2.0, 20.0)}}
    ids, _ = said(zones(walks, topology=topology, zone_cameras=1), walks)
    assert len({number for key, number in ids.items() if key.camera == "b"}) == 3


def test_who_comes_back_is_known_and_after_a_long_time_is_somebody_new():
    stays = [("a", 0, 0, 20), ("b", 0, 200, 220), ("a", 0, 900, 920)]
    walks = Walks(stays)
    topology = {"a": {"b": (2.0, 20.0)}}
    ids, _ = said(zones(walks, topology=topology, zone_cameras=1, memory=400.0), walks)
    assert list(ids.values()) == [1, 1, 2]


def test_who_leaves_a_zone_and_returns_by_another_one_is_one_person():
    stays = [("a", 0, 0, 15), ("c", 0, 20, 35), ("b", 0, 40, 60), ("c", 0, 66, 80)]
    walks = Walks(stays)
    topology = {a: {b: (2.0, 20.0) for b in "abc" if b != a} for a in "abc"}
    ids, _ = said(zones(walks, topology=topology, zones={"ab": ["a", "b"]}), walks)
    assert set(ids.values()) == {1}


def test_one_zone_of_all_cameras_says_what_one_associator_does():
    stays, topology = corridor(people=4, cameras=3)
    walks = Walks(stays, noise=0.3)
    online = OnlineAssociator(OnlineConfig(revise=2.0, topology=topology), EVEN, walks.cameras)
    assert said(zones(walks, topology=topology), walks) == said(online, walks)


def test_the_order_of_the_cameras_changes_nothing():
    stays, topology = corridor(people=4, cameras=3)
    walks = Walks(stays, noise=0.2)
    first = said(zones(walks, topology=topology, zone_cameras=2), walks)
    moments = walks.moments
    random = np.random.default_rng(3)
    walks.moments = lambda step: (
        (now, [steps[i] for i in random.permutation(len(steps))]) for now, steps in moments(step)
    )
    assert said(zones(walks, topology=topology, zone_cameras=2), walks) == first


def test_memory_does_not_grow_with_all_who_ever_came():
    stays = [("a", n, 20.0 * n, 20.0 * n + 9) for n in range(61)]
    walks = Walks(stays, noise=0.02)
    associator, sizes = zones(walks, zone_cameras=1, memory=100.0, max_distance=0.4), []
    for now, steps in walks.moments():
        associator.update(now, steps)
        if now % 400 == 399:
            sizes.append(len(pickle.dumps(associator)))
    assert len(sizes) == 3
    assert sizes[2] < 1.1 * sizes[1]


def test_an_empty_run():
    associator = ZonesAssociator(ZonesConfig(), EVEN, ["a", "b"])
    assert associator.update(0.0, []).ids == {}
    assert associator.finish([]).ids == {}


def test_people_without_looks_are_told_apart():
    stays, _ = corridor(people=3, cameras=2)
    walks = Walks(stays)
    blind = [(now, [unseen(step) for step in steps]) for now, steps in walks.moments()]
    walks.moments = lambda step: iter(blind)
    ids, _ = said(zones(walks, zone_cameras=1), walks)
    assert len(set(ids.values())) == len(ids) == 6


def unseen(step):
    return CameraStep(
        step.camera, step.frame, step.time, step.ids, step.boxes, step.scores, step.seen,
        step.people, ended=step.ended,
    )  # fmt: skip


def test_it_is_a_plug_in():
    assert ASSOCIATORS.load("zones") is ZonesAssociator


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"zones": {"hall": ["x"]}}, "camera of zone hall"),
        ({"topology": {"x": {"a": (1.0, 2.0)}}}, "camera of topology"),
    ],
)
def test_settings_that_do_not_fit_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        ZonesAssociator(ZonesConfig(**options), EVEN, ["a", "b"])
