"""What the page shows, against the files it is read from."""

import json
from itertools import pairwise

import numpy as np
import pytest

from mtmc.outputs.drawing import id_color
from mtmc.results import Results
from mtmc.results.crops import Crop
from mtmc.types import TrackKey
from mtmc.viewer.fit import fits
from mtmc.viewer.pictures import APART, MOST, turns
from mtmc.viewer.scene import described, scene_of
from mtmc.viewer.ways import shared, ways
from tests.mtmc.viewer.synthetic import write_results


@pytest.fixture(scope="module")
def scene(walked):
    return scene_of(walked)


def columns(**values):
    return {name: list(column) for name, column in values.items()}


def test_it_is_plain_json_and_says_what_the_files_say(walked, scene):
    assert json.loads(json.dumps(scene, allow_nan=False)) == scene
    assert scene["counts"] == walked.record["people"]
    assert {person["id"] for person in scene["people"]} == {p["id"] for p in walked.people}
    assert len({len(column) for column in scene["tracks"].values()}) == 1
    assert len(scene["tracks"]["person"]) == len(walked.owners)
    assert sum(scene["tracks"]["boxes"]) == len(walked.table)
    for person, camera, track in zip(
        *(scene["tracks"][name] for name in ("person", "camera", "track")), strict=True
    ):
        assert walked.owners[scene["cameras"][camera]["name"], track] == person
    assert [camera["first"] for camera in scene["cameras"]] == [0.0] * 4


def test_how_many_are_there_at_a_time(walked, scene):
    step, people = scene["present"]["step"], scene["present"]["people"]
    table, start = walked.table, scene["clock"]["start"]
    spans = [
        (track["start"], track["end"], person["id"])
        for person in walked.people
        for tracks in person["cameras"].values()
        for track in tracks
    ]
    for number in range(0, len(people), 7):
        low, high = start + number * step, start + (number + 1) * step
        there = {person for a, b, person in spans if b >= low + 1e-6 and a < high - 1e-6}
        assert people[number] == len(there)
    assert max(people) <= table["global_id"].n_unique()


def test_colours_are_those_of_the_videos(scene):
    for person in (1, 2, 12, 13):
        fill, _ = scene["palette"]["colors"][(person - 1) % len(scene["palette"]["colors"])]
        assert tuple(bytes.fromhex(fill[1:]))[::-1] == id_color(person)


def test_pictures_are_of_different_cameras_and_moments(walked, scene):
    crops = scene["crops"]
    for person in scene["people"]:
        rows = [row for row, who in enumerate(crops["person"]) if who == person["id"]]
        tracks = [crops["row"][row] for row in rows]
        assert {scene["tracks"]["person"][track] for track in tracks} == {person["id"]}
        seen = {track for track, who in enumerate(scene["tracks"]["person"]) if who == person["id"]}
        cameras = {scene["tracks"]["camera"][track] for track in seen}
        assert len({crops["camera"][row] for row in rows}) == min(len(cameras), MOST)
        moments = sorted((crops["camera"][row], crops["time"][row]) for row in rows)
        for (camera, time), (other, later) in pairwise(moments):
            assert camera != other or later - time >= APART


def test_the_best_of_each_camera_comes_before_the_second_of_any():
    def crop(camera, frame, quality):
        place = np.zeros(4, np.float32)
        return Crop(TrackKey(camera, 1), frame, frame, quality, place, b"x", place)

    a = [crop("a", 1, 0.9), crop("a", 5, 0.8)]
    b = [crop("b", 2, 0.3)]
    assert turns([a, b], 6) == [a[0], b[0], a[1]]
    assert turns([a, b], 1) == [a[0]]


def test_a_track_of_somebody_else_is_told_and_shown(tmp_path):
    write_results(tmp_path, people=8, cameras=4, seconds=120.0, seed=3)
    results = Results.open(tmp_path)
    owners, tracklets = results.owners, results.looks.tracklets
    often = next(t for t in tracklets if len(results.tracks_of(owners[t.key])) > 3)
    stranger = next(t for t in tracklets if owners[t.key] != owners[often.key])
    wrong, whose, other = often.key, owners[often.key], owners[stranger.key]
    often.gallery = stranger.gallery
    assert fits(results)[wrong].like == other
    assert fits(results)[wrong].odd
    others = [fit for key, fit in fits(results).items() if key != wrong]
    assert not any(fit.odd for fit in others)
    scene, chosen = described(results)
    assert scene["people"][0]["id"] == whose
    assert any(one.crop.key == wrong for one in chosen)


def test_trails_go_where_people_stood(walked, scene):
    table = walked.table
    for person, pieces in scene["trails"].items():
        mine = table.filter(table["global_id"] == int(person)).sort("time")
        for piece in pieces:
            times, points = np.array(piece[::3]), np.reshape(piece, (-1, 3))[:, 1:]
            assert (np.diff(times) > 0).all()
            where = [np.interp(times, mine["time"], mine[axis]) for axis in ("floor_x", "floor_y")]
            assert np.abs(points - np.column_stack(where)).max() < 0.3


def test_times_between_cameras():
    tracks = columns(
        person=[1, 1, 1, 2, 2, 3, 3],
        camera=[0, 1, 1, 0, 1, 0, 1],
        start=[0, 15, 18, 0, 13, 0, 4],
        end=[10, 17, 20, 10, 15, 10, 12],
    )
    (way,) = ways(tracks)
    assert (way["from"], way["to"], way["count"], way["median"]) == (0, 1, 2, 4.0)
    assert shared(tracks) == [{"a": 0, "b": 1, "people": 1, "seconds": 6.0}]


WITHOUT = {
    "crops": {"crops": False},
    "reid": {"looks": False},
    "calibration": {"calibrated": False},
    "people": {"people": 0},
    "others": {"people": 1, "cameras": 1},
}


@pytest.mark.parametrize("what", WITHOUT)
def test_whatever_is_not_there_is_left_out(tmp_path, what):
    settings = {"people": 2, "cameras": 2, "seconds": 12.0, **WITHOUT[what]}
    scene = scene_of(Results.open(write_results(tmp_path, **settings)))
    json.dumps(scene, allow_nan=False)
    assert bool(scene["crops"]["row"]) == (what not in {"crops", "people"})
    assert bool(scene["trails"]) == (what not in {"calibration", "people"})
    assert any(fit is not None for fit in scene["tracks"]["fit"]) == (
        what not in {"reid", "people"} and len(scene["tracks"]["fit"]) > len(scene["people"])
    )
    assert len(scene["people"]) == settings["people"]
