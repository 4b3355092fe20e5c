import numpy as np
import pytest

pytest.importorskip("warp")

from mtmc.simulate.lab import lab
from mtmc.simulate.props import furnish


def test_a_furnished_room_holds_what_it_held_and_seats_to_sit_on():
    rooms = [lab(np.random.default_rng(seed), 2) for seed in range(4)]
    bare = [(len(r.stage.faces), len(r.floor.seats)) for r in rooms]
    fuller = [furnish(r, np.random.default_rng(n)) for n, r in enumerate(rooms)]
    assert [(len(r.stage.faces), len(r.floor.seats)) for r in rooms] == bare
    added = 0
    for before, after in zip(rooms, fuller, strict=True):
        old, new = before.stage, after.stage
        assert (new.vertices[: len(old.vertices)] == old.vertices).all()
        assert (new.surface[: len(old.surface)] == old.surface).all()
        assert len(new.surface) == len(new.faces)
        assert new.faces.max() == len(new.vertices) - 1
        assert new.surface.max() == len(new.surfaces) - 1
        low, high = np.array(after.floor.bounds).reshape(2, 2)
        for seat in after.floor.seats[len(before.floor.seats) :]:
            added += 1
            here = np.array(seat.position)
            assert ((here > low - 0.5) & (here < high + 0.5)).all()
            chair = here - 0.34 * np.array([np.cos(seat.heading), np.sin(seat.heading)])
            near = np.hypot(*(new.vertices[len(old.vertices) :, :2] - chair).T) < 0.1
            heights = new.vertices[len(old.vertices) :, 2][near]
            assert ((heights > 0.4) & (heights < 0.62)).any()  # there is something to sit on
    assert added
