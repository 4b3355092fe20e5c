"""`mtmc eval` as a user runs it."""

import json

import cv2
import numpy as np
import pytest

from mtmc.mot import MotKind, MotRows, read_mot, write_mot

FRAMES = 30


def walkers(people):
    """People who walk in lanes of their own."""
    frame, person = (part.reshape(-1) for part in np.mgrid[1 : FRAMES + 1, 1 : people + 1])
    left, top = 10.0 + 4 * frame, 120.0 * person
    boxes = np.stack([left, top, left + 40, top + 100], axis=1)
    return MotRows.make(frame, person, boxes, classes=np.ones_like(frame))


@pytest.fixture
def benchmark(tmp_path):
    root = tmp_path / "MOT16"
    for name, people in (("MOT16-02", 2), ("MOT16-04", 5)):
        folder = root / "train" / name
        write_mot(folder / "gt" / "gt.txt", walkers(people), MotKind.TRUTH)
        write_mot(folder / "det" / "det.txt", walkers(people))
        (folder / "seqinfo.ini").write_text(f"[Sequence]\nseqLength={FRAMES}\nframeRate=30\n")
    return root


def test_results_are_scored(here, benchmark, tmp_path):
    for name, people in (("MOT16-02", 2), ("MOT16-04", 4)):
        write_mot(tmp_path / "results" / f"{name}.txt", walkers(people))
    scores = tmp_path / "scores.json"
    code, out, err = here(
        "eval", "--mot16", benchmark, "--results", tmp_path / "results", "--json", scores
    )
    assert (code, err) == (0, "")
    assert "MOT16-02" in out
    content = json.loads(scores.read_text())
    assert content["sequences"]["MOT16-02"]["HOTA"] == pytest.approx(100)
    assert content["sequences"]["MOT16-04"]["MOTA"] == pytest.approx(80)
    assert content["combined"]["MOTA"] == pytest.approx(100 * 6 / 7)
    assert content["combined"]["FN"] == FRAMES


def test_motmetrics(here, benchmark, tmp_path):
    pytest.importorskip("motmetrics")
    scores = tmp_path / "scores.json"
    write_mot(tmp_path / "MOT16-02.txt", walkers(1))
    arguments = ("--sequences", "02", "--results", tmp_path, "--protocol", "motmetrics")
    code, _, _ = here("eval", "--mot16", benchmark, *arguments, "--json", scores)
    assert code == 0
    assert json.loads(scores.read_text())["combined"]["MOTA"] == pytest.approx(50)


def test_tracker_on_public_detections_in_several_processes(here, benchmark, tmp_path):
    scores, tracks = tmp_path / "scores.json", tmp_path / "tracks"
    arguments = ("--tracker", "bytetrack", "--set", "tracker.min_hits=1")
    code, _, _ = here("eval", "--mot16", benchmark, *arguments, "--json", scores, "--out", tracks)
    assert code == 0
    assert json.loads(scores.read_text())["combined"]["IDF1"] == pytest.approx(100)
    assert set(read_mot(tracks / "MOT16-04.txt", MotKind.TRACKS).ids) == {1, 2, 3, 4, 5}


def test_offline(here, benchmark, tmp_path):
    """A second look fills the frames in which somebody was missed."""
    rows = walkers(5)
    missed = (rows.ids == 2) & (rows.frames > 12) & (rows.frames < 18)
    write_mot(benchmark / "train" / "MOT16-04" / "det" / "det.txt", rows[~missed])
    figures = []
    for extra in ((), ("--offline", "--set", "offline.extend=0")):
        scores = tmp_path / "scores.json"
        arguments = ("--sequences", "04", "--tracker", "bytetrack", "--json", scores, *extra)
        code, _, _ = here("eval", "--mot16", benchmark, *arguments)
        assert code == 0
        figures.append(json.loads(scores.read_text())["combined"])
    assert [each["FN"] for each in figures] == [5, 0]


