"""Corrections without the networks' answers: they are applied to the tables of a run."""

from __future__ import annotations

import logging
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from mtmc.corrections import Corrections, Edited, Editor
from mtmc.detectors.people import PERSON
from mtmc.errors import UserError
from mtmc.files import to_disk, write_text
from mtmc.outputs.crops import finished_crops, write_crops
from mtmc.outputs.people import People, counted
from mtmc.outputs.report import to_json
from mtmc.outputs.tracks import TrackTable, write_mot_files, write_table
from mtmc.results import Results, layout
from mtmc.results.looks import write_looks
from mtmc.run.resume import files_of

logger = logging.getLogger("mtmc")

KEPT = (layout.TABLE, layout.THINGS, layout.PEOPLE, layout.LOOKS, layout.CROPS)


def corrections_of(out: Path, given: Path | None) -> Corrections:
    """The corrections to apply: those given, else those in the folder of the results.

    Raises:
        UserError: the file cannot be read, or the folder has others of its own.
    """
    own = out / layout.CORRECTIONS
    if given is None or given.resolve() == own.resolve():
        return Corrections.open(own, must_exist=given is not None)
    log = Corrections.open(given, must_exist=True)
    said = [entry.correction for entry in Corrections.open(own).entries]
    if said and said != [entry.correction for entry in log.entries]:
        raise UserError(
            f"{own}: there are other corrections of these results; choose another --out, or give "
            "that file as --corrections"
        )
    return log


def adopt(log: Corrections, out: Path) -> None:
    """Leave the corrections with the results, where more may be said."""
    own = out / layout.CORRECTIONS
    if log.path.resolve() != own.resolve() and log.path.is_file():
        write_text(own, log.path.read_text(encoding="utf-8"))


def keep_uncorrected(out: Path) -> None:
    """Keep the tables of a run as they are, to go back to."""
    partial = out / f".{layout.UNCORRECTED}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name in KEPT:
        if (out / name).is_file():
            shutil.copy2(out / name, partial / name)
            to_disk(partial / name)
    forget_uncorrected(out)
    partial.replace(out / layout.UNCORRECTED)


def forget_uncorrected(out: Path) -> None:
    """They would be another run's."""
    shutil.rmtree(out / layout.UNCORRECTED, ignore_errors=True)


def correct(results: Results, log: Corrections) -> dict[str, Any]:
    """Write the tables of a run as corrected; nobody else is decided anew.

    Args:
        results: of the run.
        log: what was said.

    Returns:
        What ``run.json`` says now.
    """
    out, record = results.folder, results.record
    if results.uncorrected is results:
        keep_uncorrected(out)
        results = Results(out, record)
    editor = Editor(results)
    now = editor.edited(log.entries)
    kinds = record.get("classes", [PERSON])
    table, things = (TrackTable.of(part, editor.cameras, kinds) for part in (now.table, now.things))
    zeros = _zeros(editor)
    write_mot_files(table, out / layout.TRACKS)
    for name, part in ((layout.TABLE, table), (layout.THINGS, things), (layout.CSV, table)):
        if name != layout.CSV or (out / name).is_file():
            write_table(out / name, part, zeros)
    people = identities(results, editor, table)
    found = {"identities": people, "things": _people(results, editor).things(things)}
    write_text(out / layout.PEOPLE, to_json(found))
    _write_crops_and_looks(editor, now, table, out)
    record |= {
        "identities": len(people),
        "people": {**counted(people), "things": len(found["things"])},
        "corrections": len(log.entries),
        "warnings": [*_others(record), *log.said, *now.said],
    }
    (out / layout.REPORT).unlink(missing_ok=True)  # it shows them as they were
    if "files" in record:
        record["files"] = files_of(out)
    write_text(out / layout.RECORD, to_json(record))
    if (out / layout.MOSAIC).is_file():
        logger.info(
            "%s shows the ids from before; `mtmc render` draws it anew", out / layout.MOSAIC
        )
    return dict(record)


def _zeros(editor: Editor) -> list[datetime | None]:
    """What the clock on the wall says at second 0, by camera, where that is known."""
    zero = editor.base.record.get("clock_zero")
    dated = editor.table.drop_nulls("wall_time")["camera"].unique().to_list()
    known = datetime.fromisoformat(zero) if zero else None
    return [known if camera in dated else None for camera in editor.cameras]


def identities(results: Results, editor: Editor, table: TrackTable) -> list[dict[str, Any]]:
    """People as ``identities.json`` has them.

    Args:
        results: of the run.
        editor: of them.
        table: as corrected; who is in it as before is told as before, when more was known of them.
    """
    before = {person["id"]: person for person in results.uncorrected.people}
    found = []
    for person in _people(results, editor).identities(table):
        old = before.get(person["id"])
        same = old is not None and old["cameras"] == person["cameras"]
        found.append({**old, "name": person["name"]} if old and same else person)
    return found


def _people(results: Results, editor: Editor) -> People:
    return People([1 / camera.fps for camera in results.cameras.values()], _zeros(editor))


def _write_crops_and_looks(editor: Editor, now: Edited, table: TrackTable, out: Path) -> None:
    """Crops and looks under the tracks they have now."""
    base = editor.base
    if (base.folder / layout.CROPS).is_file():
        write_crops(out / layout.CROPS, finished_crops(base.crops, table))
    if (base.folder / layout.LOOKS).is_file():
        looks = base.looks
        pieces = [part for tracklet in looks.tracklets for part in now.parts_of(tracklet)]
        write_looks(out / layout.LOOKS, pieces, looks.even_distance)


def _others(record: dict[str, Any]) -> list[str]:
    """What was warned of beside corrections."""
    return [line for line in record.get("warnings", []) if not line.startswith("corrections, ")]
