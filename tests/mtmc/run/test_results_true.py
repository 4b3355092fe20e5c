"""Each column and key of a run's results against what is known of the room without it."""

import json
from fractions import Fraction

import av
import numpy as np
import polars as pl
import pytest

from mtmc.run import run
from mtmc.trackers.geometry import pair_iou
from tests.mtmc.rooms import SIZE, box_of, room, write_room

SMALL = (320, 180)
PEOPLE, FRAMES, RADIUS = 3, 60, 2.5
OFFSETS = {"cam0": 0.0, "cam1": 0.35, "cam2": -0.2, "cam3": 0.0}
LOST = range(25, 33)  # frames in which camera 0 does not see person 0


def place(person, time):
    """``(2,)`` m: people walk round the middle."""
    angle = 2 * np.pi * person / PEOPLE + 1.1 / RADIUS * time
    return 5 + RADIUS * np.array([np.cos(angle), np.sin(angle)])


def steady(_camera):
    return np.arange(FRAMES) / 10


def varying(camera):
    """Phones: frames come when they come, and camera 2 stops for two seconds."""
    random = np.random.default_rng(len(camera) + ord(camera[-1]))
    times = np.cumsum(random.choice([0.07, 0.1, 0.14], FRAMES)) - 0.07
    return times + 2.0 * (np.arange(FRAMES) >= 40) * (camera == "cam2")


def clip(path, times):
    container = av.open(str(path), "w")
    stream = container.add_stream("libx264", rate=Fraction(10))
    stream.width, stream.height = SMALL
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = Fraction(1, 1000)
    for time in times:
        frame = av.VideoFrame.from_ndarray(np.zeros((180, 320, 3), np.uint8), format="bgr24")
        frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
    container.close()


def true_box(model, person, time):
    box = box_of(model, *place(person, time))
    return np.clip(box * SMALL[0] / SIZE[0], 0, [*SMALL, *SMALL])


def write(folder, when):
    """Videos, detections and calibration; returns each camera's true times."""
    models = room()
    calibration = write_room(folder, models, np.zeros((1, 0, 2)), 10.0)
    times, entries = {}, []
    for name, model in models.items():
        own = when(name) - when(name)[0]
        clip(folder / f"{name}.mp4", own)
        times[name] = own + OFFSETS[name]
        entries.append({"name": name, "path": f"{name}.mp4", "offset": OFFSETS[name]})
        lines = []
        for frame, time in enumerate(times[name], 1):
            for person in range(PEOPLE):
                if name == "cam0" and person == 0 and frame in LOST:
                    continue
                x1, y1, x2, y2 = true_box(model, person, time)
                lines.append(f"{frame},-1,{x1:.3f},{y1:.3f},{x2 - x1:.3f},{y2 - y1:.3f},0.9")
        (folder / "det" / f"{name}.txt").write_text("\n".join(lines) + "\n")
    (folder / "cameras.yaml").write_text(json.dumps({"cameras": entries}))
    return times, calibration


def settings(calibration, associator, stride):
    return {
        "detector": {"name": "motfile"},
        "reid": "none",
        "output": {"video": False},
        "associator": associator,
        "sources": {"stride": stride},
        "calibration": str(calibration) if calibration else None,
    }


def results(out):
    record = json.loads((out / "run.json").read_text())
    people = json.loads((out / "identities.json").read_text())["identities"]
    return pl.read_parquet(out / "tracks.parquet"), people, record


@pytest.mark.parametrize("when", [steady, varying])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.parametrize("associator", ["offline", "online"])
def test_the_time_of_every_row_is_its_frames_own(tmp_path, when, stride, calibrated, associator):
    times, calibration = write(tmp_path, when)
    run(tmp_path, tmp_path / "out", settings(calibrated and calibration, associator, stride))
    table, people, _ = results(tmp_path / "out")
    assert set(table["camera"].unique()) == set(times)
    frames = table["frame"].to_numpy()
    assert not ((frames - 1) % stride).any()
    true = [times[c][f - 1] for c, f in zip(table["camera"], frames, strict=True)]
    assert table["time"].to_numpy() == pytest.approx(np.array(true), abs=2e-3)
    for person in people:
        own = table.filter(pl.col("global_id") == person["id"])
        assert person["first_seen"] == pytest.approx(own["time"].min(), abs=1e-3)
        assert person["last_seen"] == pytest.approx(own["time"].max(), abs=1e-3)
        for camera, tracks in person["cameras"].items():
            for track in tracks:
                for time, frame in (("start", "first_frame"), ("end", "last_frame")):
                    assert track[time] == pytest.approx(times[camera][track[frame] - 1], abs=2e-3)


