from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from mtmc.associate.evidence.links import Links
from mtmc.associate.evidence.times import IMPOSSIBLE, passage_evidence, topology_evidence
from mtmc.associate.offline import OfflineAssociator, OfflineConfig
from mtmc.associate.solve.clustering import cluster
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import TrackKey

LIMIT = 3.0


def track(camera, number, start, end):
    return Tracklet(TrackKey(camera, number), float(start), float(end))


def links(odds, *, known=None):
    """Evidence by looks alone, no two of which one frame shows at once."""
    odds = np.asarray(odds, np.float32)
    nothing = sparse.csr_array(odds.shape, dtype=np.float32)
    weights = np.ones(len(odds), np.float32) if known is None else np.asarray(known, np.float32)
    nobody = nothing.astype(bool)
    return Links(lambda r, c: odds[np.ix_(r, c)], weights, nothing, nobody, nobody)


def passers(seed, people=20, pieces=1):
    """Who walks from a to b in 5 s, at irregular times, in so many tracks in b; and their looks."""
    random = np.random.default_rng(seed)
    tracklets, who = [], []
    for person, start in enumerate(np.cumsum(random.uniform(2, 8, people))):
        tracklets.append(track("a", person, start, start + 4))
        begin = start + 9 + random.normal() / 4
        for piece in range(pieces):
            at = begin + 3 * piece / pieces
            tracklets.append(track("b", pieces * person + piece, at, at + 3 / pieces))
        who += [person] * (1 + pieces)
    who = np.array(who)
    same = who[:, None] == who[None]
    odds = np.where(same, 1.0, -1.0) + random.normal(size=same.shape)
    return tracklets, same, 0.5 * (odds + odds.T)


@pytest.mark.parametrize("seed", range(3))
def test_the_usual_time_speaks_for_one_person(seed):
    tracklets, same, odds = passers(seed)
    found = passage_evidence(tracklets, links(odds), LIMIT).toarray()
    across = np.array([t.key.camera for t in tracklets])
    pairs = across[:, None] != across[None]
    assert found[pairs & same].min() > 0.5
    assert found[pairs & ~same].mean() < 0
    assert np.abs(found).max() <= LIMIT
    np.testing.assert_array_equal(found, found.T)


def test_several_tracks_are_one_witness():
    tracklets, same, odds = passers(0, pieces=3)
    in_a = np.array([t.key.camera == "a" for t in tracklets])
    pieces = passage_evidence(tracklets, links(odds), LIMIT).toarray()
    whole, one, its_odds = passers(0)
    across = np.array([t.key.camera == "a" for t in whole])
    alone = passage_evidence(whole, links(its_odds), LIMIT).toarray()
    together = (pieces * same)[in_a][:, ~in_a].sum(axis=1)
    assert together.mean() < 1.3 * (alone * one)[across][:, ~across].sum(axis=1).mean()


def test_where_there_is_no_usual_time_little_is_learned():
    random = np.random.default_rng(0)
    starts = random.uniform(0, 40, 60)
    tracklets = [track("ab"[row % 2], row, s, s + 3) for row, s in enumerate(starts)]
    who = np.arange(60) // 2 % 15
    odds = np.where(who[:, None] == who[None], 2.0, -2.0)
    found = passage_evidence(tracklets, links(odds), LIMIT).toarray()
    assert np.abs(found).mean() < 0.25


def test_nothing_is_said_of_who_has_no_looks_or_of_other_times():
    tracklets, _, odds = passers(0)
    known = np.ones(len(tracklets))
    known[:4] = 0
    assert not passage_evidence(tracklets, links(odds, known=known), LIMIT)[[0, 1, 2, 3]].nnz
    assert passage_evidence(tracklets, links(odds, known=0 * known), LIMIT).nnz == 0
    late = [*tracklets, track("a", 999, 1000, 1001)]
    more = np.pad(odds, (0, 1), constant_values=3.0)
    assert not passage_evidence(late, links(more), LIMIT)[[len(tracklets)]].nnz
    left = [replace(t, start=-np.inf, end=-np.inf) for t in tracklets]
    assert passage_evidence(left, links(odds), LIMIT).nnz == 0
    assert passage_evidence([], links(np.zeros((0, 0))), LIMIT).shape == (0, 0)


def test_people_are_told_apart_by_time_whom_looks_confuse():
    mistakes = []
    for seed in range(4):
        tracklets, same, odds = passers(seed)
        by_looks = links(1.5 * odds)
        evidence = passage_evidence(tracklets, by_looks, LIMIT)
        for found in (cluster(by_looks), cluster(replace(by_looks, floor=evidence))):
            mistakes.append(((found[:, None] == found[None]) != same).sum())
    alone, with_time = np.reshape(mistakes, (-1, 2)).T
    assert (with_time < alone).all()
    assert with_time.sum() < 0.6 * alone.sum()


def test_the_offline_association_uses_it(monkeypatch):
    tracklets, _, _ = passers(0)
    for row in range(0, len(tracklets), 2):
        look = np.random.default_rng(row).normal(size=32)
        for tracklet in tracklets[row : row + 2]:
            tracklet.gallery.add((look / np.linalg.norm(look)).astype(np.float32), 0.9)
    asked = []
    monkeypatch.setattr(
        "mtmc.associate.evidence.times.passage_evidence",
        lambda tracks, links, limit: asked.append(limit) or passage_evidence(tracks, links, limit),
    )
    for limit in (None, LIMIT):
        ids = OfflineAssociator(OfflineConfig(passage=limit), 0.3).finish(tracklets).ids
        assert len(set(ids.values())) == len(tracklets) / 2
    assert set(asked) == {LIMIT}
    with pytest.raises(ValueError, match="passage"):
        OfflineConfig(passage=-1)


def test_a_given_topology_rules_out_who_would_be_too_quick():
    tracklets = [
        track("a", 1, 0, 5),
        track("b", 1, 6, 9),
        track("b", 2, 8, 9),
        track("c", 1, 3, 9),
        track("b", 3, 2, 3),
    ]
    topology = {"a": {"b": (2.0, 2.5), "c": (0.0, 1.0)}, "c": {"nowhere": (1.0, 2.0)}}
    found = topology_evidence(tracklets, topology).toarray()
    expected = np.zeros((5, 5))
    for pair in ((0, 1), (0, 4)):
        expected[pair] = expected[pair[::-1]] = IMPOSSIBLE
    np.testing.assert_array_equal(found, expected)
    assert topology_evidence([], topology).shape == (0, 0)
    twins = [replace(t, key=t.key) for t in tracklets[:2]]
    for tracklet in twins:
        tracklet.gallery.add(np.eye(1, 8, dtype=np.float32)[0], 0.9)
    for given, people in ((None, 1), (topology, 2)):
        config = OfflineConfig(topology=given, max_distance=0.3)
        assert len(set(OfflineAssociator(config, 0.3).finish(twins).ids.values())) == people


def test_where_places_are_known_time_says_half():
    tracklets, _, odds = passers(0)
    plain = passage_evidence(tracklets, links(odds), LIMIT).toarray()
    for tracklet in tracklets[:-1]:
        tracklet.path.add(tracklet.start, np.zeros(2), np.eye(2))
    located = passage_evidence(tracklets, links(odds), LIMIT).toarray()
    np.testing.assert_allclose(located[:-1, :-1], 0.5 * plain[:-1, :-1])
    np.testing.assert_allclose(located[-1], plain[-1])
