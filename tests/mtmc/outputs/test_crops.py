"""Which crops of a track are kept."""

import numpy as np

from mtmc.results.crops import KEPT, Crop, thinned
from mtmc.types import TrackKey


def crop(frame, quality):
    return Crop(TrackKey("a", 1), frame, frame / 10, quality, np.zeros(4), b"", np.zeros(0))


def test_the_best_of_different_moments_stay():
    many = [crop(frame, 0.9 if frame % 20 == 7 else 0.5) for frame in range(120)]
    kept = thinned(many[::-1])
    assert [c.frame for c in kept] == [7, 27, 47, 67, 87, 107]


def test_a_worse_one_stays_where_it_is_the_only_one_of_its_time():
    kept = thinned([*(crop(frame, 0.9) for frame in range(20)), crop(500, 0.2)])
    assert len(kept) == KEPT
    assert kept[-1].frame == 500
