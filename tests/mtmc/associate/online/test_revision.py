"""What an online association says may turn out to be wrong; then it says otherwise from then on."""

import numpy as np
import pytest

from mtmc.associate.evidence.appearance import Scale
from mtmc.associate.evidence.config import EvidenceConfig
from mtmc.associate.evidence.scale import scale_of
from mtmc.associate.online.associator import OnlineAssociator, OnlineConfig
from mtmc.associate.online.people import People
from mtmc.associate.online.revision import name_groups, regroup
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import TrackKey
from tests.mtmc.associate.scenes import make_tracklet

DISTANCE = 0.4
A, B = np.eye(2, 8, dtype=np.float32)
BOTH = (A + B) / np.sqrt(2)


class Show:
    """Tracks that live through time steps of 0.1 s, each with a crop every fourth step."""

    def __init__(self, **options):
        config = OnlineConfig(max_distance=DISTANCE, **options)
        self.associator = OnlineAssociator(config, DISTANCE)
        self.tracks, self.frame, self.ids, self.said = {}, 0, {}, {}

    def go_on(self, seconds, **looks):
        """The cameras ``looks`` names see somebody who looks like that, perhaps at a place."""
        for _ in range(round(10 * seconds)):
            time = self.frame / 10
            for camera, look in looks.items():
                track = self.tracks.get(camera)
                if track is None or track.closed or track.renewed:
                    number = 1 if track is None else track.key.track_id + 1
                    key = TrackKey(camera, number)
                    if track is not None and track.renewed and not track.closed:
                        track.key, track.renewed = key, False
                    else:
                        self.tracks[camera] = Tracklet(key, time, time)
                track = self.tracks[camera]
                track.see(self.frame + 1, time)
                if isinstance(look, tuple):
                    look, place = look  # noqa: PLW2901
                    track.path.add(time + 1e-6, place, 0.01 * np.eye(2))
                if self.frame % 4 == 0:
                    track.gallery.add(look, 0.9, time)
            visible = [self.tracks[camera] for camera in looks]
            self.ids.update(self.associator.look(time, visible))
            for camera in looks:
                self.said.setdefault(camera, []).append(self.tracks[camera].key)
            self.frame += 1

    def now(self, camera):
        """The id of the track that goes on there."""
        return self.ids[self.tracks[camera].key]

    def at_first(self, camera):
        """The id of what was first seen there."""
        return self.ids[self.said[camera][0]]


def test_two_people_in_one_id_part():
    """Seen badly at first, the second person was taken for the first one."""
    show = Show(split=None)
    show.go_on(3, a=A)
    show.go_on(2, a=A, b=0.9 * A + 0.4359 * B)
    assert show.now("b") == show.now("a")
    show.go_on(8, a=A, b=B)
    assert show.at_first("b") == show.at_first("a") == show.now("a")
    assert show.now("b") != show.now("a")


def test_what_distances_mean_is_learned_again_as_people_come(monkeypatch):
    learned = []
    monkeypatch.setattr(
        "mtmc.associate.online.associator.scale_of",
        lambda tracks, *rest: learned.append(len(tracks)) or scale_of(tracks, *rest),
    )
    show = Show()
    show.go_on(5, a=A)
    show.go_on(5, a=A, b=B)
    assert learned[0] == 1
    assert learned[-1] == 2


def test_two_ids_of_one_person_become_the_older_one():
    """Seen badly at first, a person got a second id."""
    show = Show(split=None)
    show.go_on(4, a=A)
    show.go_on(5, a=A, b=B)
    assert show.now("b") != show.now("a")
    show.go_on(12, a=A, b=A)
    assert show.at_first("b") == 2
    assert show.now("b") == show.now("a") == 1


@pytest.mark.parametrize("split", [None, 2.0])
def test_a_track_whose_looks_change_goes_on_as_the_other_person(split):
    show = Show(split=split)
    show.go_on(4, a=A, b=B)
    show.go_on(6, a=B, b=B)
    if split is not None:
        assert show.at_first("a") != show.at_first("b")
        assert show.now("a") == show.now("b")
        assert show.tracks["a"].gallery.times().min() > 3
        assert show.tracks["a"].frames[0][0] == pytest.approx(40, abs=5)


