"""The whole chain on small videos whose people are known."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter

import av
import cv2
import numpy as np
import pytest
import yaml

from mtmc.errors import UserError
from mtmc.mot import MotKind, read_mot
from mtmc.run import Listener, run
from mtmc.run.resume import LOG_NAME
from mtmc.trackers.geometry import iou
from tests.mtmc.conftest import SETTINGS, block_frames, write_detections, write_video

FILES = (
    *("tracks/left.txt", "tracks/right.txt", "tracks.parquet", "identities.json"),
    *("tracks.csv", "things.parquet", "crops.sqlite", "looks.npz"),
)


def ids_by_place(out, camera):
    """Global ids of the left and of the right block, over all frames."""
    rows = read_mot(out / "tracks" / f"{camera}.txt", MotKind.TRACKS)
    person = np.round((rows.boxes[:, 0] - 5 - 2 * (rows.frames - 1)) / 45).astype(int)
    return [sorted(set(rows.ids[person == p].tolist())) for p in (0, 1)]


@pytest.mark.parametrize("associator", ["offline", "online"])
def test_two_people_have_one_id_each_in_both_cameras(scene, tmp_path, associator):
    out = tmp_path / "out"
    record = run(scene, out, {**SETTINGS, "associator": associator})
    assert record["identities"] == 2
    left, right = (ids_by_place(out, camera) for camera in ("left", "right"))
    assert left == right
    assert sorted(left) == [[1], [2]]
    people = json.loads((out / "identities.json").read_text())["identities"]
    assert [sorted(person["cameras"]) for person in people] == [["left", "right"]] * 2
    written = json.loads((out / "run.json").read_text())
    assert written["status"] == "complete"
    assert written["mode"] == associator
    assert written["frames"] == 48
    assert set(written["stage_seconds"]) >= {"detect", "track", "embed", "associate", "write"}
    assert sorted(p.name for p in out.iterdir()) == [
        ".lock",
        "config.yaml",
        "crops.sqlite",
        *(["events.jsonl"] if associator == "online" else []),
        "identities.json",
        "looks.npz",
        "run.json",
        "things.parquet",
        "tracks",
        "tracks.csv",
        "tracks.parquet",
    ]


def test_config_yaml_repeats_the_run(scene, tmp_path):
    run(scene, tmp_path / "one", SETTINGS)
    again = yaml.safe_load((tmp_path / "one" / "config.yaml").read_text())
    run(scene, tmp_path / "two", again)
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_mosaic_shows_every_time_step(scene, tmp_path):
    import av

    run(scene, tmp_path / "out", {**SETTINGS, "output": {"width": 320, "height": 120}})
    with av.open(str(tmp_path / "out" / "mosaic.mp4")) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 24
    assert (frames[0].width, frames[0].height) == (320, 120)


def test_without_reid_nobody_is_merged(scene, tmp_path):
    record = run(scene, tmp_path / "out", {**SETTINGS, "reid": "none"})
    assert record["identities"] == 4
    assert record["reid"] == "none"


def test_boxes_without_pictures(tmp_path):
    (tmp_path / "cameras.yaml").write_text(
        "cameras:\n  left: {fps: 10, size: [160, 120]}\n  right: {fps: 10, size: [160, 120]}\n"
    )
    write_detections(tmp_path)
    record = run(tmp_path, tmp_path / "out", {**SETTINGS, "reid": "none"})
    assert record["frames"] == 48
    assert [len(ids) for ids in ids_by_place(tmp_path / "out", "left")] == [1, 1]


def with_weak_starts(folder, names):
    """Detections of which the first half is unsure; each camera's people are a bit elsewhere."""
    (folder / "det").mkdir()
    for place, name in enumerate(names):
        lines = [
            f"{i + 1},-1,{5 + 2 * i + 45 * person},{30 + 12 * person + place},22,60,"
            f"{0.4 if i < 20 else 0.9},-1,-1,-1"
            for i in range(40)
            for person in range(2)
        ]
        (folder / "det" / f"{name}.txt").write_text("\n".join(lines) + "\n")


