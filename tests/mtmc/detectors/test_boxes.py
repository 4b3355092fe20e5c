"""Thinning boxes, against torchvision's and against the paper's steps one by one."""

import time

import numpy as np
import pytest

from mtmc.detectors.boxes import non_maximum_suppression, soften, to_detections

KINDS = (
    *("random", "crowd", "ties", "copies", "no area", "not a number", "inside out"),
    *("one", "none"),
)


def drawn(kind, seed, count=400):
    """Boxes ``(N, 4)`` and scores ``(N,)`` of a kind that detectors or broken files give."""
    rng = np.random.default_rng(seed)
    count = {"one": 1, "none": 0}.get(kind, count)
    spread = 60 if kind == "crowd" else 640
    centres, sides = rng.uniform(0, spread, (count, 2)), rng.uniform(5, 120, (count, 2))
    boxes = np.concatenate([centres - sides / 2, centres + sides / 2], axis=1).astype(np.float32)
    scores = rng.random(count).astype(np.float32)
    if kind == "ties":
        boxes, scores = boxes.round(-1), scores.round(1)
    elif kind == "copies":
        boxes = boxes[rng.integers(0, 20, count)]
    elif kind == "no area":
        boxes[::3, 2] = boxes[::3, 0]
        boxes[::5] = 0
    elif kind == "not a number":
        boxes[::7, 1] = np.nan
        boxes[::11, 2] = np.inf
    elif kind == "inside out":
        boxes[::2] = boxes[::2][:, [2, 3, 0, 1]]
    return boxes, scores


@pytest.mark.parametrize("kind", KINDS)
def test_suppression_is_torchvisions(kind):
    torch, ops = pytest.importorskip("torch"), pytest.importorskip("torchvision.ops")
    for seed in range(5):
        boxes, scores = drawn(kind, seed)
        for iou in (0.0, 0.3, 0.5, 0.65, 1.0):
            theirs = ops.nms(torch.from_numpy(boxes), torch.from_numpy(scores), iou).numpy()
            assert np.array_equal(non_maximum_suppression(boxes, scores, iou), theirs), (seed, iou)


def step_by_step(boxes, scores, sigma):
    """Soft-NMS as the paper's figure 2 has it."""
    left, soft = list(range(len(boxes))), scores.astype(float)
    while left:
        best = max(left, key=lambda i: (soft[i], -i))
        left.remove(best)
        for i in left:
            low, high = (
                np.maximum(boxes[best, :2], boxes[i, :2]),
                np.minimum(boxes[best, 2:], boxes[i, 2:]),
            )
            shared = float(np.prod(np.maximum(high.astype(float) - low, 0)))
            sizes = [float(np.prod(b[2:].astype(float) - b[:2])) for b in (boxes[best], boxes[i])]
            soft[i] *= np.exp(-((shared / (sum(sizes) - shared)) ** 2) / sigma)
    return soft


@pytest.mark.parametrize("kind", ["random", "crowd", "ties", "copies", "one", "none"])
@pytest.mark.parametrize("sigma", [0.5, 0.001])
def test_softening_is_the_papers(kind, sigma):
    boxes, scores = drawn(kind, 0, 60)
    boxes[:, 2:] += 1  # an area
    assert soften(boxes, scores, sigma) == pytest.approx(step_by_step(boxes, scores, sigma))


@pytest.mark.slow
def test_suppression_is_as_fast_as_torchvisions():
    torch, ops = pytest.importorskip("torch"), pytest.importorskip("torchvision.ops")
    torch.set_num_threads(1)
    boxes, scores = drawn("random", 0, 8400)
    tensors = torch.from_numpy(boxes), torch.from_numpy(scores)

    def least(call):
        spent = []
        for _ in range(7):
            start = time.perf_counter()
            call()
            spent.append(time.perf_counter() - start)
        return min(spent)

    theirs = least(lambda: ops.nms(*tensors, 0.65))
    assert least(lambda: non_maximum_suppression(boxes, scores, 0.65)) < 1.2 * theirs


def test_boxes_are_clipped_and_what_is_nothing_goes():
    boxes = np.array([[-5, -5, 10, 10], [20, 20, 20.5, 30], [0, 0, np.nan, 9]], np.float32)
    found = to_detections(boxes, np.array([0.5, 0.6, 0.7], np.float32), (100, 50))
    assert found.boxes.tolist() == [[0, 0, 10, 10]]
