"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtmc.errors import UserError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtmc.config import Settings
    from mtmc.results import Results

RunDir = Annotated[Path, typer.Argument(help="Results of `mtmc run`.", metavar="RUN_DIR")]
VideosOfRun = Annotated[
    list[str] | None,
    typer.Argument(
        help="Its cameras, as for `mtmc run`.",
        metavar="[VIDEO_DIR]",
        show_default="where the run found them",
    ),
]
Config = Annotated[
    str | None, typer.Option(help="A YAML file, or the name of a preset.", metavar="YAML")
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change a setting: detector.confidence=0.3", metavar="K=V"),
]
Tracker = Annotated[str | None, typer.Option(help="The tracker's name.")]
From = Annotated[str | None, typer.Option("--from", help="Only from then on: seconds, or 9:05:00.")]
To = Annotated[str | None, typer.Option(help="And until then.")]
Host = Annotated[
    str, typer.Option(help="Where to listen; from elsewhere than this computer it takes a token.")
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")]
LOCAL, PORT = "127.0.0.1", 8000


def check_asked(results: Results, camera: str | None, person: int | None) -> None:
    """Refuse a ``--camera`` and an ``--id`` that a run does not have."""
    if camera is not None and camera not in results.cameras:
        raise unknown_name("camera", camera, results.cameras)
    if person is not None and all(person != each["id"] for each in results.people):
        raise UserError(f"--id {person}: nobody in {results.folder} has that id")


def check_new(out: Path) -> None:
    """Refuse a folder that is to be filled and has something in it."""
    if out.exists() and (not out.is_dir() or next(out.iterdir(), None) is not None):
        raise UserError(f"{out}: is not empty; choose a new folder")


def with_chosen(
    settings: Settings, detector: str | None, reid: str | None, tracker: str | None = None
) -> Settings:
    """Settings with the networks and the tracker that the command line chose."""
    from mtmc.detectors import detector_settings

    chosen: Settings = dict(settings)
    if detector is not None:
        chosen["detector"] = switch(settings.get("detector"), detector_settings(detector))
    if tracker is not None:
        chosen["tracker"] = switch(settings.get("tracker"), {"name": tracker})
    if reid is not None:
        chosen["reid"] = switch(settings.get("reid"), {"weights": reid}, "weights")
    return chosen


def switch(section: object, chosen: Mapping[str, object], short: str = "name") -> dict[str, object]:
    """A section with what the command line chose; another plug-in's options do not apply.

    ``short`` is the key that a section without keys stands for, as in ``reid: color``.
    """
    if isinstance(section, str):
        section = {short: section}
    old = dict(section) if isinstance(section, dict) else {}
    if "name" in chosen and old.get("name") not in {None, chosen["name"]}:
        old = {}
    return {**old, **chosen}
