"""Result folders without a run: what is exported, counted and hidden."""

import json

import polars as pl

from mtmc.results import Results, layout


def write_results(folder, rows, cameras=("a",), frames=10, size=(200, 100), fps=10, **record):
    """A folder with a table; each row is a dict with what is not as usual."""
    usual = {
        "camera": cameras[0], "frame": 1, "global_id": 1, "track_id": 1, "x1": 0.0, "y1": 0.0,
        "x2": 20.0, "y2": 50.0, "score": 0.9, "floor_x": None, "floor_y": None,
        "class": "person", "detected": True, "name": None,
    }  # fmt: skip
    full = [{**usual, **row} for row in rows]
    full = [{"time": row["frame"] / fps, **row} for row in full]
    types = {"floor_x": pl.Float32, "floor_y": pl.Float32, "name": pl.String}
    table = pl.DataFrame(full, schema_overrides=types)
    table = table.with_columns(wall_time=pl.lit(None, pl.Datetime("us")))
    folder.mkdir(exist_ok=True)
    table.write_parquet(folder / layout.TABLE)
    about = {
        name: {"source": str(folder / f"{name}.mp4"), "fps": fps, "size": list(size),
               "frames": frames, "calibrated": any(row["floor_x"] is not None for row in full)}
        for name in cameras
    }  # fmt: skip
    (folder / layout.RECORD).write_text(json.dumps({"cameras": about, **record}))
    return Results.open(folder)
