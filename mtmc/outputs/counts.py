"""What was counted, period by period: as a table, and as a chart in SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from mtmc.outputs.counting import Event
from mtmc.outputs.zones import Place

if TYPE_CHECKING:
    import polars as pl

WIDTH, PANEL, BARS, GAP = 900, 110, 70, 150  # px: of the chart, a place, its bars, the names
IN, OUT, PEOPLE = "#1f77b4", "#e07b00", "#2a8c57"


def table_of(
    events: Sequence[Event], places: Sequence[Place], every: float, end: float
) -> pl.DataFrame:
    """A row for each period of each place.

    Args:
        events: see ``count_events``.
        places: all of them, also where nobody was.
        every: length of a period, s.
        end: of the last period, or within it, s.
    """
    import polars as pl

    rows = [
        {"place": place.name, "start": start, "end": start + every, **_counted(place, mine)}
        for place in places
        for start, mine in _periods([e for e in events if e.place == place.name], every, end)
    ]
    numbers = dict.fromkeys(("in", "out", "people", "most"), pl.Int64)
    return pl.DataFrame(rows, schema_overrides={**numbers, "seconds": pl.Float64})


def _periods(
    events: Sequence[Event], every: float, end: float
) -> Iterator[tuple[float, list[Event]]]:
    """The start of each period, and what of the events falls into it."""
    for number in range(max(1, math.ceil(end / every))):
        start, after = number * every, (number + 1) * every
        within = [e for e in events if e.start < after and (e.end > start or e.start >= start)]
        yield start, [e._replace(start=max(e.start, start), end=min(e.end, after)) for e in within]


def _counted(place: Place, events: Sequence[Event]) -> dict[str, Any]:
    if place.is_line:
        ways = [event.way for event in events]
        return {way: ways.count(way) for way in ("in", "out")}
    return {
        "people": len({event.person for event in events}),
        "seconds": round(sum(event.end - event.start for event in events), 1),
        "most": _most(events),
    }


def _most(events: Sequence[Event]) -> int:
    """How many there were at the same time."""
    changes = sorted([(e.start, 1) for e in events] + [(e.end, -1) for e in events])
    now = most = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most


def told(place: Place, events: Sequence[Event]) -> str:
    """One line for people."""
    mine = [event for event in events if event.place == place.name]
    ways = [event.way for event in mine]
    if place.is_line:
        text = f"{place.name}: {ways.count('in')} in, {ways.count('out')} out"
        unseen = ways.count("unseen")
        return text + (f"; {unseen} not counted, who were lost on the way" if unseen else "")
    people = {event.person for event in mine}
    mean = sum(event.end - event.start for event in mine) / max(len(people), 1)
    return f"{place.name}: {len(people)} people, {mean:.1f} s each, {_most(mine)} at once at most"


def chart(table: pl.DataFrame, places: Sequence[Place], every: float) -> str:
    """An SVG picture: of each line who came in, upwards, and went out; of each zone who was there.

    Args:
        table: see ``table_of``.
        places: all of them.
        every: length of a period, s.
    """
    height = PANEL * len(places) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
    ]
    for number, place in enumerate(places):
        rows = table.filter(table["place"] == place.name)
        parts += _panel(place, rows.to_dicts(), PANEL * number + 20)
    end = float(table["end"].max() or 0)  # type: ignore[arg-type]
    parts.append(
        f'<text x="{GAP}" y="{height - 8}">0 s</text><text x="{WIDTH - 10}" y="{height - 8}" '
        f'text-anchor="end">{end:g} s, a bar for {every:g} s</text></svg>'
    )
    return "\n".join(parts) + "\n"


def _panel(place: Place, rows: Sequence[dict[str, Any]], top: float) -> Iterator[str]:
    up, down = ("in", "out") if place.is_line else ("people", None)
    most = max([1, *(row[up] for row in rows), *(row[down] for row in rows if down)])
    base = top + (BARS / 2 if down else BARS)
    scale = (BARS / 2 if down else BARS) / most
    step = (WIDTH - GAP - 10) / len(rows)
    words = ("in above, out below", f"highest: {most}") if down else ("people", f"highest: {most}")
    yield f'<text x="10" y="{top + 20}" font-weight="bold">{escape(place.name)}</text>'
    yield f'<text x="10" y="{top + 38}" fill="#555">{words[0]}</text>'
    yield f'<text x="10" y="{top + 54}" fill="#555">{words[1]}</text>'
    yield f'<path d="M{GAP} {base}H{WIDTH - 10}" stroke="#999"/>'
    for number, row in enumerate(rows):
        left, wide = GAP + number * step, max(step * 0.85, 0.5)
        size = row[up] * scale
        color = IN if down else PEOPLE
        yield _bar(left, base - size, wide, size, color)
        if down:
            yield _bar(left, base, wide, row[down] * scale, OUT)


def _bar(x: float, y: float, width: float, height: float, color: str) -> str:
    sides = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {sides} fill="{color}"/>'
