import numpy as np
import pytest

from mtmc.associate.online import OnlineAssociator, OnlineConfig
from mtmc.associate.travel import IMPOSSIBLE, LIMIT, TravelTimes
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


def walkers(seed, people=40, alike=0.85):
    """People who walk from camera a to b in 5 s, one every 6 s, and look much alike."""
    random = np.random.default_rng(seed)
    common = random.normal(size=64)
    tracklets, truth = [], {}
    for person in range(people):
        own = np.sqrt(1 - alike) * random.normal(size=64) + np.sqrt(alike) * common
        for camera, start in (("a", 6.0 * person), ("b", 6.0 * person + 9 + random.normal() / 4)):
            crops = own + 0.5 * random.normal(size=(8, 64))
            times = np.round(start + np.arange(40) / 10, 1)
            track = make_tracklet(camera, person, times, crops)
            tracklets.append(track)
            truth[track.key] = person
    return tracklets, truth


def right(ids, truth):
    """Share of people who have one id in both cameras, and nobody else's there."""
    people = set(truth.values())
    by_id = {p: {ids[k] for k in ids if truth[k] == p} for p in people}
    return sum(len(by_id[p]) == 1 for p in people) / len(people)


@pytest.mark.parametrize("seed", range(3))
def test_times_between_cameras_help_where_people_look_alike(seed, monkeypatch):
    tracklets, truth = walkers(seed)
    options = {"max_distance": 0.1}

    def associated(**more):
        return replay(OnlineAssociator(OnlineConfig(**options, **more), 0.1), tracklets)

    learned = right(associated(), truth)
    given = right(associated(topology={"a": {"b": (3.0, 8.0), "a": (30.0, 1e9)}}), truth)
    monkeypatch.setattr(TravelTimes, "odds", lambda self, passages: np.zeros(len(passages)))
    without = right(associated(), truth)
    print(without, learned, given)
    assert learned >= without
    assert given > without + 0.1
