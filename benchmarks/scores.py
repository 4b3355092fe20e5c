"""What detectors' scores mean, learned and true, and what COAST makes of it.

    uv run python benchmarks/scores.py CACHE --data ../shared/data --weights ../shared/weights

Sets: MOT17's five FRCNN sequences and their DPM detections, PETS-S2L1 and the first half of lab4 by
four detectors, whose boxes are kept in CACHE. Per set: the scores that are 50 % and 90 % probable
by what was learned without truth, the shares of true ones at those scores, and HOTA / MOTA / IDF1
per camera, online and offline, with raw scores at the best of several births (of margins, by a
crude logistic), as given with learned probabilities at the default.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from mtmc.config import choose
from mtmc.detectors import detector_settings
from mtmc.detectors.motfile import read_detections, stated_curve
from mtmc.evaluate.protocol import CameraRows, ScoringProtocol, make_scene
from mtmc.evaluate.scores import Scores, score
from mtmc.evaluate.tracking import refined, reported
from mtmc.mot import MotKind, read_mot
from mtmc.registry import DETECTORS
from mtmc.sources import SourcesConfig, align, find_cameras, open_cameras
from mtmc.trackers import Detections, create, geometry, tracker_class
from mtmc.trackers.offline import RefineConfig
from mtmc.trackers.scores import SHARES, Calibrator, ScoreCurve

SEQUENCES = {"02": 30, "05": 14, "09": 30, "11": 30, "13": 25}
NETWORKS = {
    "yolov8n": "yolov8n_int8_openvino_model",
    "yolox": "yolox_nano.onnx",
    "simulated": "simulated",
    "motion": "motion",
}
BIRTHS = (0.5, 0.7, 0.8, 0.9)
AS_GIVEN = ScoreCurve(0.5, 1.0)
CRUDE = ScoreCurve(0.0, 2.7, margins=True)


@dataclass(frozen=True, eq=False)
class Camera:
    """One camera's detections by frame, its truth, and how the truth is to be read."""

    name: str
    fps: float
    found: list[Detections]
    truth: object
    protocol: ScoringProtocol = ScoringProtocol.IGNORE


def by_frame(frames, boxes, scores, last):
    """Detections of frames 1 to ``last``; boxes without area are left out."""
    real = (boxes[:, 0] < boxes[:, 2]) & (boxes[:, 1] < boxes[:, 3])
    rows = [np.flatnonzero(real & (frames == number)) for number in range(1, last + 1)]
    return [Detections(boxes[r].astype(np.float32), scores[r].astype(np.float32)) for r in rows]


def mot_cameras(data, dpm):
    """The five sequences with public detections; each is a run of its own."""
    for name, fps in SEQUENCES.items():
        folder = data / f"mot17/train/MOT17-{name}-FRCNN"
        truth = read_mot(folder / "gt/gt.txt", MotKind.TRUTH)
        file = data / f"mot16-dpm/MOT17-{name}.txt" if dpm else folder / "det/det.txt"
        rows = read_detections(file)
        found = by_frame(rows.frames, rows.boxes, rows.scores, int(truth.frames.max()))
        yield [Camera(name, fps, found, truth, ScoringProtocol.MOT)]


def asked(cache, name, home, weights, detector, last):
    """``{camera: (rows of frame, box, score; frames)}`` of a detector, kept in the cache."""
    readers = open_cameras(find_cameras(home), SourcesConfig())
    files = {reader.name: cache / f"{name}.{detector}.{reader.name}.npz" for reader in readers}
    if not all(file.exists() for file in files.values()):
        target = NETWORKS[detector]
        target = str(weights / target) if (weights / target).exists() else target
        plugin = choose(DETECTORS, detector_settings(target), "onnx")
        network, rows = plugin.cls(plugin.config, home), {reader.name: [] for reader in readers}
        for reader in readers:
            reader.start()
        for step in align(readers):
            frames = list(step.values())
            if frames[0].index > last:
                break
            for frame, found in zip(frames, network.detect(frames), strict=True):
                number = np.full(len(found), frame.index)
                rows[frame.camera].append(np.column_stack([number, found.boxes, found.scores]))
        for reader in readers:
            reader.close()
        for camera, parts in rows.items():
            table = np.concatenate(parts).astype(np.float32)
            np.savez(files[camera], rows=table, frames=len(parts))
    known = {camera: np.load(file) for camera, file in files.items()}
    return {camera: (file["rows"], int(file["frames"])) for camera, file in known.items()}


