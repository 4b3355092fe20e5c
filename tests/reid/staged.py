"""A network of several exits that takes no network."""

from __future__ import annotations

import numpy as np

from mtmc.reid.staged import Passage, embed_until


class FakeStaged:
    """Mean colours, ever less blurred by noise from exit to exit; see `StagedEmbedder`.

    Args:
        noise: by exit.
        costs: GFLOPs of a crop up to each exit.
        reliability: by exit; empty where exits have spaces of their own.
    """

    name, dim, even_distance, batch_size = "fake", 8, 0.5, 4

    def __init__(self, noise=(0.6, 0.2, 0.0), costs=(1.0, 2.0, 4.0), reliability=(0.5, 0.8, 1.0)):
        self.noise, self.costs, self.reliability = noise, costs, reliability
        self.count = len(costs)
        self.embedded = np.zeros(self.count, int)  # crops, by stage

    def at(self, stage, crop):
        """The embedding of a crop at an exit, from 1."""
        mean = crop.reshape(-1, 3).mean(axis=0)
        vector = np.concatenate([mean - mean.mean(), [1.0] * 5])
        seed = int(crop.astype(np.int64).sum()) * 10 + stage
        vector /= np.linalg.norm(vector)
        vector += self.noise[stage - 1] * np.random.default_rng(seed).normal(size=8)
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    def embed(self, crops):
        """All the way."""
        return self.embed_until(crops, lambda stage, rows, vectors: np.zeros(len(rows), bool))[0]

    def embed_until(self, crops, decide):
        """See `StagedEmbedder`."""
        return embed_until(self.begin(crops), self.count, decide)

    def begin(self, crops):
        """See `StagedEmbedder`."""
        return Passage(self, crops)

    def first(self, crops):
        """See `Stages`; a crop's state is itself."""
        return self.further(0, list(crops))

    def further(self, stage, states):
        """See `Stages`."""
        self.embedded[stage] += len(states)
        return states, np.stack([self.at(stage + 1, crop) for crop in states])
