from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mtmc.reid.data.held_out import hold_out
from mtmc.reid.data.images import Dataset, Images, images_of
from mtmc.reid.errors import ReidError

NOBODY = images_of([])


def dataset(people=10, cameras=2, shots=3) -> Dataset:
    rows = [
        (Path(f"{pid}_{camera}_{shot}"), pid, camera)
        for pid in range(1, people + 1)
        for camera in range(1, cameras + 1)
        for shot in range(shots)
    ]
    return Dataset("these", images_of(rows), images_of(rows[:1]), images_of(rows[1:2]))


def test_who_is_held_out_is_not_learned_from_and_all_the_others_are() -> None:
    whole = dataset()
    split = hold_out(whole, 0.3, seed=1)
    held, learned = set(split.gallery.pids), set(split.train.pids)
    assert len(held) == 3
    assert held | learned == set(range(1, 11))
    assert not held & learned
    assert len(split.train) + len(split.gallery) == len(whole.train)
    assert set(hold_out(whole, 0.3, seed=2).gallery.pids) != held


def test_a_person_with_the_number_of_distractors_is_one_to_be_found() -> None:
    whole = dataset(people=4)
    zero = replace(whole, train=replace(whole.train, pids=whole.train.pids - 1))
    split = hold_out(zero, 0.5, seed=0)
    assert min(split.gallery.pids) > 0
    assert split.gallery.people == split.train.people == 2


def test_each_is_looked_for_once_per_camera() -> None:
    query = hold_out(dataset(), 0.3, seed=0).query
    sides = list(zip(query.pids, query.camids, strict=True))
    assert len(sides) == len(set(sides)) == 3 * 2


def test_a_tracklet_is_asked_for_as_a_whole() -> None:
    train = dataset(shots=4).train
    tracklets = np.arange(len(train)) // 2
    videos = Dataset("v", Images(train.paths, train.pids, train.camids, tracklets), NOBODY, NOBODY)
    query = hold_out(videos, 0.2, seed=0).query
    assert query.tracklets is not None
    assert np.unique(query.tracklets, return_counts=True)[1].tolist() == [2] * 4


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (dataset(people=3), "has 3 people to train on, too few to hold some out"),
        (dataset(cameras=1), "none of 2 people held out of the training is seen by two cameras"),
    ],
)
def test_people_who_cannot_be_looked_for(given, what) -> None:
    with pytest.raises(ReidError, match=what):
        hold_out(given, 0.2, seed=0)
