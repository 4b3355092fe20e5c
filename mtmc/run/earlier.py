"""Live runs cannot be done again: what an earlier one left in a folder is kept."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

from mtmc.detectors.people import PERSON
from mtmc.files import write_text
from mtmc.outputs.crops import SPOOL, finished_crops, write_crops
from mtmc.outputs.people import People
from mtmc.outputs.report import to_json
from mtmc.outputs.tracks import TrackTable, write_mot_files, write_table
from mtmc.perception.log import SQLITE_FILES, remove_log
from mtmc.results.crops import Crops
from mtmc.results.layout import (
    CORRECTIONS,
    CROPS,
    PEOPLE,
    RECORD,
    REPORT,
    RESULTS,
    TABLE,
    TRACKS,
)
from mtmc.run.resume import LOG_NAME
from mtmc.tracking.rows import DECISIONS_NAME, ROWS_NAME, read_spool

log = logging.getLogger("mtmc")

EARLIER = "earlier"  # the folder, in that of the results, that such runs are moved to


def set_aside(out: Path, live: bool) -> None:
    """Move what an earlier run has left out of the way of a new one, where it would be lost.

    That is a live run's, and before a live run, which may be started again by itself, any.

    Args:
        out: folder of the results.
        live: whether the new run is live.
    """
    names = [
        *RESULTS,
        REPORT,
        CORRECTIONS,
        RECORD,
        ROWS_NAME,
        DECISIONS_NAME,
        *(SPOOL + s for s in SQLITE_FILES),
    ]
    left = [out / name for name in names if (out / name).exists()]
    tracks = [path for path in (out / TRACKS).glob("*.txt") if path.stat().st_size]
    if not (left or tracks) or not (live or _was_live(out)):
        return
    when = max(path.stat().st_mtime for path in (*left, *tracks))
    folder = out / EARLIER / datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H-%M-%S")
    while folder.exists():
        folder = folder.with_name(folder.name + "+")
    folder.mkdir(parents=True)
    for path in (*left, out / TRACKS):
        path.rename(folder / path.name)
    (out / TRACKS).mkdir()
    log.warning("%s: the results of an earlier run that were there are kept in %s", out, folder)
    _recover(folder)


def _was_live(out: Path) -> bool:
    try:
        cameras = json.loads((out / RECORD).read_text(encoding="utf-8"))["cameras"]
        return any("losses" in camera for camera in cameras.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # A run on files that was cut off has a log to go on with.
        return (out / ROWS_NAME).exists() and not (out / LOG_NAME).exists()


def _recover(folder: Path) -> None:
    """Write the results of a run that was killed from what it noted as it went on."""
    if not (folder / ROWS_NAME).exists():
        return
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        names = list(record["cameras"])
        periods = [1 / float(camera["fps"]) for camera in record["cameras"].values()]
        rows, ids = read_spool(folder, names)
        if not ids:
            return  # nobody was decided yet: the rows are worth more as they are
        kinds = record.get("classes", [PERSON])
        table = TrackTable(rows, names, ids, kinds=kinds)
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError, IndexError):
        return  # the files stay as they are
    write_mot_files(table, folder / TRACKS)
    write_table(folder / TABLE, table)
    if (spool := folder / SPOOL).exists():
        write_crops(folder / CROPS, finished_crops(Crops(spool), table))
        remove_log(spool)
    write_text(folder / PEOPLE, to_json({"identities": People(periods).identities(table)}))
    record |= {"status": "killed", "identities": len(set(ids.values()))}
    write_text(folder / RECORD, to_json(record))
    for name in (ROWS_NAME, DECISIONS_NAME):
        (folder / name).unlink(missing_ok=True)
