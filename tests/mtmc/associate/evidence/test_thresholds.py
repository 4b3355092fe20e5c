import numpy as np
import pytest

from mtmc.associate.evidence import scale as thresholds
from mtmc.associate.evidence.appearance import appearance, looks_of
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.scale import learn_scale
from mtmc.associate.offline import OfflineAssociator, OfflineConfig
from tests.mtmc.associate.scenes import crowd, make_tracklet

CONFIG = EvidenceConfig()


def confusable(seed, likeness, people=6, noise=0.08, **options):
    """A crowd of people who all look alike to that degree (cosine similarity)."""
    tracklets, truth = crowd(seed, people=people, noise=noise, **options)
    common = np.random.default_rng(99).normal(size=32)
    common /= np.linalg.norm(common)
    for tracklet in tracklets:
        gallery = type(tracklet.gallery)()
        for time, row in enumerate(tracklet.gallery.rows()):
            mixed = np.sqrt(likeness) * common + np.sqrt(1 - likeness) * row
            gallery.add(mixed / np.linalg.norm(mixed), 0.9, tracklet.start + time)
        tracklet.gallery = gallery
    return tracklets, truth


def lengthened(tracklets):
    """With eight crops each, so that each half of a tracklet has enough."""
    for tracklet in tracklets:
        copy = type(tracklet.gallery)()
        copy.extend(tracklet.gallery)
        tracklet.gallery.extend(copy)
    return tracklets


@pytest.mark.parametrize("likeness", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("seed", range(3))
def test_the_point_lies_between_one_person_and_two(seed, likeness):
    """However alike people are: the embedder's own distance, 0.5, suits only one of these."""
    tracklets, truth = confusable(seed, likeness)
    found = learn_scale(lengthened(tracklets), 0.5, CONFIG)
    assert found.mixture is not None
    assert found.mixture.same < found.scale.across < found.mixture.other
    # Once adapted, people who are all alike are as far apart as others.
    assert 0.4 < found.scale.across < 0.9
    assert 0.4 < found.scale.within < found.scale.across
    assert np.median(found.together) == pytest.approx(1, abs=0.25)
    ids = OfflineAssociator(OfflineConfig(), 0.5).finish(tracklets).ids
    wrong = sum(
        (ids[a.key] == ids[b.key]) != (truth[a.key] == truth[b.key])
        for i, a in enumerate(tracklets)
        for b in tracklets[i + 1 :]
    )
    assert wrong <= 0.02 * len(tracklets) * (len(tracklets) - 1) / 2


def test_too_little_evidence_leaves_the_embedders_own():
    times = np.arange(30) / 10
    alone = [make_tracklet("a", t, times + 10 * t, np.eye(8)[[0] * 8]) for t in range(6)]
    assert learn_scale(alone, 0.4, CONFIG).mixture is None  # nobody was seen together
    few = [make_tracklet("a", t, times, np.eye(8)[[t] * 8]) for t in range(3)]
    for tracklets in ([], few, alone):
        found = learn_scale(tracklets, 0.4, CONFIG)
        assert found.mixture is None
        assert found.scale.adaptation is None
        assert found.scale.across == 0.4
        assert found.scale.within == pytest.approx(0.4 * CONFIG.same_camera)


def test_what_few_tracklets_say_is_half_believed(monkeypatch):
    """Between those that tell nothing and those that are enough, log odds are in between, too."""
    tracklets = lengthened(confusable(2, 0.5)[0])
    times = np.arange(30) / 10
    few = [
        make_tracklet(camera, number, times, tracklets[number].gallery.rows())
        for number, camera in enumerate("aaaaabbbbb")
    ]

    def odds():
        scale = learn_scale(few, 0.5, EvidenceConfig(appearance_limit=100)).scale
        looks = looks_of(few, scale)
        return appearance(looks, looks, scale, EvidenceConfig(appearance_limit=100))[:5, 5:]

    said = []
    for few_enough in ((10, 11), (9, 10), (4, 16)):
        for name, value in zip(("FEW", "ENOUGH"), few_enough, strict=True):
            monkeypatch.setattr(thresholds, name, value)
        said.append(odds())
    plain, learned, held = said
    assert np.corrcoef(held.ravel(), (plain + learned).ravel())[0, 1] > 0.99
    assert held.mean() == pytest.approx(0.5 * (plain + learned).mean(), abs=0.5)
    assert abs(plain - learned).mean() > 1


def test_a_track_that_changed_person_does_not_widen_the_point():
    tracklets, _ = confusable(1, 0.5)
    before = learn_scale(lengthened(tracklets), 0.5, CONFIG).scale.across
    a, b = tracklets[0].gallery, tracklets[-1].gallery
    switched = make_tracklet("c0", 99, 500 + np.arange(30) / 10)
    for time, row in enumerate([*a.rows()[:4], *b.rows()[:4]]):
        switched.gallery.add(row, 0.9, 500.0 + time)
    after = learn_scale([*tracklets, switched], 0.5, CONFIG).scale.across
    assert after == pytest.approx(before, rel=0.1)


def test_some_of_very_many_tell_about_the_same(monkeypatch):
    tracklets, _ = confusable(1, 0.5, visits=8)
    whole = learn_scale(lengthened(tracklets), 0.5, CONFIG)
    monkeypatch.setattr(thresholds, "MOST_TRACKLETS", 60)
    some = learn_scale(tracklets, 0.5, CONFIG)
    assert len(whole.across) > 2 * len(some.across) > 0
    assert some.scale.across == pytest.approx(whole.scale.across, rel=0.1)


def test_tracks_that_all_change_person_tell_nothing_of_one_person():
    """Their halves are further apart than those who are seen together."""
    times = np.arange(30) / 10
    looks = np.eye(8)[[0] * 4 + [1] * 4]
    tracklets = [make_tracklet("a", t, times + 10 * (t // 2), looks) for t in range(8)]
    found = learn_scale(tracklets, 0.4, CONFIG)
    assert found.mixture is not None
    assert found.scale.across > 0
