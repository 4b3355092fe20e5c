"""``mtmc associate`` and ``mtmc render``: the same answers as a whole run, without its networks."""

import json
import shutil

import numpy as np
import pytest

from mtmc.commands.demo import demo_folder
from mtmc.corrections import Corrections, Editor
from mtmc.corrections.boxes import Boxes
from mtmc.errors import UserError
from mtmc.outputs.tracks import rows_of
from mtmc.results import Results, layout
from mtmc.run import run
from mtmc.run.retrace import associate, preview, render
from tests.mtmc.conftest import SETTINGS, write_scene
from tests.mtmc.rooms import circling, room, write_room

SAME = ("tracks.parquet", "tracks.csv", "identities.json", "crops.sqlite", "looks.npz")


def same(one, two, names=SAME):
    texts = [f"tracks/{path.name}" for path in (one / "tracks").iterdir()]
    for name in (*names, *texts):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


@pytest.fixture(scope="module", params=["offline", "online"])
def kept(request, tmp_path_factory):
    folder = write_scene(tmp_path_factory.mktemp("scene"))
    output = {"keep": True, "width": 320, "height": 120}
    run(folder, folder / "out", {**SETTINGS, "associator": request.param, "output": output})
    return folder


def test_the_same_settings_give_the_same_bytes_without_the_videos(kept, tmp_path):
    for video in kept.glob("*.mp4"):
        shutil.copy(video, tmp_path)
        video.unlink()
    out = tmp_path / "again"
    record = associate(kept / "out", out)
    assert (record["status"], record["frames"], record["identities"]) == ("complete", 48, 2)
    same(kept / "out", out, (*SAME, "config.yaml"))
    for video in tmp_path.glob("*.mp4"):
        shutil.copy(video, kept)
    # In place it can be done again and again; drawn, it is as it was.
    mosaic = (kept / "out" / "mosaic.mp4").read_bytes()
    associate(kept / "out", kept / "out")
    same(out, kept / "out", (*SAME, "config.yaml"))
    assert not (kept / "out" / "mosaic.mp4").exists()
    assert render(kept / "out") == [kept / "out" / "mosaic.mp4"]
    assert (kept / "out" / "mosaic.mp4").read_bytes() == mosaic


def test_other_settings_are_taken(kept, tmp_path):
    before = Results.open(kept / "out").record["mode"]
    other = {"online": "offline", "offline": "online"}[before]
    record = associate(kept / "out", tmp_path, [f"associator.name={other}"])
    assert record["mode"] == Results.open(tmp_path).settings["associator"]["name"] == other
    nobody = associate(kept / "out", tmp_path, ["refine.ghost_age=100", "associator.name=offline"])
    assert nobody["identities"] == 0
    again = associate(kept / "out", tmp_path, ["tracker.name=sort"])
    assert again["tracker"] == "sort"
    looks = Results.open(tmp_path).looks.tracklets
    assert all(len(tracklet.gallery) for tracklet in looks)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("detector.confidence=0.6", "detector.confidence: what the networks said depends on it"),
        ("reid.weights=none", "reid.weights: what"),
        ("crops.interval=3", "crops.interval: what"),
        ("sources.stride=2", "sources.stride: what"),
        ("tracker.name=motdt", "tracker motdt: needs embeddings of all detections"),
        ("nothing.here=1", "nothing"),
    ],
)
def test_what_takes_the_networks_is_refused(kept, tmp_path, change, said):
    before = (kept / "out" / "run.json").read_bytes()
    with pytest.raises(UserError, match=said):
        associate(kept / "out", tmp_path / "new", [change])
    assert (kept / "out" / "run.json").read_bytes() == before


def test_a_run_that_kept_nothing(kept, tmp_path):
    shutil.copytree(kept / "out", tmp_path / "out")
    (tmp_path / "out" / layout.ANSWERS).unlink()
    with pytest.raises(UserError, match="run it with --keep"):
        associate(tmp_path / "out", tmp_path / "out")
    with pytest.raises(UserError, match="no such"):
        render(kept / "out", [tmp_path / "gone"])


@pytest.mark.parametrize("kind", ["camera", "homography"])
def test_with_a_calibration(tmp_path, kind):
    calibration = write_room(tmp_path, room(), circling(3, 60, 10.0), 10.0, 0.05)
    if kind == "homography":
        entries = {}
        for name, model in room().items():
            floor = np.array([[1.0, 1], [4, 1], [1, 4], [4, 4]])
            import cv2

            matrix = cv2.getPerspectiveTransform(
                np.float32(model.from_floor(floor)), np.float32(floor)
            )
            entries[name] = {"homography": matrix.tolist(), "resolution": list(model.size)}
        (tmp_path / "calibration.json").write_text(json.dumps(entries))
    settings = {**SETTINGS, "reid": "none", "calibration": str(calibration)}
    settings["output"] = {"keep": True, "video": False}
    run(tmp_path, tmp_path / "out", settings)
    (tmp_path / "calibration.json").unlink()
    associate(tmp_path / "out", tmp_path / "again")
    same(tmp_path / "out", tmp_path / "again", SAME[:3])
    away = demo_folder() / "calibration"
    associate(tmp_path / "out", tmp_path / "again", [f"calibration={away}"])
    one, two = (Results.open(tmp_path / name).table["floor_x"] for name in ("out", "again"))
    assert not one.equals(two)


def say(out):
    """A track of person 1 is somebody else's; person 2 has a name."""
    log, now = Corrections.open(out / "corrections.jsonl"), Editor(Results.open(out)).edited([])
    piece = now.people[1][0]
    log.add(now.move(piece.key.camera, piece.first, 1, None))
    log.add(now.name(2, "Ann"))


def holds(now):
    """Whether the track that was said to be somebody else's is."""
    boxes = Boxes(rows_of(now.table, list(now.cameras)), list(now.cameras))
    move = Corrections.open(now.folder / "corrections.jsonl").entries[0].correction
    (moved,), away = (
        {now.owners[boxes.find(s)[0]] for s in side} for side in (move.tracks, move.away)
    )
    return moved not in away


def test_corrections_are_shown_applied_and_taken_back(kept, tmp_path):
    """With what the networks said, and without: the people are as was said, and as before."""
    for name, answers in (("kept", True), ("tables", False)):
        out = tmp_path / name
        shutil.copytree(kept / "out", out)
        if not answers:
            (out / layout.ANSWERS).unlink()
        say(out)
        text = preview(out).text
        assert "become" in text
        assert "is called Ann" in text
        same(kept / "out", out)
        associate(out, out)
        now = Results.open(out)
        assert now.record["corrections"] == 2
        # Online, what was shown of the track before it was said may be somebody by itself.
        assert now.table["global_id"].n_unique() in ((3, 4) if answers else (3,))
        assert holds(now)
        assert [person["name"] for person in now.people].count("Ann") == 1
        assert (now.table["name"] == "Ann").sum() == (now.table["global_id"] == 2).sum()
        log = Corrections.open(out / "corrections.jsonl")
        while log.undo():
            pass
        associate(out, out)
        same(kept / "out", out, ("tracks.parquet", "looks.npz") if answers else ())
        assert Results.open(out).table.equals(Results.open(kept / "out").table)
