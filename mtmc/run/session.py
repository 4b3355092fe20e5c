"""``mtmc run``: from a folder of videos to a folder of results."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from mtmc.config import Settings
from mtmc.corrections import Corrections
from mtmc.files import claimed
from mtmc.perception.log import remove_log
from mtmc.results import Results, layout
from mtmc.run.again import note_parts
from mtmc.run.assemble import assemble, check_tracker, suitable_tracker
from mtmc.run.config import RunConfig
from mtmc.run.correct import adopt, correct, corrections_of, forget_uncorrected
from mtmc.run.earlier import set_aside
from mtmc.run.known import with_known_people
from mtmc.run.listener import Listener
from mtmc.run.networks import stand_ins
from mtmc.run.one_run import OneRun
from mtmc.run.parts import Parts
from mtmc.run.record import Said
from mtmc.run.resume import LOG_NAME, about_run, complete_record, open_log
from mtmc.run.roster import Roster
from mtmc.run.workers import hired
from mtmc.sources import Camera, find_cameras, home_of
from mtmc.sources.address import hide_passwords
from mtmc.sources.cameras import Source, listed_in

log = logging.getLogger("mtmc")


def run(
    video_dir: Source | Sequence[Source],
    out: Path,
    settings: Settings,
    resume: bool = False,
    listener: Listener | None = None,
) -> dict[str, Any]:
    """Track everybody in all videos of a folder and write the results.

    Args:
        video_dir: the cameras; see ``find_cameras``.
        out: folder for the results, made if it does not exist.
        settings: sections as in a configuration file.
        resume: go on with the run in ``out`` that was cut off.
        listener: hears how far it is.

    Returns:
        What was written to ``run.json``.

    Raises:
        UserError: something of the input is wrong.
    """
    with Said() as said, ExitStack() as ending:
        cameras = find_cameras(video_dir)
        live = any(camera.kind == "live" for camera in cameras)
        config, parts = _opened(video_dir, cameras, settings, live, ending)
        # After what may be refused, which is one line.
        for line in stand_ins(settings):
            log.warning("%s", line)
        about = about_run(config, parts)
        with claimed(out):
            if resume and not live and (record := complete_record(out, config, about)):
                return record
            corrections = _make_room(out, config, live)
            done = None if live else open_log(out / LOG_NAME, about, resume)
            try:
                if done:
                    note_parts(done, parts)
                with with_known_people(config, parts, about, out) as parts:
                    one = OneRun(config, parts, out, done, listener or Listener(), about, said)
                    record = one.record(config.chosen(settings), given(video_dir))
                    if config.corrections:
                        record = correct(Results.open(out), corrections)
            finally:
                if done:
                    done.close()
            if record["status"] == "complete":
                if done and config.output.keep:
                    (out / LOG_NAME).replace(out / layout.ANSWERS)
                remove_log(out / LOG_NAME)
            return record


def _opened(
    video_dir: Source | Sequence[Source],
    cameras: Sequence[Camera],
    settings: Settings,
    live: bool,
    ending: ExitStack,
) -> tuple[RunConfig, Parts]:
    """The resolved configuration, and cameras and plug-ins until the end."""
    root = home_of(video_dir)
    config = RunConfig.from_settings(settings, live)
    workers = ending.enter_context(hired(config, cameras, root))
    parts = assemble(config, cameras, root, workers)
    if not settings.get("tracker"):
        config = replace(config, tracker=suitable_tracker(config, parts))
    check_tracker(config, parts)
    if roster := _roster(config, parts, video_dir):
        ending.callback(roster.close)
        parts = replace(parts, roster=roster)
    return config, parts


def _make_room(out: Path, config: RunConfig, live: bool) -> Corrections:
    """Take what an earlier run has left out of the way; what was said of its people is returned."""
    corrections = corrections_of(out, Path(config.corrections) if config.corrections else None)
    set_aside(out, live)
    forget_uncorrected(out)  # it would be another run's
    if corrections.entries and not config.corrections:
        log.warning(
            "%s: corrections of an earlier run are there and not applied; --corrections does",
            corrections.path,
        )
    adopt(corrections, out)
    remove_log(out / layout.ANSWERS)  # it would be another run's
    (out / layout.EVENTS).unlink(missing_ok=True)  # as are events, told from the start
    return corrections


def _roster(config: RunConfig, parts: Parts, given: Source | Sequence[Source]) -> Roster | None:
    """What tells of cameras that come and go, where all are live and one file lists them."""
    sources = [given] if isinstance(given, str | Path) else list(given)
    file = listed_in(str(sources[0])) if len(sources) == 1 else None
    now = next((reader.zero for reader in parts.readers if reader.live), None)
    # Workers and zones are for the cameras that there are at the beginning.
    fixed = parts.workers is not None or config.associator.name != "online"
    if file is None or now is None or fixed:
        return None
    return Roster(file, [reader.camera for reader in parts.readers], config, now)


def given(video_dir: Source | Sequence[Source]) -> list[str]:
    """The cameras as they were given, to be found again from any folder; without passwords."""
    every = [video_dir] if isinstance(video_dir, str | Path) else list(video_dir)
    return [str(Path(s).absolute()) if Path(s).exists() else hide_passwords(str(s)) for s in every]
