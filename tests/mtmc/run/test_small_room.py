"""A small room: people near cameras that are a little off, four frames per second."""

import logging

import polars
import pytest

from benchmarks.small_room import SmallRoom, placed_scene, write_small_room
from mtmc.evaluate.identity import identity
from mtmc.run import run


def idf1(truth, found):
    """Within 1 m on the floor; both ``(N, 4)`` frame, id, x, y."""
    return 100 * identity(placed_scene(truth, found)).ratios()["IDF1"]


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
