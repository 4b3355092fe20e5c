import numpy as np
import pytest

from mtmc.associate.evidence import EvidenceConfig, Scale
from mtmc.associate.handover import find_handovers
from mtmc.associate.offline import OfflineAssociator, OfflineConfig
from mtmc.associate.split import cut_tracklet
from tests.mtmc.associate.scenes import FPS, make_tracklet

SCALE = Scale(0.5, 0.4)
CONFIG = EvidenceConfig()


def track(number, start, end, person=0, camera="a"):
    """From one frame to another, both seen."""
    times = np.arange(start, end + 1) / FPS
    return make_tracklet(camera, number, times, np.eye(8)[[person] * 8])


def cuts_of(*tracklets, longest=1.0):
    found = find_handovers(tracklets, SCALE, CONFIG, longest)
    return {key.track_id: times for key, times in found.items()}


def test_the_overlap_is_cut_off_the_one_seen_less():
    early, late = track(1, 0, 60), track(2, 55, 200)
    assert cuts_of(early, late) == {1: [pytest.approx(5.45)]}
    assert cuts_of(late, early) == {1: [pytest.approx(5.45)]}
    early, late = track(1, 0, 200), track(2, 195, 250)
    assert cuts_of(early, late) == {2: [pytest.approx(20.05)]}


def test_in_the_middle_there_are_two_cuts():
    # The other one's track has a gap, through which this one goes on.
    whole, other = track(1, 20, 80), track(2, 0, 10)
    for frame in (*range(48, 52), *range(100, 200)):
        other.see(frame + 1, frame / FPS)
    assert cuts_of(whole, other) == {1: [pytest.approx(4.75), pytest.approx(5.15)]}


@pytest.mark.parametrize(
    ("other", "options"),
    [
        (track(2, 55, 200, person=1), {}),  # looks like somebody else
        (track(2, 55, 200, camera="b"), {}),  # elsewhere
        (track(2, 61, 200), {}),  # nothing in common
        (track(2, 40, 200), {}),  # together for too long
        (track(2, 55, 200), {"longest": 0.4}),
        (track(2, 55, 62), {}),  # most of it
    ],
)
def test_what_is_no_handover(other, options):
    assert cuts_of(track(1, 0, 60), other, **options) == {}


def test_one_person_gets_one_id_in_spite_of_the_overlap():
    tracklets = [track(1, 0, 60), track(2, 55, 200)]

    def cut(cuts):
        for whole in [t for t in tracklets if t.key in cuts]:
            tracklets.remove(whole)
            frames = np.concatenate([np.arange(a, b + 1) for a, b in whole.frames])
            seen = frames, (frames - 1) / FPS
            tracklets.extend(cut_tracklet(whole, cuts[whole.key], seen, 3))
        return tracklets

    config = OfflineConfig(max_distance=0.5)
    ids = OfflineAssociator(config, 0.5).finish(tracklets, cut)
    by_track = {key.track_id: number for key, number in ids.items()}
    assert by_track[1] == by_track[2] != by_track[3]
    whole = [track(1, 0, 60), track(2, 55, 200)]
    assert len(set(OfflineAssociator(config, 0.5).finish(whole).values())) == 2
