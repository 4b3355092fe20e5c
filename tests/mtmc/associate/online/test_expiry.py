"""A run that goes on for days remembers those who may come back, not everybody there ever was."""

import pickle

import numpy as np
import pytest

from mtmc.associate.online.associator import OnlineAssociator, OnlineConfig
from mtmc.tracking.tracklet import Tracklet
from mtmc.types import TrackKey

STEP = 0.5  # s


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr("mtmc.associate.online.associator.REVISE_MEMORY", 5.0)


class Door:
    """A camera that people pass one after the other, each for 5 s."""

    def __init__(self, **options):
        config = OnlineConfig(max_distance=0.4, **options)
        self.associator = OnlineAssociator(config, 0.4)
        self.time, self.number, self.ids = 0.0, 0, {}

    def passes(self, look):
        """Somebody of that look; returns the id they get."""
        self.number += 1
        track = Tracklet(TrackKey("door", self.number), self.time, self.time)
        for _ in range(10):
            track.see(round(self.time / STEP) + 1, self.time)
            track.gallery.add(look, 0.9, self.time)
            self.ids |= self.associator.look(self.time, [track])
            self.time += STEP
        track.closed = True
        return self.ids[track.key]

    def waits(self, seconds):
        for _ in range(round(seconds / STEP)):
            self.ids |= self.associator.look(self.time, [])
            self.time += STEP


def looks(count, dim=16):
    found = np.random.default_rng(0).normal(size=(count, dim)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_who_comes_back_in_time_is_known_and_later_is_somebody_new():
    door, (one, other) = Door(memory=40.0), np.eye(2, 16, dtype=np.float32)
    assert [door.passes(one), door.passes(other)] == [1, 2]
    door.waits(30)
    assert door.passes(one) == 1
    door.waits(35)
    assert door.passes(one) == 1
    assert door.passes(other) == 3
    door.waits(60)
    assert [door.passes(one), door.passes(other)] == [4, 5]


def test_memory_does_not_grow_with_all_who_ever_came():
    door, sizes = Door(memory=30.0), []
    for number, look in enumerate(looks(60)):
        door.passes(look)
        if number % 20 == 19:
            door.ids.clear()
            sizes.append(len(pickle.dumps(door.associator._people)))
    assert len(door.associator._people.all) < 20
    assert door.associator._people.global_id(door.associator._people.new()) > 30
    assert sizes[2] < 1.2 * sizes[1]
