"""The networks are asked what is not known yet."""

from types import SimpleNamespace

import numpy as np

from mtmc.perception.log import Inference
from mtmc.perception.perception import Perception
from mtmc.trackers import Detections

BOXES = np.array([[0.0, 0, 10, 20], [20, 0, 30, 20]])


class Counting:
    """An embedder that says how many crops it has seen."""

    def __init__(self):
        self.seen = 0

    def embed(self, crops):
        self.seen += len(crops)
        return np.full((len(crops), 4), self.seen, np.float32)


def test_of_a_frame_known_in_part_all_that_is_wanted_is_embedded():
    embedder = Counting()
    frames = [SimpleNamespace(pixels=np.zeros((20, 30, 3), np.uint8))] * 2
    found = Detections(BOXES, np.array([0.9, 0.9]))
    known = [Inference(found, np.array(rows), np.ones((len(rows), 4))) for rows in ([0], [0, 1])]
    wanted = [np.array([0, 1]), np.array([1])]
    part, whole = Perception(None, embedder, None).embed(frames, known, wanted)
    assert embedder.seen == 2
    assert part.rows.tolist() == [0, 1]
    assert part.embeddings.tolist() == [[2.0] * 4] * 2
    assert whole is known[1]
