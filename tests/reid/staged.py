"""A network of several exits that takes no network."""

from __future__ import annotations

import numpy as np


class FakeStaged:
    """Mean colours, ever less blurred by noise from exit to exit; see `StagedEmbedder`.

    Args:
        noise: by exit.
        costs: GFLOPs of a crop up to each exit.
        reliability: by exit; None where exits have spaces of their own.
    """

    name, dim, even_distance = "fake", 8, 0.5

    def __init__(self, noise=(0.6, 0.2, 0.0), costs=(1.0, 2.0, 4.0), reliability=(0.5, 0.8, 1.0)):
        self.noise, self.costs, self.reliability = noise, costs, reliability
        self.embedded = np.zeros(len(costs), int)  # crops, by stage

    def _at(self, stage, crop):
        mean = crop.reshape(-1, 3).mean(axis=0)
        vector = np.concatenate([mean - mean.mean(), [1.0] * 5])
        seed = int(crop.astype(np.int64).sum()) * 10 + stage
        vector /= np.linalg.norm(vector)
        vector += self.noise[stage] * np.random.default_rng(seed).normal(size=8)
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    def embed(self, crops):
        """All the way."""
        return self.embed_until(crops, lambda stage, rows, vectors: np.zeros(len(rows), bool))[0]

    def embed_until(self, crops, decide):
        """See `StagedEmbedder`."""
        out = np.zeros((len(crops), self.dim), np.float32)
        exits, rows = np.full(len(crops), len(self.costs) - 1), np.arange(len(crops))
        for stage in range(len(self.costs)):
            self.embedded[stage] += len(rows)
            for row in rows:
                out[row] = self._at(stage, crops[row])
            if stage == len(self.costs) - 1 or not len(rows):
                break
            leave = decide(stage, rows, out[rows])
            exits[rows[leave]] = stage
            rows = rows[~leave]
        return out, exits