def test_weak_detections_are_taken_up_whatever_the_order_of_cameras(tmp_path):
    found = {}
    for order, names in enumerate((("a", "b"), ("b", "a"))):
        folder = tmp_path / str(order)
        folder.mkdir()
        sizes = "".join(f"  {name}: {{fps: 10, size: [160, 120]}}\n" for name in names)
        (folder / "cameras.yaml").write_text("cameras:\n" + sizes)
        with_weak_starts(folder, names)
        run(folder, folder / "out", {**SETTINGS, "reid": "none"})
        found[order] = [read_mot(folder / "out/tracks" / f"{n}.txt", MotKind.TRACKS) for n in names]
    for first, second in zip(*found.values(), strict=True):
        assert sorted(set(first.frames.tolist())) == list(range(1, 41))
        np.testing.assert_array_equal(first.frames, second.frames)
        np.testing.assert_allclose(first.boxes, second.boxes)
        assert len(np.unique(np.stack([first.frames, first.ids], axis=1), axis=0)) == len(first)
    out = tmp_path / "left"
    run(tmp_path / "0", out, {**SETTINGS, "reid": "none", "refine": {"adopt_gap": 0, "extend": 0}})
    assert read_mot(out / "tracks/a.txt", MotKind.TRACKS).frames.min() == 22


def test_a_camera_that_breaks_off_does_not_stop_the_others(scene, tmp_path):
    whole = write_video(tmp_path / "whole.ts", block_frames(24))
    data = whole.read_bytes()
    (scene / "left.mp4").unlink()
    (scene / "left.ts").write_bytes(data[: int(len(data) * 0.6)])
    record = run(scene, tmp_path / "out", SETTINGS)
    assert 3 < record["cameras"]["left"]["frames"] < 24
    assert record["cameras"]["right"]["frames"] == 24


def test_an_error_leaves_earlier_results_alone(scene, tmp_path):
    out = tmp_path / "out"
    run(scene, out, SETTINGS)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    for wrong in ({"detector": {"name": "motfile", "folder": "gone"}}, {"tracker": "nope"}):
        with pytest.raises(UserError):
            run(scene, out, {**SETTINGS, **wrong})
    with pytest.raises(UserError):
        run(scene, out, {**SETTINGS, "calibration": str(tmp_path / "gone")})
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


SLOW_RUN = """
import sys, time
from pathlib import Path
import mtmc.perception.log
from mtmc.run import Listener, run
mtmc.perception.log.COMMIT_EVERY = 0.0
class Slow(Listener):
    def step(self, progress):
        print(progress.frames["left"], flush=True)
        time.sleep(0.02)
settings = {{"detector": {{"name": "motfile"}}, "reid": "color", "associator": "{associator}",
            "output": {{"video": False}}}}
run(Path("{scene}"), Path("{out}"), settings, listener=Slow())
"""


@pytest.mark.parametrize("associator", ["offline", "online"])
def test_resume_after_a_kill_ends_with_the_same_files(scene, tmp_path, associator):
    settings = {**SETTINGS, "associator": associator}
    run(scene, tmp_path / "whole", settings)
    out = tmp_path / "cut"
    code = SLOW_RUN.format(scene=scene, out=out, associator=associator)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if int(line) >= 12:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert (out / LOG_NAME).exists()
    assert not (out / "run.json").exists()
    record = run(scene, out, settings, resume=True)
    assert record["status"] == "complete"
    for name in FILES:
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert not (out / LOG_NAME).exists()


