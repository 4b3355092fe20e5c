"""What is exported, read back as the other tools read it."""

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.evaluate.sequences import find_sequences, read_truth
from mtmc.outputs.exports import coco, cvat, fiftyone, mot
from tests.docs.test_pages import ROOT, blocks
from tests.mtmc.outputs.folders import write_results

ROWS = [
    {"frame": 1},
    {"frame": 2, "x1": 1.25, "detected": False, "score": 0.4},
    {"frame": 2, "global_id": 2, "track_id": 5, "class": "car", "name": 'A <b> & "c"'},
    {"frame": 6, "track_id": 3},
    {"frame": 10, "track_id": 3},
    {"frame": 3, "camera": "b", "global_id": 2, "track_id": 1, "class": "car"},
]


@pytest.fixture
def results(tmp_path):
    return write_results(tmp_path / "out [1]", ROWS, cameras=("a", "b"))


def test_coco(results, tmp_path):
    (path,) = coco.write(results, tmp_path)
    found = json.loads(path.read_text())
    assert [(v["name"], v["length"]) for v in found["videos"]] == [("a", 10), ("b", 10)]
    assert len(found["images"]) == 20
    names = {c["id"]: c["name"] for c in found["categories"]}
    images = {image["id"]: image for image in found["images"]}
    assert len(found["annotations"]) == len({a["id"] for a in found["annotations"]}) == len(ROWS)
    by_box = {
        (images[a["image_id"]]["file_name"], a["instance_id"]): a for a in found["annotations"]
    }
    filled = by_box["a/000002.jpg", 1]
    assert filled["bbox"] == [1.25, 0, 18.75, 50]
    assert filled["area"] == 937.5
    assert filled["score"] == 0.4
    assert filled["attributes"] == {"global_id": 1, "track_id": 1, "detected": False}
    named = by_box["a/000002.jpg", 2]
    assert (names[named["category_id"]], named["attributes"]["name"]) == ("car", ROWS[2]["name"])
    assert images[by_box["b/000003.jpg", 2]["image_id"]]["frame_id"] == 2
    assert all(images[a["image_id"]]["video_id"] == a["video_id"] for a in found["annotations"])


def test_cvat(results, tmp_path):
    labels, first, _ = cvat.write(results, tmp_path)
    assert [label["name"] for label in json.loads(labels.read_text())] == ["car", "person"]
    root = ET.parse(first).getroot()
    assert root.findtext("version") == "1.1"
    assert root.findtext("meta/task/original_size/width") == "200"
    declared = {a.findtext("name") for a in root.iterfind("meta/task/labels/label/attributes/*")}
    car, person = sorted(root.iterfind("track"), key=lambda track: track.get("label"))
    assert {a.get("name") for a in root.iterfind("track/box/attribute")} == declared
    # Beside each box, one outside where a gap begins; the last frame has none after it.
    shown = [(int(b.get("frame")), b.get("outside")) for b in person.iterfind("box")]
    assert shown == [(0, "0"), (1, "0"), (2, "1"), (5, "0"), (6, "1"), (9, "0")]
    filled = person.findall("box")[1]
    assert filled.get("occluded") == "1"
    assert filled.get("xtl") == "1.25"
    values = {a.get("name"): a.text for a in filled}
    assert values == {"global_id": "1", "detected": "false", "score": "0.4"}
    assert {a.get("name"): a.text for a in car.find("box")}["name"] == ROWS[2]["name"]


def test_mot_is_a_benchmark_that_eval_reads(results, tmp_path):
    mot.write(results, tmp_path)
    a, b = find_sequences(tmp_path)
    assert (a.name, a.length, a.fps, b.name) == ("a", 10, 10.0, "b")
    rows = read_truth(a.truth_file, a.length)
    assert rows.ids.tolist() == [1, 1, 2, 1, 1]
    assert rows.classes.tolist() == [1, 1, 3, 1, 1]
    assert rows.visibility.tolist() == [1, 0, 1, 1, 1]
    assert np.allclose(rows.boxes[1], [1.25, 0, 20, 50])


def test_fiftyone_names_the_videos_and_leaves_out_what_is_none(results, tmp_path, caplog):
    with pytest.raises(UserError, match="no camera is one video file"):
        fiftyone.write(results, tmp_path)
    video = results.folder / "a.mp4"
    video.touch()
    caplog.clear()
    manifest, labels = fiftyone.write(results, tmp_path)
    assert "camera b: is not one video file; left out" in caplog.text
    (entry,) = json.loads(manifest.read_text())["index"]
    assert entry == {"data": str(video), "labels": "labels/a.json"}
    frames = json.loads(labels.read_text())["frames"]
    assert list(frames) == ["1", "2", "6", "10"]
    filled, named = frames["2"]["objects"]["objects"]
    assert (filled["index"], filled["confidence"], named["label"]) == (1, 0.4, "car")
    assert filled["bounding_box"]["top_left"] == {"x": 1.25 / 200, "y": 0}
    assert {a["name"]: a["value"] for a in filled["attrs"]["attrs"]}["detected"] is False


def test_the_lines_of_the_guide(results):
    names = {}
    for block in blocks(ROOT / "docs" / "guide" / "export.md", "python"):
        exec(block, names)
    times = names["seconds_in_each_camera"](results.folder).sort("camera", "global_id")
    assert times["seconds"].to_list() == [0.9, 0, 0]
    results.table.write_csv(results.folder / "tracks.csv")
    assert len(names["in_pandas"](results.folder)) == len(ROWS)
    pytest.importorskip("supervision", reason="not among what the tests install")
    found = names["in_supervision"](results.folder, "a", 2)
    assert found.tracker_id.tolist() == [1, 2]
    assert found.data["detected"].tolist() == [False, True]
