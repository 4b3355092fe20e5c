import json
from dataclasses import replace

import cv2
import numpy as np
import polars as pl
import pytest
import yaml

from mtmc.calibration import CameraModel, FloorHomography, load_calibration
from mtmc.calibration.estimate.save import to_entry
from mtmc.results.results import COLUMNS
from tests.mtmc.calibration.estimate.scenes import CAMERAS, FPS, OFFSETS, scene
from tests.mtmc.calibration.estimate.test_fit import FLOOR, SIZE, camera, pairs


@pytest.fixture
def csv_file(tmp_path):
    rows = [
        f"door,{x:.2f},{y:.2f},{a},{b}"
        for (x, y), (a, b) in zip(pairs(camera()), FLOOR, strict=True)
    ]
    path = tmp_path / "points.csv"
    path.write_text("\n".join(["camera,x,y,floor_x,floor_y", *rows]) + "\n")
    return path


def test_points_to_a_calibration_that_run_reads(csv_file, tmp_path, here):
    out = tmp_path / "calibration.yaml"
    out.write_text(yaml.safe_dump({"cameras": {"hall": {"homography": np.eye(3).tolist()}}}))
    code, said, _ = here("calibrate", "points", csv_file, "--size", "1280x720", "--out", out)
    assert code == 0
    model = load_calibration(out, ["door"])["door"]
    assert isinstance(model, FloorHomography)
    assert model.size == SIZE
    assert model.to_floor(camera().from_floor(FLOOR)) == pytest.approx(FLOOR, abs=0.1)
    assert "hall" in yaml.safe_load(out.read_text())["cameras"]
    assert "9 of 9 points used" in said


def test_with_intrinsics_to_a_whole_camera(csv_file, tmp_path, here):
    lens = tmp_path / "lens.yaml"
    lens.write_text(
        yaml.safe_dump(
            {
                "door": {
                    "camera_matrix": camera().matrix.tolist(),
                    "image_width": 1280,
                    "image_height": 720,
                }
            }
        )
    )
    out = tmp_path / "calibration.yaml"
    assert here("calibrate", "points", csv_file, "--intrinsics", lens, "--out", out)[0] == 0
    model = load_calibration(out, ["door"])["door"]
    assert isinstance(model, CameraModel)
    assert model.position == pytest.approx(camera().position, abs=0.1)


def test_with_a_fisheye_lens(tmp_path, here):
    model = replace(camera(), distortion=np.array([-0.05, 0.01, 0, 0]), fisheye=True)
    rows = np.column_stack([model.from_floor(FLOOR), FLOOR])
    path, lens, out = (tmp_path / name for name in ("p.csv", "lens.yaml", "c.yaml"))
    path.write_text(
        "camera,x,y,floor_x,floor_y\n"
        + "".join(f"a,{','.join(map(str, row))}\n" for row in rows.tolist())
    )
    lens.write_text(yaml.safe_dump({"a": to_entry(model)}))
    assert here("calibrate", "points", path, "--intrinsics", lens, "--out", out)[0] == 0
    found = load_calibration(out, ["a"])["a"]
    assert found.fisheye
    assert found.position == pytest.approx(model.position, abs=1e-3)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [";", "\t", ","])
def test_points_as_spreadsheets_write_them(csv_file, tmp_path, here, encoding, mark):
    decimal = "." if mark == "," else ","
    lines = csv_file.read_text().replace(",", "|").replace(".", decimal).replace("|", mark)
    text = lines.replace("camera", "Camera").replace("x", "X", 1) + 4 * mark + "\n"
    path, out = tmp_path / "excel.csv", tmp_path / "c.yaml"
    path.write_text(text, encoding=encoding)
    assert here("calibrate", "points", path, "--size", "1280x720", "--out", out)[0] == 0
    model = load_calibration(out, ["door"])["door"]
    assert model.to_floor(camera().from_floor(FLOOR)) == pytest.approx(FLOOR, abs=0.1)


@pytest.mark.parametrize("intrinsics", [True, False])
def test_points_in_millimetres(tmp_path, here, intrinsics):
    rows = np.column_stack([camera().from_floor(FLOOR), 1000 * FLOOR]).tolist()
    path, lens, out = (tmp_path / name for name in ("p.yaml", "lens.yaml", "c.yaml"))
    path.write_text(yaml.safe_dump({"a": rows}))
    lens.write_text(yaml.safe_dump({"a": to_entry(camera())}))
    more = ["--intrinsics", lens] if intrinsics else []
    arguments = ("points", path, "--size", "1280x720", *more, "--out", out)
    code, _, error = here("calibrate", *arguments)
    assert code == 2
    assert "floor points must be in metres" in error
    assert not out.exists()


