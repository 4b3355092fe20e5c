import numpy as np
import pytest

from mtmc.associate.evidence.adaptation import Adaptation
from mtmc.associate.evidence.looks import Looks, distances
from mtmc.tracking.gallery import Gallery

DIM = 48


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def galleries_of(means, random, crops=8, noise=0.08, pose=None):
    """One gallery for each mean; crops scatter, and along ``pose`` they do so much more."""
    found = []
    for mean in means:
        gallery = Gallery()
        for time in range(crops):
            crop = mean + noise * random.normal(size=DIM)
            if pose is not None:
                crop = crop + random.normal() * pose
            gallery.add(unit(crop), random.uniform(0.5, 1), time)
        found.append(gallery)
    return found


def people(count, random, common=2.0):
    """Mean looks of people who have much in common."""
    return unit(common * unit(np.ones(DIM)) + unit(random.normal(size=(count, DIM))))


def apart(looks):
    return distances(looks, looks, looks.coherence())


@pytest.mark.parametrize("common", [0.0, 1.0, 4.0])
def test_people_are_as_far_apart_whatever_they_have_in_common(common):
    random = np.random.default_rng(1)
    means = people(8, random, common)
    galleries = galleries_of(np.concatenate([means, means]), random, noise=0.05 / (1 + common))
    looks = Looks.of_galleries(galleries, ["a"] * 8 + ["b"] * 8)
    found = apart(Adaptation.learn(galleries, 200)(looks))[:8, 8:]
    same, other = np.diag(found), found[~np.eye(8, dtype=bool)]
    assert same.mean() == pytest.approx(0, abs=0.15)
    assert other.mean() == pytest.approx(8 / 7, abs=0.2)


def test_crops_have_unit_length_on_average():
    random = np.random.default_rng(2)
    galleries = galleries_of(people(10, random), random)
    for gallery in galleries[:5]:
        gallery.settle(3)  # members that are several crops are no different
    learned = Adaptation.learn(galleries, 10)
    looks = learned(Looks.of_galleries(galleries, ["a"] * 10))
    crops = galleries_of(people(10, np.random.default_rng(2)), np.random.default_rng(3), crops=1)
    squares = [(learned.sums(g.sums(), g.weights()[:, 0]) / g.weights()[:, :1]) ** 2 for g in crops]
    assert np.sum(squares) / 10 == pytest.approx(1, abs=0.15)
    likeness = looks.pair_likeness()[0]
    assert 0.3 < likeness.mean() < 1


