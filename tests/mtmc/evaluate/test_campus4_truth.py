"""The truth that comes with the project can be read, and is of one scene."""

from pathlib import Path

import numpy as np

from mtmc.evaluate.sequences import read_truth

FILES = sorted((Path(__file__).parents[3] / "data" / "campus4" / "gt").glob("*.txt"))


def test_all_cameras_are_read_and_their_ids_are_people_of_the_scene():
    truth = {file.stem: read_truth(file, 2000) for file in FILES}
    assert list(truth) == ["campus4-c0", "campus4-c1", "campus4-c2"]
    for rows in truth.values():  # an id twice in a frame is refused
        assert len(rows.ids) > 3000
        assert set(np.unique(rows.ids)) == {1, 2, 3, 4, 5}
