"""Scores become probabilities once, right after the detector."""

import logging

import numpy as np
import pytest

from mtmc.perception.log import Inference
from mtmc.perception.scores import Meaning
from mtmc.trackers import Detections
from mtmc.trackers.scores import SHARES, ScoreCurve
from mtmc.types import Frame


class Stated:
    curve = ScoreCurve(0.8, 2.0)


def walk(meaning, steps, score):
    for step in range(steps):
        boxes = np.array([[4.0 * step, 0, 4.0 * step + 30, 80], [500, 0, 540, 90]], np.float32)
        found = Detections(boxes, np.array([score, 0.4], np.float32))
        meaning.take([Frame("a", step + 1, 0.1 * step, None)], [Inference(found)])
    return found


@pytest.mark.parametrize(("detector", "curve"), [(object(), SHARES), (Stated(), Stated.curve)])
def test_the_detector_states_what_its_scores_mean(detector, curve):
    meaning = Meaning(detector, {"a": 10.0})
    found = walk(meaning, 1, 0.9)
    assert meaning.probable(found).scores == pytest.approx(curve.probability(found.scores))
    assert meaning.told()["learned"] == meaning.told()["stated"]


def test_own_scores_are_the_detections_and_fit_the_probabilities_of_others():
    meaning = Meaning(Stated(), {"a": 10.0})
    found = walk(meaning, 1, 0.9)
    shares = np.array([0.3, 0.5], np.float32)
    own = meaning.own_scores(shares, np.array([0, -1]), found)
    assert own == pytest.approx([0.9, 0.8])


def test_what_was_learned_is_said_once(caplog):
    caplog.set_level(logging.INFO, "mtmc")
    meaning = Meaning(Stated(), {"a": 10.0})
    meaning.note()
    assert caplog.text == ""
    walk(meaning, 60, 0.6)
    meaning.note()
    assert caplog.text.count("learned from") == 1
    assert meaning.told()["learned"]["middle"] < Stated.curve.middle
