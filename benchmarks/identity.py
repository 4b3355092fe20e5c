"""Who is who in rooms nobody tuned on: other people's footage, and small rooms.

    uv run python benchmarks/identity.py [DATA] [--rows cmc room auditorium pets] [--seeds 4]
        [--detector WEIGHTS] [--set k=v]...

DATA holds `cmc/CMC1`, `cmc/CMC2`, `auditorium` and `pets-v1v5` as they were published. Boxes are
those that come with them, but for `pets`, which has pictures: `--detector` says whom to ask, as for
`mtmc run`. Of CMC, people are scored on the floor, within 1 m: `inside` about
where its truth lies; people who wait beside it are in the boxes, and so in `everywhere`.
`room` are rooms of `small_room.py`, mean and standard deviation over the seeds.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import statistics
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table
from small_room import SmallRoom, placed_scene, write_small_room

from mtmc.calibration import load_calibration
from mtmc.config import override
from mtmc.detectors import detector_settings
from mtmc.evaluate.clear import clear
from mtmc.evaluate.identity import identity
from mtmc.evaluate.run import evaluate_cameras
from mtmc.mot import MotRows, format_mot
from mtmc.run import run

MODES = ("offline", "online")
CMC_SIZE, CMC_FPS = (1920, 1024), 4.0
CMC_AREA = (2.0, 0.0, 6.3, 3.41)  # m: xmin, ymin, xmax, ymax; ours, about where its truth lies
FAIRMOT_LEAST = 0.6  # score from which on FairMOT's boxes are people
AUDITORIUM = ("view-HC3", "view-HC4", "view-IP2", "view-IP5")
AUDITORIUM_SIZE, AUDITORIUM_EVERY, AUDITORIUM_FPS = (1920, 1080), 5, 29.97
PETS = {"view_001": "View_001", "view_005": "View_005"}
DOUBLED = (0.0, 0.3)  # share of people in small rooms with a second box, of a part of them
CONFIDENCE = 0.9  # of boxes that come without one
LOOKS = 6  # columns before the embedding
CMC_EVIDENCE = {"fairmot": ("geometry", "+ looks", "looks"), "det": ("geometry",)}


def write_scene(folder, boxes, cameras, size, fps, frames):
    """Boxes and calibrations, for `mtmc run`.

    Boxes are ``{camera: (N, 6 + D) frame, x1, y1, x2, y2, score, embedding}``.
    """
    for name in ("det", "calibration"):
        (folder / name).mkdir(parents=True)
    for name, rows in boxes.items():
        if rows.shape[1] > LOOKS:
            columns = dict(zip(("frame", "x1", "y1", "x2", "y2", "score"), rows.T, strict=False))
            table = pl.DataFrame({**columns, "embedding": rows[:, LOOKS:].astype(np.float32)})
            table.write_parquet(folder / "det" / f"{name}.parquet")
            continue
        nobody = np.full(len(rows), -1)
        found = MotRows.make(rows[:, 0], nobody, rows[:, 1:5], scores=rows[:, 5])
        (folder / "det" / f"{name}.txt").write_text(format_mot(found))
    for name, about in cameras.items():
        (folder / "calibration" / f"{name}.json").write_text(json.dumps(about))
    entries = [{"name": n, "fps": fps, "size": list(size), "frames": frames} for n in boxes]
    (folder / "cameras.yaml").write_text(json.dumps({"cameras": entries}))


def associate(scene, out, mode, settings, detector=None, evidence="geometry"):
    """One run; returns frame, id and floor place of everybody.

    By `looks` alone places are those of the boxes, which no run had.
    """
    given = {
        "detector": detector or {"name": "motfile"},
        "reid": "none" if evidence == "geometry" else "detector",
        "calibration": None if evidence == "looks" else str(scene / "calibration"),
        "associator": {"name": mode},
        "output": {"video": False},
    }
    run(scene, out, override(given, settings))
    table = pl.read_parquet(out / "tracks.parquet").filter(pl.col("global_id") > 0)
    if evidence == "looks":
        table = placed(table, load_calibration(scene / "calibration", cameras_of(table)))
    table = table.filter(pl.col("floor_x").is_not_nan())
    places = table.group_by("frame", "global_id").agg(pl.col("floor_x", "floor_y").median())
    return places.to_numpy().astype(float)


def cameras_of(table):
    """The names of the cameras in a table of tracks."""
    return table["camera"].unique().sort().to_list()


def placed(table, calibration):
    """A table of tracks with the places of their boxes."""
    parts = []
    for name, model in calibration.items():
        rows = table.filter(pl.col("camera") == name)
        places, _ = model.locate(rows.select("x1", "y1", "x2", "y2").to_numpy())
        x, y = (pl.Series(axis, places[:, n]) for n, axis in enumerate(("floor_x", "floor_y")))
        parts.append(rows.with_columns(x, y))
    return pl.concat(parts)


def on_floor(truth, found):
    """IDF1, MOTA and identity switches within 1 m, and how many ids."""
    scene = placed_scene(truth, found)
    motion = clear(scene)
    return {
        "IDF1": 100 * identity(scene).ratios()["IDF1"],
        "MOTA": 100 * motion.ratios()["MOTA"],
        "IDSW": motion.IDSW,
        "ids": f"{scene.result.num_ids} of {scene.truth.num_ids}",
    }


def camera(intrinsic, rotation, centre, size):
    """A calibration file's content."""
    extrinsic = np.eye(4)
    extrinsic[:3, :3], extrinsic[:3, 3] = rotation, -rotation @ centre
    return {
        "intrinsic": np.asarray(intrinsic).tolist(),
        "distortion": [0.0] * 5,
        "extrinsic": extrinsic.tolist(),
        "resolution": list(size),
    }


