from itertools import product

import numpy as np
import pytest

from mtmc.associate.cuts.by_people import best_changes, changes_by_people
from mtmc.associate.cuts.change import times_of
from mtmc.associate.evidence.appearance import Scale
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.offline import OfflineAssociator, OfflineConfig
from mtmc.tracking.tracklet import TICK, FloorPath
from tests.mtmc.associate.scenes import make_tracklet

SCALE = Scale(0.3, 0.3, coherence=0.8)
CONFIG = EvidenceConfig()


@pytest.mark.parametrize("seed", range(6))
def test_the_best_sequence_is_the_best_of_all(seed):
    odds = np.random.default_rng(seed).normal(0, 2, (6, 3))
    every = list(product(range(3), repeat=6))
    totals = [
        sum(odds[t, p] for t, p in enumerate(path)) - 2.5 * np.count_nonzero(np.diff(path))
        for path in every
    ]
    best = np.array(every[int(np.argmax(totals))])
    found = best_changes(np.arange(6.0), odds, 2.5)
    assert [time for time, _ in found] == (np.flatnonzero(np.diff(best)) + 0.5).tolist()
    assert all(gain > 0 for _, gain in found)


def test_a_glance_of_somebody_else_is_no_change():
    odds = np.zeros((12, 2))
    odds[:, 0], odds[6, 1] = 1.0, 3.0
    assert best_changes(np.arange(12.0), odds, 4.0) == []
    odds[6:, 1] = 3.0
    # One moment earlier were nearly as good: the sixth speaks for the first person.
    assert best_changes(np.arange(12.0), odds, 4.0) == [(5.5, 1.0)]
    assert best_changes(np.zeros(1), odds[:1], 4.0) == []


def walk(offset, seconds=12.0):
    times = np.arange(0, seconds, TICK)
    return times, np.column_stack([0.3 * times, np.full(len(times), offset)])


def who_swapped():
    """Two people whom two cameras see well; in the third one track follows both in turn."""
    times, first = walk(0.0)
    _, second = walk(3.0)
    pairs = [
        make_tracklet(c, n + 1, times, floor=p) for c in "ab" for n, p in enumerate((first, second))
    ]
    middle = (times > 4) & (times < 8)
    mixed = make_tracklet("c", 1, times, floor=np.where(middle[:, None], second, first))
    return [*pairs, mixed], np.array([0, 1, 0, 1, 0])


def test_a_track_is_cut_where_it_is_elsewhere_for_a_while():
    tracklets, people = who_swapped()
    found = changes_by_people(tracklets, people, SCALE, CONFIG, 4.0)
    ((key, times),) = times_of(found).items()
    assert key == tracklets[-1].key
    assert changes_by_people(tracklets, people, SCALE, CONFIG, 4.0, rows=[0, 1]) == []
    # It comes back to whom it followed before, which a single cut would not explain.
    assert times == pytest.approx([4.0, 8.0], abs=0.3)


def test_the_offline_association_mends_it():
    (*whole, mixed), _ = who_swapped()
    times, _ = walk(0.0)
    found = OfflineAssociator(OfflineConfig(), 0.3).finish([*whole, mixed])
    assert [found.ids[t.key] for t in whole] == [1, 2, 1, 2]
    assert list(found.parts) == [mixed.key]
    long = [part for part in found.parts[mixed.key] if part.end - part.start > 1]
    assert [found.ids[part.key] for part in long] == [1, 2, 1]
    assert mixed.end == times[-1]  # the whole stays as it was
    assert not OfflineAssociator(OfflineConfig(change=None), 0.3).finish([*whole, mixed]).parts


def test_looks_count_beside_the_floor():
    """Who stands beside somebody all the time is told by the looks."""
    times, path = walk(0.0)
    vectors, random = np.eye(2, 64), np.random.default_rng(0)

    def seen(camera, number, people, offset):
        result = make_tracklet(camera, number, times, floor=path + np.array([0, offset]))
        for time in np.arange(0.5, 12):
            crop = vectors[people[int(time)]] + 0.4 * random.normal(size=64) / 8
            result.gallery.add(crop / np.linalg.norm(crop), 0.9, float(time))
        return result

    swapped = [0] * 6 + [1] * 6
    tracklets = [
        seen("a", 1, [0] * 12, 0.0),
        seen("a", 2, [1] * 12, 0.4),
        seen("b", 1, swapped, 0.2),
    ]
    cuts = times_of(changes_by_people(tracklets, np.array([0, 1, 0]), SCALE, CONFIG, 4.0))
    assert list(cuts) == [tracklets[-1].key]
    assert cuts[tracklets[-1].key] == pytest.approx([6.0], abs=0.6)
    for tracklet in tracklets:
        tracklet.path = FloorPath()
    assert changes_by_people(tracklets, np.array([0, 1, 0]), SCALE, CONFIG, 4.0) == []


@pytest.mark.parametrize(("seen_at", "changes"), [((6, 7, 8, 9), 1), ((6, 6.05, 6.1, 6.15), 0)])
def test_crops_of_one_moment_are_one_witness(seen_at, changes):
    """Somebody else for a moment, however often it is looked at, is no change."""
    times, path = walk(0.0)
    vectors = np.eye(2, 64)

    def seen(camera, number, offset, crops):
        result = make_tracklet(camera, number, times, floor=path + np.array([0, offset]))
        for person, moments in crops.items():
            for time in moments:
                result.gallery.add(vectors[person], 0.9, float(time))
        return result

    tracklets = [
        seen("a", 1, 0.0, {0: np.arange(0.5, 12)}),
        seen("a", 2, 0.4, {1: np.arange(0.5, 12)}),
        seen("b", 1, 0.2, {0: np.arange(0.5, 5), 1: seen_at}),
    ]
    found = changes_by_people(tracklets, np.array([0, 1, 0]), SCALE, CONFIG, 18.0)
    assert [change.key for change in found] == changes * [tracklets[-1].key]


def test_a_track_does_not_speak_for_whom_it_was_itself_taken_for():
    """Nobody else knows the first person, whom its own early crops say it still is."""
    times, path = walk(0.0)
    vectors = np.eye(3, 64)
    tracklets = [make_tracklet("a", 1, times), make_tracklet("a", 2, times)]
    tracklets.append(make_tracklet("b", 1, times, floor=path))
    for tracklet, people in zip(tracklets, ([0] * 12, [1] * 12, [2] * 6 + [1] * 6), strict=True):
        for second, person in enumerate(people):
            tracklet.gallery.add(vectors[person], 0.9, second + 0.5)
    found = changes_by_people(tracklets, np.array([0, 1, 2]), SCALE, CONFIG, 4.0)
    assert [change.key for change in found] == [tracklets[-1].key]