@pytest.fixture
def cameras(tmp_path):
    """Two people in two cameras; in the second camera their ids are swapped."""
    rows = walkers(2)
    swapped = MotRows.make(rows.frames, 3 - rows.ids, rows.boxes)
    for camera, result in (("north", rows), ("south", swapped)):
        write_mot(tmp_path / "gt" / f"{camera}.txt", rows, MotKind.TRUTH)
        write_mot(tmp_path / "out" / "tracks" / f"{camera}.txt", result)
    return tmp_path


def test_cameras_are_perfect_each_and_half_right_together(here, cameras):
    scores = cameras / "scores.json"
    arguments = ("--gt", cameras / "gt", "--results", cameras / "out", "--json", scores)
    code, out, _ = here("eval", *arguments)
    assert code == 0
    assert f"frames 1-{FRAMES}" in out
    content = json.loads(scores.read_text())
    assert content["cameras"]["south"]["IDF1"] == pytest.approx(100)
    assert content["mean"]["IDF1"] == pytest.approx(100)
    assert content["combined"]["IDF1"] == pytest.approx(50)
    assert content["combined"]["IDSW"] == 2


def test_every_option(here, cameras):
    scores = cameras / "scores.json"
    arguments = ("--gt", cameras / "gt", "--results", cameras / "out", "--json", scores)
    code, out, err = here("eval", *arguments, "--every", 10)
    assert (code, err) == (0, "")
    assert "frames 1-30, every 10" in out
    assert json.loads(scores.read_text())["cameras"]["north"]["frames"] == 3
    assert here("eval", *arguments, "--every", 0)[0] == 2


@pytest.mark.parametrize("protocol", ["ignored", "empty"])
def test_a_camera_with_nobody_takes_nothing_off_the_mean(here, cameras, protocol):
    """Nor does one that sees only people who do not count."""
    for part in ("gt", "out/tracks"):
        (cameras / part / "yard.txt").write_text("")
    if protocol == "ignored":
        (cameras / "gt" / "yard.txt").write_text("1,8,0,0,50,90,0,1,1\n")
    scores = cameras / "scores.json"
    arguments = ("--gt", cameras / "gt", "--results", cameras / "out", "--json", scores)
    assert here("eval", *arguments)[0] == 0
    content = json.loads(scores.read_text())
    assert content["mean"]["IDF1"] == pytest.approx(100)
    assert content["cameras"]["yard"].get("IDF1") is None
    assert content["cameras"]["yard"]["FP"] == 0


def test_other_classes_in_a_result_are_refused(here, cameras):
    (cameras / "out" / "tracks" / "north.txt").write_text("1,1,0,0,50,90,1,3,-1,-1\n")
    code, _, err = here("eval", "--gt", cameras / "gt", "--results", cameras / "out")
    assert code == 2
    assert "north: the result holds class 3 in frame 1" in err


def test_frames_option(here, cameras):
    code, out, _ = here(
        "eval", "--gt", cameras / "gt", "--results", cameras / "out", "--frames", "2-5"
    )
    assert code == 0
    assert "frames 2-5" in out


