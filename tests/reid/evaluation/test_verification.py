import numpy as np
import pytest

from mtmc.reid.evaluation import Embeddings
from mtmc.reid.evaluation.verification import even_distance


def slow_even_distance(rows: Embeddings) -> float:
    """Try every distance that occurs; the least at which joining errs as often as splitting."""
    looks: dict[tuple[int, int], list[np.ndarray]] = {}
    for feature, pid, camid in zip(rows.features, rows.pids, rows.camids, strict=True):
        if pid > 0:
            looks.setdefault((int(pid), int(camid)), []).append(feature)
    means = {key: np.mean(features, axis=0) for key, features in looks.items()}
    one, two = [], []
    for (pid, camid), a in means.items():
        for (other, camera), b in means.items():
            if camid < camera:
                distance = 1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b)
                (one if pid == other else two).append(distance)
    for threshold in sorted([*one, *two]):
        joined = sum(distance <= threshold for distance in two)
        split = sum(distance > threshold for distance in one)
        if joined * len(one) >= split * len(two):
            return float(threshold)
    raise AssertionError


def people(seed: int, spread: float) -> Embeddings:
    rng = np.random.default_rng(seed)
    pids = np.repeat(np.arange(-1, 9), 12)
    camids = np.tile(np.arange(4), 30)
    features = rng.normal(size=(11, 16))[pids + 1] + spread * rng.normal(size=(120, 16))
    return Embeddings(features.astype(np.float32), pids, camids)


@pytest.mark.parametrize("spread", [0.3, 1.0, 3.0])
def test_equals_a_slow_loop(spread):
    rows = people(3, spread)
    assert even_distance(rows) == pytest.approx(slow_even_distance(rows), abs=1e-5)


def test_lies_between_one_person_and_two():
    assert 0.05 < even_distance(people(0, 0.3)) < 0.8


def test_unknown_where_nobody_is_seen_twice():
    rows = people(0, 0.3)
    one_camera = Embeddings(rows.features, rows.pids, np.zeros_like(rows.camids))
    one_person = Embeddings(rows.features, np.ones_like(rows.pids), rows.camids)
    assert even_distance(one_camera) is None
    assert even_distance(one_person) is None
