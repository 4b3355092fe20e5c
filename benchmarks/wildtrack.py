"""Association by geometry alone on WILDTRACK's annotated boxes: 7 cameras, 2 frames per second.

    uv run python benchmarks/wildtrack.py [ROOT] [--set k=v]... [--out DIR] [--seed 0]

The annotated boxes, cut at the image borders, are the detections (`mtmc run --detector motfile`),
once all of them and once with 10 % missing and 3 px noise on every edge; the annotated ids are the
ground truth. There are no images, so nothing is known but places. ROOT holds WILDTRACK's
`annotations_positions/` and `calibrations/`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from mtmc.config import override
from mtmc.evaluate.run import Scoring, evaluate_cameras
from mtmc.mot import MotRows, format_mot
from mtmc.run import run

CAMERAS = ("CVLab1", "CVLab2", "CVLab3", "CVLab4", "IDIAP1", "IDIAP2", "IDIAP3")
SIZE = (1920, 1080)  # px
FPS = 2.0
MISSING, NOISE = 0.1, 3.0  # share of boxes; px, standard deviation of each edge
PARTS = {"all steps": None, "steps 1-100": (1, 100), "steps 101-200": (101, 200)}


@dataclass(frozen=True)
class Boxes:
    """One camera's annotated boxes: frame ``(N,)``, person ``(N,)``, box ``(N, 4)`` px."""

    frames: NDArray[np.int64]
    people: NDArray[np.int64]
    boxes: NDArray[np.float64]


def read_boxes(root: Path) -> list[Boxes]:
    """The boxes of each camera that lie in its image, cut at the borders."""
    rows: list[list[list[float]]] = [[] for _ in CAMERAS]
    for frame, file in enumerate(sorted((root / "annotations_positions").glob("*.json")), 1):
        for person in json.loads(file.read_text()):
            for view in person["views"]:
                corners = [view[side] for side in ("xmin", "ymin", "xmax", "ymax")]
                if corners != [-1, -1, -1, -1]:
                    rows[view["viewNum"]].append([frame, person["personID"], *corners])
    return [_inside(np.array(camera, float)) for camera in rows]


def _inside(rows: NDArray[np.float64]) -> Boxes:
    boxes = np.clip(rows[:, 2:], 0, [*SIZE, *SIZE])
    seen = ((boxes[:, 2:] - boxes[:, :2]) >= 2).all(axis=1)
    frames, people = rows[seen, :2].astype(np.int64).T
    return Boxes(frames, people, boxes[seen])


def degraded(boxes: Boxes, rng: np.random.Generator) -> Boxes:
    """Some boxes missing, the edges of the others moved."""
    kept = rng.random(len(boxes.frames)) >= MISSING
    noisy = boxes.boxes[kept] + rng.normal(0, NOISE, (int(kept.sum()), 4))
    noisy = np.clip(noisy, 0, [*SIZE, *SIZE])
    noisy[:, 2:] = np.maximum(noisy[:, 2:], noisy[:, :2] + 1)
    return Boxes(boxes.frames[kept], boxes.people[kept], noisy)


def read_calibration(root: Path) -> dict[str, Any]:
    """All cameras, for `--calibration`; WILDTRACK measures in centimetres."""
    return {name: _camera(root / "calibrations", name) for name in CAMERAS}


def _camera(folder: Path, name: str) -> dict[str, Any]:
    # The boxes belong to the undistorted images, as does intrinsic_zero.
    intrinsic = _numbers(folder / "intrinsic_zero" / f"intr_{name}.xml", "camera_matrix/data")
    extrinsic = folder / "extrinsic" / f"extr_{name}.xml"
    world_to_camera = np.eye(4)
    world_to_camera[:3, :3] = cv2.Rodrigues(_numbers(extrinsic, "rvec"))[0]
    world_to_camera[:3, 3] = _numbers(extrinsic, "tvec") / 100
    return {
        "intrinsic": intrinsic.reshape(3, 3).tolist(),
        "extrinsic": world_to_camera.tolist(),
        "resolution": list(SIZE),
    }


def _numbers(file: Path, element: str) -> NDArray[np.float64]:
    from xml.etree import ElementTree

    found = ElementTree.parse(file).find(element)
    if found is None or not found.text:
        raise SystemExit(f"{file}: no {element}")
    return np.array(found.text.split(), float)


def write_scene(folder: Path, detections: list[Boxes], truth: list[Boxes], about: Any) -> None:
    """What `mtmc run` and `mtmc eval` read."""
    entries = [{"name": n, "fps": FPS, "size": list(SIZE), "frames": 200} for n in CAMERAS]
    for name in ("det", "gt"):
        (folder / name).mkdir(parents=True)
    (folder / "cameras.yaml").write_text(json.dumps({"cameras": entries}))
    (folder / "calibration.json").write_text(json.dumps(about))
    for name, found, true in zip(CAMERAS, detections, truth, strict=True):
        nobody = np.full(len(found.frames), -1)
        (folder / "det" / f"{name}.txt").write_text(
            format_mot(MotRows.make(found.frames, nobody, found.boxes))
        )
        (folder / "gt" / f"{name}.txt").write_text(
            format_mot(MotRows.make(true.frames, true.people, true.boxes))
        )


def main() -> None:
    """Convert, run, score, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("root", nargs="?", type=Path, default=Path("../shared/data/wildtrack"))
    parser.add_argument("--set", action="append", default=[], dest="set_", metavar="K=V")
    parser.add_argument("--out", type=Path, help="keep everything here")
    parser.add_argument("--seed", type=int, default=0, help="of the missing boxes and the noise")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        measure(options.root, options.out or Path(temporary), options.set_, options.seed)


def measure(root: Path, out: Path, settings: list[str], seed: int) -> None:
    """Run all combinations and print the table."""
    truth, calibration = read_boxes(root), read_calibration(root)
    rng = np.random.default_rng(seed)
    scenes = {
        "all": truth,
        "10 % missing, 3 px": [degraded(camera, rng) for camera in truth],
    }
    table = Table("boxes", "mode", "part", "IDF1", "per camera", "MOTA", "IDSW", "ids")
    for number, (title, detections) in enumerate(scenes.items()):
        scene = out / f"scene{number}"
        write_scene(scene, detections, truth, calibration)
        for mode in ("offline", "online"):
            results = out / f"{mode}{number}"
            given: dict[str, Any] = {
                "detector": {"name": "motfile"},
                "reid": "none",
                "calibration": str(scene / "calibration.json"),
                "associator": {"name": mode},
                "output": {"video": False},
            }
            record = run(scene, results, override(given, settings))
            for part, frames in PARTS.items():
                summary = evaluate_cameras(scene / "gt", results, Scoring(frames)).summary
                whole, mean = summary["combined"], summary["mean"]
                cells = (whole.cell("IDF1"), mean.cell("IDF1"), whole.cell("MOTA"))
                ids = str(record["identities"]) if frames is None else ""
                table.add_row(title, mode, part, *cells, whole.cell("IDSW"), ids)
    Console().print(table)


if __name__ == "__main__":
    main()
