from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from reid.data.decode import decode_all
from reid.data.images import combine
from reid.training.augment import augment
from reid.training.sampler import PeopleSampler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from reid.data.images import Images
    from reid.preprocess import Preprocess
    from reid.training.config import TrainConfig


class Batches:
    """All training images as one uint8 tensor on the device, and the batches of each epoch.

    An image file is opened once, before the first epoch. Every random number of an epoch follows
    from the seed and the epoch alone, so that a resumed training repeats nothing and misses
    nothing.

    Args:
        config: sampling, augmentation and seed.
        train: what is learned from together; people become 0..P-1.
        preprocess: the size images are held at, and how they are normalised.
        device: where they are held.
        progress: told how many images are decoded.

    Raises:
        ReidError: the images do not suit P x K sampling, or one cannot be read.
    """

    def __init__(
        self,
        config: TrainConfig,
        train: Sequence[Images],
        preprocess: Preprocess,
        device: torch.device,
        *,
        progress: Callable[[int], object] | None = None,
    ) -> None:
        self.images = combine(train)
        self.people = len(np.unique(self.images.pids))
        self._config, self._device = config, device
        self._sampler = PeopleSampler(self.images.pids, config.sampler)
        pixels = decode_all(self.images.paths, preprocess, progress)
        self._pixels = torch.from_numpy(pixels).to(device)
        self._labels = torch.from_numpy(self.images.pids).to(device)
        self._mean = torch.tensor(preprocess.mean, device=device)
        self._std = torch.tensor(preprocess.std, device=device)

    def epoch(self, epoch: int) -> Iterator[tuple[NDArray[np.int64], Tensor, Tensor]]:
        """Image numbers ``(N,)``, augmented images ``(N, 3, H, W)`` and people ``(N,)``."""
        rng = np.random.default_rng([self._config.seed, epoch])
        seed = int(rng.integers(2**62))
        torch.manual_seed(seed)  # for networks with dropout
        device_rng = torch.Generator(self._device).manual_seed(seed)
        for chosen in self._sampler.epoch(rng):
            rows = torch.from_numpy(chosen).to(self._device)
            raw = self._pixels[rows]
            images = augment(raw, self._config.augment, self._mean, self._std, device_rng)
            images = images.contiguous(memory_format=torch.channels_last)
            yield chosen, images, self._labels[rows]
