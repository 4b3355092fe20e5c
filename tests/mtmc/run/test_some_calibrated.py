"""Some cameras calibrated and others not: the floor where there is one, looks elsewhere."""

import json
import shutil

import polars
import pytest

from mtmc.evaluate.run import evaluate_cameras
from mtmc.results import Results
from mtmc.run import run
from tests.mtmc.rooms import circling, room, write_room

SETTINGS = {
    "detector": {"name": "motfile"},
    "reid": "none",
    "output": {"video": False},
    "find_cameras": False,
}
PEOPLE = 4
BARE = "cam2"  # neither the first nor the last


def without(calibration, *cameras):
    entries = json.loads(calibration.read_text())
    calibration.write_text(json.dumps({n: e for n, e in entries.items() if n not in cameras}))
    return str(calibration)


def tracks_of(folder, camera):
    return (folder / "tracks" / f"{camera}.txt").read_text()


@pytest.mark.parametrize("associator", ["offline", "online"])
@pytest.mark.parametrize(("fps", "tracker"), [(2.0, "floor"), (10.0, "coast"), (10.0, "floor")])
def test_a_camera_without_a_calibration(tmp_path, caplog, associator, fps, tracker):
    calibration = write_room(tmp_path, room(), circling(PEOPLE, int(12 * fps), fps), fps, 0.05)
    settings = {**SETTINGS, "associator": associator, "calibration": without(calibration, BARE)}
    if fps > 4:  # else it is the default
        settings["tracker"] = tracker
    out = tmp_path / "out"
    record = run(tmp_path, out, settings)
    assert record["tracker"] == tracker
    assert [r.getMessage().partition(": ")[2] for r in caplog.records] == [
        f"no calibration for {BARE}"
    ]
    assert {n: c["calibrated"] for n, c in record["cameras"].items()} == {
        name: name != BARE for name in room()
    }
    # Whoever the others see, they agree on; of looks there are none, so here everybody is new.
    three = tmp_path / "gt3"
    shutil.copytree(tmp_path / "gt", three)
    (three / f"{BARE}.txt").unlink()
    ratios = evaluate_cameras(three, out).summary["combined"].ratios
    assert ratios["IDF1"] > 0.94
    report = evaluate_cameras(tmp_path / "gt", out, calibration=calibration)
    assert report.rows[BARE].ratios["MOTA"] > 0.6
    assert report.summary["floor"].ratios["IDF1"] > 0.9
    results = Results.open(out)
    for name, model in results.calibration.items():
        assert model.position == pytest.approx(room()[name].position, abs=1e-6)
    assert results.calibration.keys() == room().keys() - {BARE}
    table = results.table
    located = table.group_by("camera").agg(polars.col("floor_x").is_not_null().any())
    assert dict(located.iter_rows()) == {name: name != BARE for name in room()}


@pytest.mark.parametrize("others", [2, 1])
def test_what_has_a_floor_is_as_without_the_others(tmp_path, others):
    """To the byte, with completion and all."""
    both, alone = tmp_path / "both", tmp_path / "alone"
    models, paths = room(), circling(PEOPLE, 100, 10.0)
    bare = list(models)[:others]
    calibration = write_room(both, models, paths, 10.0, 0.1)
    known = {name: model for name, model in models.items() if name not in bare}
    run(both, both / "out", {**SETTINGS, "calibration": without(calibration, *bare)})
    write_room(alone, known, paths, 10.0, 0.1)
    for name in known:
        shutil.copy(both / "det" / f"{name}.txt", alone / "det")
    run(alone, alone / "out", {**SETTINGS, "calibration": str(alone / "calibration.json")})
    for name in known:
        mixed, plain = tracks_of(both / "out", name), tracks_of(alone / "out", name)
        assert _boxes(mixed) == _boxes(plain)


def _boxes(text):
    """Rows without ids, which are counted over all cameras."""
    return sorted([*line.split(",")[:1], *line.split(",")[2:]] for line in text.splitlines())


def test_the_tracker_on_the_floor_needs_one_camera(tmp_path):
    calibration = write_room(tmp_path, room(), circling(2, 16, 2.0), 2.0)
    bare = [name for name in room() if name != BARE]
    settings = {**SETTINGS, "calibration": without(calibration, *bare)}
    assert run(tmp_path, tmp_path / "out", settings)["identities"] >= 2


def test_a_calibration_in_feet_is_doubted(tmp_path, caplog):
    calibration = write_room(tmp_path, room(), circling(2, 60, 10.0), 10.0)
    entries = json.loads(calibration.read_text())
    for entry in entries.values():
        for row in entry["extrinsic"][:3]:
            row[3] /= 0.3048
    calibration.write_text(json.dumps(entries))
    record = run(tmp_path, tmp_path / "out", {**SETTINGS, "calibration": str(calibration)})
    said = [r.getMessage() for r in caplog.records]
    assert record["warnings"] == said
    assert len(said) == 4
    assert all("is it in ft? then say unit: ft" in line for line in said)
    for entry in entries.values():
        entry["unit"] = "ft"
    calibration.write_text(json.dumps(entries))
    caplog.clear()
    run(tmp_path, tmp_path / "out", {**SETTINGS, "calibration": str(calibration)})
    assert not caplog.records
