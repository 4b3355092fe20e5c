"""Do detectors trained on photographs know our people?

Renders moments of the three places and gives them, and the real MOT17 frames, to the same
detectors. A person counts when at least 80 px high and 80 % visible; a box on anybody else is
ignored, a box on nobody is false. IoU 0.5.

    uv run python benchmarks/simulated_people_vs_detectors.py --weights ../shared/weights \
        --mot17 ../shared/data/mot17/train
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.optimize import linear_sum_assignment

from mtmc.detectors.network.onnx import OnnxConfig, OnnxDetector
from mtmc.detectors.ultralytics import UltralyticsConfig, UltralyticsDetector
from mtmc.mot import MotKind, read_mot
from mtmc.simulate.scene import Scene, SceneConfig
from mtmc.types import Frame

HEIGHT, VISIBLE = 80, 0.8
THRESHOLDS = np.round(np.arange(0.1, 0.91, 0.05), 2)
USUAL = 0.25  # the threshold most tools use


def overlaps(a, b):
    """IoU and share of `a` covered, ``(N, M)`` each."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), -1)
    area_a, area_b = (np.prod(x[:, 2:] - x[:, :2], -1) for x in (a, b))
    return common / (area_a[:, None] + area_b - common), common / np.maximum(area_a[:, None], 1e-9)


def judge(found, scores, boxes, counts, thresholds):
    """True positives, people, false boxes of one frame by threshold, ``(T, 3)``.

    `counts` says which boxes must be found.
    """
    must, may = boxes[counts], boxes[~counts]
    results = []
    for threshold in thresholds:
        kept = found[scores >= threshold]
        iou, _ = overlaps(kept, must)
        rows, columns = linear_sum_assignment(-iou)
        hit = iou[rows, columns] >= 0.5
        matched = np.zeros(len(kept), bool)
        matched[rows[hit]] = True
        if len(may):
            loose, covered = overlaps(kept, may)
            matched |= (loose >= 0.3).any(1) | (covered >= 0.6).any(1)
        results.append([hit.sum(), len(must), (~matched).sum()])
    return np.array(results)


def simulated(place, seeds, moments):
    """Frames of a place with their boxes and which count."""
    for seed in seeds:
        people = {"lab": 6, "corridor": 16, "plaza": 24}[place]
        scene = Scene(SceneConfig(place, 4, people, 30.0, 15.0, seed))
        for frame in np.linspace(30, 440, moments).astype(int):
            scene.pose(int(frame))
            for i in range(4):
                image, seen = scene.frame(i)
                boxes = np.array([t.box for t in seen]).reshape(-1, 4)
                visible = np.array([t.visibility for t in seen])
                yield image, boxes, visible


def real(root):
    """The MOT17 frames; whoever is not a pedestrian to be scored is ignored."""
    for sequence in sorted(root.iterdir()):
        rows = read_mot(sequence / "gt" / "gt.txt", MotKind.TRUTH)
        for path in sorted((sequence / "img1").glob("*.jpg")):
            here = rows[rows.frames == int(path.stem)]
            person = (here.classes == 1) & (here.scores > 0)
            people = np.isin(here.classes, [1, 2, 7, 8, 12])
            visible = np.where(person, here.visibility, 0.0)
            yield cv2.imread(str(path)), here.boxes[people], visible[people]


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--mot17", type=Path, required=True)
    parser.add_argument("--places", nargs="*", default=["lab", "corridor", "plaza"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--moments", type=int, default=6)
    parser.add_argument("--precision", type=float, default=0.9)
    parser.add_argument("--pictures", type=Path, help="folder for pictures of the errors")
    options = parser.parse_args()
    here = Path()
    detectors = {
        "yolov8n": UltralyticsDetector(
            UltralyticsConfig(
                weights=str(options.weights / "yolov8n_int8_openvino_model"),
                confidence=THRESHOLDS[0],
            ),
            here,
        ),
        "yolox_nano": OnnxDetector(
            OnnxConfig(weights=str(options.weights / "yolox_nano.onnx"), confidence=THRESHOLDS[0]),
            here,
        ),
    }
    table = Table(title=f"height >= {HEIGHT} px, visibility >= {VISIBLE}, IoU 0.5")
    asked = f"recall at precision {options.precision}"
    for column in ("frames of", "people", "detector", f"recall, precision at {USUAL}", asked):
        table.add_column(column, justify="right")
    sources = {place: simulated(place, options.seeds, options.moments) for place in options.places}
    sources["MOT17 (real)"] = real(options.mot17)
    for name, frames in sources.items():
        totals = {d: np.zeros((len(THRESHOLDS), 3), int) for d in detectors}
        for number, (image, boxes, visible) in enumerate(frames):
            counts = (boxes[:, 3] - boxes[:, 1] >= HEIGHT) & (visible >= VISIBLE)
            for detector, model in detectors.items():
                found = model.detect([Frame("camera", 1, 0.0, image)])[0]
                result = judge(found.boxes, found.scores, boxes, counts, THRESHOLDS)
                totals[detector] += result
                hit, people, false = result[THRESHOLDS == USUAL][0]
                if options.pictures and (hit < people or false):
                    path = options.pictures / f"{name}_{number}_{detector}.png"
                    save(path, image, found.boxes[found.scores >= USUAL], boxes[counts])
        for detector, total in totals.items():
            hit, people, false = total.T
            recall, precision = hit / np.maximum(people, 1), hit / np.maximum(hit + false, 1)
            usual = int(np.flatnonzero(THRESHOLDS == USUAL)[0])
            good = np.flatnonzero(precision >= options.precision)
            best = f"{recall[good[0]]:.3f} (at {THRESHOLDS[good[0]]})" if len(good) else "never"
            both = f"{recall[usual]:.3f}, {precision[usual]:.3f}"
            table.add_row(name, str(people[0]), detector, both, best)
    Console(width=120).print(table)


def save(path, image, found, boxes):
    """Truth in green, detections in red."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = image.copy()
    for group, color in ((boxes, (0, 255, 0)), (found, (0, 0, 255))):
        for x1, y1, x2, y2 in group.round().astype(int):
            cv2.rectangle(image, (x1, y1), (x2, y2), color, 1)
    cv2.imwrite(str(path), image)


if __name__ == "__main__":
    main()
