"""Who is known: recognised again, and when forgotten gone from the file."""

import os
import stat
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from mtmc.associate.offline import OfflineAssociator, OfflineConfig
from mtmc.associate.online.associator import OnlineAssociator, OnlineConfig
from mtmc.cli import app
from mtmc.errors import UserError
from mtmc.known import KnownPeople, Look, Network, Picture
from mtmc.known.people import MOST_PICTURES, MOST_RUNS, locked
from tests.mtmc.associate.scenes import crowd, make_tracklet, replay

DIM = 32
NETWORK = Network("net", DIM, np.eye(DIM, dtype=np.float32)[0])
SECRET = b"\xff\xd8 the face of Ann \xff\xd9" * 200


def look(run, vector, camera="c0", crops=6):
    total = (np.asarray(vector) * crops * 0.9).astype(np.float32)
    return Look(run, camera, total, (crops * 0.9, crops * 0.81))


def vector(number):
    return np.eye(DIM, dtype=np.float32)[number]


@pytest.fixture
def path(tmp_path):
    known = KnownPeople(tmp_path / "people.sqlite", NETWORK)
    known.add(1, "Ann", [look("r1", vector(1))], [Picture("r1", "c0", 0.9, SECRET)])
    known.add(2, "", [look("r1", vector(2)), look("r1", vector(2), "c1")], [])
    known.save()
    return known.path


def test_what_is_known_is_read_back(path):
    known = KnownPeople.open(path)
    assert known.names() == {1: "Ann"}
    assert (known.last, known.network.name, known.network.dim) == (2, "net", DIM)
    assert [each.camera for each in known.people[2].looks] == ["c0", "c1"]
    np.testing.assert_array_equal(known.people[1].looks[0].sum, look("", vector(1)).sum)
    assert known.people[1].pictures == [Picture("r1", "c0", 0.9, SECRET)]


@pytest.mark.skipif(os.name != "posix", reason="rights are those of POSIX")
def test_only_the_owner_may_read_it_whatever_the_umask(path):
    before = os.umask(0)
    try:
        KnownPeople.open(path).save()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="what was open cannot be replaced elsewhere")
def test_who_is_forgotten_is_gone_from_every_file_and_from_the_old_one(path):
    raw = look("", vector(1)).sum.tobytes()
    for word in (SECRET[:20], raw[:128], b"Ann"):
        assert word in path.read_bytes()
    with path.open("rb") as old:  # as if it was still there
        result = CliRunner().invoke(app, ["gallery", "forget", "Ann", "--gallery", str(path)])
        assert result.exit_code == 0
        left = [file.read_bytes() for file in path.parent.iterdir()] + [old.read()]
    for content in left:
        for word in (SECRET[:20], raw[:128], b"Ann"):
            assert word not in content
    known = KnownPeople.open(path)
    assert list(known.people) == [2]
    assert known.last == 2  # nobody else is ever person 1
    assert known.find("Ann") == []


def test_another_network_is_refused_and_the_same_one_under_another_name_is_not(path):
    known = KnownPeople.open(path)
    known.check(Network("renamed", DIM, NETWORK.probe))
    known.check(Network("net", 0, np.zeros(0, np.float32)))  # of a run that is only remembered
    for other in (Network("net", DIM, vector(5)), Network("net", 8, np.ones(8, np.float32))):
        with pytest.raises(UserError, match="was made with the network net"):
            known.check(other)


def test_two_runs_do_not_use_it_at_once(path):
    with locked(path), pytest.raises(UserError, match="another run uses this gallery"):  # noqa: SIM117
        with locked(path):
            pass


