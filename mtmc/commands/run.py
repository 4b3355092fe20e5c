"""``mtmc run``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtmc.commands.interrupts import like_ctrl_c, terminal_may_be_gone
from mtmc.commands.options import (
    LOCAL,
    PORT,
    Changes,
    Config,
    Host,
    Port,
    Tracker,
    switch,
    with_chosen,
)
from mtmc.commands.report import NoReport, report_of
from mtmc.errors import UserError

if TYPE_CHECKING:
    from mtmc.config import Settings
    from mtmc.run import Listener

INTERRUPTED = 130  # exit code after Ctrl-C


Cameras = Annotated[
    list[str],
    typer.Argument(
        metavar="VIDEO_DIR",
        help="Folder of videos or image folders, or a cameras.yaml; or cameras one by one: "
        "videos, folders of pictures, URLs, webcams (0, /dev/video0).",
    ),
]
Out = Annotated[
    Path | None, typer.Option(help="Folder for the results.", show_default="out/VIDEO_DIR")
]
Detector = Annotated[
    str | None,
    typer.Option(
        help="simulated, motion, ultralytics, onnx, motfile, or weights.", metavar="NAME|WEIGHTS"
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(
        help="What to follow: the detector's classes by name or number.  [default: person]",
        metavar="person,car",
    ),
]
Reid = Annotated[
    str | None,
    typer.Option(
        help="simulated, simulated-lite, color, none, or a .pt or .onnx file.",
        metavar="CKPT|ONNX|color|none",
    ),
]
Calibration = Annotated[
    Path | None,
    typer.Option(help="Folder or file with the cameras' calibration."),
]
Corrections = Annotated[
    Path | None,
    typer.Option(
        help="What was said of the people of an earlier run.", metavar="corrections.jsonl"
    ),
]
Gallery = Annotated[
    Path | None,
    typer.Option(
        help="People known from earlier runs; new ones are added.", metavar="people.sqlite"
    ),
]
Workers = Annotated[
    str | None,
    typer.Option(
        help="Processes that read the cameras and follow people, or a Ray cluster.  [default: 1]",
        metavar="N|auto|ray://HOST:PORT",
    ),
]
Online = Annotated[
    bool, typer.Option("--online", help="Give ids as the pictures come; what is written stays.")
]
Events = Annotated[
    list[str] | None,
    typer.Option(
        help="Where an online run sends its events, too; may be repeated.",
        metavar="mqtt://HOST/TOPIC|redis://HOST|kafka://HOST/TOPIC|FILE.jsonl",
    ),
]
View = Annotated[
    bool, typer.Option("--view", help="Show it in a browser as it goes on; implies --online.")
]
NoVideo = Annotated[bool, typer.Option("--no-video", help="Leave out the videos.")]
Anonymise = Annotated[
    str | None,
    typer.Option(
        help="What of people no picture or video is to show: head or person.",
        metavar="head|person",
    ),
]
Keep = Annotated[
    bool, typer.Option("--keep", help="Keep what the networks said, for `mtmc associate`.")
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with the run in --out that was cut off.")
]


def run(
    cameras: Cameras,
    config: Config = None,
    set_: Changes = None,
    out: Out = None,
    detector: Detector = None,
    classes: Classes = None,
    tracker: Tracker = None,
    reid: Reid = None,
    calibration: Calibration = None,
    corrections: Corrections = None,
    gallery: Gallery = None,
    workers: Workers = None,
    online: Online = False,
    events: Events = None,
    view: View = False,
    host: Host = LOCAL,
    port: Port = PORT,
    no_video: NoVideo = False,
    no_report: NoReport = False,
    anonymise: Anonymise = None,
    keep: Keep = False,
    resume: Resume = False,
) -> None:
    """Track everybody in all cameras and write who was where."""
    from mtmc.commands.display import RunDisplay, print_summary
    from mtmc.config import load_settings, override
    from mtmc.run import run as run_pipeline

    settings = with_chosen(load_settings(config) if config else {}, detector, reid, tracker)
    files = {"calibration": calibration, "corrections": corrections, "gallery": gallery}
    output = {
        "anonymise": anonymise,
        "video": False if no_video else None,
        "keep": keep or None,
        "events": events or None,
    }
    settings = _with(settings, files, output, classes, workers)
    if online or view:
        settings["associator"] = switch(settings.get("associator"), {"name": "online"})
    settings = override(settings, set_ or [])
    folder = out or Path("out") / _result_name(cameras)
    if folder.resolve() in {Path(camera).resolve() for camera in cameras}:
        raise UserError(f"--out {folder}: is the folder of the videos; choose another")
    with like_ctrl_c(), RunDisplay() as display, _shown(display, view, host, port) as listener:
        record = run_pipeline(cameras, folder, settings, resume, listener)
    page = None if no_report else report_of(folder)
    with terminal_may_be_gone():
        print_summary(record, folder, page)
    # Ctrl-C is how a run on live cameras ends.
    if record["status"] == "interrupted" and not display.live:
        raise typer.Exit(INTERRUPTED)


def _with(
    settings: Settings,
    files: Mapping[str, Path | None],
    output: Mapping[str, object],
    classes: str | None,
    workers: str | None,
) -> Settings:
    """Settings with what else the command line chose, None being what it did not."""
    chosen = settings | {name: str(file) for name, file in files.items() if file is not None}
    if classes is not None:
        names = [name.strip() for name in classes.split(",") if name.strip()]
        chosen["detector"] = switch(chosen.get("detector"), {"classes": names})
    if workers is not None:
        chosen["workers"] = int(workers) if workers.isdecimal() else workers
    given = {name: value for name, value in output.items() if value is not None}
    chosen["output"] = switch(chosen.get("output"), given)
    return chosen


@contextmanager
def _shown(listener: Listener, view: bool, host: str, port: int) -> Iterator[Listener]:
    """What hears of the run: with ``view``, a web page beside ``listener``."""
    if not view:
        if (host, port) != (LOCAL, PORT):
            raise UserError("--host, --port: are where --view listens; give --view, too")
        yield listener
        return
    from mtmc.viewer.live import LiveView
    from mtmc.viewer.server import Address, Served, live_application

    served = Served(Address(host, port))
    live = LiveView(listener, lambda: served.start(live_application(live)))
    typer.echo(f"live: {served.url}")
    try:
        yield live
    finally:
        live.ended = True
        served.stop()


def _result_name(cameras: Sequence[str]) -> str:
    """What the results of a folder, a ``cameras.yaml``, or of single cameras are called."""
    from mtmc.sources import home_of
    from mtmc.sources.address import is_url, stem, webcam
    from mtmc.sources.folder import CAMERA_FILES

    if len(cameras) == 1 and (is_url(cameras[0]) or webcam(cameras[0])):
        return stem(cameras[0]) or "run"
    path = home_of(cameras).resolve()
    if path.name.lower() in CAMERA_FILES:
        path = path.parent
    return (path.stem if path.is_file() else path.name) or "run"
