import numpy as np
import pytest

from mtmc.associate.evidence import (
    EvidenceConfig,
    Looks,
    Scale,
    appearance,
    distances,
    floor_evidence,
    floor_odds,
    without_camera_colours,
)
from mtmc.tracklets import TICK, Gallery
from tests.mtmc.associate.scenes import make_tracklet

CONFIG = EvidenceConfig()


def looks(*vectors, cameras, crops=16):
    """Looks of so many crops that are all the same."""
    galleries = [Gallery() for _ in vectors]
    for gallery, vector in zip(galleries, vectors, strict=True):
        for _ in range(crops if vector is not None else 0):
            gallery.add(np.array(vector, np.float32), 0.9)
    return Looks.of_galleries(galleries, cameras)


def at(distance):
    angle = np.arccos(1 - distance)
    return [np.cos(angle), np.sin(angle)]


# Of crops without any noise.
SCALE = Scale(0.3, 0.21, coherence=1.0)


def test_appearance_is_even_at_the_distance_given():
    a = looks([1, 0], cameras=["a"])
    b = looks(at(0.3), [1, 0], [-1, 0], None, cameras=["b"] * 4)
    odds = appearance(a, b, SCALE, CONFIG)[0]
    limit = CONFIG.appearance_limit
    assert odds == pytest.approx([0, limit, -limit, 0], abs=1e-5)


def test_one_camera_is_held_to_a_stricter_distance():
    a = looks([1, 0], cameras=["a"])
    b = looks(at(0.27), at(0.27), cameras=["a", "b"])
    same, other = appearance(a, b, SCALE, CONFIG)[0]
    assert same < 0 < other


def test_few_crops_say_less():
    few = looks([1, 0], cameras=["a"], crops=2)
    many = looks([1, 0], cameras=["a"], crops=16)
    b = looks(at(0.25), at(0.35), cameras=["b"] * 2)
    little, much = (np.abs(appearance(a, b, SCALE, CONFIG)[0]) for a in (few, many))
    assert (little < 0.8 * much).all()


@pytest.mark.parametrize("crops", [1, 2, 4, 16])
def test_the_distance_does_not_depend_on_the_number_of_crops(crops):
    """Unlike the cosine of mean embeddings, which is 0.56 for one crop each and 0.94 for 16."""
    random = np.random.default_rng(crops)
    people = random.normal(size=(200, 64)) / 8
    galleries = []
    for person in np.repeat(people, 2, axis=0):
        gallery = Gallery()
        for _ in range(crops):
            crop = person + np.sqrt(0.8) * random.normal(size=64) / 8
            gallery.add(crop / np.linalg.norm(crop), random.uniform(0.5, 1))
        galleries.append(gallery)
    made = Looks.of_galleries(galleries, ["a", "b"] * 200)
    apart = distances(made, made, coherence=1 / 1.8)[::2, 1::2]
    assert np.diag(apart).mean() == pytest.approx(0, abs=0.03)
    assert apart.mean() == pytest.approx(1, abs=0.03)
    if crops > 2:
        assert made.coherence() == pytest.approx(1 / 1.8, abs=0.03)


def test_nothing_known_of_anybody_is_no_evidence():
    nothing = looks(None, None, cameras=["a", "b"])
    assert (appearance(nothing, looks([1, 0], cameras=["a"]), SCALE, CONFIG) == 0).all()
    half_known = looks(None, [0, 1], cameras=["a", "a"])
    assert distances(half_known, half_known, 1.0)[0] == pytest.approx([1, 1])


def test_camera_colours_are_taken_out():
    """People who look the same in three cameras but for what each camera adds."""
    random = np.random.default_rng(0)
    people, added = random.normal(size=(12, 16)), 2 * random.normal(size=(3, 16))
    vectors = [p + c for c in added for p in people]
    cameras = [f"c{c}" for c in range(3) for _ in people]
    raw = looks(*vectors, cameras=cameras)
    freed = without_camera_colours(raw)
    same = np.equal(*np.indices((36, 36)) % 12)
    before, after = (distances(each, each, 1.0) for each in (raw, freed))
    apart = np.array(cameras)[:, None] != np.array(cameras)
    assert before[same & apart].mean() > before[~same & ~apart].mean()
    assert after[same & apart].mean() < after[~same & ~apart].mean()


def test_floor_odds_fall_with_distance_to_the_share_of_outliers():
    odds = floor_odds(np.array([0.0, 0.3, 1.0, 30.0]), np.full(4, 0.02), CONFIG)
    assert odds[0] > odds[1] > 0 > odds[2] > odds[3]
    assert odds[3] == pytest.approx(np.log(CONFIG.floor_outliers))


def test_uncertain_positions_say_less():
    near = floor_odds(np.zeros(2), np.array([0.01, 4.0]), CONFIG)
    assert near[0] > near[1] > 0


def test_floor_evidence_grows_with_independent_looks_up_to_a_limit():
    def together(seconds):
        times = np.arange(0, seconds, TICK)
        path = np.column_stack([times, np.zeros(len(times))])
        pair = [make_tracklet(c, 1, times, floor=path) for c in "ab"]
        return floor_evidence(pair, CONFIG)

    one, five, fifty = together(1), together(5), together(50)
    assert five[0, 1] == pytest.approx(5 * one[0, 1], rel=1e-3)
    assert fifty[0, 1] == pytest.approx(CONFIG.floor_limit * one[0, 1], rel=1e-3)
    assert one[0, 1] == one[1, 0] > 0
    assert one[0, 0] == 0


def test_the_floor_says_nothing_of_one_camera_or_of_other_times():
    here = np.zeros((5, 2))
    a = make_tracklet("a", 1, np.arange(5) * TICK, floor=here)
    b = make_tracklet("a", 2, np.arange(5) * TICK, floor=here)
    later = make_tracklet("b", 1, 100 + np.arange(5) * TICK, floor=here)
    assert (floor_evidence([a, b, later], CONFIG) == 0).all()


@pytest.mark.parametrize(
    "options",
    [
        {"max_distance": 0.0},
        {"max_distance": float("nan")},
        {"floor_outliers": 1.0},
        {"appearance_weight": -1.0},
        {"floor_area": float("inf")},
    ],
)
def test_settings_out_of_range(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        EvidenceConfig(**options)


def test_a_tracker_over_all_cameras_has_compared_places_already():
    times = np.arange(0, 4, TICK)
    here = np.zeros((len(times), 2))
    tracklets = [make_tracklet(c, 1, times, floor=here) for c in "abc"]
    tracklets.append(make_tracklet("a", 2, times + 60, floor=here))
    for tracklet, person in zip(tracklets, (7, 7, 8, 9), strict=True):
        tracklet.person = person
    odds = floor_evidence(tracklets, CONFIG)
    weight = CONFIG.floor_track
    assert odds[0].tolist() == [0, weight, -weight, 0]  # itself, one, two at once, another time
    np.testing.assert_array_equal(odds, odds.T)


def test_who_comes_back_under_the_same_number_is_the_same():
    first, again = (make_tracklet("a", n, np.arange(3) + 20.0 * n) for n in (1, 2))
    first.person = again.person = 4
    assert floor_evidence([first, again], CONFIG)[0, 1] == CONFIG.floor_track
