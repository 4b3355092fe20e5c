"""Scores become probabilities once, right after the detector."""

import logging
from dataclasses import asdict

import numpy as np

from mtmc.perception.log import Inference
from mtmc.perception.scores import Meaning
from mtmc.run.again import Recorded
from mtmc.trackers import Detections
from mtmc.trackers.scores import MARGINS, PROBABILITIES, ScoreCurve
from mtmc.types import Frame


def walk(meaning, steps, score=0.4, classes=None):
    for step in range(steps):
        boxes = np.array([[4.0 * step, 0, 4.0 * step + 30, 80], [500, 0, 540, 90]], np.float32)
        found = Detections(boxes, np.array([score, -0.4], np.float32), classes=classes)
        meaning.look([Frame("a", step + 1, 0.1 * step, None)], [Inference(found)])
    return found


def test_who_states_the_scale_is_believed(caplog):
    caplog.set_level(logging.INFO, "mtmc")
    meaning = Meaning(Recorded(curve=PROBABILITIES), {"a": 10.0})
    found = walk(meaning, 60)
    assert meaning.probable(found) is found
    meaning.note()
    assert meaning.told is None
    assert caplog.text == ""


def test_a_scale_to_be_learned_is_learned_and_said_once(caplog):
    caplog.set_level(logging.INFO, "mtmc")
    meaning = Meaning(Recorded(curve=MARGINS), {"a": 10.0})
    found = walk(meaning, 60)
    meaning.note()
    assert meaning.probable(found).scores[0] > MARGINS.probability(found.scores)[0]
    assert caplog.text.count("learned from") == 1
    assert meaning.told in caplog.text


def test_classes_stay():
    meaning = Meaning(Recorded(curve=MARGINS), {"a": 10.0})
    kinds = np.array([0, 1])
    assert meaning.probable(walk(meaning, 30, classes=kinds)).classes.tolist() == [0, 1]


def test_a_curve_can_be_kept():
    for curve in (PROBABILITIES, MARGINS):
        assert ScoreCurve(**asdict(curve)) == curve
