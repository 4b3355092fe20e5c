"""Who crosses lines and stays in zones, by paths that are known."""

import xml.etree.ElementTree as ET

import numpy as np
import polars as pl
import pytest

from mtmc.errors import UserError
from mtmc.outputs.counting import count_events
from mtmc.outputs.counts import chart, table_of, told
from mtmc.outputs.zones import Place, read_zones
from tests.mtmc.commands.test_people import call
from tests.mtmc.outputs.folders import write_results

# Straight up, from one metre south of (5, 5) to one metre north of it.
DOOR = Place("door", True, None, np.array([[5.0, 4.0], [5.0, 6.0]]))
SQUARE = Place("square", False, None, np.array([[4.0, 4], [6, 4], [6, 6], [4, 6]]))


def walking(folder, *paths, image=False):
    """A run in which each person is at ``(x, y)`` in each tenth of a second, None while unseen."""
    rows = []
    for person, path in enumerate(paths, 1):
        for frame, place in enumerate(path, 1):
            if place is None:
                continue
            x, y = place
            feet = {"x1": x - 10.0, "x2": x + 10.0, "y1": y - 51.0, "y2": y}
            floor = {"floor_x": x, "floor_y": y}
            rows.append({"global_id": person, "frame": frame, **(feet if image else floor)})
    return write_results(folder, rows, frames=max(map(len, paths)))


def straight(x1, x2, y=5.0, steps=20):
    return [(x, y) for x in np.linspace(x1, x2, steps).tolist()]


def ways(results, *places):
    return [(event.person, event.way) for event in count_events(results, list(places))]


def test_in_is_from_left_to_right_as_one_looks_along_the_line(tmp_path):
    there, back = straight(3, 7), straight(7, 3)
    assert ways(walking(tmp_path / "a", there, back), DOOR) == [(1, "in"), (2, "out")]
    # In an image y points down: what is seen to be upwards is.
    gate = Place("gate", True, "a", np.array([[50.0, 80.0], [50.0, 20.0]]))
    image = walking(tmp_path / "b", straight(20, 80, 50), straight(80, 20, 50), image=True)
    assert ways(image, gate) == [(1, "in"), (2, "out")]
    turned = Place("gate", True, "a", gate.points[::-1])
    assert ways(image, turned) == [(1, "out"), (2, "in")]


def test_past_the_ends_of_a_line_nobody_crosses_it(tmp_path):
    around = [*straight(3, 7, 7.0), *straight(7, 3, 5.0)]
    assert ways(walking(tmp_path / "a", around), DOOR) == [(1, "out")]


def test_who_stands_on_a_line_is_counted_once(tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.1, 200)
    waits = [(5 + x, 5.0) for x in noise.tolist()]
    turns_back = [*straight(3, 5), *waits, *straight(5, 3)]
    goes_on = [*straight(3, 5), *waits, *straight(5, 7)]
    events = count_events(walking(tmp_path / "a", turns_back, goes_on), [DOOR])
    assert [(event.person, event.way) for event in events] == [(2, "in")]
    assert events[0].start == pytest.approx(22, abs=0.3)  # when they went


def test_who_is_lost_on_the_way_is_said_and_not_counted(tmp_path):
    lost = [*straight(3, 4.5, steps=10), *[None] * 30, *straight(5.5, 7, steps=10)]
    short = [*straight(3, 4.5, steps=10), *[None] * 5, *straight(5.5, 7, steps=10)]
    results = walking(tmp_path / "a", lost, short)
    assert ways(results, DOOR) == [(2, "in"), (1, "unseen")]
    assert told(DOOR, count_events(results, [DOOR])) == (
        "door: 1 in, 0 out; 1 not counted, who were lost on the way"
    )


def test_stays_periods_and_chart(tmp_path):
    # In from 1 to 3 s, but for a step out of a tenth of a metre; the other from 2 s on.
    one = [*[(1.0, 5.0)] * 10, *[(5.0, 5.0)] * 10, (6.1, 5.0), *[(5.0, 5.0)] * 9, *[(8.0, 5.0)] * 9]
    two = [*[(1.0, 1.0)] * 20, *[(4.5, 4.5)] * 20]
    results = walking(tmp_path / "a", one, two)
    events = count_events(results, [SQUARE, DOOR])
    stays = [event for event in events if event.way == "stay"]
    assert [(e.person, round(e.start, 1), round(e.end, 1)) for e in stays] == [
        (1, 1.1, 3.1), (2, 2.1, 4.1)
    ]  # fmt: skip
    assert told(SQUARE, events) == "square: 2 people, 2.0 s each, 2 at once at most"
    table = table_of(events, [SQUARE, DOOR], 2.0, 4.0)
    square = table.filter(pl.col("place") == "square")
    assert square["people"].to_list() == [1, 2]
    assert square["most"].to_list() == [1, 2]
    assert square["seconds"].to_list() == pytest.approx([0.9, 3.0])
    assert table.filter(pl.col("place") == "door")["in"].to_list() == [0, 1]
    root = ET.fromstring(chart(table, [SQUARE, DOOR], 2.0))
    assert len(root.findall("{*}rect")) == 1 + 2 + 4


def test_as_it_is_called(tmp_path):
    results = walking(tmp_path / "a", straight(3, 7))
    zones = tmp_path / "zones.yaml"
    zones.write_text(
        "lines: {door: {points: [[5, 4], [5, 6]]}}\n"
        "zones: {'<b>': {camera: a, points: [[0, 0], [9, 0], [9, 60]]}}\n"
    )
    text = call("count", results.folder, "--zones", zones, "--every", "1s")
    assert "door: 1 in, 0 out" in text
    assert "<b>: 1 people" not in text
    counts = pl.read_csv(results.folder / "counts" / "counts.csv")
    assert counts["in"].sum() == 1
    assert pl.read_csv(results.folder / "counts" / "events.csv")["way"].to_list() == ["in"]
    assert "&lt;b&gt;" in (results.folder / "counts" / "counts.svg").read_text()
    with pytest.raises(UserError, match="--every noon: expected a time"):
        call("count", results.folder, "--zones", zones, "--every", "noon")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "neither a line nor a zone"),
        ("doors: {}", "'doors': expected `lines:`"),
        ("lines: [1]", "lines: expected"),
        ("lines: {a: [1, 2]}", r"lines.a: expected `points:`"),
        ("lines: {a: {from: [0, 0]}}", r"lines.a: expected `points:`"),
        ("lines: {a: {camera: cam, points: [[0, 0], [1, 1]]}}", "lines.a: unknown camera 'cam'"),
        ("lines: {a: {points: [[0, 0], [1, 1]]}}", "lines.a: is on the floor"),
        ("lines: {a: {camera: a, points: [[0, 0]]}}", r"lines.a.points: expected two points"),
        ("lines: {a: {camera: a, points: [[0, 0], [0, 0]]}}", "both ends are the same"),
        ("lines: {a: {camera: a, points: [[0, 0], [.nan, 0]]}}", "expected two points"),
        ("zones: {a: {camera: a, points: [[0, 0], [1, x], [2, 2]]}}", "at least three points"),
        ("zones: {a: {camera: a, points: 7}}", "at least three points"),
    ],
)
def test_a_file_that_is_wrong_is_said_in_one_line(tmp_path, text, said):
    path = tmp_path / "zones.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=said) as error:
        read_zones(path, ["a"], floor=False)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