def test_what_varies_within_tracks_counts_less():
    random = np.random.default_rng(3)
    pose = 0.5 * unit(random.normal(size=DIM))
    means = np.repeat(people(6, random), 4, axis=0)
    galleries = galleries_of(means, random, crops=4, pose=pose)
    looks = Looks.of_galleries(galleries, ["a", "b"] * 12)
    learned = Adaptation.learn(galleries, 24)
    assert abs(learned.directions @ unit(pose)).max() > 0.9
    same = np.equal.outer(np.arange(24) // 4, np.arange(24) // 4)
    off = ~np.eye(24, dtype=bool)
    gap = []
    for adapted in (learned, Adaptation(*_plain(learned))):
        found = apart(adapted(looks))
        deviation = found[same & off].std() + found[~same].std()
        gap.append((found[~same].mean() - found[same & off].mean()) / deviation)
    assert gap[0] > 1.1 * gap[1]


def _plain(learned):
    """The same without the directions."""
    nothing = np.zeros((0, DIM), np.float32)
    return learned.centre, nothing, nothing[:, 0], learned.length, learned.nearness


def test_a_track_that_changes_person_hides_nobody():
    """Who is who in it remains as plain as in the others."""
    random = np.random.default_rng(4)
    means = people(6, random)
    galleries = galleries_of(np.concatenate([means, means]), random)
    switched = galleries_of(means[:1], random)[0]
    for time, row in enumerate(galleries[1].rows()):
        switched.add(row, 0.9, 100 + time)
    learned = Adaptation.learn([*galleries, switched], 13)
    between = unit(means[0] - means[1])
    left = 1 - (learned.directions @ between) ** 2 @ learned.shortened
    assert left > 0.7


def colours(random, shift, seen):
    """Looks at people by cameras that each add something; ``seen`` lists who is in each."""
    means = people(12, random)
    added = shift * unit(random.normal(size=(len(seen), DIM)))
    rows = [means[p] + added[c] for c, there in enumerate(seen) for p in there]
    cameras = [f"c{c}" for c, there in enumerate(seen) for _ in there]
    who = np.array([p for there in seen for p in there])
    galleries = galleries_of(np.array(rows), random)
    return galleries, Looks.of_galleries(galleries, cameras), who


@pytest.mark.parametrize("seed", range(3))
def test_what_sets_cameras_apart_is_learned_from_who_was_seen_by_two(seed):
    galleries, looks, who = colours(np.random.default_rng(seed), 0.5, [range(12)] * 3)
    learned = Adaptation.learn(galleries, 36)
    across = looks.cameras[:, None] != looks.cameras
    same = who[:, None] == who
    before, after = (apart(each(looks)) for each in (learned, learned.between_cameras(looks)))
    assert after[same & across].mean() < 0.6 * before[same & across].mean()
    assert after[~same].mean() > 0.9


@pytest.mark.parametrize("seed", range(3))
def test_cameras_that_saw_other_people_keep_what_sets_them_apart(seed):
    """Nobody is seen by two of them, so that nothing tells a camera from its people."""
    seen = [range(4), range(4, 8), range(8, 12)]
    galleries, looks, _ = colours(np.random.default_rng(seed), 0.0, seen)
    learned = Adaptation.learn(galleries, 12)
    before, after = (apart(each(looks)) for each in (learned, learned.between_cameras(looks)))
    across = looks.cameras[:, None] != looks.cameras
    assert after[across].min() > before[across].min() - 0.1
    assert after[across].mean() > 0.9 * before[across].mean()


def test_the_mean_of_few_is_not_believed():
    random = np.random.default_rng(5)
    galleries = galleries_of(people(12, random), random)
    few = Adaptation.learn(galleries[:3], 3)
    many = Adaptation.learn(galleries, 12)
    assert few.nearness < many.nearness < 1
    looks = Looks.of_galleries(galleries, ["a"] * 12)
    off = ~np.eye(12, dtype=bool)
    assert apart(few(looks))[off].mean() < apart(many(looks))[off].mean()


@pytest.mark.parametrize("plain", [0.0, 0.3, 1.0])
def test_held_back_is_the_mean_with_the_embeddings_as_they_are(plain):
    random = np.random.default_rng(7)
    galleries = galleries_of(people(6, random), random, pose=0.5 * unit(random.normal(size=DIM)))
    looks = Looks.of_galleries(galleries, ["a"] * 6)
    learned = Adaptation.learn(galleries, 6)
    assert len(learned.directions)
    held, stretch = learned.held(plain)
    as_they_are, adapted, found = (
        1 - mean @ mean.T
        for mean in (
            each.sums / each.totals[:, :1] for each in (looks, learned(looks), held(looks))
        )
    )
    expected = stretch * (plain * as_they_are + (1 - plain) * adapted)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert held(looks).sums.dtype == np.float32


def test_looks_without_embeddings_stay():
    random = np.random.default_rng(6)
    learned = Adaptation.learn(galleries_of(people(6, random), random), 6)
    nothing = Looks.of_galleries([Gallery()], ["a"])
    assert learned(nothing) is nothing
    one = galleries_of(people(1, random), random)
    some = learned(Looks.of_galleries([*one, Gallery()], ["a", "unheard of"]))
    assert (some.weights > 0).tolist() == [True, False]