def test_a_crash_while_it_is_written_leaves_it_as_it_was(path, monkeypatch):
    before, known = path.read_bytes(), KnownPeople.open(path)
    known.add(3, "", [look("r2", vector(3))], [])
    monkeypatch.setattr("mtmc.files.to_disk", lambda partial: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        known.save()
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "people.sqlite"
    path.write_bytes(b"something else" * 100)
    with pytest.raises(UserError, match="no gallery of people"):
        KnownPeople.open(path)
    with pytest.raises(UserError, match="no such file"):
        KnownPeople.open(tmp_path / "other.sqlite", must_exist=True)


def test_a_run_that_is_repeated_takes_back_what_it_had_added(path):
    known = KnownPeople.open(path)
    known.begin("r2")
    known.add(2, "", [look("r2", vector(2))], [])
    known.add(3, "", [look("r2", vector(3))], [])
    known.begin("r2")
    assert sorted(known.people) == [1, 2]
    assert known.last == 2
    assert {each.run for each in known.people[2].looks} == {"r1"}
    known.begin("r1")  # ids of an earlier one are not given again
    assert not known.people and known.last == 2  # noqa: PT018


def test_only_so_much_is_kept_of_a_person(path):
    known = KnownPeople.open(path)
    for number in range(2, 30):
        pictures = [Picture(f"r{number}", "c0", number / 30, b"x")]
        known.add(1, "", [look(f"r{number}", vector(1))], pictures)
    ann = known.people[1]
    assert {each.run for each in ann.looks} == {f"r{n}" for n in range(30 - MOST_RUNS, 30)}
    assert len(ann.pictures) == MOST_PICTURES
    assert ann.name == "Ann"


def known_from(tracklets, truth, ids):
    """A gallery of what some tracklets look like, under the ids that people are to have."""
    known = KnownPeople(SimpleNamespace(), NETWORK)
    for tracklet in tracklets:
        total, weights = tracklet.gallery.sum(), tracklet.gallery.weights().sum(axis=0)
        found = Look("r1", tracklet.key.camera, total, tuple(weights))
        if truth[tracklet.key] in ids:
            known.add(ids[truth[tracklet.key]], "", [found], [])
    return known


OPTIONS = {"max_distance": 0.5, "split": None, "change": None}
ASSOCIATORS = [
    lambda: OfflineAssociator(OfflineConfig(**OPTIONS), 0.5),
    lambda: OnlineAssociator(OnlineConfig(**OPTIONS), 0.5),
]


@pytest.mark.parametrize("make", ASSOCIATORS, ids=["offline", "online"])
def test_who_is_known_keeps_the_id_and_others_get_new_ones(make):
    """Four of six people were there before; two new ones come."""
    tracklets, truth = crowd(3, people=6, cameras=2, visits=1, noise=0.1)
    before, _ = crowd(3, people=6, cameras=2, visits=1, noise=0.1)
    ids = {0: 4, 1: 9, 2: 2, 3: 7}
    known = known_from(before, truth, ids)
    associator = make()
    associator.know(known.tracklets(), 12)
    online = isinstance(associator, OnlineAssociator)
    found = replay(associator, tracklets) if online else associator.finish(tracklets).ids
    assert all(key in truth for key in found)
    for key, person in found.items():
        if truth[key] in ids:
            assert person == ids[truth[key]]
        else:
            assert person > 12
    assert len(set(found.values())) == 6


@pytest.mark.parametrize("make", ASSOCIATORS, ids=["offline", "online"])
def test_two_who_are_known_are_never_one_and_nobody_is_twice_in_a_frame(make):
    """Everybody looks like both of two known people; at any moment each of these is there once."""
    known = KnownPeople(SimpleNamespace(), NETWORK)
    for number in (1, 2):
        known.add(number, "", [look("r1", vector(1), crops=20)], [])
    times = np.arange(0, 50) / 10
    tracklets = [make_tracklet("c0", n, times, np.tile(vector(1), (4, 1))) for n in (1, 2, 3)]
    associator = make()
    associator.know(known.tracklets(), 2)
    online = isinstance(associator, OnlineAssociator)
    found = replay(associator, tracklets) if online else associator.finish(tracklets).ids
    assert sorted(found.values()) == [1, 2, 3]


def test_photos_make_somebody_known(path, tmp_path, monkeypatch):
    import cv2

    class Embedder:
        name, dim = "net", DIM

        def embed(self, images):
            row = NETWORK.probe if images[0].shape == (256, 128, 3) else vector(6)
            return np.tile(row, (len(images), 1))

    monkeypatch.setattr("mtmc.reid.load", lambda weights: Embedder())
    photo = tmp_path / "bob.png"
    cv2.imwrite(str(photo), np.full((90, 40, 3), 90, np.uint8))

    def call(*words):
        return CliRunner().invoke(app, ["gallery", *words, "--gallery", str(path)])

    assert call("enrol", "Bob", str(photo)).exit_code == 0
    assert call("enrol", "Ann", str(photo), str(photo)).exit_code == 0
    known = KnownPeople.open(path)
    assert known.names() == {1: "Ann", 3: "Bob"}
    assert len(known.people[1].pictures) == 3
    listed = call("list").output
    assert "Bob" in listed and "net" in listed  # noqa: PT018
    assert call("export", str(tmp_path / "out")).exit_code == 0
    assert (tmp_path / "out" / "0003" / "1.jpg").exists()
    assert '3,"Bob",1' in (tmp_path / "out" / "people.csv").read_text()
    for words in (("forget", "Zoe"), ("enrol", "Zoe", str(path)), ("export", str(tmp_path))):
        assert isinstance(call(*words).exception, UserError)
