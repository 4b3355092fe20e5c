"""Refinement of finished tracks: what recorded video allows beyond tracking frame by frame.

    rows = make_table(steps, tracks, boxes, scores)
    rows = refine(rows)

First `linked`, who is who: rows without a detection are dropped and long gaps cut; tracks are
linked where the evidence of motion, size and appearance says that they are one person; tracks with
hardly any evidence are removed, and where asked for things, which stand still (`on_things`). Then
`complete`, who is where: boxes with hidden feet are made whole, detections that no track took are
taken up, gaps are filled, boxes smoothed and both ends continued a little. Camera motion is
estimated from the tracks and taken out meanwhile.
"""

from mtmc.trackers.offline.config import RefineConfig, RefineFrames
from mtmc.trackers.offline.refine import complete, linked, refine, smoothed
from mtmc.trackers.offline.rows import NOBODY, ROW, Rows, make_table
from mtmc.trackers.offline.things import on_things, thing_odds

__all__ = [
    "NOBODY",
    "ROW",
    "RefineConfig",
    "RefineFrames",
    "Rows",
    "complete",
    "linked",
    "make_table",
    "on_things",
    "refine",
    "smoothed",
    "thing_odds",
]