def projection(matrix):
    """The same of a projection matrix ``(3, 4)``."""
    intrinsic, rotation, centre = cv2.decomposeProjectionMatrix(np.array(matrix, float))[:3]
    intrinsic, centre = intrinsic / intrinsic[2, 2], (centre[:3] / centre[3]).ravel()
    for axis in range(2):
        if intrinsic[axis, axis] < 0:
            intrinsic[:, axis] *= -1
            rotation[axis] *= -1
    return camera(intrinsic, rotation * np.sign(np.linalg.det(rotation)), centre, CMC_SIZE)


def read_cmc(root, boxes):
    """Boxes of each camera, calibrations and truth ``(N, 4)`` frame, person, x, y."""
    rows = [line.split() for line in (root / "truth.txt").read_text().splitlines()]
    truth = np.array([[r[0], r[1], r[7], r[8]] for r in rows if len(r) >= 9], float)
    cameras = json.loads((root / "projection.json").read_text())
    found = {name: _cmc_boxes(root, name, boxes) for name in cameras}
    frames = int(truth[:, 0].max())
    found = {name: part[part[:, 0] <= frames] for name, part in found.items()}
    return found, {name: projection(matrix) for name, matrix in cameras.items()}, truth, frames


def _cmc_boxes(root, name, boxes):
    if boxes == "det":
        rows = np.loadtxt(root / "det" / f"{name}.txt")
        corners = np.concatenate([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]], axis=1)
        return np.column_stack([rows[:, 0], corners, np.full(len(rows), CONFIDENCE)])
    archive = np.load(root / "fairmot" / f"{name}.npz")
    keys = sorted(archive.files, key=int)
    parts = [
        np.column_stack([np.full(len(archive[key]), int(key) - int(keys[0]) + 1.0), archive[key]])
        for key in keys
    ]
    rows = np.concatenate(parts)
    return rows[rows[:, 5] >= FAIRMOT_LEAST]


def within(rows):
    """Those in the area that is scored."""
    x0, y0, x1, y1 = CMC_AREA
    x, y = rows[:, 2:].T
    return rows[(x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)]