def test_points_in_yaml_have_their_own_size(tmp_path, here):
    points = np.column_stack([pairs(camera()), FLOOR]).tolist()
    path = tmp_path / "points.yaml"
    path.write_text(
        yaml.safe_dump({"cameras": {"a": {"points": points, "resolution": [1280, 720]}}})
    )
    assert here("calibrate", "points", path, "--out", tmp_path / "c.yaml")[0] == 0
    assert load_calibration(tmp_path / "c.yaml", ["a"])["a"].size == SIZE


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("camera,x,y,floor_x\n", [], "column 'floor_y' is missing; expected a first line camera,x"),
        ("camera,x,y,floor_x,floor_y\n", [], "points.csv: has no points"),
        ("camera,x,y,floor_x,floor_y\na,1,2,3,x\n", [], "a: point 1: expected 4 finite numbers"),
        ("camera,x,y,floor_x,floor_y\na,1,2,3,nan\n", [], "a: point 1: expected 4 finite numbers"),
        ("camera,x,y,floor_x,floor_y\na,1,2,3\n", [], "a: point 1: expected 4 finite numbers"),
        ("camera,x,y,floor_x,floor_y\na,1,2,3,4\n", [], "camera 'a': the size of its images"),
        ("camera,x,y,floor_x,floor_y\na,1,2,3,4\n", ["--size", "9x9"], "needs at least 4 points"),
        ("", ["--size", "9"], "column 'camera' is missing"),
    ],
)
def test_bad_points(tmp_path, here, text, options, message):
    path = tmp_path / "points.csv"
    path.write_text(text)
    code, _, error = here("calibrate", "points", path, "--out", tmp_path / "c.yaml", *options)
    assert code == 2
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "c.yaml").exists()


def test_bad_options(csv_file, here):
    for options, message in (
        (["--size", "9"], "--size '9': expected WIDTHxHEIGHT"),
        (["--size", "9x0"], "--size '9x0': expected WIDTHxHEIGHT"),
        (["--tolerance", "0"], "--tolerance 0: expected pixels above 0"),
        (["--intrinsics", "gone"], "gone: no such calibration"),
    ):
        code, _, error = here("calibrate", "points", csv_file, *options)
        assert code == 2
        assert message in error


def table(name, seen):
    """A camera's boxes as a run writes them."""
    columns = {"camera": [name] * len(seen.times), "time": seen.times, "track_id": seen.tracks + 1}
    columns |= {side: seen.boxes[:, i] for i, side in enumerate(("x1", "y1", "x2", "y2"))}
    others = {column: 1 for column in COLUMNS if column not in columns}
    return pl.DataFrame(columns).with_columns(**{c: pl.lit(v) for c, v in others.items()})


@pytest.fixture
def finished_run(tmp_path):
    """The folder of a run on two cameras."""
    folder = tmp_path / "out"
    folder.mkdir()
    tables = []
    about = {"fps": FPS, "size": list(SIZE)}
    for name, seen in scene(cameras={n: CAMERAS[n] for n in "ab"}).items():
        tables.append(table(name, seen))
        (tmp_path / f"{name}.mp4").touch()
    pl.concat(tables).write_parquet(folder / "tracks.parquet")
    cameras = {n: {**about, "source": str(tmp_path / f"{n}.mp4")} for n in "ab"}
    clocks = [[n, "", None, None, 0.5, []] for n in "ab"]  # as of run.resume
    (folder / "run.json").write_text(json.dumps({"cameras": cameras, "about": {"cameras": clocks}}))
    return folder


def test_tracks_to_a_calibration_and_clocks(finished_run, tmp_path, here):
    out = tmp_path / "new" / "calibration.yaml"
    known = tmp_path / "known.yaml"
    known.write_text(yaml.safe_dump({"a": to_entry(CAMERAS["a"]), "z": {}}))
    options = ["--out", out, "--calibration", known, "--max-offset", "4"]
    code, said, _ = here("calibrate", "tracks", finished_run, *options)
    assert code == 0
    assert "wrote" in said
    model = load_calibration(out, ["b"])["b"]
    assert model.position == pytest.approx(CAMERAS["b"].position, abs=1.0)
    clocks = yaml.safe_load(out.with_name("cameras.yaml").read_text())["cameras"]
    assert clocks[0]["offset"] == 0.5
    assert clocks[1]["offset"] == pytest.approx(0.6 + OFFSETS["b"], abs=0.2)
    assert clocks[1]["path"] == str(tmp_path / "b.mp4")


def test_bad_runs(finished_run, tmp_path, here):
    nobody = tmp_path / "nobody"
    nobody.mkdir()
    whole = pl.read_parquet(finished_run / "tracks.parquet")
    whole.clear().write_parquet(nobody / "tracks.parquet")
    (nobody / "run.json").write_text((finished_run / "run.json").read_text())
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "run.json").write_text('{"cameras": {"a": {}}}')
    lens = tmp_path / "lens.yaml"
    lens.write_text("z: {}")
    for options, message in (
        ([tmp_path / "gone"], "run.json: no such file; expected the --out folder of a run"),
        ([broken], "run.json: not what `mtmc run` writes"),
        ([nobody], "shows 0 whole standing people, too few"),
        ([finished_run, "--reference", "x"], "unknown camera --reference 'x'"),
        ([finished_run, "--max-offset", "-1"], "--max-offset -1: expected seconds"),
        ([finished_run, "--intrinsics", lens], "none of the cameras z is in the run"),
    ):
        code, _, error = here("calibrate", "tracks", *options)
        assert code == 2
        assert message in error
        assert error.count("\n") == 1


def test_pictures_with_a_pixel_grid(two_cameras, tmp_path, here):
    out = tmp_path / "frames"
    assert here("calibrate", "frame", two_cameras, "--out", out, "--time", "1")[0] == 0
    assert sorted(path.name for path in out.iterdir()) == ["left.png", "right.png"]
    picture = cv2.imread(str(out / "left.png")).astype(int)
    assert picture.shape == (120, 160, 3)
    # The scene is grey; a grid line is lighter than what is beside it.
    assert (picture[20:45, 50] - picture[20:45, 47]).mean() > 20
