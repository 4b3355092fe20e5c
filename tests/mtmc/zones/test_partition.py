import numpy as np
import pytest

from mtmc.calibration import FloorHomography
from mtmc.zones.overlaps import overlaps
from mtmc.zones.partition import zones_of

LINE = {"a": {"b": (2.0, 9.0)}, "b": {"c": (0.0, 5.0)}, "c": {"d": (8.0, 20.0)}}


def test_the_nearest_cameras_come_together_first():
    assert list(zones_of("abcd", None, LINE, 2).values()) == [["a"], ["b", "c"], ["d"]]
    assert list(zones_of("abcd", None, LINE, 3).values()) == [["a", "b", "c"], ["d"]]
    assert list(zones_of("abcd", None, LINE, 9).values()) == [["a", "b", "c", "d"]]
    assert list(zones_of("abcd", None, LINE, 1).values()) == [["a"], ["b"], ["c"], ["d"]]


def test_without_a_topology_no_zone_is_too_large():
    groups = list(zones_of([f"c{n}" for n in range(9)], None, None, 4).values())
    assert sorted(map(len, groups)) == [1, 4, 4]


def test_zones_that_are_given_are_kept_and_other_cameras_are_alone():
    assert zones_of("abcd", {"hall": ["d", "a"]}, LINE, 2) == {
        "hall": ["d", "a"], "b": ["b"], "c": ["c"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("zones", "said"),
    [
        ({"hall": ["a", "z"]}, "camera of zone hall"),
        ({"hall": ["a"], "yard": ["a"]}, "camera a is in hall and in yard"),
        ({"b": ["a"]}, "camera b is in no zone"),
    ],
)
def test_zones_that_do_not_fit_the_cameras_are_refused(zones, said):
    with pytest.raises(ValueError, match=said):
        zones_of("ab", zones, None, 4)


def above(x):
    """A camera that looks straight down on 10 m by 8 m of floor, from ``x`` m on."""
    return FloorHomography(np.array([[0.01, 0, x], [0, 0.01, 0], [0, 0, 1.0]]), (1000, 800))


def test_cameras_that_see_one_floor_come_together():
    shared = overlaps({"a": above(0.0), "b": above(30.0), "c": above(6.0), "d": above(-3.0)})
    assert set(shared) == {("a", "c"), ("a", "d"), ("c", "d")}
    assert shared["a", "d"] > shared["a", "c"] > shared["c", "d"]
    groups = zones_of("abcd", None, None, 2, shared)
    assert list(groups.values()) == [["a", "d"], ["b"], ["c"]]
    assert list(zones_of("abcd", None, LINE, 3, shared).values()) == [["a", "c", "d"], ["b"]]
