import numpy as np
import pytest

from mtmc.associate.cuts.by_looks import changes_by_looks
from mtmc.associate.cuts.change import Change, times_of
from mtmc.associate.cuts.parts import Pieces, parts
from mtmc.associate.evidence.appearance import Scale
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.offline import OfflineAssociator, OfflineConfig
from mtmc.tracking.tracklet import TICK
from mtmc.types import TrackKey
from tests.mtmc.associate.scenes import make_tracklet

SCALE = Scale(0.3, 0.3, coherence=0.8)
CONFIG = EvidenceConfig()


def track(*people, crops=8, noise=0.5, seed=0, camera="a", number=1, start=0.0):
    """A tracklet that shows one person after the other, one crop a second each."""
    random = np.random.default_rng(seed)
    times = start + np.arange(crops * len(people))
    floor = np.column_stack([times, times])
    result = make_tracklet(camera, number, times, floor=floor)
    for time, person in zip(times, np.repeat(people, crops), strict=True):
        crop = np.eye(4, 64)[person] + noise * random.normal(size=64) / 8
        result.gallery.add(crop / np.linalg.norm(crop), 0.9, float(time))
    return result


def cuts(*tracklets):
    found = changes_by_looks(tracklets, SCALE, CONFIG, 2.0)
    assert all(change.gain >= 2.0 for change in found)
    return times_of(found)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("settled", [False, True])
def test_a_switched_track_is_cut_where_it_switched(seed, settled):
    switched = track(0, 1, seed=seed)
    if settled:
        switched.gallery.settle()
    # Settled members stand for a stretch of time each.
    assert cuts(switched) == {switched.key: [pytest.approx(7.5, abs=2 if settled else 0.01)]}


@pytest.mark.parametrize("seed", range(20))
def test_one_person_is_never_cut(seed):
    assert cuts(track(0, 0, seed=seed)) == {}


@pytest.mark.parametrize("deep", [[1, 0] * 8, [1] * 4 + [0] * 12, [0] * 8 + [1] * 8])
@pytest.mark.parametrize("seed", range(3))
def test_one_person_is_not_cut_where_crops_leave_the_embedder_at_another_exit(deep, seed):
    """The first exit of an aligned network: cosine 0.72, off the same way each time."""
    random, cosine, person = np.random.default_rng(seed), 0.72, np.eye(1, 64)[0]
    off = np.concatenate([[0.0], random.normal(size=63)])
    shallow = cosine * person + np.sqrt(1 - cosine**2) * off / np.linalg.norm(off)
    track = make_tracklet("a", 1, np.arange(16.0))
    for time, whole in enumerate(deep):
        crop = (person if whole else shallow) + 0.5 * random.normal(size=64) / 8
        quality = 0.9 * (1 if whole else cosine**2)
        track.gallery.add(crop / np.linalg.norm(crop), quality, float(time))
    assert cuts(track) == {}


def test_one_bad_crop_is_no_switch():
    bad = track(0, crops=12)
    bad.gallery.add(np.eye(4, 64, dtype=np.float32)[1], 0.9, 20.0)
    assert cuts(bad) == {}
    assert cuts(track(0, crops=1)) == cuts(make_tracklet("a", 1, [0.0])) == {}


def test_a_track_may_be_cut_more_than_once():
    (times,) = cuts(track(0, 1, 2, noise=0.3)).values()
    assert times == pytest.approx([7.5, 15.5])


def test_the_parts_hold_what_was_seen_then():
    first, second = parts(track(0, 1), [7.5])
    assert first.key == second.key == TrackKey("a", 1)
    assert (first.start, first.end, second.start, second.end) == (0, 7, 8, 15)
    assert (first.hits, second.hits) == (8, 8)
    assert max(first.path.ticks) * TICK < 7.5 < min(second.path.ticks) * TICK
    assert first.gallery.times().tolist() == list(range(8))
    assert not first.meets(second)
    (only,) = parts(track(0, 1), [20.0])
    assert only.frames == track(0, 1).frames


@pytest.mark.parametrize("rate", [2, 10, 29.97])
def test_a_run_is_cut_at_its_frames_times(rate):
    whole = make_tracklet("a", 1, [])
    seen = [*range(1, 9), *range(20, 41)]
    for frame in seen:
        whole.see(frame, frame / rate)
    for frame in (2, 5, 8, 9, 14, 20, 21, 40):
        for moment in (whole.before(frame), frame / rate):  # a frame at that time comes after it
            early, late = parts(whole, [moment])
            assert [early.hits, late.hits] == [
                sum(f < frame for f in seen),
                sum(f >= frame for f in seen),
            ]
            assert late.frames[0][0] == min(f for f in seen if f >= frame)
            assert early.end == pytest.approx(max(f for f in seen if f < frame) / rate)
            assert late.start == pytest.approx(min(f for f in seen if f >= frame) / rate)
            assert [early.start, late.end] == pytest.approx([1 / rate, 40 / rate])


def test_pieces_get_numbers_that_are_free():
    pieces = Pieces([track(0, 1, number=3), track(0, 1, camera="b"), track(0, number=7)])
    pieces.cut([Change(TrackKey("a", 3), 7.5, 1.0), Change(TrackKey("b", 1), 3.5, 1.0)])
    pieces.cut([Change(TrackKey("a", 8), 11.5, 1.0)])
    assert {key: [p.key.track_id for p in of] for key, of in pieces.of_those_cut().items()} == {
        ("a", 3): [3, 8, 9],
        ("b", 1): [1, 2],
    }
    assert len(pieces.now()) == 6


def test_a_divided_track_goes_on_with_what_was_seen_since():
    whole = make_tracklet("a", 1, [0.0, 0.1, 0.2, 0.5, 0.6], floor=np.zeros((5, 2)))
    for time in (0.1, 0.5):
        whole.gallery.add(np.eye(2, dtype=np.float32)[0], 0.9, time)
    head, tail = parts(whole, [0.3])
    whole.keep(tail)
    assert (head.frames, whole.frames) == ([[1, 3]], [[6, 7]])
    assert (head.hits, whole.hits) == (3, 2)
    assert [head.start, head.end, whole.start, whole.end] == pytest.approx([0, 0.2, 0.5, 0.6])
    assert (head.gallery.times().tolist(), whole.gallery.times().tolist()) == ([0.1], [0.5])
    assert (head.path.ticks, whole.path.ticks) == ([0, 1], [2, 3])
    assert not head.meets(whole)
    whole.see(8, 0.7)
    assert (whole.hits, whole.end) == (3, 0.7)


def test_offline_association_puts_the_parts_where_they_belong():
    whole = track(0, 1)
    others = [
        track(1, camera="b", number=1, seed=1),
        track(0, camera="b", number=2, start=8, seed=2),
        *(track(p, p, camera="c", number=1 + p, seed=3 + p) for p in range(2)),
    ]
    found = OfflineAssociator(OfflineConfig(), 0.3).finish([whole, *others])
    assert list(found.parts) == [whole.key]
    ids = found.ids
    assert ids[TrackKey("a", 1)] == ids[TrackKey("b", 2)] == ids[TrackKey("c", 1)]
    assert ids[TrackKey("a", 2)] == ids[TrackKey("b", 1)] == ids[TrackKey("c", 2)]
    never = OfflineAssociator(OfflineConfig(split=None, change=None), 0.3)
    assert not never.finish([whole, *others]).parts