@pytest.mark.parametrize("change", [None, 4.0])
def test_a_track_that_walks_on_as_another_person_goes_on_under_their_id(change):
    """They look alike; that the track changed is seen on the floor, where others see them."""
    show = Show(change=change)
    here, there = np.zeros(2), np.array([6.0, 0.0])
    show.go_on(9, a=(A, here), b=(A, here), c=(A, there))
    assert show.now("a") == show.now("b") != show.now("c")
    show.go_on(6, a=(A, there), b=(A, here), c=(A, there))
    assert show.at_first("a") == show.now("b")
    assert (show.now("a") == show.now("c")) == (change is not None)


def test_a_track_that_has_just_ended_is_divided_once_the_others_are_known():
    """It ended beside somebody who was not known to be there yet."""
    show = Show(split=None)
    here, there = np.zeros(2), np.array([4.0, 0.0])
    show.go_on(3, a=(A, here), c=(A, here))
    show.go_on(0.8, a=(A, here), b=(A, there), c=(A, there))
    ended = show.tracks["c"]
    ended.closed = True
    show.go_on(5, a=(A, here), b=(A, there))
    members = show.associator._people.members
    head, tail = sorted((t for t in members if t.key == ended.key), key=lambda t: t.start)
    assert head.end == pytest.approx(2.9, abs=0.15)
    assert members[head].person is members[show.tracks["a"]].person
    assert members[tail].person is members[show.tracks["b"]].person


def test_the_parts_of_a_divided_track_share_what_was_said():
    people = People(8)
    person = people.new()
    track = make_tracklet("a", 1, np.arange(40) / 10, A)
    people.join(track, person)
    people.divide(track, 0.95)
    (head,) = [t for t in person.tracks if t is not track]
    assert [people.members[t].said[person.index] for t in (head, track)] == [10, 30]
    track.see(41, 4.0)
    people.count(track)
    assert people.members[track].said[person.index] == 31
    people.divide(track, 9.0)  # nothing is after that
    assert len(person.tracks) == 2


def test_a_moved_track_leaves_behind_what_was_said_of_it():
    """Nobody may become the former person in a frame in which the track was given out as that."""
    people = People(8)
    first, second = people.new(), people.new()
    track = make_tracklet("a", 1, np.arange(10) / 10, A)
    people.join(track, first)
    people.move(track, second)
    assert track.renewed
    beside = make_tracklet("a", 2, [0.5], B)
    later = make_tracklet("a", 3, [1.0], B)
    track.see(11, 1.0)
    assert people.was_seen_beside(first, beside)
    assert people.was_seen_beside(second, beside)
    assert people.was_seen_beside(second, later)
    assert not people.was_seen_beside(first, later)
    people.forget_moves(before=5.0)
    assert not people.was_seen_beside(first, beside)


def test_what_is_left_of_a_person_stays_together():
    looks = {"a": A, "b": B}
    left = [make_tracklet(camera, -1, [0.0], [look] * 4) for camera, look in looks.items()]
    track = make_tracklet("c", 1, 5 + np.arange(10) / 10, [A] * 4)
    scale = Scale(DISTANCE, DISTANCE)
    apart = regroup([*left, track], [None] * 3, scale, EvidenceConfig())
    assert apart[0] == apart[2] != apart[1]
    together = regroup([*left, track], [0, 0, None], scale, EvidenceConfig())
    assert together[0] == together[1]


@pytest.mark.parametrize(
    ("start", "overlap", "people"), [(4.0, None, 1), (3.7, None, 2), (3.7, 1.0, 1), (1.5, 1.0, 2)]
)
def test_a_track_may_begin_just_before_the_last_one_of_its_person_ends(start, overlap, people):
    last = make_tracklet("a", 1, np.arange(40) / 10, [A] * 6)
    following = make_tracklet("a", 2, start + np.arange(40) / 10, [A] * 6)
    found = regroup([last, following], [None] * 2, Scale(0.4, 0.4), EvidenceConfig(), overlap)
    assert len(set(found.tolist())) == people


