from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from mtmc.reid.errors import ReidError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mtmc.reid.training.recipe import SamplerConfig


class PeopleSampler:
    """Batches of P people with K images each.

    In an epoch every image is seen once, but for what does not fill up: a person's images are
    shuffled into groups of K, the last group filled with others of the same person; batches take a
    group each of P different people, until fewer than P people have any left. Where a number of
    batches is asked for, such passes follow each other up to it.

    Args:
        pids: ``(N,)`` person of each image.
        config: P and K.

    Raises:
        ReidError: there are fewer than P people, or none has two images and K > 1.
    """

    def __init__(self, pids: NDArray[np.int64], config: SamplerConfig) -> None:
        self._config = config
        order = np.argsort(pids, kind="stable")
        people, starts, counts = np.unique(pids[order], return_index=True, return_counts=True)
        self._images = np.split(order, starts[1:])
        if len(people) < config.people:
            raise ReidError(
                f"the training set has {len(people)} people, a batch needs {config.people}; "
                "lower sampler.people or add data"
            )
        if config.images > 1 and counts.max() < 2:
            raise ReidError(
                "every person of the training set has one image, so there are no pairs to learn "
                f"from with sampler.images={config.images}; add images, or set sampler.images=1 "
                "and loss.triplet=none"
            )

    def epoch(self, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
        """Batches of image numbers ``(P * K,)``, images of a person one after the other."""
        if self._config.batches is None:
            yield from self._pass(rng)
            return
        passes = (self._pass(rng) for _ in itertools.count())
        yield from itertools.islice(itertools.chain.from_iterable(passes), self._config.batches)

    def _pass(self, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
        """Batches that show every image once."""
        groups = [self._groups(images, rng) for images in self._images]
        left = np.array([len(g) for g in groups])
        while True:
            available = np.flatnonzero(left)
            if len(available) < self._config.people:
                return
            chosen = rng.choice(available, self._config.people, replace=False)
            yield np.concatenate([groups[p][left[p] - 1] for p in chosen])
            left[chosen] -= 1

    def _groups(self, images: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """A person's images in random groups ``(G, K)``."""
        k = self._config.images
        shuffled = rng.permutation(images)
        missing = -len(images) % k
        # What fills up the last group comes from the other groups, where there are others.
        others = shuffled[: len(images) - (k - missing)] if len(images) > k else shuffled
        spare = rng.choice(others, missing, replace=missing > len(others))
        return np.concatenate([shuffled, spare]).reshape(-1, k)
