import numpy as np
import pytest
from scipy import sparse

from mtmc.associate.cuts.by_overlap import changes_by_overlap
from mtmc.associate.cuts.change import times_of
from mtmc.associate.evidence.constraints import conflicts
from mtmc.associate.evidence.links import Links
from mtmc.associate.evidence.overlaps import COST, forgive
from mtmc.associate.offline import OfflineAssociator, OfflineConfig
from mtmc.associate.solve.clustering import cluster
from tests.mtmc.associate.scenes import FPS, make_tracklet

LOOKS = np.eye(8)


def track(camera, number, start, end, person):
    times = np.arange(round(start * FPS), round(end * FPS) + 1) / FPS
    noise = np.random.default_rng(number).normal(size=(5, 8))
    result = make_tracklet(camera, number, times)
    for crop, time in zip(LOOKS[person] + 0.1 * noise, np.linspace(start, end, 5), strict=True):
        result.gallery.add((crop / np.linalg.norm(crop)).astype(np.float32), 0.9, float(time))
    return result


def links(tracklets):
    count = len(tracklets)
    nothing = sparse.csr_array((count, count), dtype=np.float32)
    odds = np.full((count, count), 3.0, np.float32)
    weights = np.ones(count, np.float32)
    met = conflicts(tracklets)
    return Links(lambda r, c: odds[np.ix_(r, c)], weights, nothing, met, met)


def finish(tracklets, config=None):
    """The ids, and all tracklets as they are after the cuts."""
    found = OfflineAssociator(config or OfflineConfig(), 0.3).finish(tracklets)
    return found.ids, [part for t in tracklets for part in found.parts.get(t.key, [t])]


@pytest.mark.parametrize(
    ("start", "end", "brief", "one"),
    [
        (4.8, 9.0, True, True),
        (4.0, 9.0, True, False),  # it costs more than looks speak for it
        (3.9, 9.0, False, False),
        (4.2, 4.8, True, False),  # inside
        (4.7, 4.9, True, True),
        (0.0, 5.0, False, False),
    ],
)
def test_only_brief_overlaps_are_forgiven(start, end, brief, one):
    both = [track("a", 1, 0, 5, 0), track("a", 2, start, end, 0)]
    evidence = forgive(both, links(both), 1.0)
    assert (evidence.apart.nnz == 0) == brief
    assert (evidence.floor.toarray()[0, 1] <= -COST) == brief
    assert (len(set(cluster(evidence).tolist())) == 1) == one


def test_two_short_tracks_at_once_are_two():
    both = [track("a", 1, 0, 0.4, 0), track("a", 2, 0, 0.6, 0)]
    assert forgive(both, links(both), 1.0).apart.nnz == 2


def test_tracks_of_one_group_are_cut_where_they_overlap():
    tracklets = [track("a", 1, 0, 5, 0), track("a", 2, 4, 9, 0), track("a", 3, 0, 9, 1)]
    apart = conflicts(tracklets)
    cuts = times_of(changes_by_overlap(tracklets, apart, np.array([0, 0, 1])))
    # Between two frames, so that it is clear on which side each is.
    assert cuts == {
        tracklets[0].key: [pytest.approx(3.95)],
        tracklets[1].key: [pytest.approx(5.05)],
    }
    assert changes_by_overlap(tracklets, apart, np.arange(3)) == []
    inside = [track("a", 1, 0, 9, 0), track("a", 2, 4, 5, 0)]
    cuts = times_of(changes_by_overlap(inside, conflicts(inside), np.zeros(2, int)))
    assert cuts == {inside[0].key: pytest.approx([3.95, 5.05])}


def test_one_person_whose_tracks_overlap_has_one_id():
    tracklets = [
        track("a", 1, 0, 5, 0),
        track("a", 2, 4.5, 9, 0),
        track("b", 3, 0, 9, 0),
        track("b", 4, 0, 9, 1),
    ]
    ids, now = finish(tracklets)
    assert not any(a.meets(b) and ids[a.key] == ids[b.key] for a in now for b in now if a is not b)
    long = {t.key: ids[t.key] for t in now if t.end - t.start > 2}
    assert len(long) == 4
    assert len(set(long.values())) == 2
    never, _ = finish(tracklets, OfflineConfig(overlap=None))
    assert never[tracklets[0].key] != never[tracklets[1].key]


def test_twins_side_by_side_stay_two():
    """Whoever is seen beside their twin for longer than a moment is not the twin."""
    tracklets = [track("a", 1, 0, 5, 0), track("a", 2, 3.5, 9, 0)]
    ids, now = finish(tracklets)
    assert len(now) == 2
    assert len(set(ids.values())) == 2


def test_pieces_meet_in_a_frame_whatever_the_last_bit_of_their_times():
    """As sums, the end of one piece may lie a bit before the start of another in the same frame."""
    one, other = track("a", 1, 1.0, 2.0, 0), track("a", 2, 2.0, 3.0, 0)
    one.times[-1][1] = one.end = float(np.nextafter(2.0, 0))
    assert one.frames[-1][1] == other.frames[0][0]
    assert one.meets(other)
    assert conflicts([one, other]).nnz == conflicts([other, one]).nnz == 2
