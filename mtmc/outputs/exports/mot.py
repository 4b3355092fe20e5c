"""MOTChallenge: a sequence's folder for each camera, tracks in the place of ground truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from mtmc.files import replacing, write_text
from mtmc.mot import MotKind, MotRows, class_numbers, write_mot
from mtmc.outputs.exports.boxes import classes_of
from mtmc.results import Results
from mtmc.results.results import RunCamera


def write(results: Results, folder: Path) -> list[Path]:
    """Write ``<camera>/gt/gt.txt`` and ``<camera>/seqinfo.ini``; ids are the global ones.

    The last column, in ground truth how much of somebody is visible, is 1 where there was a
    detection and 0 where there was none.
    """
    kinds = classes_of(results)
    numbers = dict(zip(kinds, class_numbers(kinds), strict=True))
    written = []
    for camera in results.cameras.values():
        table = results.table.filter(pl.col("camera") == camera.name).sort("frame", "global_id")
        rows = MotRows.make(
            table["frame"].to_numpy(),
            table["global_id"].to_numpy(),
            table.select("x1", "y1", "x2", "y2").to_numpy(),
            classes=np.array([numbers[kind] for kind in table["class"]], np.int64),
            visibility=table["detected"].to_numpy().astype(float),
        )
        truth, info = folder / camera.name / "gt" / "gt.txt", folder / camera.name / "seqinfo.ini"
        with replacing(truth) as partial:
            write_mot(partial, rows, MotKind.TRUTH)
        write_text(info, _info(camera))
        written += [truth, info]
    return written


def _info(camera: RunCamera) -> str:
    width, height = camera.size
    lines = (
        "[Sequence]",
        f"name={camera.name}",
        "imDir=img1",
        f"frameRate={camera.fps:g}",
        f"seqLength={camera.frames}",
        f"imWidth={width}",
        f"imHeight={height}",
        "imExt=.jpg",
    )
    return "\n".join(lines) + "\n"
