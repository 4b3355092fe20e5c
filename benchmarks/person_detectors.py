"""How well detectors find people, and what it costs: simulated stills, the demo, real video.

A person counts when at least 24 px high and half visible; a box on anybody else is ignored, a box
on nobody is false. IoU 0.5. `motion` sees every frame, since it needs what went before; all are
scored on the same ones. Sets that are not given are left out.

    uv run mtmc simulate out/stills --frames 126 --seed 99
    uv run python benchmarks/person_detectors.py --stills out/stills --demo data/demo \
        --pets ../shared/data/pets-s2l1 --lab ../shared/data/lab4 --weights ../shared/weights \
        --photos ../shared/data/pennfudan --mot17 ../shared/data/mot17/train
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table
from simulated_people_vs_detectors import judge, save

from mtmc.detectors.motion import MotionConfig, MotionDetector
from mtmc.detectors.network.onnx import OnnxConfig, OnnxDetector
from mtmc.detectors.network.openvino import OpenvinoConfig, OpenvinoDetector
from mtmc.detectors.training.data import read_coco
from mtmc.detectors.ultralytics import UltralyticsConfig, UltralyticsDetector
from mtmc.mot import MotKind, read_mot
from mtmc.types import Frame

HEIGHT, VISIBLE = 24, 0.5
THRESHOLDS = np.round(np.arange(0.05, 0.96, 0.05), 2)
SHOWN = (0.3, 0.5)  # thresholds in the table; trackers take boxes from 0.5 on as sure


def stills(root):
    """Single frames; nothing moves."""
    for split in ("train", "val"):
        for labelled in read_coco(root, split):
            image = cv2.imread(str(labelled.path))
            counts = labelled.visibility >= VISIBLE
            yield labelled.path.stem, 1, 0.0, image, labelled.boxes, counts


def photos(root):
    """Photographs with the boxes of everybody in them, by file name."""
    for name, boxes in json.loads((root / "boxes_xyxy.json").read_text()).items():
        image = cv2.imread(str(root / "images" / name))
        people = np.array(boxes, np.float32).reshape(-1, 4)
        yield Path(name).stem, 1, 0.0, image, people, np.ones(len(people), bool)


def stills_of(root):
    """The frames that there are of annotated sequences in MOTChallenge's layout."""
    for folder in sorted(root.iterdir()):
        rows = read_mot(folder / "gt" / "gt.txt", MotKind.TRUTH)
        for path in sorted((folder / "img1").glob("*.jpg")):
            yield folder.name, 1, 0.0, cv2.imread(str(path)), *annotated(rows, int(path.stem))


def annotated(rows, frame, scale=1.0):
    """The boxes in a frame, px, and which of them count."""
    here = rows[rows.frames == frame]
    visible = np.where(here.visibility < 0, 1.0, here.visibility)
    return here.boxes * scale, (here.scores > 0) & (visible >= VISIBLE)


def videos(folder, truths, fps, stride, scale=1.0):
    """Frames of the annotated part of videos; boxes are None on those not scored."""
    for path in sorted(folder.glob("*.mp4")):
        truth = truths(path.stem)
        rows = read_mot(truth, MotKind.TRUTH)
        reader = cv2.VideoCapture(str(path))
        for frame in range(1, int(rows.frames.max()) + 1):
            fine, image = reader.read()
            if not fine:
                break
            told = (None, None)
            if frame % stride == 1 or stride == 1:
                told = annotated(rows, frame, scale)
            yield path.stem, frame, (frame - 1) / fps, image, *told


