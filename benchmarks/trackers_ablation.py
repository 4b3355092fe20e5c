"""What each part of COAST and of the offline refinement brings on public detections.

    uv run python benchmarks/trackers_ablation.py MOT17/train

The first table leaves out one part at a time, the second adds the refinement's steps one by one.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from rich.console import Console
from rich.table import Table
from trackers_vs_peers import TUNED_ON, read_detections, score

from mtmc.evaluate.sequences import find_sequences
from mtmc.trackers import Detections, coast
from mtmc.trackers.coast import Coast, CoastConfig
from mtmc.trackers.offline import RefineConfig, make_table, refine

ONLINE = {
    "COAST": {},
    "no camera motion": {"camera": False},
    "no coasting (only matched boxes)": {"coast_age": 0},
    "coasting only while covered": {"COAST_OPEN": 0},
    "coasting whatever the camera does": {"COAST_DRIFT": 1e9},
    "boxes are never cut": {"CUT": 0.0},
    "lost ones as steady as others": {"BLURRED": 0.0},
    "odds alike for who was lost": {"LOST_ODDS": 6.5},
    "forgets after one second": {"max_age": 1.0},
    "forgets after four seconds": {"max_age": 4.0},
    "unsure detections from 0.05": {"UNSURE": 0.05},
    "no unsure detections": {"UNSURE": 0.5},
    "one match confirms": {"min_hits": 1},
    "three matches confirm": {"min_hits": 3},
}
NOTHING = {
    "cut_gap": 10**6,
    "link_gap": 0,
    "ghost_score": 0.0,
    "fill_gap": 0,
    "extend": 0,
    "whole_period": 0,
    "adopt_gap": 0,
    "smooth_position": 0.0,
    "smooth_size": 0.0,
}
STEPS = [
    ("the detections of the tracks", ()),
    ("+ gaps filled", ("fill_gap",)),
    ("+ ghosts removed", ("ghost_score",)),
    ("+ linked", ("link_gap",)),
    ("+ cut before linking", ("cut_gap",)),
    ("+ unmatched detections taken up", ("adopt_gap",)),
    ("+ hidden feet added", ("whole_period",)),
    ("+ smoothed", ("smooth_position", "smooth_size")),
    ("+ continued at both ends", ("extend",)),
]


def follow(sequence, **settings):
    """Runs COAST: what it reports, and all detections with its ids as rows for the refinement.

    Settings in capitals are constants of its module.
    """
    constants = {name: value for name, value in settings.items() if name.isupper()}
    chosen = {name: value for name, value in settings.items() if not name.isupper()}
    reported, detected = [], []
    with patch.dict(vars(coast), constants):
        tracker = Coast(CoastConfig(**chosen), sequence.fps)
        for frame, (boxes, scores) in enumerate(read_detections(sequence.folder), start=1):
            tracks = tracker.update(Detections(boxes, scores))
            count = np.full(len(tracks), frame)
            reported.append(np.column_stack([count, tracks.ids, tracks.boxes, tracks.scores]))
            ids, seen = np.zeros(len(boxes)), tracks.det_index >= 0
            ids[tracks.det_index[seen]] = tracks.ids[seen]
            detected.append(np.column_stack([np.full(len(boxes), frame), ids, boxes, scores]))
    return np.concatenate(reported), np.concatenate(detected)


def refined(rows, sequence, settings):
    """Rows of COAST after the refinement."""
    given = make_table(rows[:, 0], rows[:, 1], rows[:, 2:6], rows[:, 6])
    config = replace(RefineConfig().at_rate(sequence.fps), **settings)
    better = refine(given, config, sequence.length)
    return np.column_stack([*(better[name] for name in ("step", "person", "box", "score"))])


def steps():
    """What of the refinement is left out, one step less each time."""
    settings = dict(NOTHING)
    for title, names in STEPS:
        settings = {name: value for name, value in settings.items() if name not in names}
        yield title, settings


def print_table(title, results, groups):
    """One row per variant, HOTA MOTA IDF1 IDSW per group of sequences."""
    table = Table(title=title)
    table.add_column("variant")
    for group in groups:
        table.add_column(group, justify="right")
    for name, found in results.items():
        answer = {"sequences": {sequence: (rows, 0.0) for sequence, rows in found.items()}}
        figures = [score(answer, sequences) for sequences in groups.values()]
        table.add_row(name, *("{:.2f} / {:.2f} / {:.2f} / {}".format(*row) for row in figures))
    Console(width=150).print(table)


def main():
    """Runs all variants and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "root", type=Path, help="folder of MOTChallenge sequences with det/ and gt/"
    )
    sequences = find_sequences(parser.parse_args().root)
    tuned = [s for s in sequences if s.name.split("-")[1] in TUNED_ON]
    others = [s for s in sequences if s not in tuned]
    groups = {"tuned on": tuned, "others": others, "all": sequences}
    groups = {title: group for title, group in groups.items() if group}
    online = {
        name: {s.name: follow(s, **settings)[0] for s in sequences}
        for name, settings in ONLINE.items()
    }
    print_table("online: HOTA / MOTA / IDF1 / IDSW", online, groups)
    detected = {s.name: follow(s)[1] for s in sequences}
    offline = {
        title: {s.name: refined(detected[s.name], s, settings) for s in sequences}
        for title, settings in steps()
    }
    print_table("offline: HOTA / MOTA / IDF1 / IDSW", offline, groups)


if __name__ == "__main__":
    main()
