"""What users of other libraries hand over."""

from types import SimpleNamespace

import numpy as np
import pytest

from mtmc import trackers
from mtmc.trackers import Detections, from_supervision, from_ultralytics

EMPTY = [
    ([], []), ((), ()), (np.array([]), np.array([])), (np.zeros((0, 4)), []),
    (np.zeros((0, 6)), np.zeros(0)), ([], np.zeros(0, int)),
]  # fmt: skip
BOXES = [[10, 10, 30, 60], [50, 10, 70, 60], [90, 10, 110, 60]]


@pytest.mark.parametrize(("boxes", "scores"), EMPTY, ids=str)
@pytest.mark.parametrize("name", list(trackers.TRACKERS))
def test_nobody_in_any_form_goes_into_every_tracker(name, boxes, scores):
    tracker = trackers.create(name)
    empty = Detections(boxes, scores)
    assert (empty.boxes.shape, empty.scores.shape, len(empty)) == ((0, 4), (0,), 0)
    if not tracker.needs_image:
        assert len(tracker.update(empty)) == 0


def test_nobody_with_everything():
    empty = Detections([], [], [], [], [])
    assert empty.embeddings.shape == (0, 0)
    assert empty.floor_covariance.shape == (0, 2, 2)
    assert len(empty[np.zeros(0, bool)]) == 0
    assert Detections([], [], np.zeros((0, 512))).embeddings.shape == (0, 512)


def test_lists_will_do():
    found = Detections(BOXES, [0.9, 1, 0])
    assert found.boxes.dtype == found.scores.dtype == np.float32


@pytest.mark.parametrize(
    "wrong", [([[]], []), ([], [0.5]), ([1, 2, 3, 4], [0.5]), (BOXES, []), (5, [1]), (BOXES, 5)]
)
def test_what_is_not_empty_is_still_checked(wrong):
    with pytest.raises(ValueError, match="shape"):
        Detections(*wrong)


def supervised(**changes):
    fields = {
        "xyxy": np.array(BOXES, np.float64), "confidence": np.array([0.9, 0.8, 0.7]),
        "class_id": np.array([0, 2, 0]), "data": {},
    }  # fmt: skip
    return SimpleNamespace(**{**fields, **changes})


def test_supervision():
    assert len(from_supervision(supervised())) == 3
    assert from_supervision(supervised(), classes=[0]).scores == pytest.approx([0.9, 0.7])
    named = supervised(data={"class_name": np.array(["person", "car", "Person"])})
    assert from_supervision(named).boxes.tolist() == [BOXES[0], BOXES[2]]
    assert from_supervision(supervised(confidence=None)).scores.tolist() == [1, 1, 1]
    nobody = supervised(
        xyxy=np.empty((0, 4)), confidence=np.array([]), class_id=np.array([]),
        data={"class_name": np.array([])},
    )  # fmt: skip
    assert len(from_supervision(nobody)) == 0
    flat = supervised(xyxy=np.array([BOXES[0], [5, 5, 5, 9], [np.nan] * 4]))
    assert len(from_supervision(flat)) == 1
    with pytest.raises(ValueError, match="have none"):
        from_supervision(supervised(class_id=None), classes=[0])


def results(boxes=BOXES, names=None):
    torch = pytest.importorskip("torch")
    count = len(boxes)
    return SimpleNamespace(
        boxes=SimpleNamespace(
            xyxy=torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
            conf=torch.tensor([0.9, 0.8, 0.7][:count]),
            cls=torch.tensor([0.0, 2.0, 0.0][:count]),
        ),
        names=names or {0: "person", 1: "bicycle", 2: "car"},
    )


def test_ultralytics():
    assert from_ultralytics(results()).boxes.tolist() == [BOXES[0], BOXES[2]]
    assert from_ultralytics(results(), classes=[2]).scores == pytest.approx([0.8])
    assert len(from_ultralytics(results([]))) == 0
    with pytest.raises(ValueError, match=r"classes: 0 car\); choose by classes"):
        from_ultralytics(results(names={0: "car"}))
    with pytest.raises(ValueError, match="no upright boxes"):
        from_ultralytics(SimpleNamespace(boxes=None, names={}))
    ids = trackers.create("sort").update(from_ultralytics(results())).ids
    assert len(ids) <= 2


@pytest.mark.slow
def test_the_libraries_own_classes_if_they_are_here():
    results_class = pytest.importorskip("ultralytics.engine.results").Results
    torch = pytest.importorskip("torch")
    rows = torch.tensor([[*box, 0.9, n] for n, box in enumerate(BOXES)])
    image = np.zeros((100, 200, 3), np.uint8)
    result = results_class(image, "a.jpg", {0: "person", 1: "car", 2: "people"}, boxes=rows)
    assert from_ultralytics(result).boxes.tolist() == [BOXES[0], BOXES[2]]
