"""Cars beside people, from detections to results."""

import json

import numpy as np
import polars as pl
import pytest

from mtmc.detectors.people import Kinds
from mtmc.errors import UserError
from mtmc.mot import MotKind, MotRows, read_mot
from mtmc.run import run

FRAMES = 60
CAMERAS = ("a", "b")


def walk(track, speed, top, size, number):
    """Boxes of somebody, or something, that goes to the right."""
    frames = np.arange(1, FRAMES + 1)
    left = 40 + 300 * (speed < 0) + speed * frames
    corner = np.stack([left, np.full(FRAMES, top)], axis=1)
    boxes = np.concatenate([corner, corner + size], axis=1)
    return MotRows.make(frames, np.full(FRAMES, track), boxes, classes=np.full(FRAMES, number))


def scene(people=True, cars=True):
    parts = []
    if people:
        parts += [walk(1, 2.0, 100, (30, 80), 1), walk(2, -2.0, 110, (30, 80), 1)]
    if cars:
        # Right behind the people: without classes, one would be taken for the other.
        parts += [walk(3, 2.0, 105, (40, 70), 3), walk(4, 4.0, 300, (90, 60), 3)]
    return MotRows.concatenate(parts)


def write(root, rows):
    (root / "det").mkdir(parents=True)
    for camera in CAMERAS:
        lines = [
            f"{f},-1,{x:.1f},{y:.1f},{r - x:.1f},{b - y:.1f},0.9,{c}"
            for f, (x, y, r, b), c in zip(rows.frames, rows.boxes, rows.classes, strict=True)
        ]
        (root / "det" / f"{camera}.txt").write_text("\n".join(lines) + "\n")
    cameras = "".join(f"  {c}: {{fps: 10, size: [640, 480], frames: {FRAMES}}}\n" for c in CAMERAS)
    (root / "cameras.yaml").write_text("cameras:\n" + cameras)
    return root


def results(root, tmp_path, classes, **settings):
    detector = {"name": "motfile", "classes": classes}
    more = {"detector": detector, "reid": "none", "output": {"video": False}, **settings}
    out = tmp_path / f"{root.name}-{'-'.join(classes)}"
    record = run(root, out, more)
    return out, pl.read_parquet(out / "tracks.parquet"), record


@pytest.mark.parametrize("mode", ["offline", "online"])
@pytest.mark.parametrize("tracker", ["coast", "botsort"])
def test_people_are_the_same_with_and_without_cars(tmp_path, mode, tracker):
    settings = {"associator": mode, "tracker": tracker}
    both = write(tmp_path / "both", scene())
    _, alone, _ = results(
        write(tmp_path / "alone", scene(cars=False)), tmp_path, ["person"], **settings
    )
    out, table, record = results(both, tmp_path, ["person", "car"], **settings)
    assert record["classes"] == ["person", "car"]
    assert set(table["class"]) == {"person", "car"}
    columns = ("camera", "frame", "x1", "y1", "x2", "y2", "score")
    people = table.filter(pl.col("class") == "person")
    assert people.select(columns).sort(columns).equals(alone.select(columns).sort(columns))
    # No id and no track is of two classes; nobody has an id in common with a car.
    for key in (("global_id",), ("camera", "track_id")):
        kinds = table.select(*key, "class").unique()
        assert len(kinds) == len(kinds.select(key).unique())
    cars = table.filter(pl.col("class") == "car")
    assert cars.select("camera", "global_id").n_unique() == 4  # two in each camera
    for camera in CAMERAS:
        rows = read_mot(out / "tracks" / f"{camera}.txt", MotKind.TRACKS)
        assert set(rows.classes.tolist()) == {1, 3}
        assert len(np.unique(np.stack([rows.frames, rows.ids]), axis=1).T) == len(rows)
    said = json.loads((out / "identities.json").read_text())["identities"]
    assert {person["class"] for person in said} == {"person", "car"}


def test_only_cars_by_number_and_by_name(tmp_path):
    both = write(tmp_path / "both", scene())
    tables = [results(both, tmp_path, [name])[1] for name in ("car", "3")]
    assert set(tables[0]["class"]) == {"car"}
    assert tables[0].equals(tables[1])


def test_a_run_that_goes_on_knows_the_classes(tmp_path):
    both = write(tmp_path / "both", scene())
    out, table, _ = results(both, tmp_path, ["person", "car"])
    detector = {"name": "motfile", "classes": ["person", "car"]}
    settings = {"detector": detector, "reid": "none", "output": {"video": False}}
    run(both, out, settings, resume=True)
    assert pl.read_parquet(out / "tracks.parquet").equals(table)


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        (["persn"], "did you mean 'person'"),
        (["person", "human"], "person is named twice"),
        ([], "names no class"),
    ],
)
def test_wrong_classes_are_named(tmp_path, classes, said):
    with pytest.raises(UserError, match=said):
        results(write(tmp_path / "both", scene()), tmp_path, classes)


def test_a_tracker_on_the_floor_follows_people_only(tmp_path):
    with pytest.raises(UserError, match="follows people only, not person and car"):
        results(write(tmp_path / "x", scene()), tmp_path, ["person", "car"], tracker="floor")


def test_the_usual_classes_have_names_where_a_file_gives_none():
    kinds = Kinds.find(["person", "Car", "16"], {}, 80, lambda: (0,), "m.onnx")
    assert (kinds.names, kinds.numbers) == (("person", "car", "dog"), ((0,), (2,), (16,)))
    with pytest.raises(UserError, match=r"unknown class of m\.onnx 'car'"):
        Kinds.find(["car"], {}, 7, lambda: (0,), "m.onnx")
