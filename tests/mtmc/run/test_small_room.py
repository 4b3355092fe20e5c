"""A small room: people near cameras that are a little off, four frames per second."""

import logging

import numpy as np
import polars
import pytest

from mtmc.evaluate.floor import FloorPeople, near
from mtmc.evaluate.identity import identity
from mtmc.evaluate.scene import ScoredScene, Side
from mtmc.run import run
from mtmc.simulate.boxes import SmallRoom, write_small_room


def idf1(truth, found):
    """Within 1 m on the floor; both ``(N, 4)`` frame, id, x, y."""
    moments = np.unique(np.concatenate([truth[:, 0], found[:, 0]]))
    sides = []
    for side in (truth, found):
        rows = side[np.lexsort((side[:, 1], side[:, 0]))]
        steps, ids = np.searchsorted(moments, rows[:, 0]), rows[:, 1].astype(np.int64)
        sides.append(FloorPeople(steps, ids, rows[:, 2:], np.ones(len(rows), bool)))
    people = [Side.make(side.steps, side.ids) for side in sides]
    scene = ScoredScene(*people, near(*sides), np.zeros(len(moments), np.int64))
    return 100 * identity(scene).ratios()["IDF1"]


@pytest.mark.parametrize(("mode", "least"), [("offline", 85), ("online", 85)])
def test_people_are_told_apart(tmp_path, mode, least, caplog):
    truth = write_small_room(SmallRoom(people=4, seconds=30, seed=2), tmp_path / "scene")
    given = {
        "detector": {"name": "motfile"},
        "reid": "none",
        "calibration": str(tmp_path / "scene/calibration"),
        "associator": {"name": mode},
        "output": {"video": False},
    }
    with caplog.at_level(logging.WARNING, "mtmc"):
        run(tmp_path / "scene", tmp_path / "out", given)
    assert not caplog.records
    table = polars.read_parquet(tmp_path / "out/tracks.parquet")
    table = table.filter(polars.col("floor_x").is_not_nan() & (polars.col("global_id") > 0))
    found = table.group_by("frame", "global_id").agg(polars.col("floor_x", "floor_y").median())
    assert idf1(truth, found.to_numpy().astype(float)) >= least