def test_two_tracks_that_a_camera_still_shows_stay_two_people():
    long = make_tracklet("a", 1, np.arange(40) / 10, [A] * 6)
    young = make_tracklet("a", 2, np.arange(37, 40) / 10, [A] * 6)
    for closed, people in ((False, 2), (True, 1)):
        young.closed = closed
        found = regroup([long, young], [None] * 2, Scale(0.4, 0.4), EvidenceConfig(), 1.0)
        assert len(set(found.tolist())) == people


def test_a_way_that_takes_longer_keeps_apart_who_look_alike():
    first = make_tracklet("a", 1, np.arange(10) / 10, [A] * 4)
    second = make_tracklet("b", 1, 5 + np.arange(10) / 10, [A] * 4)
    for least, groups in ((3.0, 1), (6.0, 2)):
        config = EvidenceConfig(topology={"a": {"b": (least, 60.0)}})
        found = regroup([first, second], [None, None], Scale(DISTANCE, DISTANCE), config)
        assert len(set(found.tolist())) == groups


def test_who_comes_later_than_the_way_takes_is_somebody_else():
    gone = make_tracklet("a", 1, np.arange(10) / 10, [A] * 4)
    new = make_tracklet("b", 1, 8 + np.arange(10) / 10, [A] * 4)
    undecided, scale = np.array([False, True]), Scale(DISTANCE, DISTANCE)
    for most, groups in ((6.0, 2), (9.0, 1)):
        config = EvidenceConfig(topology={"a": {"b": (2.0, most)}})
        for last, found in (([0], groups), ([], 1)):
            rows = np.array(last, np.int64)
            asked = regroup([gone, new], [None] * 2, scale, config, None, undecided, rows)
            assert len(set(asked.tolist())) == found


def test_a_new_track_is_never_one_with_whom_a_frame_shows_beside_it():
    long = make_tracklet("a", 1, np.arange(40) / 10, [A] * 6)
    young = make_tracklet("a", 2, np.arange(37, 60) / 10, [A] * 6)
    for undecided, people in ((True, 2), (False, 1)):
        found = regroup(
            [long, young],
            [None] * 2,
            Scale(0.4, 0.4),
            EvidenceConfig(),
            1.0,
            np.array([False, undecided]),
        )
        assert len(set(found.tolist())) == people


def test_groups_keep_the_names_that_most_was_said_of():
    groups = np.array([0, 0, 1, 2])
    said = [{7: 10}, {3: 4}, {7: 6, 3: 5}, {}]
    # 7 for group 0 and 3 for group 1 keep 15 sightings; the other way round it were 10.
    assert name_groups(groups, said) == {0: 7, 1: 3}


def test_in_a_crowd_those_are_looked_at_whom_a_new_track_could_be():
    people = People(8)
    twin, same_place, other = people.new(), people.new(), people.new()
    times, here = np.arange(10) / 10, np.zeros((10, 2))
    people.join(make_tracklet("a", 1, times, [A] * 4), twin)
    people.join(make_tracklet("b", 1, times, [B] * 4, here), same_place)
    people.join(make_tracklet("c", 1, times, [B] * 4, here + 9), other)
    new = make_tracklet("d", 1, times, [A] * 4, here)
    scale = Scale(DISTANCE, DISTANCE)
    assert people.near([new], scale, EvidenceConfig()) == {twin, same_place}
    assert people.near([], scale, EvidenceConfig()) == set()
    assert People(8).near([new], scale, EvidenceConfig()) == set()


def test_in_a_crowd_new_tracks_do_not_wait_for_the_look_at_everybody(monkeypatch):
    monkeypatch.setattr("mtmc.associate.online.associator.REVISED_OFTEN", 0.5)
    show = Show()
    show.go_on(4, a=A)
    show.go_on(3, a=A, b=A, c=B)  # two tracks and more: the next look at all is far off
    assert show.now("a") == show.now("b")
    assert show.tracks["b"].key in show.ids


def test_of_two_tracks_of_one_person_the_one_lost_before_has_ended():
    people = People()
    person = people.new()
    tracks = [make_tracklet("a", 1, [0.0, 0.1]), make_tracklet("a", 2, [0.5, 0.6])]
    tracks.append(make_tracklet("b", 1, [0.0, 0.1]))
    for track in tracks:
        people.join(track, person)
    people.close_all_but_last()
    assert [track.closed for track in tracks] == [True, False, False]