def test_resume_of_a_complete_run_does_nothing_unless_it_was_another(scene, tmp_path):
    out = tmp_path / "out"
    first = run(scene, out, SETTINGS)
    stamp = (out / "tracks.parquet").stat().st_mtime_ns
    assert run(scene, out, SETTINGS, resume=True) == json.loads((out / "run.json").read_text())
    assert (out / "tracks.parquet").stat().st_mtime_ns == stamp
    assert first["status"] == "complete"
    for change in ({"tracker": {"max_age": 3}}, {"reid": "none"}):
        with pytest.raises(
            UserError, match=r"another run \(other 'content of reid'|other 'tracker'"
        ):
            run(scene, out, {**SETTINGS, **change}, resume=True)
    with_video = run(scene, out, {**SETTINGS, "output": {"width": 320}}, resume=True)
    assert with_video["status"] == "complete"
    assert (out / "mosaic.mp4").exists()
    (out / "run.json").write_text("[]")
    assert run(scene, out, SETTINGS, resume=True)["status"] == "complete"


@pytest.mark.parametrize("name", ["tracks/left.txt", "mosaic.mp4"])
@pytest.mark.parametrize("left", [0.0, 0.9])
def test_resume_writes_again_whatever_is_not_as_the_run_left_it(scene, tmp_path, name, left):
    out = tmp_path / "out"
    settings = {**SETTINGS, "output": {"width": 320}}
    files = run(scene, out, settings)["files"]
    assert files.keys() == {*FILES, "config.yaml", "mosaic.mp4"}
    before = {name: (out / name).read_bytes() for name in files}
    if left:
        (out / name).write_bytes(before[name][: int(left * len(before[name]))])
    else:
        (out / name).unlink()
    run(scene, out, settings, resume=True)
    assert {name: (out / name).read_bytes() for name in files} == before


def test_resume_refuses_another_calibration(scene, tmp_path):
    file, out = tmp_path / "floor.yaml", tmp_path / "out"
    entry = {"homography": [[0.05, 0, -4], [0, -0.05, 6], [0, 0, 1]], "resolution": [160, 120]}
    settings = {**SETTINGS, "calibration": str(file)}
    file.write_text(yaml.safe_dump({"left": entry, "right": entry}))
    run(scene, out, settings)
    file.write_text("# a remark\n" + file.read_text())
    assert run(scene, out, settings, resume=True)["status"] == "complete"
    entry["homography"][0][2] = -3
    file.write_text(yaml.safe_dump({"left": entry, "right": entry}))
    with pytest.raises(UserError, match=r"another run \(other 'content of calibration'"):
        run(scene, out, settings, resume=True)


