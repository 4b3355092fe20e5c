"""The demo's scene tracked and associated anew, from what the networks once said of it."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mtmc.commands.demo import PRESET, demo_folder
from mtmc.config import load_settings, override
from mtmc.evaluate.run import evaluate_cameras
from mtmc.outputs.tracks import TrackTable, write_mot_files
from mtmc.perception.log import Inference, InferenceLog
from mtmc.run.assemble import assemble
from mtmc.run.config import RunConfig
from mtmc.run.pipeline import Pipeline
from mtmc.run.stopwatch import Stopwatch
from mtmc.sources import find_cameras
from mtmc.trackers import Detections

ANSWERS = Path(__file__).with_name("demo.npz")
BOX_STEP, SCORE_STEPS = 0.125, 255  # px; of 1
CAMERAS, FRAMES, FPS, SIZE = [f"cam{n}" for n in range(4)], 390, 15, (640, 480)


class Silent:
    """In the place of a network: all answers are in the log."""

    stateful = False
    name = "recorded"

    def detect(self, frames: object) -> Any:
        """Never asked."""
        raise AssertionError(f"not recorded: {frames}")

    embed = detect


def write_scene(folder: Path) -> Path:
    """The demo without its videos; returns its calibration."""
    folder.mkdir(parents=True)
    cameras = [{"name": n, "fps": FPS, "frames": FRAMES, "size": list(SIZE)} for n in CAMERAS]
    (folder / "cameras.yaml").write_text(json.dumps({"cameras": cameras}))
    shutil.copytree(demo_folder() / "gt", folder / "gt")
    return demo_folder() / "calibration"


def recorded(path: Path) -> InferenceLog:
    """The networks' answers as the log of a run."""
    with np.load(ANSWERS) as file:
        answers = {name: file[name] for name in file.files}
    vectors = answers["embeddings"].astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    boxes = answers["boxes"].astype(np.float32) * BOX_STEP
    scores = answers["scores"].astype(np.float32) / SCORE_STEPS
    log = InferenceLog(path, {})
    for number, name in enumerate(CAMERAS):
        for frame in range(1, FRAMES + 1):
            mine = np.flatnonzero((answers["camera"] == number) & (answers["frame"] == frame))
            inference = Inference(
                Detections(boxes[mine], scores[mine]),
                np.arange(len(mine)),
                vectors[mine],
                answers["changed"][mine].astype(np.float32),
            )
            log.record([(name, frame, inference)])
    log.close()
    return InferenceLog(path, {})


def replay(folder: Path, online: bool, calibrated: bool) -> TrackTable:
    """The demo's tracks in one mode."""
    calibration = write_scene(folder / "scene")
    chosen: Mapping[str, Any] = {
        "detector": {"name": "motion"},  # a stand-in
        "reid": load_settings(PRESET)["reid"],  # says how its distances are to be read
        "associator": {"name": "online" if online else "offline"},
        "calibration": str(calibration) if calibrated else None,
        "output": {"video": False},
    }
    config = RunConfig.from_settings(override(dict(chosen), []))
    parts = assemble(config, find_cameras(folder / "scene"), folder / "scene")
    parts = dataclasses.replace(parts, detector=Silent(), embedder=Silent())
    log = recorded(folder / "log.sqlite")
    table = Pipeline(config, parts, folder, log, Stopwatch()).run()
    log.close()
    return table


def idf1(table: TrackTable, folder: Path) -> float:
    """Over all cameras, percent."""
    (folder / "out").mkdir()
    write_mot_files(table, folder / "out")
    summary = evaluate_cameras(demo_folder() / "gt", folder / "out").summary
    return 100 * summary["combined"].ratios["IDF1"]
