"""Cameras without a calibration are found, from people whom several of them see."""

import logging

import pytest

from mtmc.errors import UserError
from mtmc.results import Results
from mtmc.run import run
from mtmc.run.retrace import associate
from tests.mtmc.rooms import room, wandering, write_room
from tests.mtmc.run.test_some_calibrated import SETTINGS as WITHOUT
from tests.mtmc.run.test_some_calibrated import without

PEOPLE, STEPS, FPS = 4, 100, 5.0
SETTINGS = WITHOUT | {"find_cameras": True}
KEEPING = SETTINGS | {"output": {"video": False, "keep": True}}


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    folder = tmp_path_factory.mktemp("room")
    write_room(folder, room(), wandering(PEOPLE, STEPS, FPS), FPS, 0.05)
    return folder


@pytest.fixture(scope="module")
def partial(scene, tmp_path_factory):
    """A run in which two cameras are calibrated."""
    folder = tmp_path_factory.mktemp("partial")
    calibration = folder / "calibration.json"
    calibration.write_text((scene / "calibration.json").read_text())
    without(calibration, "cam1", "cam2")
    run(scene, folder / "out", {**KEEPING, "calibration": str(calibration)})
    return folder / "out"


def found(results):
    return {name for name, camera in results.record["cameras"].items() if "found" in camera}


def test_cameras_join_the_floor_of_the_others(partial):
    results = Results.open(partial)
    assert found(results) == {"cam1", "cam2"}
    for name in found(results):
        assert results.record["cameras"][name]["found"]["apart"] < 0.3
        place = results.calibration[name].position
        assert place == pytest.approx(room()[name].position, abs=0.5)
    assert results.record["identities"] == PEOPLE


def test_they_are_found_again(partial, tmp_path):
    associate(partial, tmp_path, [])
    one, two = Results.open(partial), Results.open(tmp_path)
    assert found(two) == found(one)
    assert one.table.equals(two.table)


def test_where_nobody_looks_like_anybody_places_tell(scene, tmp_path, caplog):
    """Without looks and calibration, each camera's people are others."""
    caplog.set_level(logging.INFO, "mtmc")
    record = run(scene, tmp_path / "out", SETTINGS)
    assert found(Results.open(tmp_path / "out")) == room().keys()
    assert record["identities"] == PEOPLE
    assert "calibration: found from people whom several cameras see: cam" in caplog.text
    alone = run(scene, tmp_path / "alone", WITHOUT)
    assert not any(camera["calibrated"] for camera in alone["cameras"].values())
    assert alone["identities"] >= PEOPLE * len(room())


def test_online_they_are_found_on_the_way(scene, tmp_path):
    """Who was several people until then is one from there on."""
    run(scene, tmp_path, {**SETTINGS, "associator": "online"})
    results = Results.open(tmp_path)
    assert found(results) == room().keys()
    table = results.table
    assert table.filter(table["time"] < 5)["global_id"].n_unique() >= PEOPLE * len(room())
    assert table.filter(table["time"] > 17)["global_id"].n_unique() < 2 * PEOPLE


def test_clocks_that_are_late_are_told(scene, tmp_path, caplog):
    """And those cameras are not put where they would stand if they were right."""
    names = list(room())
    late = dict(zip(names, (0.0, 2.4, 0.0, -3.0), strict=True))
    about = [
        {"name": n, "fps": FPS, "size": [1280, 720], "frames": STEPS, "offset": offset}
        for n, offset in late.items()
    ]
    (tmp_path / "cameras.yaml").write_text(str({"cameras": about}))
    settings = {**SETTINGS, "detector": {"name": "motfile", "folder": str(scene / "det")}}
    run(tmp_path / "cameras.yaml", tmp_path / "out", settings)
    (line,) = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert line.startswith("clocks: several cameras see the same people, but not at the same time")
    said = dict(part.split()[:2] for part in line.split("with ")[1].split(" they")[0].split(", "))
    assert {n: float(s) for n, s in said.items()} == {
        name: pytest.approx(-offset, abs=0.3) for name, offset in late.items() if offset
    }
    assert found(Results.open(tmp_path / "out")) == {name for name in names if not late[name]}


def test_strangers_are_not_put_on_one_floor(tmp_path):
    """Cameras in rooms of their own."""
    for seed, (name, model) in enumerate(room().items()):
        part = tmp_path / name
        write_room(part, {name: model}, wandering(PEOPLE, STEPS, FPS, seed), FPS, 0.05)
        (tmp_path / "det").mkdir(exist_ok=True)
        (part / "det" / f"{name}.txt").rename(tmp_path / "det" / f"{name}.txt")
    about = [{"name": n, "fps": FPS, "size": [1280, 720], "frames": STEPS} for n in room()]
    (tmp_path / "cameras.yaml").write_text(str({"cameras": about}))
    record = run(tmp_path / "cameras.yaml", tmp_path / "out", SETTINGS)
    assert not found(Results.open(tmp_path / "out"))
    assert record["identities"] >= PEOPLE * len(room())


def test_it_is_a_switch(scene, tmp_path):
    with pytest.raises(UserError, match="find_cameras: 'perhaps' is neither true nor false"):
        run(scene, tmp_path / "out", {**SETTINGS, "find_cameras": "perhaps"})
