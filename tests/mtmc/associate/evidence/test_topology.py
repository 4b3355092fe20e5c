import numpy as np
import pytest

from mtmc.associate.online.associator import OnlineAssociator, OnlineConfig
from tests.mtmc.associate.scenes import make_tracklet, replay


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
    # All but the first ones, as long as nothing is learned of the usual time.
    assert right(informed, truth) > 0.8 > right(plain, truth)


def test_settings_out_of_range():
    with pytest.raises(ValueError, match=r"topology\.a\.b"):
        OnlineConfig(topology={"a": {"b": (3.0, 1.0)}})