def cmc(data, folder, options):
    """Rows of the table for CMC."""
    for sequence in sorted(path.name for path in (data / "cmc").iterdir()):
        for boxes in ("fairmot", "det"):
            found, cameras, truth, frames = read_cmc(data / "cmc" / sequence, boxes)
            scene = folder / f"{sequence}-{boxes}"
            write_scene(scene, found, cameras, CMC_SIZE, CMC_FPS, frames)
            for mode, evidence in itertools.product(MODES, CMC_EVIDENCE[boxes]):
                out = folder / f"{sequence}-{boxes}-{mode}-{evidence}"
                places = associate(scene, out, mode, options.set, evidence=evidence)
                for where, some in (("inside", within(places)), ("everywhere", places)):
                    yield f"{sequence}, {boxes}, {evidence}", mode, where, on_floor(truth, some)


def small_rooms(data, folder, options):
    """The same for simulated boxes."""
    del data
    for mode, doubled in itertools.product(MODES, DOUBLED):
        figures = []
        for seed in range(options.seeds):
            scene = folder / f"room{seed}-{mode}-{doubled}"
            truth = write_small_room(SmallRoom(seed=seed, doubled=doubled), scene)
            out = folder / f"room{seed}-{mode}-{doubled}-out"
            figures.append(on_floor(truth, associate(scene, out, mode, options.set)))
        told = {name: [figure[name] for figure in figures] for name in ("IDF1", "MOTA")}
        spread = statistics.stdev(told["IDF1"]) if len(figures) > 1 else 0.0
        yield (
            f"small rooms, {doubled:.0%} boxed twice" if doubled else "small rooms",
            mode,
            f"{options.seeds} seeds, IDF1 ± {spread:.1f}",
            {
                **{name: statistics.mean(values) for name, values in told.items()},
                "IDSW": sum(figure["IDSW"] for figure in figures),
                "ids": "",
            },
        )


def in_images(folder, truth, out):
    """IDF1 and others over all cameras with a truth ``{camera: (N, 6) frame, id, box}``."""
    (folder / "gt").mkdir(exist_ok=True)
    for name, rows in truth.items():
        true = MotRows.make(rows[:, 0], rows[:, 1], rows[:, 2:])
        (folder / "gt" / f"{name}.txt").write_text(format_mot(true))
    whole = evaluate_cameras(folder / "gt", out).summary["combined"]
    ids = len(np.unique(np.concatenate([rows[:, 1] for rows in truth.values()])))
    return {
        "IDF1": 100 * whole.ratios["IDF1"],
        "MOTA": 100 * whole.ratios["MOTA"],
        "IDSW": whole.cell("IDSW"),
        "ids": f"of {ids}",
    }


def auditorium(data, folder, options):
    """The same for CAMPUS Auditorium, every fifth frame; two of its cameras are calibrated."""
    from scipy.io import loadmat

    root, scene = data / "auditorium", folder / "auditorium"
    cameras = {}
    for about in loadmat(root / "cam_param.mat")["cam_param"][0]:
        inner, centre = _centred(about), about["T"].ravel()
        cameras[str(about["name"][0])] = camera(inner, about["R"], centre, AUDITORIUM_SIZE)
    boxes = {name: _yolo_boxes(root, name) for name in AUDITORIUM}
    truth = {name: _vatic(root, name) for name in AUDITORIUM}
    frames = int(max(rows[:, 0].max() for rows in truth.values()))
    fps = AUDITORIUM_FPS / AUDITORIUM_EVERY
    write_scene(scene, boxes, cameras, AUDITORIUM_SIZE, fps, frames)
    for mode in MODES:
        out = folder / f"auditorium-{mode}"
        associate(scene, out, mode, options.set)
        yield "Auditorium", mode, "all four", in_images(scene, truth, out)


def _centred(about):
    intrinsic = about["K"].astype(float)
    intrinsic[:2, 2] = about["center"][0]
    return intrinsic


def _thinned(frame):
    """Every so many of frames from 0, from 1."""
    return frame // AUDITORIUM_EVERY + 1, frame % AUDITORIUM_EVERY == 0


def _yolo_boxes(root, name):
    rows = []
    for part in sorted((root / "det").glob(f"{name}.*.json.gz")):
        for frame in json.loads(gzip.decompress(part.read_bytes()))["frames"]:
            for found in frame["detections"]:
                box = [found["bbox"][side] for side in ("left", "top", "right", "bottom")]
                rows.append([frame["frame_number"], *box, found["confidence"]])
    table = np.unique(np.array(rows), axis=0)
    table[:, 1:5] *= [*AUDITORIUM_SIZE, *AUDITORIUM_SIZE]
    frame, kept = _thinned(table[:, 0])
    return np.column_stack([frame, table[:, 1:]])[kept]


