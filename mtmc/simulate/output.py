"""Render a scene to disk: videos, ground truth, calibration and floor positions.

    OUT/videos/<camera>.mp4        H.264
    OUT/gt/<camera>.txt            frame,global_id,x,y,w,h,flag,class,visibility
    OUT/floor.txt                  frame,global_id,x,y in metres, for everybody present
    OUT/calibration/<camera>.json  see `camera`
    OUT/cameras.yaml, OUT/scene.json

Cameras are shared out among processes. What is random is drawn from the seed alone, so the files
of truth do not depend on how many processes there are.
"""

from __future__ import annotations

import json
import queue
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from mtmc.files import explained
from mtmc.mot import MotKind, MotRows, write_mot
from mtmc.reid.threads import available_cores
from mtmc.simulate.extra import require_sim
from mtmc.simulate.scene import Scene, SceneConfig, Truth
from mtmc.simulate.workers import pool
from mtmc.simulate.workers import report as tell

PEDESTRIAN = 1  # MOT's class
FAINT = 0.25  # less visible people are not to be evaluated: their flag is 0


class _Video:
    """H.264 with the compression of one camera."""

    def __init__(self, path: Path, size: tuple[int, int], fps: float, crf: int) -> None:
        import av

        self._file = av.open(str(path), "w")
        rate = Fraction(fps).limit_denominator(1001)
        self._stream: Any = self._file.add_stream("libx264", rate=rate)
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"preset": "veryfast", "crf": str(crf), "threads": "1"}

    def write(self, image: np.ndarray) -> None:
        import av

        self._file.mux(self._stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))

    def close(self) -> None:
        self._file.mux(self._stream.encode())
        self._file.close()


def simulate(
    config: SceneConfig, out: Path, workers: int = 0, progress: Callable[[int], None] | None = None
) -> None:
    """Simulate a scene and write it.

    Args:
        config: what to simulate.
        out: the folder to write, made if missing.
        workers: processes; 0 takes one per processor.
        progress: told how many camera frames were rendered since the last call.

    Raises:
        UserError: the extra `sim` is missing or `out` cannot be written.
    """
    require_sim()
    with explained(out):
        for name in ("videos", "gt", "calibration"):
            (out / name).mkdir(parents=True, exist_ok=True)
        probe = out / "videos" / ".probe"
        probe.touch()
        probe.unlink()
    workers = min(workers or available_cores(), config.cameras)
    shares = [list(range(i, config.cameras, workers)) for i in range(workers)]
    report = progress or (lambda _: None)
    if workers == 1:
        _render(config, out, shares[0], report)
        return
    with pool(workers) as (executor, counts):
        jobs = [executor.submit(_render, config, out, share, tell) for share in shares]
        while not all(job.done() for job in jobs) or not counts.empty():
            with suppress(queue.Empty):
                report(counts.get(timeout=0.5))
        for job in jobs:
            job.result()


def _render(
    config: SceneConfig, out: Path, cameras: list[int], report: Callable[[int], None]
) -> None:
    scene = Scene(config, cameras)
    with explained(out):
        videos = [
            _Video(
                out / "videos" / f"{c.name}.mp4",
                (c.width, c.height),
                config.fps,
                # Each camera compresses in its own way.
                21 + (index * 7 + config.seed) % 7,
            )
            for index, c in zip(cameras, scene.cameras, strict=True)
        ]
        truths: list[list[tuple[int, Truth]]] = [[] for _ in cameras]
        for frame in scene:
            scene.pose(frame)
            for i, video in enumerate(videos):
                image, seen = scene.frame(i)
                video.write(image)
                truths[i] += [(frame + 1, t) for t in seen]
            report(len(videos))
        for i, video in enumerate(videos):
            video.close()
            camera = scene.cameras[i]
            write_mot(out / "gt" / f"{camera.name}.txt", _rows(truths[i]), MotKind.TRUTH)
            (out / "calibration" / f"{camera.name}.json").write_text(
                json.dumps(camera.calibration(), indent=1), encoding="utf-8"
            )
        if 0 in cameras:
            _write_scene(config, scene, out)


def _rows(truths: list[tuple[int, Truth]]) -> MotRows:
    if not truths:
        return MotRows.empty()
    visibility = np.array([t.visibility for _, t in truths])
    return MotRows.make(
        np.array([frame for frame, _ in truths]),
        np.array([t.person for _, t in truths]),
        np.array([t.box for _, t in truths]),
        scores=(visibility >= FAINT).astype(np.float64),
        classes=np.full(len(truths), PEDESTRIAN),
        visibility=np.round(visibility, 2),
    )


def _write_scene(config: SceneConfig, scene: Scene, out: Path) -> None:
    lines = [
        f"{frame + 1},{person},{x:.3f},{y:.3f}\n"
        for frame in scene
        for person, x, y in scene.floor_positions(frame)
    ]
    (out / "floor.txt").write_text("".join(lines), encoding="utf-8")
    cameras = [
        {"name": c.name, "path": f"videos/{c.name}.mp4", "fps": config.fps, "offset": 0.0}
        for c in scene.place.cameras
    ]
    text = yaml.safe_dump({"cameras": cameras}, sort_keys=False)
    (out / "cameras.yaml").write_text(text, encoding="utf-8")
    people = {i + 1: asdict(a.look) for i, a in enumerate(scene.actors)}
    record = {"config": asdict(config), "people": people}
    (out / "scene.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
