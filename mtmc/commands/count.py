"""``mtmc count``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from mtmc.commands.options import RunDir
from mtmc.errors import UserError

UNITS = {"s": 1, "m": 60, "h": 3600}  # s


def count(
    run_dir: RunDir,
    *,
    zones: Annotated[Path, typer.Option(help="A YAML file of lines and zones.", metavar="YAML")],
    every: Annotated[str, typer.Option(help="Length of a period: 60s, 5m or 1h.")] = "60s",
    out: Annotated[
        Path | None, typer.Option(help="Where to.", show_default="RUN_DIR/counts")
    ] = None,
) -> None:
    """Count who crosses lines, and who is in zones, on the floor or in an image.

    Writes counts.csv with a row for each period, events.csv with one for each crossing and stay,
    and counts.svg.
    """
    import polars as pl

    from mtmc.detectors.people import PERSON
    from mtmc.files import replacing, write_text
    from mtmc.outputs.counting import count_events
    from mtmc.outputs.counts import chart, table_of, told
    from mtmc.outputs.zones import read_zones
    from mtmc.results import Results

    seconds = _seconds(every)
    results = Results.open(run_dir)
    floor = bool(results.table["floor_x"].is_not_null().any())
    places = read_zones(zones, results.cameras, floor)
    events = count_events(results, places)
    end = results.table["time"].max() or 0.0
    table = table_of(events, places, seconds, float(end))  # type: ignore[arg-type]
    folder = out or run_dir / "counts"
    for name, rows in {"counts.csv": table, "events.csv": pl.DataFrame(events)}.items():
        with replacing(folder / name) as partial:
            rows.write_csv(partial)
    write_text(folder / "counts.svg", chart(table, places, seconds))
    for place in places:
        typer.echo(told(place, events))
    others = set(results.table["class"].unique()) - {PERSON}
    if others:
        typer.echo(f"people only; not counted: {', '.join(sorted(others))}")
    typer.echo(folder)


def _seconds(text: str) -> float:
    number, unit = (text[:-1], text[-1]) if text[-1:] in UNITS else (text, "s")
    try:
        seconds = float(number) * UNITS[unit]
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise UserError(f"--every {text}: expected a time such as 60s, 5m or 1h")
    return seconds
