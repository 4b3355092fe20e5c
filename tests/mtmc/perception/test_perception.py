"""The networks are asked what is not known yet."""

from types import SimpleNamespace

import numpy as np
import pytest

from mtmc.perception.log import Inference
from mtmc.perception.perception import Perception
from mtmc.run.ahead import _before
from mtmc.trackers import Detections
from mtmc.types import Frame

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


class Eager:
    """Finds one person in each frame, at the frame's number; notes what it is asked when."""

    stateful, at_once = False, 3

    def __init__(self):
        self.heard = []

    def detect(self, frames):
        self.heard.append(("detect", [frame.index for frame in frames]))
        return [Detections(np.array([[f.index, 0, f.index + 5, 9]]), np.ones(1)) for f in frames]

    def begin(self, frames):
        self.heard.append(("begin", [frame.index for frame in frames]))
        return lambda: self.detect(frames)


@pytest.mark.parametrize("recording", [True, False])
def test_later_frames_are_begun_first_only_of_recordings(recording):
    detector = Eager()
    perception = Perception(detector, None, None, recording=recording)
    assert perception.ahead == 3 * recording
    steps = (perception.detect([Frame("a", n, 0.0, None)]) for n in range(1, 5))
    told = [ask()[0].detections.boxes[0, 0] for ask in _before(steps, perception.ahead)]
    assert told == [1, 2, 3, 4]
    if recording:
        assert detector.heard[:6] == [*(("begin", [n]) for n in range(1, 5)), *(
            ("detect", [n]) for n in (1, 2)
        )]  # fmt: skip
    else:
        assert detector.heard == [("detect", [n]) for n in range(1, 5)]