def test_recording_is_run_and_scored(here, tmp_path):
    """Two cameras look at one person who walks before a still background."""
    rng = np.random.default_rng(0)
    for camera in ("east", "west"):
        folder = tmp_path / "videos" / camera
        folder.mkdir(parents=True)
        background = rng.integers(60, 90, (120, 160, 3), np.uint8)
        for frame in range(1, 41):
            image = background.copy()
            if frame > 10:
                image[40:110, 3 * frame : 3 * frame + 28] = (20, 40, 220)
            cv2.imwrite(str(folder / f"{frame:04d}.png"), image)
        frames = np.arange(11, 41)
        boxes = np.stack([3 * frames, 0 * frames + 40, 3 * frames + 28, 0 * frames + 110], axis=1)
        rows = MotRows.make(frames, np.ones(30, int), boxes)
        write_mot(tmp_path / "gt" / f"{camera}.txt", rows, MotKind.TRUTH)
    scores, out = tmp_path / "scores.json", tmp_path / "out"
    code, _, _ = here(
        *("eval", "--lab", tmp_path, "--detections", "motion", "--reid", "color"),
        *("--set", "output.video=false", "--out", out, "--json", scores),
    )
    assert code == 0
    content = json.loads(scores.read_text())
    assert (content["frames"], content["calibrated"]) == ("11-40", False)
    assert content["combined"]["Recall"] > 0
    assert (out / "tracks" / "east.txt").is_file()
    code, again, _ = here("eval", "--lab", tmp_path, "--results", out)
    assert code == 0
    assert f"{content['combined']['HOTA']:.2f}" in again
    asked = ("eval", "--lab", tmp_path, "--detections", "motion", "--reid", "color", "--lag", "0,1")
    code, said, _ = here(*asked, "--draw", tmp_path / "lag.png", "--json", scores)
    assert (code, "changed" in said) == (0, True)
    lags = json.loads(scores.read_text())["lags"]
    assert lags.keys() == {"0 s", "1 s"}
    assert lags["1 s"]["IDF1"] >= lags["0 s"]["IDF1"] > 0
    assert cv2.imread(str(tmp_path / "lag.png")).shape == (540, 960, 3)
    for wrong, reason in (
        (("--draw", "lag.mp4"), "a file that ends in .png"),
        (("--set", "associator.name=offline"), "all is known"),
    ):
        code, _, err = here(*asked, *wrong)
        assert (code, err.count("\n"), reason in err) == (2, 1, True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "expected one of --mot16, --lab ROOT and --gt DIR"),
        (["--mot16", "--gt", "{gt}"], "expected one of --mot16, --lab ROOT and --gt DIR"),
        (["--mot16", "nowhere"], "nowhere: no such folder"),
        (["--mot16", "{root}", "--sequences", "13"], "--sequences 13: not in"),
        (["--mot16", "{root}", "--results", "{gt}"], "MOT16-02.txt: missing"),
        (["--mot16", "{root}", "--results", "{gt}", "--tracker", "x"], "--tracker does not go"),
        (["--mot16", "{root}", "--protocol", "mot18"], "unknown protocol 'mot18'"),
        (["--mot16", "{root}", "--tracker", "bytetrak"], "did you mean 'bytetrack'?"),
        (["--mot16", "{root}", "--set", "tracker.max=1"], "unknown key 'tracker.max'"),
        (
            ["--mot16", "{root}", "--set", "tracker.max_age=-1"],
            "tracker: max_age must be at least 0",
        ),
        (["--mot16", "{root}", "--detections", "motion"], "img1: 0 images; expected 30"),
        (["--mot16", "{root}", "--reid", "none.pt"], "none.pt: no such model file"),
        (["--gt", "{gt}"], "--gt needs --results"),
        (["--gt", "{gt}", "--results", "{out}", "--frames", "5-2"], "--frames 5-2: expected"),
        (["--lab", "{gt}"], "no gt/; expected"),
        (["--gt", "{gt}", "--results", "{out}", "--lag", "1"], "--lag does not go with --gt"),
    ],
)
def test_bad_input_is_one_line(here, benchmark, cameras, arguments, reason):
    places = {"root": benchmark, "gt": cameras / "gt", "out": cameras / "out"}
    code, _, err = here("eval", *(argument.format(**places) for argument in arguments))
    assert code == 2
    assert reason in err
    assert err.count("\n") == 1


