import numpy as np
import pytest

from mtmc.associate.evidence.travel import IMPOSSIBLE, LIMIT, TravelTimes
from mtmc.associate.online.associator import OnlineAssociator, OnlineConfig
from tests.mtmc.associate.scenes import make_tracklet, replay


def test_nothing_seen_says_nothing():
    assert TravelTimes().odds([("a", "b", 3.0), ("a", "a", -1.0)]) == pytest.approx([0, 0])
    assert len(TravelTimes().odds([])) == 0


def test_the_usual_time_speaks_for_a_person_and_any_other_against():
    travel = TravelTimes()
    random = np.random.default_rng(0)
    for _ in range(30):
        others = [("a", "b", float(gap)) for gap in random.uniform(0, 100, 5)]
        usual = ("a", "b", float(random.uniform(4.5, 7.5)))
        travel.learn(usual, [usual, *others])
    at_once, usual, late, elsewhere = travel.odds(
        [("a", "b", -1.0), ("a", "b", 6.0), ("a", "b", 60.0), ("b", "a", 6.0)]
    )
    assert 0.8 < usual <= LIMIT
    assert -LIMIT <= late < -0.8
    assert at_once <= 0.01
    assert elsewhere == 0


def test_a_given_topology_rules_out():
    travel = TravelTimes({"a": {"b": (2.0, 10.0), "c": (0.0, 5.0)}})
    gaps = [("a", "b", 1.0), ("a", "b", 5.0), ("a", "b", 11.0), ("a", "b", -3.0)]
    assert travel.odds(gaps).tolist() == [IMPOSSIBLE, 0, IMPOSSIBLE, IMPOSSIBLE]
    assert travel.odds([("a", "c", -3.0), ("a", "c", 6.0), ("b", "a", 1.0)]).tolist() == [
        *(0, IMPOSSIBLE, 0)
    ]
    with pytest.raises(ValueError, match=r"topology\.a\.b"):
        OnlineConfig(topology={"a": {"b": (3.0, 1.0)}})


def walkers(seed, people=15):
    """People who walk from camera a to b in 5 s, one every 6 s, and look much alike."""
    random = np.random.default_rng(seed)
    common = random.normal(size=64)
    tracklets, truth = [], {}
    for person in range(people):
        own = np.sqrt(0.1) * random.normal(size=64) + np.sqrt(0.9) * common
        for camera, start in (("a", 6.0 * person), ("b", 6.0 * person + 9 + random.normal() / 4)):
            crops = own + 0.7 * random.normal(size=(8, 64))
            times = np.round(start + np.arange(40) / 10, 1)
            track = make_tracklet(camera, person, times, crops)
            tracklets.append(track)
            truth[track.key] = person
    return tracklets, truth


def right(ids, truth):
    """Share of people who have one id in both cameras, which nobody else has."""
    people = set(truth.values())
    by_id = [{ids[key] for key in ids if truth[key] == person} for person in people]
    given = list(ids.values())
    return np.mean([len(own) == 1 and given.count(min(own)) == 2 for own in by_id])


@pytest.mark.parametrize("seed", range(2))
def test_a_topology_tells_people_apart_who_look_alike(seed):
    tracklets, truth = walkers(seed)
    never = (1e8, 1e9)
    topology = {"a": {"b": (3.0, 8.0), "a": never}, "b": {"a": never, "b": never}}
    plain = replay(OnlineAssociator(OnlineConfig(), 0.1), tracklets)
    informed = replay(OnlineAssociator(OnlineConfig(topology=topology), 0.1), tracklets)
    assert right(informed, truth) == 1 > right(plain, truth)
