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
ATOL = 2e-2  # sums are kept as halves


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
    """The most that one look at each person says for one of the tracks, from the definition."""
    best = {}
    for person, camera, members in looks.values():
        known = scale.adapted(Looks.of_galleries([members], [camera]))
        odds = float(appearance(mine, known, scale, CONFIG).max())
        best[person] = max(best.get(person, -np.inf), odds)
    return best


def tracks():
    random = np.random.default_rng(1)
    galleries = [some_gallery(random, person, 3) for person in range(5)]
    return Looks.of_galleries([*galleries, Gallery()], ["c0", "c1", "c2", "c3", "c0", "c1"])


def check(table, looks, scale=SCALE):
    every = tracks()
    for row in range(6):
        mine = scale.adapted(every[[row]])
        best = direct(mine, looks, scale)
        found = table.alike(mine, scale, CONFIG).tolist()
        assert found == sorted(found)
        for person, odds in best.items():
            if abs(odds) > ATOL:
                assert (person in found) == (odds > 0), (row, person, odds)
    together = table.alike(scale.adapted(every), scale, CONFIG)
    assert len(together) == len(set(together)) > 0


def test_those_are_found_of_whom_a_look_speaks_for_a_track(monkeypatch, looks):
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
            table.alike(tracks(), Scale(0.7, 0.6, 0.5, learned), CONFIG)
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
    assert len(LookTable().alike(tracks(), SCALE, CONFIG)) == 0


def test_whoever_looks_like_nobody_is_like_nobody(looks):
    table = LookTable()
    for name, (person, camera, members) in looks.items():
        table.put(name, person, camera, members)
    stranger = Gallery()
    stranger.add(np.eye(12)[11], 0.9)
    assert len(table.alike(Looks.of_galleries([stranger], ["c0"]), SCALE, CONFIG)) == 0
