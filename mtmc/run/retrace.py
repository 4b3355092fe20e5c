"""``mtmc associate`` and ``mtmc render``: a run's later stages once more, without its networks."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mtmc.config import Settings, override
from mtmc.corrections import Changes, Corrections, Editor
from mtmc.corrections.editor import compared
from mtmc.detectors.people import PERSON
from mtmc.errors import UserError
from mtmc.files import claimed
from mtmc.outputs.tracks import TrackTable
from mtmc.perception.log import InferenceLog
from mtmc.results import Results, layout
from mtmc.run.again import check_anonymised, check_changes, recorded_parts
from mtmc.run.assemble import check_tracker
from mtmc.run.config import RunConfig
from mtmc.run.correct import (
    adopt,
    correct,
    corrections_of,
    forget_uncorrected,
)
from mtmc.run.drawing import Drawing
from mtmc.run.known import with_known_people
from mtmc.run.listener import Listener
from mtmc.run.one_run import OneRun
from mtmc.run.record import Said
from mtmc.run.resume import about_calibration, about_corrections, about_lag
from mtmc.sources import Camera, find_cameras, open_cameras
from mtmc.sources.cameras import Source

log = logging.getLogger("mtmc")


def associate(
    folder: Path,
    out: Path,
    changes: Sequence[str] = (),
    listener: Listener | None = None,
    corrections: Path | None = None,
) -> dict[str, Any]:
    """Track and decide anew who is who, from what the networks once said, and people after them.

    With the settings of the run and no corrections the results are the same, to the byte. Of a run
    that kept no answers of its networks, the tables are corrected, and nothing else is decided.

    Args:
        folder: the results of a run with ``--keep``.
        out: folder for the results; may be the same.
        changes: ``section.key=value``.
        listener: hears how far it is.
        corrections: a file of them; None for those in the folder.

    Returns:
        What was written to ``run.json``.

    Raises:
        UserError: something of the input is wrong, or a change takes the networks.
    """
    results = Results.open(folder)
    listener = listener or Listener()
    said = _said_of(results, corrections)
    if not (folder / layout.ANSWERS).is_file():
        return _correct(results, out, changes, said)
    if not said.entries:
        return _decide(results, out, changes, listener)
    if changes or out.resolve() != folder.resolve():
        _decide(results, out, changes, Listener())  # whose ids go on
    adopt(said, out)
    return _decide(results, out, changes, listener, said, Editor(Results.open(out)))


def preview(folder: Path, changes: Sequence[str] = (), corrections: Path | None = None) -> Changes:
    """What corrections would change, with everybody else decided anew where that is possible.

    Raises:
        UserError: as ``associate`` does.
    """
    results = Results.open(folder)
    said = _said_of(results, corrections)
    before = Editor(results)
    if not (folder / layout.ANSWERS).is_file():
        return before.edited(said.entries).changes
    with TemporaryDirectory() as folder_:
        out = Path(folder_)
        _decide(results, out, changes, Listener(), said, before, learns=False)
        forget_uncorrected(out)
        return compared(before, Editor(Results.open(out)))


def _said_of(results: Results, given: Path | None) -> Corrections:
    """What was said of a run's people; what was said of another one's is held to as a whole."""
    said = corrections_of(results.folder, given)
    if said.path.resolve() != (results.folder / layout.CORRECTIONS).resolve():
        results.record["told"] = max((entry.line for entry in said.entries), default=0)
    return said


def _correct(
    results: Results, out: Path, changes: Sequence[str], said: Corrections
) -> dict[str, Any]:
    """Correct the tables of a run whose networks are not remembered."""
    folder = results.folder
    if changes or not (said.entries or results.record.get("corrections")):
        path = folder / layout.ANSWERS
        raise UserError(f"{path}: this run kept none of what its networks said; run it with --keep")
    if out.resolve() != folder.resolve():
        raise UserError(
            f"--out {out}: of a run without --keep, the tables are corrected in its own folder; "
            "leave out --out"
        )
    with claimed(out):
        adopt(said, out)
        log.info(
            "this run kept none of what its networks said: its tables are corrected as was said, "
            "and nobody else is decided anew"
        )
        return correct(results, said)


def _decide(
    results: Results,
    out: Path,
    changes: Sequence[str],
    listener: Listener,
    corrections: Corrections | None = None,
    before: Editor | None = None,
    learns: bool = True,
) -> dict[str, Any]:
    """Everything that comes after the networks once more."""
    path = results.folder / layout.ANSWERS
    with Said() as said:
        answers = InferenceLog(path, {}, gapless=True, finished=True)
        try:
            settings = override(results.settings, changes)
            settings["corrections"] = str(corrections.path) if corrections else None
            config = RunConfig.from_settings(settings)
            check_changes(config, answers)
            known = results.folder / layout.CALIBRATION
            here = settings.get("calibration") == results.settings.get("calibration")
            where = str(known) if here and config.calibration else config.calibration
            parts = recorded_parts(replace(config, calibration=where), answers)
            if here:  # what was found out is found out again
                cameras = results.record["cameras"]
                given = {n: m for n, m in parts.calibration.items() if "found" not in cameras[n]}
                parts = replace(parts, calibration=given)
            check_tracker(config, parts)
            if before and corrections:
                parts = replace(parts, before=before.edited(corrections.entries).before)
            about = {**results.record.get("about", {}), **config.settings()}
            del about["output"]
            about.pop("lag", None)
            about |= about_lag(config)
            about |= {} if here else about_calibration(parts.calibration)
            about |= about_corrections(parts.corrections)
            drawn = replace(config, output=replace(config.output, video=False))
            people = with_known_people(config, parts, about, out, learns)
            with claimed(out), people as knowing:
                (out / layout.EVENTS).unlink(missing_ok=True)  # they would be another run's
                one = OneRun(drawn, knowing, out, answers, listener, about, said)
                record = one.record(config.chosen(settings), results.record.get("given", []))
                forget_uncorrected(out)  # what is corrected is what was decided now
                return correct(Results.open(out), corrections) if corrections else record
        finally:
            answers.close()


def cameras_of(results: Results, sources: Sequence[Source] = ()) -> dict[str, Camera]:
    """The cameras of a run, by name, as far as they are there.

    Args:
        results: of the run.
        sources: where they are; empty for where the run found them.

    Raises:
        UserError: none is.
    """
    folder, given = results.folder, list(sources) or results.record.get("given", [])
    if not given:
        raise UserError(f"{folder}: does not say where its videos were; name them after it")
    cameras = {camera.name: camera for camera in find_cameras(given)}
    found = {name: cameras[name] for name in results.cameras if name in cameras}
    if not found:
        first = next(iter(results.cameras))
        raise UserError(f"{given[0]}: has no camera {first!r} of {folder}; name its videos")
    return found


def render(
    folder: Path,
    sources: Sequence[Source] = (),
    changes: Sequence[str] = (),
    listener: Listener | None = None,
) -> list[Path]:
    """Draw the videos and the picture of the floor of a run anew.

    Args:
        folder: its results.
        sources: its cameras; empty for where the run found them.
        changes: ``output.key=value``.
        listener: hears how far it is.

    Returns:
        What was drawn.

    Raises:
        UserError: something of the input is wrong.
    """
    results, listener = Results.open(folder), listener or Listener()
    settings = results.settings
    drawn: Settings = {k: settings[k] for k in settings if k in {"sources", "output"}}
    if other := [change for change in changes if not change.startswith("output.")]:
        raise UserError(f"--set {other[0]}: no setting of output, which is all that is drawn by")
    if any(change.startswith("output.lag=") for change in changes):
        raise UserError("--set output.lag: says who is who, not how that is drawn; mtmc associate")
    config = RunConfig.from_settings(override(drawn, changes))
    check_anonymised(results.anonymised, config)
    found = cameras_of(results, sources)
    if missing := sorted(results.cameras.keys() - found.keys()):
        raise UserError(f"there is no camera {missing[0]!r} of {folder}; name its videos after it")
    wanted = list(found.values())
    if any(camera.kind == "live" for camera in wanted):
        raise UserError(f"{folder}: a live camera cannot be seen a second time")
    frames = {name: camera.frames for name, camera in results.cameras.items()}
    readers = open_cameras(wanted, config.sources, frames)
    models = {n: model.resized(results.cameras[n].size) for n, model in results.calibration.items()}
    with claimed(folder):
        listener.begin(readers)
        names, kinds = list(results.cameras), results.record.get("classes", [PERSON])
        table = TrackTable.of(results.table, names, kinds)
        things = TrackTable.of(results.things, names, kinds)
        hidden = results.hidden if config.output.anonymise else None
        drawing = Drawing(folder, readers, models, table, things, config.output, hidden)
        drawing.clear(mosaic=True)
        drawing.floor_picture()
        drawing.videos(listener.video)
    files = [folder / name for name in (layout.MOSAIC, layout.FLOOR_PICTURE, layout.FLOOR_VIDEO)]
    return [file for file in files if file.exists()]
