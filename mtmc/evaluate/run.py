"""`mtmc eval` of several cameras: of files, or of a recording that is run first."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mtmc.calibration import load_calibration
from mtmc.calibration.check import HeightCheck
from mtmc.config import override
from mtmc.errors import UserError, unknown_name
from mtmc.evaluate.curve import draw_curve
from mtmc.evaluate.draw import draw_mistakes
from mtmc.evaluate.floor import floor_scene
from mtmc.evaluate.lag import LagListener
from mtmc.evaluate.pictures import camera_pictures
from mtmc.evaluate.protocol import PEDESTRIAN, ScoringProtocol, make_scene
from mtmc.evaluate.report import Report, Row
from mtmc.evaluate.scores import score
from mtmc.evaluate.sequences import (
    read_cameras,
)
from mtmc.mot import CLASS_NAMES
from mtmc.run.config import RunConfig
from mtmc.run.lag import LONGEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mtmc.calibration import Calibration
    from mtmc.config import Settings
    from mtmc.evaluate.protocol import CameraRows
    from mtmc.run import Listener


@dataclass(frozen=True)
class Scoring:
    """What is scored of tracks, as on the command line.

    Args:
        frames: first and last evaluated frame; None as in ``read_cameras``.
        every: as in ``read_cameras``.
        draw: see ``draw_mistakes``; None draws nothing.
        only: the class that is scored, by name or number; None for people, if there is no other.
    """

    frames: tuple[int, int] | None = None
    every: int | None = None
    draw: Path | None = None
    only: str | None = None

    def of(self, rows: CameraRows) -> CameraRows:
        """The rows by which the class is scored, see ``CameraRows.of_class``."""
        if self.only is None:
            return rows
        names = {name: number for number, name in CLASS_NAMES.items()} | {"pedestrian": PEDESTRIAN}
        if not self.only.isdecimal() and self.only not in names:
            raise unknown_name("--class", self.only, names)
        return rows.of_class(int(self.only) if self.only.isdecimal() else names[self.only])

    def cameras(self, truth: Path, results: Path) -> list[CameraRows]:
        """Those of ``read_cameras``."""
        return [self.of(rows) for rows in read_cameras(truth, results, self.frames, self.every)]


def evaluate_cameras(
    truth: Path,
    results: Path,
    scoring: Scoring = Scoring(),
    calibration: Path | None = None,
    videos: Path | None = None,
) -> Report:
    """Score the global ids of several cameras.

    ``combined`` has one identity per person over all cameras; ``mean`` is the mean of the cameras'
    own figures, to which an id that differs between cameras is no mistake; ``floor`` compares
    positions on the floor, see ``floor_scene``.

    Args:
        truth: folder with ground truth, ``<camera>.txt``.
        results: folder with results, ``<camera>.txt``, or an output folder of ``mtmc run``.
        scoring: what is scored.
        calibration: as in ``load_calibration``; None leaves out ``floor``, and so are cameras that
            have none.
        videos: the cameras' pictures to draw on; None where there are none.

    Raises:
        UserError: input is missing or wrong.
    """
    cameras = scoring.cameras(truth, results)
    rows = {c.name: Row.of(score(make_scene([c], ScoringProtocol.IGNORE))) for c in cameras}
    summary = {
        "mean": Row.mean(rows.values()),
        "combined": Row.of(score(make_scene(cameras, ScoringProtocol.IGNORE))),
    }
    if calibration is not None:
        models = load_calibration(calibration, list(rows), partial=True)
        located = [camera for camera in cameras if camera.name in models]
        _check_heights(located, models)
        summary["floor"] = Row.of(score(floor_scene(located, models)))
    if scoring.draw:
        draw_mistakes(
            scoring.draw,
            [(camera, ScoringProtocol.IGNORE) for camera in cameras],
            *camera_pictures(videos, {camera.name: camera.last_frame for camera in cameras}),
        )
    about = {"results": str(results), "frames": _frames_told(cameras)}
    return Report(about, "camera", rows, summary)


def _check_heights(cameras: Sequence[CameraRows], models: Mapping[str, Calibration]) -> None:
    """Warn of calibrations by which the people of the ground truth would be giants, or dwarfs."""
    for camera in cameras:
        model = models[camera.name]
        if model.size is not None:
            check = HeightCheck(camera.name, model, model.size)
            check.add(0.0, camera.truth.boxes)
            check.finish()


def _frames_told(cameras: Sequence[CameraRows]) -> str:
    """The evaluated frames as text."""
    text = f"{cameras[0].first_frame}-{cameras[0].last_frame}"
    some = [camera.only for camera in cameras if camera.only is not None]
    if not some:
        return text
    steps = {int(step) for only in some for step in np.diff(only)}
    return f"{text}, every {steps.pop()}" if len(steps) == 1 else f"{text}, annotated ones"


def evaluate_recording(
    root: Path,
    settings: Settings,
    out: Path | None,
    listener: Listener,
    scoring: Scoring = Scoring(),
    lags: Sequence[float] = (),
) -> Report:
    """Run the pipeline on ``root/videos``, with ``root/calibration`` if there is one, and score it.

    Args:
        root: with ``videos/`` and ``gt/<camera>.txt``.
        settings: sections as in a configuration file; they win over what ``root`` holds.
        out: folder for the run's results; None keeps none.
        listener: hears how far the run is.
        scoring: what is scored.
        lags: seconds by which an online run's answers could be told later, each of which is scored
            in place of each camera; ``scoring.draw`` is the picture of the curve then.

    Raises:
        UserError: input is missing or wrong.
    """
    from mtmc.run import run

    calibration, draw = recorded_calibration(root), scoring.draw
    if calibration:
        settings = {"calibration": str(calibration), **settings}
    if lags:
        settings = {"associator": "online", **settings}
        config = RunConfig.from_settings(settings)
        if not config.associator.cls.online:
            raise UserError("--lag: offline, all is known before anything is told; leave it out")
        if draw and draw.suffix.lower() != ".png":
            raise UserError(f"--draw {draw}: with --lag, expected a file that ends in .png")
    with ExitStack() as stack:
        folder = out or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = override(settings, [] if out else ["output.video=false"])
        late = None
        if lags:
            late = LagListener(lags, config.refine, listener)
        record = run(root / "videos", folder, settings, listener=late or listener)
        if late:
            cameras = scoring.cameras(root / "gt", folder)
            figures = late.figures(cameras, record["classes"])
            report = Report({"frames": _frames_told(cameras)}, "lag", figures)
            if draw:
                draw_curve(draw, figures)
        else:
            report = evaluate_cameras(root / "gt", folder, scoring, calibration, root / "videos")
    told = {key: record[key] for key in ("detector", "tracker", "reid", "mode")}
    about = {
        "frames": report.about["frames"],
        **told,
        "calibrated": bool(settings.get("calibration")),
    }
    return replace(report, about=about)


def recorded_calibration(root: Path) -> Path | None:
    """The calibration that belongs to a recording, if there is one."""
    folder = root / "calibration"
    return folder if folder.is_dir() else None


def parse_lags(text: str) -> list[float]:
    """``A,B`` as seconds.

    Raises:
        UserError: it is something else.
    """
    try:
        lags = [float(part) for part in text.split(",")]
    except ValueError:
        lags = []
    if lags and all(0 <= lag <= LONGEST for lag in lags):
        return list(dict.fromkeys(lags))
    raise UserError(f"--lag {text}: expected seconds from 0 to {LONGEST:g}, such as 0,1,2,5,10")


def parse_frames(text: str) -> tuple[int, int]:
    """``A-B`` as first and last frame.

    Raises:
        UserError: it is something else.
    """
    first, _, last = text.partition("-")
    if first.isdigit() and last.isdigit() and 1 <= int(first) <= int(last):
        return int(first), int(last)
    raise UserError(f"--frames {text}: expected FIRST-LAST, such as 1-134")
