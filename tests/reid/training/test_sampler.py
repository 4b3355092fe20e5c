from __future__ import annotations

import numpy as np
import pytest

from mtmc import reid
from mtmc.reid.training.recipe import SamplerConfig
from mtmc.reid.training.sampler import PeopleSampler

PIDS = np.repeat(np.arange(6), [9, 4, 2, 7, 1, 5])


def test_batches_are_p_people_with_k_images_each() -> None:
    sampler = PeopleSampler(PIDS, SamplerConfig(people=3, images=4))
    batches = list(sampler.epoch(np.random.default_rng(0)))
    assert batches
    for batch in batches:
        people = PIDS[batch].reshape(3, 4)
        assert (people == people[:, :1]).all()
        assert len(set(people[:, 0])) == 3


def test_an_image_is_seen_again_only_to_fill_a_group() -> None:
    sampler = PeopleSampler(PIDS, SamplerConfig(people=1, images=4))
    seen = np.bincount(np.concatenate(list(sampler.epoch(np.random.default_rng(1)))), minlength=28)
    assert (seen >= 1).all()
    # 9 images make 3 groups of 4, and so on.
    assert [seen[p == PIDS].sum() for p in range(6)] == [12, 4, 4, 8, 4, 8]
    assert all(seen[p == PIDS].max() <= 2 for p in (0, 1, 3, 5))


@pytest.mark.parametrize("batches", [1, 3, 25])
def test_an_epoch_has_as_many_batches_as_are_asked_for(batches) -> None:
    config = SamplerConfig(people=2, images=2, batches=batches)
    found = list(PeopleSampler(PIDS, config).epoch(np.random.default_rng(0)))
    once = list(PeopleSampler(PIDS, SamplerConfig(2, 2)).epoch(np.random.default_rng(0)))
    assert len(found) == batches
    assert all(np.array_equal(a, b) for a, b in zip(found, once, strict=False))


def test_the_same_random_numbers_give_the_same_epoch() -> None:
    sampler = PeopleSampler(PIDS, SamplerConfig(people=2, images=2))
    first, again, other = (
        np.concatenate(list(sampler.epoch(np.random.default_rng(seed)))) for seed in (5, 5, 6)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_data_that_cannot_fill_a_batch_is_refused() -> None:
    with pytest.raises(reid.ReidError, match="6 people, a batch needs 8"):
        PeopleSampler(PIDS, SamplerConfig())
    with pytest.raises(reid.ReidError, match="every person of the training set has one image"):
        PeopleSampler(np.arange(20), SamplerConfig())
    PeopleSampler(np.arange(20), SamplerConfig(images=1))
