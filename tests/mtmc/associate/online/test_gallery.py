import numpy as np
import pytest

from mtmc.associate.evidence.adaptation import Adaptation
from mtmc.associate.evidence.appearance import Scale, appearance
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.looks import Looks
from mtmc.associate.online import look_table as gallery
from mtmc.associate.online.look_table import LookTable
from mtmc.tracking.gallery import Gallery

CONFIG = EvidenceConfig()
SCALE = Scale(0.4, 0.3)
ATOL = 5e-3  # sums are kept as halves


def some_gallery(random, person, crops):
    result = Gallery()
    for _ in range(crops):
        row = np.eye(5, 12)[person] + 0.2 * random.normal(size=12)
        result.add(row / np.linalg.norm(row), random.uniform(0.3, 1))
    return result


@pytest.fixture
def looks():
    """Names of looks, with person, camera and gallery of each."""
    random = np.random.default_rng(0)
    found = {}
    for name in range(40):
        person, crops = int(random.integers(5)), int(random.integers(1, 6))
        camera = f"c{random.integers(3)}"
        found[name] = (person, camera, some_gallery(random, person, crops))
    return found


def direct(mine, looks, scale):
    """Weighted mean for each track and each person, from the definition."""
    people = sorted({person for person, _, _ in looks.values()})
    mean = np.zeros((len(mine.sums), len(people)))
    for column, person in enumerate(people):
        theirs = [(c, g) for p, c, g in looks.values() if p == person]
        raw = Looks.of_galleries([g for _, g in theirs], [c for c, _ in theirs])
        known = scale.adapted(raw)
        odds = appearance(mine, known, scale, CONFIG)
        mean[:, column] = odds @ known.weights / known.weights.sum()
    return people, mean


def tracks():
    random = np.random.default_rng(1)
    galleries = [some_gallery(random, person, 3) for person in range(5)]
    return Looks.of_galleries([*galleries, Gallery()], ["c0", "c1", "c2", "c3", "c0", "c1"])


def check(table, looks, scale=SCALE):
    mine = scale.adapted(tracks())
    people, expected = direct(mine, looks, scale)
    found, total, weight = table.candidates(mine, scale, CONFIG)
    assert set(found) <= set(people)
    columns = [people.index(person) for person in found]
    assert np.allclose(total / weight, expected[:, columns], atol=ATOL)
    left_out = np.delete(expected, columns, axis=1)
    assert (left_out <= 0).all()


def test_evidence_is_that_of_all_looks(monkeypatch, looks):
    monkeypatch.setattr(gallery, "FIRST_ROWS", 4)
    table = LookTable()
    for name, (person, camera, members) in looks.items():
        table.put(name, person, camera, members)
    assert len(table) == len(looks)
    check(table, looks)


def test_all_looks_are_adapted_as_the_scale_changes(monkeypatch, looks):
    monkeypatch.setattr(gallery, "BLOCK", 7)
    table = LookTable()
    learned = Adaptation.learn([members for _, _, members in looks.values()], 40)
    for name, (person, camera, members) in looks.items():
        table.put(name, person, camera, members)
        if name == 20:  # those after it are adapted as they come
            table.candidates(tracks(), Scale(0.7, 0.6, 0.5, learned), CONFIG)
    check(table, looks, Scale(0.7, 0.6, 0.5, learned))
    check(table, looks)


def test_looks_change_and_go(looks):
    random = np.random.default_rng(2)
    table = LookTable()
    for name, (person, camera, members) in looks.items():
        table.put(name, person, camera, members)
    for name in (0, 7, 39, 20, 38):
        table.remove(name)
        table.remove(name)  # once is enough
        del looks[name]
    for name in (1, 30):
        person, camera, members = looks[name]
        members.add(some_gallery(random, person, 1).rows()[0], 0.9)
        table.put(name, person, camera, members)
    assert len(table) == len(looks)
    check(table, looks)


def test_nobody_is_known():
    people, total, weight = LookTable().candidates(tracks(), SCALE, CONFIG)
    assert len(people) == len(weight) == total.shape[1] == 0


def test_whoever_looks_like_nobody_has_no_candidates(looks):
    table = LookTable()
    for name, (person, camera, members) in looks.items():
        table.put(name, person, camera, members)
    stranger = Gallery()
    stranger.add(np.eye(12)[11], 0.9)
    found, total, _ = table.candidates(Looks.of_galleries([stranger], ["c0"]), SCALE, CONFIG)
    assert len(found) == total.shape[1] == 0
