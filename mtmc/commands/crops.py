"""``mtmc crops``: a ReID data set out of the people that a run has found."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mtmc.commands.options import RunDir, check_new
from mtmc.errors import UserError

if TYPE_CHECKING:
    from mtmc.results import Results
    from mtmc.sources import CameraReader
    from mtmc.types import Doubles, Image

    Wanted = dict[int, list[tuple[int, Doubles]]]  # frame -> (person, box)

SMALLEST = 48  # px of height; less shows nobody
JPEG = 95


def crops(
    run_dir: RunDir,
    video_dir: Annotated[Path, typer.Argument(help="The videos of that run.", metavar="VIDEO_DIR")],
    *,
    out: Annotated[Path, typer.Option(help="Folder for the data set; new or empty.")],
    each: Annotated[
        int, typer.Option(min=1, help="Crops of each person in each camera, at most.")
    ] = 10,
) -> None:
    """Cut out everybody of a run: a folder for each person, as `reid --dataset folder` reads it.

    Look through the folders before anything is learned from them: move crops to whom they show,
    join the folders of one person, delete what shows nobody.
    """
    from mtmc.detectors.people import PERSON
    from mtmc.results import Results
    from mtmc.sources import SourcesConfig, find_cameras, open_cameras

    check_new(out)
    results = Results.open(run_dir)
    table = results.table
    if "class" in table.columns and (table["class"] == PERSON).any():
        table = table.filter(table["class"] == PERSON)  # no cars among the people
    cameras = [camera for camera in find_cameras(video_dir) if camera.kind in {"video", "images"}]
    missing = set(table["camera"].unique()) - {camera.name for camera in cameras}
    if missing:
        raise UserError(f"{video_dir}: has no pictures of camera {min(missing)!r} of {run_dir}")
    written = 0
    for number, reader in enumerate(open_cameras(cameras, SourcesConfig()), 1):
        wanted = _best(table.filter(table["camera"] == reader.name), reader.size, each)
        written += _cut(reader, wanted, out, number, results)
    if not written:
        raise UserError(f"{run_dir}: shows nobody {SMALLEST} px tall; no crop was written")
    typer.echo(f"{written} crops of {sum(1 for _ in out.iterdir())} people: {out}")


def _best(table: Any, size: tuple[int, int], each: int) -> Wanted:
    """The clearest crops of each person in one camera, spread over the time they are there."""
    import numpy as np

    from mtmc.tracking.crops import CropsConfig, crop_quality

    frames, people = table["frame"].to_numpy(), table["global_id"].to_numpy()
    boxes = table.select("x1", "y1", "x2", "y2").to_numpy()
    quality = np.zeros(len(frames))
    for rows in _groups(frames):
        scores = table["score"].to_numpy()[rows]
        quality[rows] = crop_quality(boxes[rows], scores, size, CropsConfig.full_height)
    quality[boxes[:, 3] - boxes[:, 1] < SMALLEST] = 0
    wanted: Wanted = defaultdict(list)
    for rows in _groups(people):
        for part in np.array_split(rows[np.argsort(frames[rows], kind="stable")], each):
            if len(part) and quality[part].max() > 0:
                row = part[quality[part].argmax()]
                wanted[int(frames[row])].append((int(people[row]), boxes[row]))
    return wanted


def _groups(values: Any) -> list[Any]:
    """Rows of each value."""
    import numpy as np

    order = np.argsort(values, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(values[order])) + 1) if len(order) else []


def _cut(reader: CameraReader, wanted: Wanted, out: Path, number: int, results: Results) -> int:
    """Write the wanted crops of one camera; returns how many."""
    from mtmc.outputs.anonymise import hide
    from mtmc.perception.cut import cut_out

    if not wanted:
        reader.close()
        return 0
    written, last, mode = 0, max(wanted), results.anonymised
    hidden = results.hidden if mode else None
    reader.start()
    try:
        for frame in iter(lambda: next(reader, None), None):
            image = frame.pixels
            if mode and hidden and frame.index in wanted:
                image = hide(image, hidden.at(reader.name, frame.index, reader.fps), mode)
            for person, box in wanted.get(frame.index, []):
                name = f"{person:04d}_c{number}s1_{frame.index:06d}_00.jpg"
                _write(out / f"{person:04d}" / name, cut_out(image, box))
                written += 1
            if frame.index >= last:
                break
    finally:
        reader.close()
    return written


def _write(path: Path, image: Image) -> None:
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG])[1].tobytes())
