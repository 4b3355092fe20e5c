"""Where tracks are expected while nobody sees them."""

import numpy as np
import pytest

from mtmc.trackers.offline.config import RefineConfig
from mtmc.trackers.offline.expectation import expected
from mtmc.trackers.offline.rows import Paths

CONFIG = RefineConfig().at_rate(30)


def path(*parts):
    """Tracks of ``(track, frames, x at frame 0, speed)``, 50 px wide and 120 px tall."""
    columns = []
    for track, seen, start, speed in parts:
        frames = np.asarray(seen)
        values = np.column_stack([start + speed * frames, *np.ones((3, len(frames)))])
        values[:, 1:] = [300, 50, 120]
        columns.append((np.full(len(frames), track), frames, values, np.ones(len(frames))))
    joined = [np.concatenate(column) for column in zip(*columns, strict=True)]
    return Paths(*joined, np.arange(len(joined[0])))


def test_a_line_across_a_gap_and_the_way_on_at_both_ends():
    found = expected(path((0, [*range(11, 40), *range(46, 80)], 100, 2)), CONFIG, 4, 82)
    assert found.frames.tolist() == [*range(7, 11), *range(40, 46), 80, 81, 82]  # the video ends
    assert found.values[:, 0] == pytest.approx(100 + 2 * found.frames, abs=0.5)
    assert found.values[:, 1:] == pytest.approx(np.tile([300, 50, 120], (13, 1)), abs=1e-6)
    assert (found.source == -1).all()
    assert len(expected(path((0, range(11, 40), 100, 2)), CONFIG, 0, 82)) == 0


def test_who_comes_back_elsewhere_did_not_walk_straight_there():
    away = path((0, range(1, 60), 100, 2), (0, range(100, 160), 900, 2))
    found = expected(away, CONFIG, 100, 159)
    assert found.frames.tolist() == list(range(60, 100))  # each once, half from each side
    assert found.values[:20, 0] == pytest.approx(100 + 2 * np.arange(60, 80), abs=2)
    assert found.values[20:, 0] == pytest.approx(900 + 2 * np.arange(80, 100), abs=2)
    straight = path((0, [*range(1, 60), *range(100, 160)], 100, 2))
    found = expected(straight, CONFIG, 0, 160)
    assert found.values[:, 0] == pytest.approx(100 + 2 * np.arange(60, 100))
    assert len(expected(straight, CONFIG, 0, 160, lines=False)) == 0


def test_tracks_are_kept_apart():
    found = expected(path((0, range(5, 40), 100, 2), (1, range(8, 50), 500, -1)), CONFIG, 2, 100)
    assert found.track.tolist() == [0] * 4 + [1] * 4
    assert found.frames.tolist() == [3, 4, 40, 41, 6, 7, 50, 51]
