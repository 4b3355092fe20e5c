"""What scores mean: curves, and what is learned from who walks."""

import numpy as np
import pytest

from mtmc.trackers import Detections
from mtmc.trackers.scores import MARGINS, PROBABILITIES, Calibrator, ScoreCurve
from mtmc.trackers.scores.walkers import Walkers

FPS = 10.0


@pytest.mark.parametrize("curve", [MARGINS, ScoreCurve(0.7, 3.0, margins=True)])
def test_a_curve_goes_there_and_back(curve):
    scores = np.array([0.2, 0.5, 0.75])
    shares = curve.probability(scores)
    assert (np.diff(shares) > 0).all()
    assert curve.score(shares) == pytest.approx(scores, abs=1e-4)
    assert curve.probability(np.array([curve.middle])) == pytest.approx([0.5])


def test_the_surest_and_the_least_sure_scores_are_probabilities():
    shares = ScoreCurve(0.9, 4.0, margins=True).probability(np.array([-90.0, 90.0]))
    assert 0 < shares[0] < 0.01
    assert 0.99 < shares[1] < 1


def scene(rng, middle, frames=300, walking=4, standing=3, things=6, slope=3.0):
    """Frames of a detector that knows people from things no better than by a logistic curve."""
    curve = ScoreCurve(middle, slope, margins=True)
    scores = curve.score(rng.uniform(0.01, 0.99, 4000))
    people = rng.random(4000) < curve.probability(scores)
    of_people, of_things = scores[people], scores[~people]
    places = rng.uniform(0, 1000, (walking + standing + things, 2)) * [1, 0.4]
    speed = np.zeros_like(places)
    speed[:walking] = rng.choice([-4.0, 4.0], (walking, 2))
    for _ in range(frames):
        places = places + speed
        noisy = places + rng.normal(0, 0.5, places.shape)
        person = np.arange(len(places)) < walking + standing
        said = np.where(
            person, rng.choice(of_people, len(places)), rng.choice(of_things, len(places))
        )
        seen = rng.random(len(places)) < np.where(person, 0.95, 0.9)
        boxes = np.column_stack([noisy, noisy + np.array([30, 80])])[seen]
        yield Detections(boxes, said[seen])


def learned(prior, scenes):
    calibrator = Calibrator(prior)
    for camera, frames in enumerate(scenes):
        for detections in frames:
            calibrator.look(detections, FPS, camera)
    return calibrator.learn(), calibrator


@pytest.mark.parametrize("middle", [0.4, 1.0, 1.7])
def test_what_scores_mean_is_learned_whatever_was_stated(middle):
    """Things that stand still are as steady as people, and do not count as such."""
    curve, _ = learned(MARGINS, [scene(np.random.default_rng(n), middle) for n in range(2)])
    assert curve.margins
    assert curve.middle == pytest.approx(middle, abs=0.35)
    half = curve.probability(np.array([middle]))[0]
    assert 0.3 < half < 0.7


def test_where_nobody_walks_nothing_is_learned():
    frames = scene(np.random.default_rng(0), 1.4, walking=0)
    curve, calibrator = learned(MARGINS, [frames])
    assert curve == MARGINS
    assert calibrator.looks > 100


def test_of_probabilities_nothing_is_learned():
    scenes = [list(scene(np.random.default_rng(0), 0.8))]
    curve, calibrator = learned(PROBABILITIES, scenes)
    assert curve == PROBABILITIES
    assert calibrator.looks == 0
    assert calibrator.probable(scenes[0][0]) is scenes[0][0]


def test_little_footage_changes_little():
    few = learned(MARGINS, [scene(np.random.default_rng(1), 1.7, frames=8)])[0]
    many = learned(MARGINS, [scene(np.random.default_rng(1), 1.7, frames=300)])[0]
    assert abs(few.middle) < abs(many.middle)


def test_a_part_of_somebody_stronger_does_not_walk():
    walkers = Walkers(2, FPS)
    for step in range(30):
        whole = np.array([5.0 * step, 0, 5.0 * step + 30, 80])
        boxes = np.stack([whole, whole + np.array([5, 5, -5, -40])])
        walkers.look(Detections(boxes, np.array([0.9, 0.3])), np.array([1, 0]))
    counts = walkers.counts()
    assert counts.seen.tolist() == [30, 30]
    assert counts.walked.tolist() == [0, 30]


def test_an_ended_track_still_counts():
    walkers = Walkers(1, FPS)
    for step in range(40):
        boxes = np.array([[5.0 * step, 0, 5.0 * step + 30, 80]])[: step < 20]
        walkers.look(Detections(boxes, np.full(len(boxes), 0.9)), np.zeros(len(boxes), np.intp))
    assert walkers.counts().walked.tolist() == [20]
    assert len(walkers.ids) == 0