def test_a_split_without_ground_truth_is_tracked_and_not_scored(here, benchmark, tmp_path):
    (benchmark / "train").rename(benchmark / "test")
    for file in benchmark.rglob("gt.txt"):
        file.unlink()
    out = tmp_path / "out"
    arguments = ("--tracker", "sort", "--set", "tracker.min_hits=1", "--sequences", "04")
    code, said, _ = here("eval", "--mot16", benchmark / "test", *arguments, "--out", out)
    assert code == 0
    assert "no ground" in said
    assert set(read_mot(out / "MOT16-04.txt", MotKind.TRACKS).ids) == {1, 2, 3, 4, 5}
    code, _, err = here("eval", "--mot16", benchmark / "test")
    assert (code, err.count("\n")) == (2, 1)
    assert "keep the tracks with --out DIR" in err
    code, _, err = here("eval", "--mot16", benchmark / "test", "--results", out)
    assert (code, "no ground truth" in err) == (2, True)


def test_sequences_without_public_detections_ask_for_a_detector(here, benchmark):
    for file in benchmark.rglob("det.txt"):
        file.unlink()
    code, _, err = here("eval", "--mot16", benchmark)
    assert code == 2
    assert "MOT16-02 comes without public detections: choose --detections" in err


def test_mistakes_are_drawn_where_there_are_frames_and_where_there_are_none(
    here, benchmark, tmp_path
):
    rows = walkers(2)
    write_mot(tmp_path / "results" / "MOT16-02.txt", rows[rows.frames > 3])
    write_mot(tmp_path / "results" / "MOT16-04.txt", walkers(4))
    images = benchmark / "train" / "MOT16-04" / "img1"
    images.mkdir()
    for number in range(1, 4):
        cv2.imwrite(str(images / f"{number:06d}.png"), np.full((240, 320, 3), 90, np.uint8))
    arguments = ("--results", tmp_path / "results", "--draw", tmp_path / "e.mp4")
    code, _, err = here("eval", "--mot16", benchmark, *arguments)
    assert code == 0, err
    assert {p.name for p in tmp_path.glob("e_*")} == {"e_MOT16-02.png", "e_MOT16-04.mp4"}
    picture = cv2.imread(str(tmp_path / "e_MOT16-02.png"))
    assert (picture[..., 2] > picture[..., 0] + 30).any()  # missed: yellow on dark
    code, _, err = here("eval", "--mot16", benchmark, *arguments[:3], tmp_path / "e.avi")
    assert (code, "ends in .mp4" in err) == (2, True)


def test_one_class_at_a_time_is_scored(here, cameras, tmp_path):
    """Cars, right behind the people, whose ids are right in all cameras."""
    rows = walkers(2)
    cars = MotRows.make(rows.frames, rows.ids + 10, rows.boxes + 30, classes=np.full(len(rows), 3))
    for camera in ("north", "south"):
        truth = read_mot(cameras / "gt" / f"{camera}.txt", MotKind.TRUTH)
        both = MotRows.concatenate([truth, cars])
        write_mot(cameras / "gt" / f"{camera}.txt", both, MotKind.TRUTH)
        found = read_mot(cameras / "out" / "tracks" / f"{camera}.txt", MotKind.TRACKS)
        found = MotRows.make(found.frames, found.ids, found.boxes, classes=np.ones(len(found)))
        write_mot(cameras / "out" / "tracks" / f"{camera}.txt", MotRows.concatenate([found, cars]))
    command = ("eval", "--gt", cameras / "gt", "--results", cameras / "out")
    code, _, err = here(*command)
    assert code == 2
    assert "such as --class person" in err
    scores = {}
    for name in ("person", "car", "3"):
        file = tmp_path / f"{name}.json"
        assert here(*command, "--class", name, "--json", file)[0] == 0
        scores[name] = json.loads(file.read_text())["combined"]
    assert scores["car"]["IDF1"] == pytest.approx(100)
    assert scores["person"]["IDF1"] == pytest.approx(50)
    assert scores["car"] == scores["3"]
    code, _, err = here(*command, "--class", "cra")
    assert (code, "did you mean 'car'" in err) == (2, True)