@pytest.fixture(scope="module", params=["offline", "online"])
def known(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("room")
    times, calibration = write(folder, varying)
    run(folder, folder / "out", settings(calibration, request.param, 1))
    return (request.param, times, *results(folder / "out"))


def true_person(table, times):
    """Whom each row shows by its place in the picture: ``(rows,)``, and that box."""
    models = room()
    rows = list(table.select("camera", "frame", "x1", "y1", "x2", "y2").iter_rows())
    boxes = np.array([row[2:] for row in rows])
    overlap = []
    for person in range(PEOPLE):
        true = [true_box(models[c], person, times[c][f - 1]) for c, f, *_ in rows]
        overlap.append(pair_iou(np.array(true), boxes))
    return np.argmax(overlap, axis=0), np.max(overlap, axis=0)


def test_every_column_of_the_table(known):
    _, times, table, _, _ = known
    assert table.columns == [
        "camera", "frame", "time", "global_id", "track_id", "x1", "y1", "x2", "y2", "score",
        "floor_x", "floor_y", "class", "detected", "name", "wall_time",
    ]  # fmt: skip
    person, overlap = true_person(table, times)
    assert overlap.min() > 0.5
    assert np.mean(overlap > 0.8) > 0.95
    ids = table["global_id"].to_numpy()
    pairs = set(zip(ids.tolist(), person.tolist(), strict=True))
    assert len(pairs) == PEOPLE == len(set(ids.tolist()))
    tracks = set(zip(table["camera"], table["track_id"], person.tolist(), strict=True))
    assert len(tracks) == len({track[:2] for track in tracks})  # a track shows one person
    walked = np.array([place(p, t) for p, t in zip(person, table["time"], strict=True)])
    floor = table.select("floor_x", "floor_y").to_numpy()
    assert np.isfinite(floor).all()
    away = np.linalg.norm(floor - walked, axis=1)
    assert np.median(away) < 0.1
    assert away.max() < 0.6
    assert set(table["class"]) == {"person"}
    assert table["score"].to_numpy() == pytest.approx(0.9, abs=1e-3)


def test_every_key_of_the_identities(known):
    _, times, _, people, _ = known
    assert [person["id"] for person in people] == list(range(1, PEOPLE + 1))
    for person in people:
        kept = {"id", "class", "name", "cameras", "first_seen", "last_seen"}
        assert set(person) == kept | {"seconds", "detections", "score", "thing", "doubt"}
        assert person["seconds"] == pytest.approx(max(np.ptp(t) for t in times.values()), abs=0.5)
        assert person["doubt"] is None
        # Everybody is in view of every camera all the time.
        assert set(person["cameras"]) == set(times)
        assert person["first_seen"] == pytest.approx(min(t[0] for t in times.values()), abs=0.3)
        assert person["last_seen"] == pytest.approx(max(t[-1] for t in times.values()), abs=0.3)
        for tracks in person["cameras"].values():
            assert sum(track["frames"] for track in tracks) >= FRAMES - len(LOST) - 3
            assert all(
                track["frames"] <= track["last_frame"] - track["first_frame"] + 1
                for track in tracks
            )


def test_every_key_of_the_record(known):
    mode, times, _, people, record = known
    assert record["mode"] == mode
    assert record["status"] == "complete"
    assert record["identities"] == len(people) == PEOPLE
    assert record["frames"] == FRAMES * len(times)
    for name, camera in record["cameras"].items():
        assert camera["frames"] == FRAMES
        assert camera["size"] == list(SMALL)
        assert camera["calibrated"]
        assert camera["tracks"] >= PEOPLE
        assert camera["source"].endswith(f"{name}.mp4")
        assert camera["fps"] == pytest.approx((FRAMES - 1) / np.ptp(times[name]), rel=0.2)
    assert sum(record["stage_seconds"].values()) <= record["seconds"]
    assert record["frames_per_second"] > 0
    assert (record["detector"], record["tracker"], record["reid"]) == ("motfile", "coast", "none")
    assert record["people"] == {"sure": PEOPLE, "brief": 0, "still": 0, "things": 0}
    assert record["warnings"] == []
    assert {"python", "numpy", "mtmc"} <= set(record["versions"])
    assert record["about"]["associator"]["name"] == mode