def score(frames, detectors, pictures, name):
    """Totals ``(T, 3)`` and seconds of the processor per image, by detector."""
    totals = {d: np.zeros((len(THRESHOLDS), 3), int) for d in detectors}
    spent = {d: [0.0, 0] for d in detectors}
    for camera, number, seconds, image, boxes, counts in frames:
        for detector, model in detectors.items():
            if boxes is None and not model.stateful:
                continue
            start = time.process_time()
            found = model.detect([Frame(camera, number, seconds, image)])[0]
            spent[detector][0] += time.process_time() - start
            spent[detector][1] += 1
            if boxes is None:
                continue
            must = counts & (boxes[:, 3] - boxes[:, 1] >= HEIGHT)
            totals[detector] += judge(found.boxes, found.scores, boxes, must, THRESHOLDS)
            if pictures and number % 40 == 1:
                path = pictures / f"{name}_{camera}_{number}_{detector}.png"
                save(path, image, found.boxes[found.scores >= SHOWN[0]], boxes[must])
    return totals, {d: s / max(n, 1) for d, (s, n) in spent.items()}


def average_precision(recall, precision):
    """Area under the precision at each threshold over the recall, highest score first."""
    recall, precision = recall[::-1], np.maximum.accumulate(precision)[::-1]
    return float((np.diff(recall, prepend=0.0) * precision).sum())


def build(options):
    """A fresh set of detectors for each source."""
    low, here = float(THRESHOLDS[0]), Path()
    detectors = {"motion": MotionDetector(MotionConfig(), here)}
    files = list(options.detector)
    if options.weights:
        files.append(options.weights / "yolox_nano.onnx")
        folder = str(options.weights / "yolov8n_int8_openvino_model")
        config = UltralyticsConfig(weights=folder, confidence=low)
        detectors["yolov8n, ultralytics"] = UltralyticsDetector(config, here)
        config = OpenvinoConfig(weights=folder, confidence=low, iou=config.iou, threads=1)
        detectors["yolov8n, openvino"] = OpenvinoDetector(config, here)
    for path in files:
        config = OnnxConfig(weights=str(path), confidence=low, threads=1)
        detectors[Path(path).stem] = OnnxDetector(config, here)
    return detectors


def sources(options):
    """Names of the given sets, and their frames."""
    if options.stills:
        yield "stills (simulated)", stills(options.stills)
    if options.photos:
        yield "Penn-Fudan (real)", photos(options.photos)
    if options.mot17:
        yield "MOT17 frames (real)", stills_of(options.mot17)
    for name, root, fps in (
        ("demo (simulated)", options.demo, 15),
        ("lab4 (real)", options.lab, 10),
    ):
        if root:
            truths = lambda camera, root=root: root / "gt" / f"{camera}.txt"  # noqa: E731
            yield name, videos(root / "videos", truths, fps, options.stride)
    if options.pets:
        truth = next(options.pets.glob("gt*.txt"))
        yield "PETS-S2L1 (real)", videos(options.pets, lambda _: truth, 7, options.stride, 1 / 1.6)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("stills", "photos", "mot17", "demo", "pets", "lab", "weights", "pictures"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--detector", nargs="*", default=["simulated"], help="ONNX files")
    parser.add_argument("--stride", type=int, default=5, help="score every n-th frame of videos")
    options = parser.parse_args()
    table = Table(title=f"height >= {HEIGHT} px, visibility >= {VISIBLE}, IoU 0.5")
    columns = [f"recall, precision at {t}" for t in SHOWN]
    for column in ("frames of", "people", "detector", "AP50", *columns, "CPU ms per image"):
        table.add_column(column, justify="right")
    for name, frames in sources(options):
        detectors = build(options)
        if name.startswith(("stills", "Penn-Fudan", "MOT17")):
            del detectors["motion"]  # nothing moves in them
        totals, spent = score(frames, detectors, options.pictures, name.split()[0])
        for detector, total in totals.items():
            hit, people, false = total.T
            recall, precision = hit / np.maximum(people, 1), hit / np.maximum(hit + false, 1)
            at = [int(np.flatnonzero(t == THRESHOLDS)[0]) for t in SHOWN]
            both = [f"{100 * recall[i]:.1f}, {100 * precision[i]:.1f}" for i in at]
            area = f"{100 * average_precision(recall, precision):.1f}"
            cost = f"{1000 * spent[detector]:.1f}"
            table.add_row(name, str(people[0]), detector, area, *both, cost)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
