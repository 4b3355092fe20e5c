"""Ranges beside the fields, and every setting of every tracker felt by what it reports."""

from dataclasses import dataclass, fields

import numpy as np
import pytest

from mtmc import trackers
from mtmc.trackers import Detections
from mtmc.trackers.settings import Checked, setting, share


@dataclass(frozen=True)
class Example(Checked):
    part: float = share(0.5)
    count: int = setting(3, ge=1)
    rate: float = setting(0.1, gt=0, lt=1)
    limit: float | str | None = setting(None, gt=0, le=2)
    kind: str = "any"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"part": -0.1}, r"part must be in 0\.\.1, got -0\.1"),
        ({"part": float("nan")}, r"part must be in 0\.\.1, got nan"),
        ({"count": 0}, "count must be at least 1, got 0"),
        ({"count": float("inf")}, "count must be a number, got inf"),
        ({"rate": 0}, "rate must be above 0 and below 1, got 0"),
        ({"limit": 3}, "limit must be above 0 and at most 2, got 3"),
    ],
)
def test_a_value_out_of_its_range_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Example(**wrong)


def test_the_ends_of_a_range_none_and_texts_are_fine():
    Example(part=0, count=1, limit=2)
    Example(part=1, limit="auto")


def crowd(rng, shake, pace, frames=70, people=8):
    """People who walk about, meet and turn, and are missed, hidden for long, or seen unsurely."""
    looks = np.linalg.qr(rng.normal(size=(16, people)))[0].T
    place, speed = rng.uniform(0, 300, (people, 2)), rng.normal(0, pace, (people, 2))
    hidden = np.zeros(people, int)  # frames to come
    for number in range(frames):
        speed += rng.normal(0, pace / 6, speed.shape)
        place += speed
        speed[(place < 0) | (place > 300)] *= -1
        hidden = np.where(rng.random(people) < 0.02, 25, hidden - 1)
        seen = (hidden <= 0) & (rng.random(people) < 0.9)
        corner = place + rng.normal(0, 1.5, place.shape) + shake * np.sin(number)
        boxes = np.tile(corner, 2) + np.array([0, 0, 50, 120])
        scores = np.clip(rng.beta(3, 1.2, people), 0.05, 1)
        unit = looks + rng.normal(0, 0.15, looks.shape)
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        yield Detections(boxes[seen], scores[seen], unit[seen].astype(np.float32))


# Slow people seen by a fixed camera, fast ones, and a camera that shakes.
KINDS = [(0, 2), (0, 15), (8, 4)]
CROWDS = [list(crowd(np.random.default_rng(seed), *kind)) for seed, kind in enumerate(KINDS)]


def reported(name, **settings):
    """Everything a tracker says of the crowds."""
    rows = []
    for crowd in CROWDS:
        tracker = trackers.create(name, trackers.tracker_class(name).Config(**settings))
        for detections in crowd:
            tracks = tracker.update(detections)
            rows.append((tracks.ids.tolist(), tracks.det_index.tolist()))
    return rows


def another(value):
    """A value that is well within the range, and far from the default."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 3
    return value / 3 if value > 0.2 else value * 2.5


EVERY = [
    (name, f.name, another(f.default))
    for name in sorted(trackers.TRACKERS)
    for f in fields(trackers.tracker_class(name).Config)
]


@pytest.fixture(scope="module")
def plain():
    return {name: reported(name) for name in trackers.TRACKERS}


@pytest.mark.parametrize(("name", "key", "value"), EVERY)
def test_every_setting_is_felt(plain, name, key, value):
    assert reported(name, **{key: value}) != plain[name]
