"""``mtmc eval``. What it needs is imported when it runs, so that other commands start fast."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mtmc.commands.options import Tracker, with_chosen
from mtmc.errors import UserError

if TYPE_CHECKING:
    from mtmc.evaluate.report import Report
    from mtmc.evaluate.run import Scoring

DEFAULT_ROOT = Path("data/MOT16")


def cache_folder() -> Path:
    """Where the networks' answers are kept: the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mtmc"


Root = Annotated[
    Path | None,
    typer.Argument(help="With --mot16: the benchmark's folder.  [default: data/MOT16]"),
]
Mot16 = Annotated[
    bool, typer.Option("--mot16", help="Score one camera at a time: MOT15, 16, 17, 20 layout.")
]
Lab = Annotated[
    Path | None,
    typer.Option(help="Run on ROOT/videos and score by ROOT/gt/<camera>.txt.", metavar="ROOT"),
]
Truth = Annotated[
    Path | None,
    typer.Option(help="Score --results by the global ids in DIR/<camera>.txt.", metavar="DIR"),
]
Tracks = Annotated[
    Path | None,
    typer.Option(help="Score these tracks, <name>.txt, and run nothing.", metavar="DIR"),
]
Sequences = Annotated[
    str | None,
    typer.Option(help="Some sequences: names, their parts (02), patterns.", metavar="A,B"),
]
Boxes = Annotated[
    str | None,
    typer.Option(
        help="public (det/det.txt), a folder of <sequence>.txt, a detector's name or weights.",
        metavar="public|DETECTOR",
    ),
]
Reid = Annotated[str | None, typer.Option(help="A .pt or .onnx file, or color.", metavar="CKPT")]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change a setting: tracker.max_age=3", metavar="K=V"),
]
Offline = Annotated[
    bool, typer.Option("--offline", help="Refine the finished tracks, with the future known.")
]
Protocol = Annotated[
    str | None,
    typer.Option(help="mot16, or motmetrics: by that library.", metavar="mot16|motmetrics"),
]
Frames = Annotated[
    str | None,
    typer.Option(help="Frames to score; those with ground truth by default.", metavar="A-B"),
]
Every = Annotated[
    int | None,
    typer.Option(min=1, help="Only every N-th frame is annotated; found out by default."),
]
OnFloor = Annotated[
    Path | None,
    typer.Option(help="With --gt: also compare positions on the floor, within 1 m."),
]
Lags = Annotated[
    str | None,
    typer.Option(help="With --lab: what ids are worth that are told so late, s.", metavar="A,B"),
]
Out = Annotated[Path | None, typer.Option(help="Keep the tracks here.", metavar="DIR")]
Cache = Annotated[
    Path | None,
    typer.Option(help="What detector and ReID said before.  [default: ~/.cache/mtmc]"),
]
Class = Annotated[
    str | None,
    typer.Option("--class", help="Score this class: person, car, or a number.", metavar="NAME"),
]
Draw = Annotated[
    Path | None,
    typer.Option(
        help="Show what is false, missed or switched, one .mp4 each; with --lag a .png.",
        metavar="MP4",
    ),
]
Json = Annotated[
    Path | None, typer.Option("--json", help="Also write all figures here.", metavar="FILE")
]


def evaluate(
    root: Root = None,
    mot16: Mot16 = False,
    lab: Lab = None,
    gt: Truth = None,
    results: Tracks = None,
    sequences: Sequences = None,
    detections: Boxes = None,
    tracker: Tracker = None,
    reid: Reid = None,
    set_: Changes = None,
    offline: Offline = False,
    protocol: Protocol = None,
    frames: Frames = None,
    every: Every = None,
    calibration: OnFloor = None,
    lag: Lags = None,
    out: Out = None,
    cache: Cache = None,
    class_: Class = None,
    draw: Draw = None,
    json_: Json = None,
) -> None:
    """Score tracks: HOTA, MOTA, IDF1 and all that belongs to them.

    One of --mot16, --lab and --gt says what by; the figures are percentages.
    """
    given: dict[str, Any] = {f"--{name.rstrip('_')}": value for name, value in locals().items()}
    given["ROOT"] = given.pop("--root")
    del given["--json"]
    modes = {mode: given.pop(mode) for mode in ("--mot16", "--lab", "--gt")}
    chosen = [mode for mode, value in modes.items() if value]
    if len(chosen) != 1:
        raise UserError(
            "mtmc eval: expected one of --mot16, --lab ROOT and --gt DIR, got "
            f"{' and '.join(chosen) or 'none'}"
        )
    if lab:
        report = _recording(lab, given)
    elif gt:
        report = _files(gt, given)
    else:
        report = _benchmark(given)
    from mtmc.commands.tables import plain

    report.print(plain())
    if json_:
        report.write_json(json_)