def _vatic(root, name):
    lines = gzip.decompress((root / f"{name}.txt.gz").read_bytes()).decode().splitlines()
    table = np.array([line.split()[:8] for line in lines], float)
    table = table[table[:, 6] == 0]  # not lost
    frame, kept = _thinned(table[:, 5])
    return np.column_stack([frame, table[:, 0] + 1, table[:, 1:5]])[kept]


def tsai(file):
    """A calibration file's content of Tsai's parameters, in millimetres."""
    parts = {
        part.tag: {k: float(v) for k, v in part.attrib.items()}
        for part in ElementTree.parse(file).getroot()
    }
    size, inner, outer = parts["Geometry"], parts["Intrinsic"], parts["Extrinsic"]
    across, down = inner["focal"] * inner["sx"] / size["dpx"], inner["focal"] / size["dpy"]
    rotation = np.eye(3)
    for axis, turn in enumerate(("rx", "ry", "rz")):
        one = np.zeros(3)
        one[axis] = outer[turn]
        rotation = cv2.Rodrigues(one)[0] @ rotation
    centre = -rotation.T @ np.array([outer[name] for name in ("tx", "ty", "tz")]) / 1000
    about = camera(
        [[across, 0, inner["cx"]], [0, down, inner["cy"]], [0, 0, 1]],
        rotation,
        centre,
        (int(size["width"]), int(size["height"])),
    )
    # Tsai undistorts by what OpenCV distorts by.
    about["distortion"][0] = -inner["kappa1"] * inner["focal"] ** 2
    return about


def pets(data, folder, options):
    """The same for PETS S2.L1, views 1 and 5, whose first has a truth."""
    if options.detector is None:
        return
    root, scene = data / "pets-v1v5", folder / "pets"
    (scene / "calibration").mkdir(parents=True)
    for name, file in PETS.items():
        about = json.dumps(tsai(root / "calibration" / f"{file}.xml"))
        (scene / "calibration" / f"{name}.json").write_text(about)
        (scene / f"{name}.mp4").write_bytes((root / f"{name}.mp4").read_bytes())
    truth = []
    for frame in ElementTree.parse(root / "PETS2009-S2L1.xml").iter("frame"):
        for person in frame.iter("object"):
            box = person.find("box").attrib
            x, y, w, h = (float(box[key]) for key in ("xc", "yc", "w", "h"))
            corners = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
            truth.append([int(frame.get("number")) + 1, int(person.get("id")) + 1, *corners])
    truth = np.array(truth)
    detector = detector_settings(options.detector)
    for mode in MODES:
        out = folder / f"pets-{mode}"
        associate(scene, out, mode, options.set, detector)
        frames = pl.read_parquet(out / "tracks.parquet")["frame"].max()
        seen = {"view_001": truth[truth[:, 0] <= frames]}
        yield "PETS views 1 + 5", mode, "view 1", in_images(scene, seen, out)


ROWS = {"cmc": cmc, "room": small_rooms, "auditorium": auditorium, "pets": pets}


def main():
    """Run all, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("data", nargs="?", type=Path, default=Path("../shared/data"))
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--seeds", type=int, default=4, help="of simulated rooms")
    parser.add_argument("--detector", help="for footage with pictures, as for mtmc run")
    parser.add_argument("--set", action="append", default=[], metavar="K=V")
    parser.add_argument("--out", type=Path, help="keep everything here")
    options = parser.parse_args()
    table = Table("footage", "mode", "scored", "IDF1", "MOTA", "IDSW", "ids")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.out or Path(temporary)
        for name in options.rows:
            for footage, mode, where, figures in ROWS[name](options.data, folder, options):
                cells = (f"{figures[key]:.1f}" for key in ("IDF1", "MOTA"))
                row = (footage, mode, where, *cells, str(figures["IDSW"]), figures["ids"])
                table.add_row(*row)
                print(*row, flush=True)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
