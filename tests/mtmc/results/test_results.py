"""A run's folder read back, and what is said where it is none, or damaged."""

import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.results import Results, layout
from mtmc.run import run
from mtmc.trackers.geometry import pair_iou
from tests.mtmc.conftest import SETTINGS, write_scene


@pytest.fixture(scope="module", params=["offline", "online"])
def finished(request, tmp_path_factory):
    folder = write_scene(tmp_path_factory.mktemp("scene"))
    run(folder, folder / "out", {**SETTINGS, "associator": request.param})
    return Results.open(folder / "out")


def test_all_of_a_run_is_read_back(finished):
    assert list(finished.cameras) == ["left", "right"]
    assert finished.cameras["left"].frames == 24
    assert finished.cameras["left"].size == (160, 120)
    mine = finished.table.filter(finished.table["camera"] == "left")
    assert len(finished.rows("left")) == len(mine) > 40
    assert {person["id"] for person in finished.people} == set(finished.owners.values())
    assert finished.settings["detector"]["name"] == "motfile"
    assert finished.calibration == {}


def test_every_tracklet_has_crops_and_looks(finished):
    for person in finished.people:
        keys = finished.tracks_of(person["id"])
        crops = finished.crops.of(*keys)
        assert {crop.key for crop in crops} == set(keys)
        assert max(np.bincount([crop.key.track_id for crop in crops])) <= 12
        for crop in crops:
            assert crop.image.shape[0] == pytest.approx(crop.box[3] - crop.box[1], abs=1)
            assert np.linalg.norm(crop.embedding) == pytest.approx(1, abs=1e-3)
            table = finished.table
            here = (table["camera"] == crop.key.camera) & (table["frame"] == crop.frame)
            mine = table.filter(here & (table["track_id"] == crop.key.track_id))
            boxes = mine.select("x1", "y1", "x2", "y2").to_numpy()
            assert pair_iou(boxes, crop.box[None]).item() > 0.5
    looks = finished.looks
    assert {tracklet.key for tracklet in looks.tracklets} == set(finished.owners)
    assert all(len(tracklet.gallery) and tracklet.frames for tracklet in looks.tracklets)


def test_no_run_is_said(tmp_path):
    with pytest.raises(UserError, match="expected the --out folder of a run"):
        Results.open(tmp_path)
    for text in ("", "[]", '{"cameras": {"a": {"fps": 1}}}'):
        (tmp_path / layout.RECORD).write_text(text)
        with pytest.raises(UserError, match="not what `mtmc run` writes"):
            Results.open(tmp_path)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        (layout.TABLE, lambda r: r.table),
        (layout.PEOPLE, lambda r: r.people),
        (layout.LOOKS, lambda r: r.looks),
        (layout.CROPS, lambda r: list(r.crops)),
        (layout.CONFIG, lambda r: r.settings),
        ("tracks/a.txt", lambda r: r.rows("a")),
    ],
)
def test_what_is_missing_or_damaged_is_named(tmp_path, name, read):
    (tmp_path / layout.RECORD).write_text('{"cameras": {"a": {"fps": 5, "size": [64, 48]}}}')
    with pytest.raises(UserError, match=f"{name}: this run has none"):
        read(Results.open(tmp_path))
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"{damaged: ")
    with pytest.raises(UserError, match=name):
        read(Results.open(tmp_path))


def test_a_folder_may_be_text(finished):
    assert Results.open(str(finished.folder)).people == finished.people
    with pytest.raises(UserError, match="nosuch"):
        Results.open("nosuch")