def test_resume_notices_pictures_replaced_in_place(tmp_path):
    folder, out = tmp_path / "v", tmp_path / "out"
    (folder / "a").mkdir(parents=True)
    for number, image in enumerate(block_frames(3), 1):
        cv2.imwrite(str(folder / "a" / f"{number}.png"), image)
    settings = {"detector": "motion", "reid": "none", "output": {"video": False}}
    run(folder, out, settings)
    assert run(folder, out, settings, resume=True)["status"] == "complete"
    stat = (folder / "a").stat()
    cv2.imwrite(str(folder / "a" / "2.png"), image)
    os.utime(folder / "a", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(UserError, match=r"another run \(other 'cameras'"):
        run(folder, out, settings, resume=True)


@pytest.mark.parametrize("associator", ["offline", "online"])
def test_a_calibrated_run_in_which_nobody_is_seen_ends_well(scene, tmp_path, associator):
    for file in (scene / "det").iterdir():
        file.write_text("")
    entry = {"homography": [[0.05, 0, -4], [0, -0.05, 6], [0, 0, 1]], "resolution": [160, 120]}
    (tmp_path / "floor.yaml").write_text(yaml.safe_dump({"left": entry, "right": entry}))
    settings = {
        **SETTINGS,
        "associator": associator,
        "calibration": str(tmp_path / "floor.yaml"),
        "output": {"width": 320},
    }
    out = tmp_path / "out"
    for resume in (False, True):
        record = run(scene, out, settings, resume=resume)
        assert (record["status"], record["identities"]) == ("complete", 0)
    assert (out / "mosaic.mp4").exists()
    assert (out / "floor.png").exists()
    assert not (out / "floor.mp4").exists()


def test_resume_refuses_other_settings_and_changed_detections(scene, tmp_path):
    out = tmp_path / "out"
    stopped = {"listener": Impatient(10)}
    run(scene, out, SETTINGS, **stopped)
    with pytest.raises(UserError, match="made with other settings of 'tracker'"):
        run(scene, out, {**SETTINGS, "tracker": {"max_age": 3}}, resume=True)
    text = (scene / "det" / "left.txt").read_text()
    (scene / "det" / "left.txt").write_text(text.replace("0.9", "0.8"))
    with pytest.raises(UserError, match="made with other settings of 'content of detections'"):
        run(scene, out, SETTINGS, resume=True)


def test_results_of_an_earlier_run_do_not_stay_among_the_new(scene, tmp_path):
    out = tmp_path / "out"
    run(scene, out, {**SETTINGS, "output": {"width": 320}})
    (scene / "left.mp4").rename(scene / "third.mp4")
    (scene / "det" / "left.txt").rename(scene / "det" / "third.txt")
    run(scene, out, SETTINGS)
    assert sorted(p.name for p in (out / "tracks").iterdir()) == ["right.txt", "third.txt"]
    assert not (out / "mosaic.mp4").exists()


def test_a_tracker_by_appearance_goes_without_an_embedder_too(scene, tmp_path):
    record = run(scene, tmp_path / "bare", {**SETTINGS, "tracker": "botsort", "reid": "none"})
    assert "tracker botsort makes use of appearance" in record["warnings"][0]
    record = run(scene, tmp_path / "out", {**SETTINGS, "tracker": "botsort"})
    assert record["identities"] == 2


class Impatient(Listener):
    """Presses Ctrl-C after some frames."""

    def __init__(self, frames):
        self.frames = frames

    def step(self, progress):
        if progress.frames["left"] == self.frames:
            raise KeyboardInterrupt


class TiredOfVideo(Listener):
    """Presses Ctrl-C while the mosaic is drawn."""

    def video(self, done, total):
        if done > 10:
            raise KeyboardInterrupt


def test_ctrl_c_while_the_mosaic_is_drawn_loses_nothing_else(scene, tmp_path):
    out = tmp_path / "out"
    settings = {**SETTINGS, "output": {"width": 320}}
    with pytest.raises(KeyboardInterrupt):
        run(scene, out, settings, listener=TiredOfVideo())
    assert json.loads((out / "run.json").read_text())["status"] == "interrupted"
    assert (out / "tracks" / "left.txt").stat().st_size > 100
    assert not (out / "mosaic.mp4").exists()
    assert run(scene, out, settings, resume=True)["status"] == "complete"
    assert (out / "mosaic.mp4").exists()


def test_with_a_calibration_the_floor_is_drawn(scene, tmp_path):
    entry = {"homography": [[0.05, 0, -4], [0, -0.05, 6], [0, 0, 1]], "resolution": [160, 120]}
    (tmp_path / "floor.yaml").write_text(yaml.safe_dump({"left": entry, "right": entry}))
    settings = {**SETTINGS, "calibration": str(tmp_path / "floor.yaml")}
    out = tmp_path / "out"
    record = run(scene, out, settings)
    assert record["identities"] == 2
    assert (out / "floor.png").stat().st_size > 1000
    assert not (out / "floor.mp4").exists()
    run(scene, out, {**settings, "output": {"width": 320}})
    with av.open(str(out / "floor.mp4")) as container:
        assert len(list(container.decode(video=0))) == 24
    (out / "floor.mp4").unlink()
    run(scene, out, {**settings, "output": {"width": 320}}, resume=True)
    assert (out / "floor.mp4").exists()
    run(scene, out, SETTINGS)
    assert not (out / "floor.png").exists()


def test_a_background_model_is_learned_again_when_resumed(tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    write_video(folder / "left.mp4", [*block_frames(15, people=0), *block_frames(40, people=2)])
    settings = {"detector": {"name": "motion", "min_height": 0.3}, "output": {"video": False}}
    run(folder, tmp_path / "whole", settings)
    run(folder, tmp_path / "cut", settings, listener=Impatient(30))
    run(folder, tmp_path / "cut", settings, resume=True)
    for name in ("tracks/left.txt", "tracks.parquet", "identities.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_ctrl_c_writes_what_was_done_and_can_be_resumed(scene, tmp_path):
    out = tmp_path / "out"
    record = run(scene, out, SETTINGS, listener=Impatient(10))
    assert record["status"] == "interrupted"
    assert read_mot(out / "tracks" / "left.txt", MotKind.TRACKS).last_frame == 10
    assert run(scene, out, SETTINGS, resume=True)["status"] == "complete"
    run(scene, tmp_path / "whole", SETTINGS)
    for name in FILES:
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_motion_and_colour_need_no_weights(tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    frames = [*block_frames(15, people=0), *block_frames(40, people=2)]
    for name in ("left", "right"):
        write_video(folder / f"{name}.mp4", frames)
    settings = {"detector": {"name": "motion", "min_height": 0.3}, "output": {"video": False}}
    run(folder, tmp_path / "out", settings)
    people = json.loads((tmp_path / "out" / "identities.json").read_text())["identities"]
    # A block that appears from nowhere can leave a ghost behind, which is a third one.
    lasting = [p for p in people if p["last_seen"] > 5]
    assert len(lasting) == 2
    assert all(sorted(person["cameras"]) == ["left", "right"] for person in lasting)


@pytest.mark.slow
def test_memory_stays_flat_over_a_long_video(tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    frames = list(block_frames(40)) * 100
    write_video(folder / "a.mp4", frames)
    code = f"""
import resource
from pathlib import Path
from mtmc.run import Listener, run
class Watch(Listener):
    def step(self, progress):
        if progress.frames["a"] % 1000 == 0:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            print(pages * resource.getpagesize() // 1024, flush=True)
run(Path({str(folder)!r}), Path({str(tmp_path / "out")!r}),
    {{"detector": "motion", "output": {{"video": False}}}}, listener=Watch())
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    memory = [int(line) for line in result.stdout.split()]
    assert len(memory) == 4
    assert memory[-1] - memory[0] < 10_000  # KiB


def ids_of_walkers(out, lab):
    """For each person of the ground truth, the ids of the boxes that fit best, by camera."""
    found = {person: {} for person in (1, 2)}
    for camera in (f"cam{i}" for i in range(4)):
        truth = read_mot(lab / "gt" / f"{camera}.txt", MotKind.TRUTH)
        result = read_mot(out / "tracks" / f"{camera}.txt", MotKind.TRACKS)
        for person, by_camera in found.items():
            mine = truth[(truth.ids == person) & (truth.scores > 0)]
            hits = Counter()
            for frame, box in zip(mine.frames, mine.boxes, strict=True):
                here = result[result.frames == frame]
                _, columns, overlap = iou(box[None], here.boxes)
                if overlap.max(initial=0) > 0.5:
                    hits[int(here.ids[columns[overlap.argmax()]])] += 1
            by_camera[camera] = hits
    return found


@pytest.mark.slow
@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.parametrize("associator", ["offline", "online"])
def test_real_room_one_id_per_walker(shared_data, shared_weights, tmp_path, calibrated, associator):
    lab = shared_data / "lab4"
    settings = {
        "detector": {"name": "motfile", "folder": str(lab / "det")},
        "reid": str(shared_weights / "osnet_x0_25_msmt17.onnx"),
        "associator": associator,
        "output": {"video": False},
    }
    if calibrated:
        settings["calibration"] = str(lab / "calibration")
    run(lab / "videos", tmp_path / "out", settings)
    walkers = ids_of_walkers(tmp_path / "out", lab)
    totals = {person: sum(hits.values(), Counter()) for person, hits in walkers.items()}
    assert not totals[1].keys() & totals[2].keys()
    if associator == "offline" or calibrated:
        # By appearance alone, an id given after a second and never revised may split a walker.
        assert [len(total) for total in totals.values()] == [1, 1]