def video_cameras(cache, data, weights, name, detector):
    """PETS or the annotated half of lab4; all cameras are one run."""
    home, fps, last = (
        (data / "lab4/videos", 10.0, 134) if name == "lab4" else (data / "pets-s2l1", 10.0, 10**6)
    )
    cameras = []
    for camera, (rows, frames) in asked(cache, name, home, weights, detector, last).items():
        file = data / ("pets-s2l1/gt_768x576.txt" if name == "pets" else f"lab4/gt/{camera}.txt")
        truth = read_mot(file, MotKind.TRUTH)
        if name == "pets":
            truth.boxes[:] /= 1.6
        found = by_frame(rows[:, 0], rows[:, 1:5], rows[:, 5], frames)
        cameras.append(Camera(camera, fps, found, truth))
    yield cameras


def learn(cameras, stated):
    """The curves after each frame."""
    calibrator, curves = Calibrator(stated), []
    for frame in range(max(len(camera.found) for camera in cameras)):
        for camera in cameras:
            if frame < len(camera.found):
                calibrator.look(camera.found[frame], camera.fps, camera.name)
        curves.append(calibrator.learn())
    return curves


def track(camera, curves, offline, **settings):
    """Scores of COAST on one camera; ``curves`` by frame."""
    tracker = create("coast", tracker_class("coast").Config(**settings), camera.fps)
    followed = []
    for found, curve in zip(camera.found, curves, strict=False):
        probable = Detections(found.boxes, curve.probability(found.scores))
        followed.append((probable, tracker.update(probable)))
    rows = refined(followed, RefineConfig().at_rate(camera.fps)) if offline else reported(followed)
    scene = CameraRows(camera.name, camera.truth, rows, 1, len(camera.found))
    return score(make_scene([scene], camera.protocol))


def figures(runs, curves, offline, **settings):
    """HOTA, MOTA, IDF1 in percent over all cameras."""
    parts = zip(runs, curves, strict=True)
    total = sum((track(c, k, offline, **settings) for run, k in parts for c in run), Scores())
    return [100 * total.ratios()[name] for name in ("HOTA", "MOTA", "IDF1")]


def true_share(runs, near):
    """The share of true detections among those with about a score."""
    hits = []
    for camera in (camera for run in runs for camera in run):
        truth = camera.truth[(camera.truth.scores > 0) & np.isin(camera.truth.classes, [1, -1])]
        for number, found in enumerate(camera.found, 1):
            some = np.abs(found.scores - near) < 0.05
            boxes = truth.boxes[truth.frames == number].astype(np.float32)
            pairs = geometry.iou(found.boxes, boxes)
            hit = np.zeros(len(found), bool)
            hit[pairs.rows[pairs.values >= 0.5]] = True
            hits += hit[some].tolist()
    return f"{100 * np.mean(hits):.0f}" if len(hits) > 20 else "-"


def line(table, name, runs, stated):
    """Adds a set's row to the table."""
    learned = [learn(run, stated) for run in runs]
    last = learned[0][-1]
    half, sure = last.score(np.array([0.5, 0.9]))
    raw = CRUDE if stated.margins else AS_GIVEN
    cells = [name, f"{half:.2f} {sure:.2f}", f"{true_share(runs, half)} {true_share(runs, sure)}"]
    for offline in (False, True):
        fixed = [[raw] * len(curves) for curves in learned]
        tries = {b: figures(runs, fixed, offline, birth_score=b) for b in BIRTHS}
        best = max(tries, key=lambda b: sum(tries[b]))
        final = [[curves[-1]] * len(curves) for curves in learned] if offline else learned
        for tried in (tries[best], figures(runs, final, offline)):
            cells.append(" / ".join(f"{value:.1f}" for value in tried))
        cells[-2] += f" ({best})"
    table.add_row(*cells)


def main():
    """Asks the detectors where needed, learns, tracks, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--only", default="", help="sets whose names hold this")
    options = parser.parse_args()
    table = Table(title="HOTA / MOTA / IDF1 of COAST per camera")
    for name in ("set", "50 90 % learned", "true there", "online, best raw", "online, learned",
                 "offline, best raw", "offline, learned"):  # fmt: skip
        table.add_column(name)
    for kind in ("frcnn", "dpm"):
        if options.only in kind:
            runs = list(mot_cameras(options.data, kind == "dpm"))
            every = np.concatenate([d.scores for d in runs[0][0].found])
            line(table, kind, runs, stated_curve(every))
    for name in ("pets", "lab4"):
        for detector in NETWORKS:
            title = f"{name} {detector}"
            if options.only in title and title != "pets motion":
                where = (options.cache, options.data, options.weights, name, detector)
                stated = getattr(_config(options.weights, detector), "curve", SHARES)
                line(table, title, list(video_cameras(*where)), stated)
    Console(width=190).print(table)


def _config(weights, detector):
    target = NETWORKS[detector]
    target = str(weights / target) if (weights / target).exists() else target
    return choose(DETECTORS, detector_settings(target), "onnx").config


if __name__ == "__main__":
    main()
