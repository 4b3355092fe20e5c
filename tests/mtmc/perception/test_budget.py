"""Who leaves early: by looks, and by the clock."""

import numpy as np
import pytest

from mtmc.errors import UserError
from mtmc.perception.budget import NEW, Budget, BudgetConfig, Looks, StepTime
from mtmc.perception.log import exits_of
from tests.reid.staged import FakeStaged


def unit(angle):
    turned = np.radians(angle)
    return np.array([np.cos(turned), np.sin(turned)], np.float32)


def chord(angle):
    return 2 * np.sin(np.radians(abs(angle)) / 2)


def looks_of(confidence="margin"):
    looks = Looks(confidence)
    looks.take("a", np.array([1, 2]), np.stack([unit(0), unit(60)]), np.array([1.0, 0.5]))
    return looks


def test_a_crop_is_sure_where_it_is_like_its_own_track_and_like_no_other():
    looks = looks_of()
    assert looks.certainty("a", 1, unit(10)) == pytest.approx(chord(50) - chord(10), abs=1e-3)
    assert looks.certainty("a", 1, unit(50)) == pytest.approx(chord(10) - chord(50), abs=1e-3)
    # Whose it is is not known before a tracker has seen it.
    assert looks.certainty("a", 0, unit(50)) == pytest.approx(chord(50) - chord(10), abs=1e-3)
    assert looks_of("distance").certainty("a", 2, unit(50)) == pytest.approx(-chord(10), abs=1e-3)


def test_the_first_crop_of_a_track_is_the_least_sure():
    looks = looks_of()
    assert looks.certainty("a", 3, unit(0)) == looks.certainty("b", 0, unit(0)) == NEW
    alone = Looks()
    alone.take("a", np.array([1]), unit(0)[None], np.ones(1))
    assert alone.certainty("a", 1, unit(0)) == pytest.approx(np.sqrt(2), abs=1e-3)


def test_who_has_ended_is_nobody_any_more():
    looks = looks_of()
    looks.forget("a", np.array([2, 7]))
    assert looks.certainty("a", 1, unit(50)) == pytest.approx(np.sqrt(2) - chord(50), abs=1e-3)
    assert looks.certainty("a", 2, unit(60)) == NEW


class Slow(FakeStaged):
    """Takes so many seconds for a crop from exit to exit, by a clock of its own."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds, self.now = seconds, 0.0

    def at(self, stage, crop):
        return np.ones(8, np.float32)

    def further(self, stage, states):
        self.now += self.seconds[stage] * len(states)
        return super().further(stage, states)


@pytest.mark.parametrize("seconds", [(1e-3, 2e-3, 4e-3), (3e-3, 1e-3, 1e-3)])
@pytest.mark.parametrize("count", [1, 3, 20])
def test_a_step_takes_the_time_it_may_and_the_least_sure_go_on(seconds, count):
    embedder, rng = Slow(seconds), np.random.default_rng(0)
    crops = [rng.integers(0, 256, (4, 2, 3), dtype=np.uint8) for _ in range(count)]
    sure = rng.normal(size=count).astype(np.float32)
    least, most = count * seconds[0], count * sum(seconds)
    for share in (0.0, 0.3, 0.6, 1.0):
        allowed = least + share * (most - least) + 1e-9
        rule = StepTime(embedder.costs, 1e3 * allowed, lambda: embedder.now)
        taken = []
        for _ in range(120):  # what was guessed by multiply-adds is known by then
            start = embedder.now
            exits = rule.embed(lambda: embedder.begin(crops), lambda s, rows, v: sure[rows]).exits
            taken.append(embedder.now - start)
        assert max(taken) <= allowed + min(8, count) * max(seconds)
        assert np.mean(np.array(taken) > allowed + 1e-6) <= 0.1
        assert np.median(taken) >= min(allowed, most) - 3 * max(seconds)
        assert (np.diff(exits[np.argsort(sure)]) <= 0).all()
    assert (exits == 3).all()  # what seemed too far was tried
    tight = StepTime(embedder.costs, 1e3 * least / 2, lambda: embedder.now)
    passage = tight.embed(lambda: embedder.begin(crops), lambda s, rows, v: sure[rows])
    assert (passage.exits == 1).all()
    assert (tight.steps, tight.over) == (1, 1)
    assert tight.most_over == pytest.approx(least / 2)


@pytest.mark.parametrize("budget", [{"gflops": 2.0}, {"ms": 100.0}])
def test_an_embedding_that_is_no_number_is_refused(budget):
    embedder = FakeStaged()
    embedder.at = lambda stage, crop: np.full(8, np.nan, np.float32)
    crops = [np.zeros((4, 2, 3), np.uint8)]
    with pytest.raises(UserError, match="fake gives embeddings at exit 1 that are not finite"):
        Budget(embedder, BudgetConfig(**budget), Looks()).embed(crops, ["a"], np.ones(1, int))


def test_crops_keep_their_order_and_are_what_the_embedder_says_at_their_exits():
    embedder, rng = FakeStaged(), np.random.default_rng(0)
    budget = Budget(embedder, BudgetConfig(gflops=2.0), Looks())
    for _ in range(30):
        crops = [rng.integers(0, 256, (4, 2, 3), dtype=np.uint8) for _ in range(5)]
        tracks = np.arange(1, 6)
        vectors, sure = budget.embed(crops, ["a"] * 5, tracks)
        for crop, vector, stage in zip(crops, vectors, exits_of(sure), strict=True):
            assert np.array_equal(vector, embedder.at(stage, crop))
        budget.looks.take("a", tracks, vectors, np.ones(5))
    told = budget.told()
    assert sum(told["crops_per_exit"]) == 150
    assert told["gflops_per_crop"] == pytest.approx(2.0, rel=0.05)
