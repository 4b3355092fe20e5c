import numpy as np
import pytest

from mtmc.evaluate.clear import clear
from mtmc.evaluate.draw import FALSE, FOUND, MISSED, SWITCHED, _drawn
from mtmc.evaluate.mistakes import Mistakes
from mtmc.evaluate.protocol import CameraRows, ScoringProtocol, make_scene
from mtmc.mot import MotRows

SIZE = np.array([40, 90])


def rows(*cells):
    """Rows of (frame, id, x)."""
    frames, ids, x = np.array(cells).reshape(-1, 3).T
    corner = np.stack([x, np.full_like(x, 100)], axis=1)
    return MotRows.make(frames, ids, np.concatenate([corner, corner + SIZE], axis=1))


def camera(truth, result, last=9):
    return CameraRows("a", truth, result, 1, last)


def test_each_kind_is_found_where_it_happens():
    truth = rows((1, 7, 10), (2, 7, 10), (3, 7, 10), (1, 8, 200), (3, 8, 200))
    result = rows((1, 1, 11), (2, 1, 11), (3, 2, 11), (3, 1, 200), (2, 5, 400))
    found = Mistakes.find(camera(truth, result), ScoringProtocol.PLAIN)
    assert found.truth.ids[found.missed].tolist() == [8]
    assert found.result.ids[found.false].tolist() == [5]
    switched = found.switched
    assert found.result.frames[switched].tolist() == [3]
    assert (found.before[switched].item(), found.result.ids[switched].item()) == (1, 2)
    assert found.told() == "1 false, 1 missed, 1 switched"


@pytest.mark.parametrize("seed", range(5))
def test_they_are_as_many_as_are_scored(seed):
    rng = np.random.default_rng(seed)
    truth = rows(*{(f, p): (f, p, 60 * p) for f in range(1, 30) for p in range(5)}.values())
    moved = truth[rng.random(len(truth)) < 0.8]
    ids = np.where(rng.random(len(moved)) < 0.1, moved.ids + 10, moved.ids)
    boxes = moved.boxes + rng.normal(0, 9, (len(moved), 1))
    result = MotRows.make(moved.frames, ids, boxes)
    one = camera(truth, result, 30)
    found = Mistakes.find(one, ScoringProtocol.PLAIN)
    counts = clear(make_scene([one], ScoringProtocol.PLAIN))
    assert (found.false.sum(), found.missed.sum()) == (counts.FP, counts.FN)
    assert found.switched.sum() == counts.IDSW > 0


def test_nothing_found_and_nobody_there():
    nobody = MotRows.empty()
    assert Mistakes.find(camera(rows((1, 1, 5)), nobody), ScoringProtocol.PLAIN).missed.all()
    assert Mistakes.find(camera(nobody, rows((1, 1, 5))), ScoringProtocol.PLAIN).false.all()


def test_colours_are_where_the_boxes_are():
    truth = rows((1, 7, 10), (2, 7, 10), (2, 8, 200))
    result = rows((1, 1, 10), (2, 2, 10), (2, 5, 400))
    found = Mistakes.find(camera(truth, result), ScoringProtocol.PLAIN)
    first, second = (np.zeros((240, 500, 3), np.uint8) for _ in range(2))
    _drawn(first, found, 1, 1.0)
    _drawn(second, found, 2, 1.0)
    assert first[145, 10].tolist() == list(FOUND)
    assert second[145, 10].tolist() == list(SWITCHED)
    assert second[145, 400].tolist() == list(FALSE)
    assert (second[100:190, 199:202] == MISSED).all(axis=2).any()
    assert not (first == MISSED).all(axis=2).any()