def _only(given: dict[str, Any], mode: str, *options: str) -> None:
    """Refuse options that mean nothing here, rather than pass over them."""
    for option, value in given.items():
        if value and option not in options:
            raise UserError(f"{option} does not go with {mode}; leave it out")


_TRACKING = ("--detections", "--tracker", "--reid", "--set", "--out")
_SCORING = ("--every", "--draw", "--class")


def _scoring(given: dict[str, Any]) -> Scoring:
    from mtmc.evaluate.run import Scoring, parse_frames

    frames = parse_frames(given["--frames"]) if given["--frames"] else None
    return Scoring(frames, given["--every"], given["--draw"], given["--class"])


def _benchmark(given: dict[str, Any]) -> Report:
    from rich.progress import Progress

    from mtmc.commands.display import console
    from mtmc.evaluate.benchmark import MOT16, PUBLIC, TrackOptions, evaluate_benchmark

    results = given["--results"]
    always = ("ROOT", "--sequences", "--protocol", *_SCORING)
    source: Path | TrackOptions
    if results:
        _only(given, "--results", "--results", *always)
        source = results
    else:
        _only(given, "--mot16", "--offline", "--cache", *_TRACKING, *always)
        source = TrackOptions(
            cache=given["--cache"] or cache_folder(),
            detections=given["--detections"] or PUBLIC,
            tracker=given["--tracker"],
            reid=given["--reid"],
            settings=given["--set"] or (),
            offline=given["--offline"],
            out=given["--out"],
        )
    wanted = [name.strip() for name in (given["--sequences"] or "").split(",") if name.strip()]
    silent = bool(results) or not console.is_terminal
    with Progress(console=console, transient=True, disable=silent) as bar:
        task = bar.add_task("tracking", total=None)
        return evaluate_benchmark(
            given["ROOT"] or DEFAULT_ROOT,
            wanted,
            given["--protocol"] or MOT16,
            source,
            _scoring(given),
            lambda done, of: bar.update(task, completed=done, total=of),
        )


def _recording(root: Path, given: dict[str, Any]) -> Report:
    from mtmc.commands.display import RunDisplay
    from mtmc.config import override
    from mtmc.evaluate.run import (
        evaluate_cameras,
        evaluate_recording,
        parse_lags,
        recorded_calibration,
    )

    scoring = _scoring(given)
    if results := given["--results"]:
        _only(given, "--results", "--results", "--frames", *_SCORING)
        videos = root / "videos" if (root / "videos").is_dir() else None
        return evaluate_cameras(root / "gt", results, scoring, recorded_calibration(root), videos)
    _only(given, "--lab", "--frames", "--lag", *_TRACKING, *_SCORING)
    for folder in ("gt", "videos"):
        if not (root / folder).is_dir():
            raise UserError(f"{root}: no {folder}/; expected gt/<camera>.txt and videos/")
    chosen = with_chosen({}, given["--detections"], given["--reid"], given["--tracker"])
    settings = override(chosen, given["--set"] or [])
    lags = parse_lags(given["--lag"]) if given["--lag"] else ()
    with RunDisplay() as display:
        return evaluate_recording(root, settings, given["--out"], display, scoring, lags)


def _files(truth: Path, given: dict[str, Any]) -> Report:
    from mtmc.evaluate.run import evaluate_cameras

    _only(given, "--gt", "--results", "--frames", "--calibration", *_SCORING)
    if not given["--results"]:
        raise UserError("--gt needs --results DIR, the folder with <camera>.txt to score")
    return evaluate_cameras(truth, given["--results"], _scoring(given), given["--calibration"])
