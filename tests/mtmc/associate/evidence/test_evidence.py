import numpy as np
import pytest

from mtmc.associate.evidence.appearance import Scale, appearance
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.looks import Looks, distances
from mtmc.tracking.gallery import Gallery

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
